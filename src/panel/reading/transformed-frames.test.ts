import { dataFrameFromJSON, FieldType, toDataFrame, type DataFrame, type DataFrameJSON } from '@grafana/data';
import eventsTable from '../../../tests/fixtures/plugin/frames/events-table.json';
import bands from '../../../tests/fixtures/plugin/frames/forecast-bands.json';
import series from '../../../tests/fixtures/plugin/frames/series.json';
import summaryStat from '../../../tests/fixtures/plugin/frames/summary-stat.json';
import summaryTable from '../../../tests/fixtures/plugin/frames/summary-table.json';
import { CONTEXT, MINUTE, optionsOf, T0, withFieldOptions } from '../testing/frames';
import { RULES } from '../testing/cards-of';
import { registerTransformers, transformed } from '../testing/transformed';
import { readCards } from './cards';
import { sectionFrames } from './sections';
import { wholeText } from './shown-value';

/** Frames as Grafana's own transformations leave them: a card says which number it is, or there is none. */

const framesOf = (fixture: { readonly frames: unknown }): DataFrame[] =>
  (fixture.frames as DataFrameJSON[]).map((json) => dataFrameFromJSON(json));

function cardsOf(frames: DataFrame[]) {
  const options = optionsOf();
  const fed = sectionFrames(withFieldOptions(frames), options);
  return readCards(fed.cards, options.cards, RULES, CONTEXT).cards;
}
const told = (frames: DataFrame[]): string[] =>
  cardsOf(frames).map(
    ({ title, subtitle, value }) =>
      `${[title, subtitle].filter((part) => part !== '').join(' / ')}: ${wholeText(value)}`,
  );

const reduceFields = { id: 'reduce', options: { mode: 'reduceFields', reducers: ['max'] } };
const reduceRows = { id: 'reduce', options: { reducers: ['max'], labelsToFields: true } };
const doubled = {
  id: 'calculateField',
  options: {
    mode: 'binary',
    binary: {
      left: { matcher: { id: 'byType', options: 'number' } },
      operator: '*',
      right: { fixed: '2' },
    },
  },
};
const total = { id: 'calculateField', options: { mode: 'reduceRow', reduce: { reducer: 'sum' } } };
const labelsToFields = { id: 'labelsToFields', options: {} };
const merge = { id: 'merge', options: {} };
const toText = (targetField: string) => ({
  id: 'convertFieldType',
  options: { conversions: [{ targetField, destinationType: 'string' }] },
});
const without = (...names: string[]) => ({
  id: 'organize',
  options: { excludeByName: Object.fromEntries(names.map((name) => [name, true])) },
});

beforeAll(registerTransformers);

describe('series', () => {
  test.each([
    ['Reduce, to one row', [reduceFields]],
    [
      'Reduce, to one row with its time',
      [{ id: 'reduce', options: { ...reduceFields.options, includeTimeField: true } }],
    ],
    ['Labels to fields', [labelsToFields]],
    ['Convert field type, to text', [toText('Value')]],
    ['Sort by, newest first', [{ id: 'sortBy', options: { sort: [{ field: 'Time', desc: true }] } }]],
  ])('%s', async (_, configs) => {
    expect(told(await transformed(framesOf(series), ...configs))).toEqual([
      'basic / Events per minute: 132',
      '(none) / Events per minute: 371',
    ]);
  });

  test('Reduce, to rows', async () => {
    expect(told(await transformed(framesOf(series), reduceRows))).toEqual([
      'Value · basic: 132',
      'Value: 371',
    ]);
  });

  test('a calculated column has a name of its own, not that of the metric', async () => {
    expect(told(await transformed(framesOf(series), doubled))).toEqual([
      'Events per minute / basic: 132',
      'Value * 2 / basic: 264',
      'Events per minute / (none): 371',
      'Value * 2: 742',
    ]);
    expect(told(await transformed(framesOf(summaryStat), total))).toEqual([
      'Revenue per minute / basic: $9.50',
      'Total: 9.50',
    ]);
  });

  test.each([
    ['Series to rows', [{ id: 'seriesToRows', options: {} }]],
    ['Labels to fields, then Merge', [labelsToFields, merge]],
  ])('%s: the series below each other stay separate', async (_, configs) => {
    const cards = cardsOf(await transformed(framesOf(series), ...configs));
    expect(cards.map(({ value }) => wholeText(value))).toEqual(['0.100', '371']);
    expect(cards[0]).toMatchObject({ delta: { versus: 'previous point' }, note: null });
    expect(`${cards[0]?.title} ${cards[0]?.subtitle}`).toContain('basic');
    expect(`${cards[1]?.title} ${cards[1]?.subtitle}`).not.toContain('basic');
  });

  test('Merge alone mixes them: the card says so, and compares with no number of another series', async () => {
    const [card] = cardsOf(await transformed(framesOf(series), merge));
    expect(card).toMatchObject({ delta: null, trend: null });
    expect(card?.note).toMatch(/^Several series share this column.+Labels to fields/);
  });
});

test('newest first: the last number is the newest, and the sparkline is there', () => {
  const times = [3, 2, 1].map((minute) => T0 + minute * MINUTE);
  const [card] = cardsOf([
    toDataFrame({
      fields: [
        { name: 'time', type: FieldType.time, values: times },
        { name: 'orders', type: FieldType.number, values: [30, 20, 10] },
      ],
    }),
  ]);
  expect(card).toMatchObject({ value: { numeric: 30 }, updated: { at: times[0] } });
  expect(card?.delta).toMatchObject({ percent: '+50%' });
  expect(card?.trend?.values).toEqual([10, 20, 30]);
});

describe('a summary', () => {
  test('without its last value: a card for each of the others, by row and column', async () => {
    const hidden = without('last', 'previous', 'delta', 'sum', 'count', 'metric', 'measure');
    expect(told(await transformed(framesOf(summaryTable), hidden))).toEqual([
      'basic / min: $0',
      'basic / max: $9.50',
      'basic / avg: $4.75',
      'premium / min: $0',
      'premium / max: $9.50',
      'premium / avg: $4.75',
    ]);
  });

  test('whose last value is a text: it is a number all the same, and no label', async () => {
    const cards = cardsOf(await transformed(framesOf(summaryTable), toText('last')));
    expect(cards.map(({ title, value }) => [title, value.numeric])).toEqual([
      ['basic', 0],
      ['premium', 7],
    ]);
  });

  test.each([
    ['Transpose', { id: 'transpose', options: {} }],
    ['Reduce, to rows of texts', { id: 'reduce', options: { reducers: ['lastNotNull'] } }],
  ])('%s leaves texts: no card, rather than one without data', async (_, config) => {
    expect(told(await transformed(framesOf(summaryTable), config))).toEqual([]);
    expect(told(await transformed(framesOf(eventsTable), config))).toEqual([]);
  });

  test('Group by: a card a group', async () => {
    const groupBy = {
      id: 'groupBy',
      options: {
        fields: {
          segment: { operation: 'groupby', aggregations: [] },
          last: { operation: 'aggregate', aggregations: ['sum'] },
        },
      },
    };
    expect(told(await transformed(framesOf(summaryTable), groupBy))).toEqual(['basic: 0', 'premium: 7']);
  });
});

describe('a series with its band', () => {
  test('Reduce, to one row: numbers, not "No data"', async () => {
    expect(told(await transformed(framesOf(bands).slice(0, 1), reduceFields))).toEqual([
      'Events per minute / gold: 530',
      'gold, expected: 305',
      'gold, lower: 283',
      'gold, upper: 340',
    ]);
  });

  test('without its values: what was expected is not shown as the value', async () => {
    const cards = told(await transformed(framesOf(bands).slice(0, 1), without('gold')));
    expect(cards).toEqual(['gold, expected: 305', 'gold, lower: 270', 'gold, upper: 340']);
  });

  test('in another order of columns: the same card', async () => {
    const names = ['gold, upper', 'gold, expected', 'gold', 'gold, lower', 'gold, score', 'Time'];
    const indexByName = Object.fromEntries(names.map((name, index) => [name, index]));
    const before = cardsOf(framesOf(bands).slice(0, 1));
    const frames = await transformed(framesOf(bands).slice(0, 1), {
      id: 'organize',
      options: { indexByName },
    });
    expect(frames[0]?.fields[0]?.name).toBe('Upper');
    expect(cardsOf(frames)).toEqual(before);
    expect(before[0]).toMatchObject({ title: 'Events per minute', value: { numeric: 530 } });
  });
});
