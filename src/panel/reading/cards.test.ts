import fc from 'fast-check';
import { MappingType, ThresholdsMode, type FieldConfig } from '@grafana/data';
import { cardOf, cardsOf, RULES, statTexts } from '../testing/cards-of';
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
import { readCards } from './cards';
import { wholeText } from './shown-value';

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
    expect(statTexts(card)).toEqual([]);
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

  test('a count is compared as a count, beside numbers that keep their unit', () => {
    const config: FieldConfig = { unit: 'currencyUSD' };
    const shifted = metaOf({ time_shift_ms: 60 * MINUTE, live: { mode: 'poll' } });
    const summaries = [
      summaryFrame([{ count: 5 }], metaOf(), { config }),
      summaryFrame([{ count: 2 }], shifted, { config, refId: 'E' }),
    ];
    const card = cardOf(summaries, { stat: 'count' });
    expect(card.delta?.absolute).toBe('+3');
    expect(wholeText(card.delta!.base)).toBe('2');
    expect(statTexts(card)).toEqual([
      ['min', '$80'],
      ['max', '$130'],
      ['avg', '$110'],
    ]);
    const series = [
      seriesFrame([1, 2, 3], {}, { open_from_ms: null }, { config }),
      seriesFrame([1, 2], {}, { ...shifted, kind: 'series', open_from_ms: null }, { config, refId: 'E' }),
    ];
    expect(cardOf(series, { stat: 'count' }).delta?.absolute).toBe('+1');
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
    const open = summaryFrame([{ open: true }]);
    expect(cardOf([open]).open).toBe(true);
    expect(cardOf([summaryFrame([{}])]).open).toBe(false);
    expect(cardOf([open], { stat: 'avg' }).open).toBe(false);
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

  test('a beginning that another title has too is known, so that a narrow card can cut there', () => {
    const tails = (...segments: string[]) =>
      cardsOf([summaryFrame(segments.map((segment) => ({ segment })))]).map(({ title, shared }) =>
        title.slice(shared),
      );
    expect(tails('eu-central-1 / gold', 'us-east-1 / gold', 'eu-central-1 / go')).toEqual([
      'gold',
      'us-east-1 / gold',
      'go',
    ]);
    expect(tails('production server', 'production server (2)')).toEqual(['server', ' (2)']);
    expect(tails('node-1', 'node-2')).toEqual(['node-1', 'node-2']);
    // No emoji is divided, and no text that is read from the right.
    expect(tails('team blue 😀', 'team blue 😁', 'team blue 🇩🇪', 'team blue 🇩🇰')).toEqual([
      '😀',
      '😁',
      '🇩🇪',
      '🇩🇰',
    ]);
    expect(tails('מחלקת מכירות 1', 'מחלקת מכירות 2')).toEqual(['מחלקת מכירות 1', 'מחלקת מכירות 2']);
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
        expect(min).toBe(shown.length === 0 ? undefined : Math.min(...shown));
        expect(max).toBe(shown.length === 0 ? undefined : Math.max(...shown));
      },
    ),
  );
});
