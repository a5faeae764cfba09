import { cardOf, cardsOf, RULES } from '../testing/cards-of';
import {
  CONTEXT,
  metaOf,
  MINUTE,
  optionsOf,
  seriesFrame,
  summaryFrame,
  T0,
  withFieldOptions,
} from '../testing/frames';
import { readCards } from './cards';

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
    const { delta } = cardOf([withCustom({ goodWhen })]);
    expect(delta?.good).toBe(good);
    expect(delta?.judged).toBe(good !== null);
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
