import {
  FieldColorModeId,
  FieldType,
  MappingType,
  ThresholdsMode,
  toDataFrame,
  type DataFrame,
  type FieldConfig,
} from '@grafana/data';
import { SHOW } from './options/panel-options';
import {
  eventsFrame,
  metaOf,
  MINUTE,
  plainSeries,
  seriesFrame,
  STATUS,
  statusFrame,
  summaryFrame,
  T0,
} from './testing/frames';
import { show, withAnsweredClock } from './testing/shown-panel';

/** The panel renders any frames that Grafana passes to it, and shows only numbers as numbers. */

withAnsweredClock();

const of = (...fields: { name: string; type: FieldType; values: unknown[]; config?: FieldConfig }[]) =>
  toDataFrame({ refId: 'A', fields });
const times = [T0, T0 + MINUTE, T0 + 2 * MINUTE];
const numbers = (values: unknown[], config: FieldConfig = {}) =>
  of(
    { name: 'time', type: FieldType.time, values: times },
    { name: 'value', type: FieldType.number, values, config },
  );
const ours = (frame: DataFrame): DataFrame => ({
  ...frame,
  meta: { custom: { streamkpi: metaOf({ kind: 'series' }) } },
});
const LONG = 'a name of very many words '.repeat(40);
const many = (count: number) => Array.from({ length: count }, (_, index) => index);

const FRAMES: Readonly<Record<string, DataFrame[]>> = {
  'no fields': [toDataFrame({ fields: [] })],
  'our answer without fields': [ours(toDataFrame({ fields: [] }))],
  'only times': [of({ name: 'time', type: FieldType.time, values: times })],
  'our times alone': [ours(of({ name: 'Time', type: FieldType.time, values: times }))],
  'times without rows': [numbers([]), ours(numbers([]))],
  'frames of different lengths': [numbers([1, 2, 3]), numbers([4]), numbers([])],
  'columns of different lengths': [{ ...numbers([1]), length: 3 }, ours({ ...numbers([1]), length: 3 })],
  'a length of none': [{ ...numbers([1, 2, 3]), length: 0 }],
  'no number': [numbers([null, undefined, NaN]), ours(numbers([null, undefined, NaN]))],
  infinite: [numbers([Infinity, -Infinity, NaN]), ours(numbers([Infinity, -Infinity, NaN]))],
  'texts for numbers': [numbers(['1', '2.5', 'three']), ours(numbers(['', ' ', 'none']))],
  'objects for numbers': [numbers([{ a: 1 }, [2], true]), ours(numbers([{}, [], false]))],
  'no times': [{ ...numbers([1, 2, 3]), fields: numbers([1, 2, 3]).fields.slice(1) }],
  'times that are none': [
    of(
      { name: 'time', type: FieldType.time, values: [null, NaN, 'never'] },
      { name: 'value', type: FieldType.number, values: [1, 2, 3] },
    ),
  ],
  'times past every calendar': [
    of(
      { name: 'time', type: FieldType.time, values: [-1e18, 0, 1e18] },
      { name: 'value', type: FieldType.number, values: [1, 2, 3] },
    ),
  ],
  'names that come twice': [numbers([1, 2, 3]), numbers([1, 2, 3])],
  'names of objects': [
    of(
      { name: '__proto__', type: FieldType.string, values: ['constructor'] },
      { name: 'toString', type: FieldType.number, values: [1] },
    ),
  ],
  'no names': [
    of({ name: '', type: FieldType.string, values: [''] }, { name: '', type: FieldType.number, values: [1] }),
  ],
  'long names': [
    seriesFrame([1, 2], { [LONG]: LONG }),
    summaryFrame([{ segment: LONG }]),
    eventsFrame([{ text: LONG, user: LONG }]),
  ],
  'right to left, and emoji': [
    summaryFrame([{ segment: 'مرحبا بالعالم 12' }, { segment: '👩‍👩‍👧‍👦🇩🇪' }, { segment: '\u202Eevil' }]),
    eventsFrame([{ text: 'حساب 12 🚨', user: 'דוד' }]),
  ],
  'nested frames': [
    of(
      { name: 'group', type: FieldType.string, values: ['a'] },
      { name: 'nested', type: FieldType.nestedFrames, values: [[numbers([1, 2, 3])]] },
    ),
  ],
  enums: [
    of(
      { name: 'time', type: FieldType.time, values: times },
      {
        name: 'state',
        type: FieldType.enum,
        values: [0, 1, 9],
        config: { type: { enum: { text: ['down', 'up'] } } },
      },
    ),
  ],
  'events that lack almost everything': [
    of(
      { name: 'time', type: FieldType.time, values: [null, T0] },
      { name: 'id', type: FieldType.string, values: [null, 'x'] },
      { name: 'severity', type: FieldType.number, values: [null, 3] },
    ),
  ],
  'events that are not numbers': [
    eventsFrame([
      { value: NaN, text: 'High' },
      { value: null, text: '', severity: '?' },
    ]),
  ],
  'hops that are not texts': [
    of(
      { name: 'hop', type: FieldType.string, values: [null, 7] },
      { name: 'state', type: FieldType.boolean, values: [null, true] },
    ),
  ],
  'a status of nothing': [
    statusFrame({ ...STATUS, source: { ...STATUS.source, topics: [] }, clients: null, metrics: [] }),
  ],
};

/** What no panel shows, whatever it is handed. */
const WRONG = /\b(NaN|undefined|Infinity|∞|Invalid date|\[object)/;

describe.each(SHOW)('shown as %s', (what) => {
  test.each(Object.entries(FRAMES))('%s', (_, frames) => {
    const { container } = show(frames, { options: { show: what, sections: ['cards', 'alerts'] } });
    expect(container.textContent).not.toMatch(WRONG);
    for (const { attributes } of container.querySelectorAll('*')) {
      for (const { name, value } of attributes) expect(`${name}: ${value}`).not.toMatch(WRONG);
    }
  });
});

const CONFIGS: Readonly<Record<string, FieldConfig>> = {
  'thresholds in percent': {
    min: 0,
    max: 200,
    thresholds: {
      mode: ThresholdsMode.Percentage,
      steps: [
        { value: -Infinity, color: 'green' },
        { value: 50, color: 'red' },
      ],
    },
  },
  'a scheme of colours': { color: { mode: FieldColorModeId.ContinuousGrYlRd } },
  'ends of a scale that are the wrong way round': { min: 100, max: 0 },
  'decimals past every double': { decimals: 200, unit: 'short' },
  'an unknown unit': { unit: 'parsecs', decimals: -3 },
  'mappings to nothing': {
    mappings: [{ type: MappingType.RangeToText, options: { from: null, to: null, result: {} } }],
  },
  'no text for no value': { noValue: '' },
  'links without an address': { links: [{ title: '', url: '' }] },
  'a target that is none': { custom: { goodWhen: 'sideways', target: Infinity } },
};

test.each(Object.entries(CONFIGS))('field options: %s', (_, config) => {
  const frames = [numbers([150, null, 120]), summaryFrame([{}, { last: null }]), eventsFrame([{}])];
  const { container } = show(frames, { config, options: { show: 'dashboard' } });
  expect(container.textContent).not.toMatch(WRONG);
});

test.each([
  [0, 0],
  [1, 1],
  [28, -18],
  [36, 14],
  [52, 30],
  [3800, 20],
  [20, 2000],
])('%i x %i px', (width, height) => {
  const frames = [numbers([150, null, 120]), summaryFrame([{}]), eventsFrame([{}]), statusFrame()];
  for (const what of SHOW) {
    const { container, unmount } = show(frames, { width, height, options: { show: what } });
    expect(container.innerHTML).not.toMatch(/NaN|-\d+px; (min-)?height|height: -/);
    unmount();
  }
});

test('a thousand series: as many cards as are kept, and the rest are counted', () => {
  const frames = many(1_000).flatMap((index) => [
    seriesFrame([1, 2, index], { segment: `segment ${index}` }),
    plainSeries(`other ${index}`, [1, 2, index]),
  ]);
  const { container } = show(
    [summaryFrame(many(1_000).map((index) => ({ segment: `segment ${index}` }))), ...frames],
    { options: { show: 'cards' } },
  );
  expect(container.querySelectorAll('article')).toHaveLength(24);
  expect(container.textContent).toContain('1,976 more not shown');
});
