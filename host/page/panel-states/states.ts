import { LoadingState, type DataFrame, type FieldConfig, type PanelData } from '@grafana/data';
import type { ConnectionState } from '../../../src/frames/frame-meta';
import type { SavedOptions } from '../../../src/panel/options/complete-options';
import {
  bandsFrame,
  eventsFrame,
  metaOf,
  MINUTE,
  plainSeries,
  seriesFrame,
  STATUS,
  statusFrame,
  summaryFrame,
  T0,
  type EventRow,
} from '../../../src/panel/testing/frames';

/** One thing that the panel can have to show. */
export interface PanelState {
  readonly name: string;
  readonly frames: DataFrame[];
  readonly options?: SavedOptions;
  readonly config?: FieldConfig;
  readonly data?: Partial<PanelData>;
}

export type StateGroup = 'cards' | 'alerts' | 'connection' | 'status' | 'whole';

const CARDS: SavedOptions = { show: 'cards' };
const ALERTS: SavedOptions = { show: 'alerts' };
const HEADER: SavedOptions = { show: 'connection' };
const STATUS_PART: SavedOptions = { show: 'status' };

const ANSWERED = T0 + 5 * MINUTE + 20_000;
const LONG_NAME =
  'eu-central-1 / enterprise customers with a yearly contract and a support plan of the highest level';
const LONG_MESSAGE =
  'High activity detected for user 7f3c2b9e-6a51-4d7e-9b1e-aa20c1f6b0d5 of tenant "Example Industries Group": 128,457 events in five minutes, which is more than a thousand times the limit';

const wave = (points: number, height: number): number[] =>
  Array.from({ length: points }, (_, index) => Math.round(height * (1.5 + Math.sin(index / 4))));

const trended = (segment: string, last: number) => [
  summaryFrame([{ segment, last }], metaOf()),
  seriesFrame(wave(60, last / 2), segment === '' ? {} : { segment }, {}, { step: 5000 }),
];
const segments = (count: number) => Array.from({ length: count }, (_, index) => `segment ${index + 1}`);

const none = { last: null, previous: null, min: null, max: null, avg: null, sum: null, count: 0 };
const target = (goodWhen: 'up' | 'down', value: number): FieldConfig => ({
  custom: { goodWhen, target: value },
});
const thresholds: FieldConfig = {
  thresholds: {
    mode: 'absolute' as never,
    steps: [
      { value: -Infinity, color: 'green' },
      { value: 100, color: 'orange' },
      { value: 1000, color: 'red' },
    ],
  },
  color: { mode: 'thresholds' },
};

const HOUR = 60 * MINUTE;

const cards: PanelState[] = [
  { name: 'one card', frames: trended('', 120), options: CARDS },
  { name: 'one card, number alone', frames: [plainSeries('Temperature', [21.4])], options: CARDS },
  {
    name: 'three cards',
    frames: segments(3).flatMap((name, at) => trended(name, 90 * (at + 1))),
    options: CARDS,
  },
  {
    name: 'many cards',
    frames: segments(14).flatMap((name, at) => trended(name, 17 * (at + 1))),
    options: CARDS,
  },
  {
    name: 'more cards than the limit',
    frames: [summaryFrame(segments(40).map((segment) => ({ segment })))],
    options: CARDS,
  },
  {
    name: 'zero',
    frames: [
      summaryFrame([{ last: 0, previous: 12, min: 0, max: 14, avg: 3.4 }]),
      seriesFrame([12, 4, 0, 0, 0]),
    ],
    options: CARDS,
  },
  { name: 'no data', frames: [summaryFrame([none])], options: CARDS },
  {
    name: 'no data beside data',
    frames: [summaryFrame([{ segment: 'basic' }, { segment: 'premium', ...none }, { segment: 'trial' }])],
    options: CARDS,
  },
  {
    name: 'no number at all',
    frames: [plainSeries('x', [])].map((frame) => ({ ...frame, fields: [] })),
    options: CARDS,
  },
  {
    name: 'stale',
    frames: [summaryFrame([{ lastTime: T0 - 60 * MINUTE, updated: T0 - 59 * MINUTE }])],
    options: CARDS,
  },
  {
    name: 'open window',
    frames: [
      summaryFrame([{ last: 37, open: true }]),
      seriesFrame(wave(8, 40), {}, { open_from_ms: T0 + 5 * MINUTE }),
    ],
    options: CARDS,
  },
  {
    name: 'open, coarse, linked',
    frames: [
      seriesFrame(wave(12, 900), { segment: 'premium' }, { step_ms: 10 * MINUTE, open_from_ms: T0 - MINUTE }),
    ],
    options: CARDS,
    config: { links: [{ title: 'Users', url: '/d/users' }] },
  },
  {
    name: 'huge and negative',
    frames: [
      summaryFrame([
        {
          segment: 'huge',
          last: 987_654_321_987,
          previous: 12,
          min: 1,
          max: 987_654_321_987,
          avg: 54_321_987,
        },
        {
          segment: 'negative',
          last: -98_765.432,
          previous: 4_000,
          min: -98_765.4,
          max: 4_000,
          avg: -2_000.5,
        },
        { segment: 'small', last: 0.000123, previous: 0.000456, min: 0, max: 0.1, avg: 0.0001 },
      ]),
    ],
    options: { ...CARDS, cards: { deltaAs: 'both' } },
    config: { unit: 'currencyUSD', decimals: 2 },
  },
  {
    name: 'long labels',
    frames: [summaryFrame([{ segment: LONG_NAME }, { segment: `${LONG_NAME} (2)`, last: 3 }])],
    options: CARDS,
  },
  {
    name: 'from right to left, and emoji',
    frames: [
      summaryFrame([
        { segment: 'قسم المبيعات في المنطقة الشرقية' },
        { segment: 'team blue 👩‍👩‍👧‍👦' },
        { segment: 'team blue 🇩🇪' },
      ]),
    ],
    options: CARDS,
  },
  { name: 'a forecast, unusual', frames: [bandsFrame([310, 302, 305, 530, null])], options: CARDS },
  {
    name: 'a forecast that is learning',
    frames: [
      bandsFrame([310, 302, 305, 299, null], { state: 'learning', have_ms: 24 * HOUR, needed_ms: 48 * HOUR }),
    ],
    options: CARDS,
  },
  {
    name: 'thresholds in percent',
    frames: [
      summaryFrame([
        { segment: 'a', last: 12 },
        { segment: 'b', last: 180 },
      ]),
    ],
    options: CARDS,
    config: {
      min: 0,
      max: 200,
      thresholds: {
        mode: 'percentage' as never,
        steps: [
          { value: -Infinity, color: 'green' },
          { value: 50, color: 'red' },
        ],
      },
      color: { mode: 'thresholds' },
    },
  },
  {
    name: 'targets',
    frames: [summaryFrame([{ segment: 'a' }, { segment: 'b', last: 260 }])],
    options: CARDS,
    config: target('up', 240),
  },
  {
    name: 'a ceiling',
    frames: [summaryFrame([{ segment: 'a' }, { segment: 'b', last: 260 }])],
    options: CARDS,
    config: target('down', 240),
  },
  {
    name: 'coloured values',
    frames: [summaryFrame([{ segment: 'a', last: 12 }, { segment: 'b' }, { segment: 'c', last: 2000 }])],
    options: CARDS,
    config: thresholds,
  },
  {
    name: 'coloured cards',
    frames: [summaryFrame([{ segment: 'a', last: 12 }, { segment: 'b' }, { segment: 'c', last: 2000 }])],
    options: { ...CARDS, cards: { colorMode: 'background' } },
    config: { ...thresholds, ...target('up', 240) },
  },
  {
    name: 'plain cards',
    frames: [summaryFrame(segments(4).map((segment, at) => ({ segment, last: 10 ** at })))],
    options: { ...CARDS, cards: { sparkline: false, stats: false, updated: false, delta: 'none' } },
  },
  {
    name: "another source's series",
    frames: [
      plainSeries('CPU', wave(30, 40), { config: { unit: 'percent' } }),
      plainSeries('Memory', wave(30, 20)),
    ],
    options: CARDS,
  },
];

const alert = (index: number, changes: EventRow = {}): EventRow => ({
  id: `e${index}`,
  user: `u${100 + index}`,
  time: T0 - index * 5 * MINUTE,
  firstSeen: T0 - (index * 5 - 3) * MINUTE,
  updated: T0 - (index * 5 - 5) * MINUTE,
  value: 101 + index * 13,
  severity: ['warning', 'critical', 'info'][index % 3] ?? 'info',
  state: index === 0 ? 'open' : 'resolved',
  ...changes,
});
const several = (count: number) => Array.from({ length: count }, (_, index) => alert(index));

const alerts: PanelState[] = [
  { name: 'all clear', frames: [eventsFrame([])], options: ALERTS },
  { name: 'no query', frames: [summaryFrame([{}])], options: ALERTS },
  { name: 'one alert', frames: [eventsFrame([alert(0)])], options: ALERTS },
  { name: 'many alerts', frames: [eventsFrame(several(24))], options: ALERTS },
  {
    name: 'many alerts shown',
    frames: [eventsFrame(several(24))],
    options: { ...ALERTS, alerts: { show: 10 } },
  },
  {
    name: 'long text',
    frames: [
      eventsFrame([
        alert(0, { text: LONG_MESSAGE, user: LONG_NAME, value: 128_457 }),
        alert(1, { text: LONG_MESSAGE }),
      ]),
    ],
    options: ALERTS,
  },
  {
    name: 'from right to left',
    frames: [
      eventsFrame([
        alert(0, { text: 'نشاط مرتفع 🚨 12', user: 'דוד' }),
        alert(1, { text: 'High', user: 'דוד כהן' }),
      ]),
    ],
    options: ALERTS,
  },
  {
    name: 'no anomaly, the forecast is learning',
    frames: [
      eventsFrame([], {
        kind: 'forecast',
        forecast: {
          state: 'learning',
          trained_from_ms: null,
          fingerprint: '',
          have_ms: 24 * HOUR,
          needed_ms: 48 * HOUR,
        },
      }),
    ],
    options: ALERTS,
  },
  {
    name: 'none match',
    frames: [eventsFrame(several(3))],
    options: { ...ALERTS, alerts: { severities: ['info'], state: 'open' } },
  },
  {
    name: 'linked, of an older past',
    frames: [
      eventsFrame(
        several(3).map((row) => ({ ...row, firstSeen: ANSWERED, updated: ANSWERED, time: T0 - 60 * MINUTE })),
      ),
    ],
    options: { ...ALERTS, alerts: { link: '/d/users?var-user={{user_id}}' } },
  },
];

const SENTENCE =
  'The bridge at https://bridge.example.org:8765 does not answer (connect refused); it is asked again every few seconds.';
const connected = (state: ConnectionState, message?: string): DataFrame =>
  summaryFrame([{}], metaOf({ state, ...(message === undefined ? {} : { state_message: message }) }));

const connection: PanelState[] = [
  { name: 'connected', frames: [connected('connected')], options: HEADER },
  { name: 'reconnecting', frames: [connected('reconnecting', SENTENCE)], options: HEADER },
  {
    name: 'polling',
    frames: [connected('polling', 'Grafana Live is turned off. Polling every 10 s instead.')],
    options: HEADER,
  },
  { name: 'disconnected', frames: [connected('disconnected', SENTENCE)], options: HEADER },
  { name: 'static', frames: [connected('static')], options: HEADER },
  { name: 'at fixed times', frames: [statusFrame()], options: HEADER },
  { name: 'unknown', frames: [plainSeries('x', [1, 2])], options: HEADER },
  {
    name: 'stale',
    frames: [summaryFrame([{}], metaOf({ watermark_ms: T0 - 60 * MINUTE }))],
    options: HEADER,
  },
  {
    name: 'query failed',
    frames: [connected('connected')],
    options: HEADER,
    data: { state: LoadingState.Error, errors: [{ message: SENTENCE }] },
  },
];

const source = {
  ...STATUS.source,
  state: 'failing' as const,
  message: 'None of the 3 brokers answers: connect to kafka-1.example.org:9092 refused.',
};
const topics = Array.from({ length: 20 }, (_, index) => ({
  topic: `tenant-${index}.events_per_minute_by_segment_and_region`,
  metric: `events_per_minute_${index}`,
  state: index % 5 === 0 ? 'missing' : 'reading',
  reason: index % 5 === 0 ? 'The topic is not there.' : null,
  lag: index * 12_345,
  last_record_ms: T0,
  watermark_ms: T0,
  records: 500,
  dead_letters: index,
}));

const status: PanelState[] = [
  { name: 'all well', frames: [statusFrame(), eventsFrame(several(3))], options: STATUS_PART },
  { name: 'a hop fails', frames: [statusFrame({ ...STATUS, ready: false, source })], options: STATUS_PART },
  {
    name: 'many topics',
    frames: [statusFrame({ ...STATUS, source: { ...STATUS.source, topics } })],
    options: STATUS_PART,
  },
  { name: 'without a status query', frames: [connected('connected')], options: STATUS_PART },
  {
    name: 'the bridge is gone',
    frames: [statusFrame(STATUS, { state: 'disconnected', state_message: SENTENCE })],
    options: STATUS_PART,
  },
  { name: 'transformed', frames: [{ ...statusFrame(), meta: {} }], options: STATUS_PART },
];

const all = [...trended('basic', 120), ...trended('premium', 80), eventsFrame(several(5)), statusFrame()];
const whole: PanelState[] = [
  { name: 'the whole dashboard', frames: all, options: { show: 'dashboard' } },
  {
    name: 'the whole dashboard, nothing there',
    frames: [summaryFrame([none]), eventsFrame([]), statusFrame({ ...STATUS, ready: false, source })],
    options: { show: 'dashboard' },
  },
  { name: 'automatic', frames: all },
  { name: 'alerts and status', frames: all, options: { show: 'chosen', sections: ['alerts', 'status'] } },
  { name: 'loading', frames: [], data: { state: LoadingState.Loading } },
  { name: 'nothing asked', frames: [], data: { state: LoadingState.Done } },
  { name: 'failed', frames: [], data: { state: LoadingState.Error, errors: [{ message: SENTENCE }] } },
];

export const STATES: Readonly<Record<StateGroup, readonly PanelState[]>> = {
  cards,
  alerts,
  connection,
  status,
  whole,
};
