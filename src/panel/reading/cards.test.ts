import {
  FieldType,
  MappingType,
  ThresholdsMode,
  toDataFrame,
  type DataFrame,
  type FieldConfig,
} from '@grafana/data';
import fc from 'fast-check';
import type { SavedOptions } from '../options/complete-options';
import {
  CONTEXT,
  metaOf,
  MINUTE,
  optionsOf,
  plainSeries,
  seriesFrame,
  summaryFrame,
  T0,
  withFieldOptions,
} from '../testing/frames';
import type { CardModel } from './card-model';
import { readCards } from './cards';
import { wholeText } from './shown-value';

const RULES = { staleAfter: 2, rangeEnd: null };

function cardsOf(
  frames: DataFrame[],
  cards: SavedOptions['cards'] = {},
  config: FieldConfig = {},
): readonly CardModel[] {
  return readCards(withFieldOptions(frames, config), optionsOf({ cards }).cards, RULES, CONTEXT).cards;
}

const cardOf = (...args: Parameters<typeof cardsOf>): CardModel => {
  const [card] = cardsOf(...args);
  if (card === undefined) throw new Error('there is no card');
  return card;
};

const statTexts = ({ stats }: CardModel) => stats.map(({ name, value }) => [name, wholeText(value)]);

describe('from summaries', () => {
  test('one card a row, with the value, its range and when it changed', () => {
    const cards = cardsOf([summaryFrame([{ segment: 'gold' }, { segment: 'silver', last: 7 }])]);
    expect(cards.map(({ title, value }) => [title, value.text])).toEqual([
      ['gold', '120'],
      ['silver', '7'],
    ]);
    expect(cards[0]?.subtitle).toBe('Events per minute');
    expect(statTexts(cards[0]!)).toEqual([
      ['min', '80'],
      ['max', '130'],
      ['avg', '110'],
    ]);
    expect(cards[0]?.updated).toEqual({ at: T0 + 5 * MINUTE, says: 'Last change' });
  });

  test('0 is a value; null is none', () => {
    const [zero, none] = cardsOf([
      summaryFrame([
        { segment: 'a', last: 0 },
        { segment: 'b', last: null },
      ]),
    ]);
    expect(zero?.value).toMatchObject({ numeric: 0, text: '0' });
    expect(none?.value).toMatchObject({ numeric: null, text: 'No data' });
  });

  test("the text for no value, and a mapping of null, are the field's", () => {
    const frame = [summaryFrame([{ last: null }])];
    expect(cardOf(frame, {}, { noValue: 'nothing yet' }).value.text).toBe('nothing yet');
    const offline = { match: 'null' as never, result: { text: 'offline' } };
    const mapped = cardOf(frame, {}, { mappings: [{ type: MappingType.SpecialValue, options: offline }] });
    expect(mapped.value).toMatchObject({ numeric: null, text: 'offline' });
  });

  test('an empty summary is a card without a value, so that it keeps its place', () => {
    const card = cardOf([summaryFrame([])]);
    expect(card).toMatchObject({ title: 'Events per minute', delta: null, updated: null, staleFrom: null });
    expect(card.value.numeric).toBeNull();
    expect(statTexts(card)).toEqual([
      ['min', '–'],
      ['max', '–'],
      ['avg', '–'],
    ]);
  });

  test("unit, decimals and thresholds are the field's", () => {
    const config: FieldConfig = {
      unit: 'currencyUSD',
      decimals: 2,
      color: { mode: 'thresholds' },
      thresholds: {
        mode: ThresholdsMode.Absolute,
        steps: [
          { value: -Infinity, color: 'green' },
          { value: 100, color: 'red' },
        ],
      },
    };
    const card = cardOf([summaryFrame([{ last: 120 }])], { deltaAs: 'absolute' }, config);
    expect(wholeText(card.value)).toBe('$120.00');
    expect(card.value.color).toBe(CONTEXT.theme.visualization.getColorByName('red'));
    expect(card.delta?.absolute).toBe('+$20.00');
    expect(statTexts(card)[0]).toEqual(['min', '$80.00']);
  });

  test('another statistic is its own column; a change against the window before is of the last value only', () => {
    const card = cardOf([summaryFrame([{}])], { stat: 'max' });
    expect(card.value.text).toBe('130');
    expect(card.delta).toBeNull();
  });

  test('a count has no unit', () => {
    expect(
      wholeText(
        cardOf([summaryFrame([{}], metaOf(), { config: { unit: 'currencyUSD' } })], { stat: 'count' }).value,
      ),
    ).toBe('5');
    const series = seriesFrame([1, 2, 3], {}, { open_from_ms: null }, { config: { unit: 'currencyUSD' } });
    expect(wholeText(cardOf([series], { stat: 'count' }).value)).toBe('3');
    expect(wholeText(cardOf([series], { stat: 'sum' }).value)).toBe('$6');
  });

  test('a summary whose meta was lost is known by its columns', () => {
    const { meta: _lost, ...frame } = summaryFrame([{ segment: 'gold', stale: true }]);
    const card = cardOf([frame]);
    expect(card.value.text).toBe('120');
    expect(card.delta?.percent).toBe('+20%');
    // What the bridge said of its age is still there; when it will be old is not known.
    expect(card.staleFrom).toBe(0);
  });

  test('the mark for an open window', () => {
    const open = metaOf({ open_from_ms: T0 + 4 * MINUTE });
    expect(cardOf([summaryFrame([{}], open)]).open).toBe(true);
    expect(cardOf([summaryFrame([{}])]).open).toBe(false);
    expect(cardOf([summaryFrame([{}], open)], { stat: 'avg' }).open).toBe(false);
  });

  test('old after the tolerated windows, the grace included; never with 0', () => {
    const frames = withFieldOptions([summaryFrame([{}])]);
    const staleAfter = (windows: number, rangeEnd: number | null = null) =>
      readCards(frames, optionsOf().cards, { staleAfter: windows, rangeEnd }, CONTEXT).cards[0]?.staleFrom;
    expect(staleAfter(2)).toBe(T0 + 4 * MINUTE + MINUTE + 10_000 + 2 * MINUTE);
    expect(staleAfter(5)).toBe(T0 + 4 * MINUTE + MINUTE + 10_000 + 5 * MINUTE);
    expect(staleAfter(0)).toBeNull();
    // A range of yesterday does not grow old.
    expect(staleAfter(2, T0 + 5 * MINUTE)).toBeNull();
    expect(staleAfter(2, T0 + 60 * MINUTE)).not.toBeNull();
  });

  test("sessions have no window size: the bridge's own word counts", () => {
    const { window_ms: _none, ...sessions } = metaOf();
    expect(cardOf([summaryFrame([{ stale: true }], sessions)]).staleFrom).toBe(0);
    expect(cardOf([summaryFrame([{ stale: false }], sessions)]).staleFrom).toBeNull();
  });
});

describe('a series beside a summary', () => {
  test('is its sparkline, label set by label set, and no card of its own', () => {
    const cards = cardsOf([
      seriesFrame([1, 2, 3], { segment: 'silver' }),
      seriesFrame([4, 5, 6], { segment: 'gold' }),
      summaryFrame([{ segment: 'gold' }, { segment: 'silver' }, { segment: '' }]),
      seriesFrame([7, 8, 9]),
    ]);
    expect(cards.map(({ title, trend }) => [title, trend?.values])).toEqual([
      ['gold', [4, 5, 6]],
      ['silver', [1, 2, 3]],
      ['(none)', [7, 8, 9]],
    ]);
  });

  test('of another measure or metric stays a card', () => {
    const cards = cardsOf([
      summaryFrame([{}]),
      seriesFrame([1, 2, 3], {}, { measure: 'transaction_count' }),
      seriesFrame([1, 2, 3], {}, { metric: 'revenue_per_minute', title: 'Revenue per minute' }),
    ]);
    expect(cards).toHaveLength(3);
    expect(cards[0]?.trend).toBeNull();
    expect(cards.map(({ title, subtitle }) => [title, subtitle])).toEqual([
      ['Events per minute', ''],
      ['Events per minute: transaction_count', ''],
      ['Revenue per minute', ''],
    ]);
  });

  test('without any point leaves no second card', () => {
    const empty: DataFrame = {
      refId: 'B',
      fields: [],
      length: 0,
      meta: { custom: { streamkpi: metaOf({ kind: 'series' }) } },
    };
    expect(cardsOf([summaryFrame([{ segment: 'gold' }]), empty])).toHaveLength(1);
    expect(cardsOf([empty])).toMatchObject([{ title: 'Events per minute', value: { numeric: null } }]);
  });

  test('the switch leaves the sparkline out', () => {
    expect(cardOf([summaryFrame([{}]), seriesFrame([1, 2])], { sparkline: false }).trend).toBeNull();
  });
});

describe('from series of this data source', () => {
  test('numbers of the closed windows; the open one is left out', () => {
    const card = cardOf([seriesFrame([10, 20, 30, 99], {}, { open_from_ms: T0 + 3 * MINUTE })]);
    expect(card.value.text).toBe('30');
    expect(card.open).toBe(false);
    expect(statTexts(card)).toEqual([
      ['min', '10'],
      ['max', '30'],
      ['avg', '20'],
    ]);
    expect(card.delta).toMatchObject({ percent: '+50%', versus: 'previous window' });
    expect(card.updated).toEqual({ at: T0 + 3 * MINUTE, says: 'Window ended' });
    expect(card.trend?.openFrom).toBe(T0 + 3 * MINUTE);
    expect(card.note).toBeNull();
  });

  test('the only window there is shows although it is open, and says so', () => {
    const card = cardOf([seriesFrame([5], {}, { open_from_ms: T0, watermark_ms: T0 + 30_000 })]);
    expect(card).toMatchObject({ value: { numeric: 5 }, open: true });
    expect(card.updated).toEqual({ at: T0 + 30_000, says: 'Data until' });
  });

  test('a missing window before the last one is no comparison', () => {
    expect(cardOf([seriesFrame([10, null, 30], {}, { open_from_ms: null })]).delta).toBeNull();
  });

  test('points coarser than the windows say so', () => {
    const coarse = seriesFrame(
      [10, 20],
      {},
      { step_ms: 5 * MINUTE, open_from_ms: null },
      { step: 5 * MINUTE },
    );
    expect(cardOf([coarse]).note).toContain('stand for 5 min');
    expect(cardOf([coarse]).delta?.versus).toBe('previous point');
  });

  test('a name that somebody gave is the title', () => {
    const named = (displayNameFromDS: string) =>
      cardsOf([seriesFrame([1, 2], { segment: 'gold' }, {}, { config: { displayNameFromDS } })]);
    expect(named('Gold events')[0]).toMatchObject({ title: 'Gold events', subtitle: '' });
    expect(named('gold')[0]).toMatchObject({ title: 'Events per minute', subtitle: 'gold' });
    expect(named('Value')[0]).toMatchObject({ title: 'Events per minute', subtitle: 'gold' });
    const unlabelled = { config: { displayNameFromDS: '(none)' } };
    expect(cardOf([seriesFrame([1, 2], { segment: '' }, {}, unlabelled)]).subtitle).toBe('(none)');
  });
});

describe('against the same time earlier', () => {
  const HOUR = 60 * MINUTE;
  const shifted = { time_shift_ms: HOUR, live: { mode: 'poll' as const } };

  test("the point at the card's own time is the base, not the newest one", () => {
    const [card, ...others] = cardsOf([
      summaryFrame([{ last: 120, lastTime: T0 + 2 * MINUTE }]),
      seriesFrame([10, 20, 60, 70], {}, { ...shifted, open_from_ms: null }, { refId: 'E' }),
    ]);
    expect(others).toEqual([]);
    expect(card?.delta).toMatchObject({ percent: '+100%', versus: '1 h earlier', direction: 'up' });
    expect(card?.trend).toBeNull();
  });

  test('no point at that time: no comparison, whatever other points there are', () => {
    const [card] = cardsOf([
      summaryFrame([{ lastTime: T0 + 30 * MINUTE }]),
      seriesFrame([10, 20], {}, { ...shifted, open_from_ms: null }),
    ]);
    expect(card?.delta).toBeNull();
  });

  test('summaries are compared label set by label set', () => {
    const cards = cardsOf([
      summaryFrame([
        { segment: 'gold', last: 50 },
        { segment: 'silver', last: 5 },
      ]),
      summaryFrame(
        [
          { segment: 'silver', last: 10 },
          { segment: 'gold', last: 40 },
        ],
        metaOf(shifted),
        { refId: 'E' },
      ),
    ]);
    expect(cards.map(({ delta }) => delta?.percent)).toEqual(['+25%', '−50%']);
  });

  test("a summary's window before its last one may be the one of the same time", () => {
    const at = (minute: number) =>
      cardOf([
        summaryFrame([{ last: 120, lastTime: T0 + 4 * MINUTE }]),
        summaryFrame([{ last: 60, previous: 80, lastTime: T0 + minute * MINUTE }], metaOf(shifted), {
          refId: 'E',
        }),
      ]).delta;
    expect(at(4)).toMatchObject({ percent: '+100%', versus: '1 h earlier' });
    expect(at(5)).toMatchObject({ percent: '+50%', versus: '1 h earlier' });
    expect(at(6)).toMatchObject({ percent: '+100%', versus: 'about 1 h earlier' });
  });

  test('the window before is what it is compared with on request', () => {
    const frames = [summaryFrame([{}]), summaryFrame([{ last: 60 }], metaOf(shifted), { refId: 'E' })];
    expect(cardOf(frames, { delta: 'previous' }).delta?.versus).toBe('previous window');
    expect(cardOf(frames, { delta: 'none' }).delta).toBeNull();
    expect(cardOf([summaryFrame([{}])], { delta: 'earlier' }).delta).toBeNull();
  });

  test('a shifted query alone is a card like any other', () => {
    expect(cardsOf([summaryFrame([{}], metaOf(shifted))])).toHaveLength(1);
  });
});

describe("good news, targets and links are the field's", () => {
  const withCustom = (custom: object) =>
    summaryFrame([{ last: 120, previous: 100 }], metaOf(), { config: { custom } });

  test.each([
    ['up', true],
    ['down', false],
    ['neutral', null],
  ] as const)('better when %s', (goodWhen, good) => {
    expect(cardOf([withCustom({ goodWhen })]).delta?.good).toBe(good);
  });

  test('a target to reach, and one to stay below', () => {
    expect(cardOf([withCustom({ target: 240 })]).target).toEqual({
      text: '240',
      share: 0.5,
      reached: false,
      atMost: false,
    });
    expect(cardOf([withCustom({ target: 100, goodWhen: 'down' })]).target).toMatchObject({
      reached: false,
      atMost: true,
    });
    expect(cardOf([withCustom({ target: 0, goodWhen: 'up' })]).target).toMatchObject({ reached: true });
    expect(cardOf([withCustom({})]).target).toBeNull();
  });

  test('links are of the row', () => {
    const frame = summaryFrame([{ segment: 'gold' }, { segment: 'silver' }]);
    const [prepared] = withFieldOptions([frame], { links: [{ title: 'More', url: 'https://example.org' }] });
    const field = prepared!.fields.find(({ name }) => name === 'last')!;
    field.getLinks = ({ valueRowIndex }) => [
      { href: `/row/${valueRowIndex}`, title: 'More', target: undefined, origin: field },
    ];
    const { cards } = readCards([prepared!], optionsOf().cards, RULES, CONTEXT);
    expect(cards.map(({ links }) => links.map(({ href }) => href))).toEqual([['/row/0'], ['/row/1']]);
  });
});

describe('titles', () => {
  test('a text with label names', () => {
    const cards = cardsOf([summaryFrame([{ segment: 'gold' }, { segment: 'silver' }])], {
      title: '{{ segment }}: {{title}} {{nothing}}',
    });
    expect(cards.map(({ title, subtitle }) => [title, subtitle])).toEqual([
      ['gold: Events per minute', ''],
      ['silver: Events per minute', ''],
    ]);
  });

  test('a display name of the field comes first, and labels tell cards of one name apart', () => {
    const named = (rows: Parameters<typeof summaryFrame>[0]) =>
      cardsOf([summaryFrame(rows)], {}, { displayName: 'Events' });
    expect(named([{ segment: 'gold' }])[0]).toMatchObject({ title: 'Events', subtitle: '' });
    expect(
      named([{ segment: 'gold' }, { segment: 'silver' }]).map(({ title, subtitle }) => [title, subtitle]),
    ).toEqual([
      ['gold', 'Events'],
      ['silver', 'Events'],
    ]);
  });

  test('keys are the same over updates and never twice', () => {
    const frames = (last: number) => [
      summaryFrame([
        { segment: 'gold', last },
        { segment: 'gold', last },
      ]),
      seriesFrame([last], { segment: 'gold' }, { metric: 'other' }),
      plainSeries('a', [last]),
      plainSeries('a', [last]),
    ];
    const keys = (last: number) => cardsOf(frames(last)).map(({ key }) => key);
    expect(keys(1)).toEqual(keys(2));
    expect(new Set(keys(1)).size).toBe(5);
  });
});

describe('from other sources', () => {
  test('a series over time: last number, range, sparkline, change', () => {
    const card = cardOf([plainSeries('CPU', [1, null, 3, null])]);
    expect(card).toMatchObject({ title: 'CPU', value: { numeric: 3 }, staleFrom: null, open: false });
    expect(card.delta).toMatchObject({ percent: '+200%', versus: 'previous point' });
    expect(card.updated).toEqual({ at: T0 + 2000, says: 'Point' });
    expect(card.trend?.values).toEqual([1, null, 3, null]);
    expect(statTexts(card)).toEqual([
      ['min', '1'],
      ['max', '3'],
      ['avg', '2'],
    ]);
  });

  test('a wide frame is one card a column', () => {
    const wide = toDataFrame({
      fields: [
        { name: 'time', type: FieldType.time, values: [T0, T0 + 1000] },
        { name: 'cpu', type: FieldType.number, values: [1, 2] },
        { name: 'memory', type: FieldType.number, values: [3, 4] },
        {
          name: 'hidden',
          type: FieldType.number,
          values: [5, 6],
          config: { custom: { hideFrom: { viz: true } } },
        },
      ],
    });
    expect(cardsOf([wide]).map(({ title, value }) => [title, value.text])).toEqual([
      ['cpu', '2'],
      ['memory', '4'],
    ]);
  });

  test('an instant vector has a value and no range', () => {
    const instant = plainSeries('up', [0], { labels: { job: 'api' } });
    expect(cardOf([instant])).toMatchObject({
      value: { numeric: 0, text: '0' },
      stats: [],
      trend: null,
      delta: null,
    });
  });

  const table = toDataFrame({
    fields: [
      { name: 'region', type: FieldType.string, values: ['eu', 'us'] },
      { name: 'orders', type: FieldType.number, values: [10, 20] },
      { name: 'errors', type: FieldType.number, values: [0, 1] },
    ],
  });

  test('a table that lists things is one card a row and column', () => {
    expect(cardsOf([table]).map(({ title, subtitle, value }) => [title, subtitle, value.text])).toEqual([
      ['eu', 'orders', '10'],
      ['eu', 'errors', '0'],
      ['us', 'orders', '20'],
      ['us', 'errors', '1'],
    ]);
  });

  test('or one a column, on request', () => {
    expect(cardsOf([table], { tables: 'reduce' }).map(({ title, value }) => [title, value.text])).toEqual([
      ['orders', '20'],
      ['errors', '1'],
    ]);
  });

  test('numbers that are none', () => {
    expect(cardOf([plainSeries('x', [NaN, null])]).value).toMatchObject({ numeric: null, text: 'No data' });
    expect(cardsOf([toDataFrame({ fields: [] })])).toEqual([]);
  });

  test('one number of this data source (a statistic, a count of events) is a card', () => {
    const count = toDataFrame({
      refId: 'C',
      fields: [{ name: 'count', type: FieldType.number, values: [4] }],
    });
    count.meta = { custom: { streamkpi: metaOf({ kind: 'events', metric: 'high_activity_alert' }) } };
    expect(cardOf([count])).toMatchObject({ title: 'count', value: { numeric: 4 } });
  });
});

test('cards beyond the limit are counted', () => {
  const rows = Array.from({ length: 30 }, (_, index) => ({ segment: `s${index}` }));
  const reading = readCards(
    withFieldOptions([summaryFrame(rows)]),
    optionsOf({ cards: { limit: 10 } }).cards,
    RULES,
    CONTEXT,
  );
  expect([reading.cards.length, reading.more]).toEqual([10, 20]);
});

test('whatever numbers come: the value shown is the last closed number, and its range holds it', () => {
  const number = fc.oneof(
    fc.constant(null),
    fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }),
  );
  fc.assert(
    fc.property(
      fc.array(number, { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 0, max: 31 }),
      (values, openAt) => {
        const frame = seriesFrame(values, {}, { open_from_ms: T0 + openAt * MINUTE });
        const card = cardOf([frame]);
        const closed = values.slice(0, openAt).filter((value) => value !== null);
        const shown = closed.length > 0 ? closed : values.filter((value) => value !== null);
        expect(card.value.numeric).toBe(shown.at(-1) ?? null);
        expect(card.open).toBe(closed.length === 0 && shown.length > 0);
        const [min, max] = card.stats.map(({ value }) => value.numeric);
        expect(min).toBe(shown.length === 0 ? null : Math.min(...shown));
        expect(max).toBe(shown.length === 0 ? null : Math.max(...shown));
      },
    ),
  );
});
