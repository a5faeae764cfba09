import {
  applyFieldOverrides,
  createTheme,
  FieldType,
  toDataFrame,
  type DataFrame,
  type Field,
  type FieldConfig,
} from '@grafana/data';
import type { ForecastMeta, StreamKpiFrameMeta } from '../../frames/frame-meta';
import { completeOptions, type SavedOptions } from '../options/complete-options';
import type { DisplayContext } from '../reading/shown-value';

/** Frames as the data source returns them, for tests. All times are of one afternoon. */

export const MINUTE = 60_000;
export const T0 = Date.UTC(2026, 10, 26, 12, 0, 0);
export const CONTEXT: DisplayContext = { theme: createTheme(), timeZone: 'utc' };

export const metaOf = (changes: Partial<StreamKpiFrameMeta> = {}): StreamKpiFrameMeta => ({
  version: 1,
  kind: 'summary',
  state: 'connected',
  watermark_ms: T0 + 5 * MINUTE,
  open_from_ms: null,
  as_of_ms: T0 + 5 * MINUTE + 20_000,
  metric: 'events_per_minute',
  measure: 'value',
  title: 'Events per minute',
  window_ms: MINUTE,
  grace_ms: 10_000,
  step_ms: MINUTE,
  live: { mode: 'changed', path: 'v1/abc' },
  ...changes,
});

const frameOf = (
  fields: {
    name: string;
    type: FieldType;
    values: unknown[];
    config?: FieldConfig;
    labels?: Record<string, string>;
  }[],
  meta: StreamKpiFrameMeta | undefined,
  refId: string,
): DataFrame => {
  const frame = toDataFrame({ refId, fields });
  return meta === undefined ? frame : { ...frame, meta: { custom: { streamkpi: meta } } };
};

export interface SummaryRow {
  readonly segment?: string;
  readonly last?: number | null;
  readonly previous?: number | null;
  readonly min?: number | null;
  readonly max?: number | null;
  readonly avg?: number | null;
  readonly sum?: number | null;
  readonly count?: number | null;
  readonly lastTime?: number;
  readonly updated?: number;
  readonly open?: boolean;
  readonly stale?: boolean;
}

export function summaryFrame(
  rows: readonly SummaryRow[],
  meta: StreamKpiFrameMeta = metaOf(),
  { refId = 'A', config = {} }: { refId?: string; config?: FieldConfig } = {},
): DataFrame {
  const numbers = (name: 'last' | 'previous' | 'min' | 'max' | 'avg' | 'sum' | 'count') => ({
    name,
    type: FieldType.number,
    config: name === 'count' ? {} : config,
    values: rows.map((row) => (name in row ? row[name] : DEFAULT_ROW[name])),
  });
  const delta = rows.map((row) => {
    const { last = DEFAULT_ROW.last, previous = DEFAULT_ROW.previous } = row;
    return last === null || previous === null ? null : last - previous;
  });
  return frameOf(
    [
      { name: 'segment', type: FieldType.string, values: rows.map(({ segment = '' }) => segment) },
      { name: 'metric', type: FieldType.string, values: rows.map(() => meta.metric ?? 'events_per_minute') },
      { name: 'measure', type: FieldType.string, values: rows.map(() => meta.measure ?? 'value') },
      {
        name: 'last_time',
        type: FieldType.time,
        values: rows.map(({ lastTime = T0 + 4 * MINUTE }) => lastTime),
      },
      numbers('last'),
      numbers('previous'),
      { name: 'delta', type: FieldType.number, config, values: delta },
      numbers('min'),
      numbers('max'),
      numbers('avg'),
      numbers('sum'),
      numbers('count'),
      { name: 'updated', type: FieldType.time, values: rows.map(({ updated = T0 + 5 * MINUTE }) => updated) },
      { name: 'open', type: FieldType.boolean, values: rows.map(({ open = false }) => open) },
      { name: 'stale', type: FieldType.boolean, values: rows.map(({ stale = false }) => stale) },
    ],
    meta,
    refId,
  );
}

const DEFAULT_ROW = { last: 120, previous: 100, min: 80, max: 130, avg: 110, sum: 550, count: 5 };

/** A point a minute from T0 on. */
export function seriesFrame(
  values: readonly (number | null)[],
  labels: Record<string, string> = {},
  meta: Partial<StreamKpiFrameMeta> = {},
  { refId = 'B', config = {}, step = MINUTE }: { refId?: string; config?: FieldConfig; step?: number } = {},
): DataFrame {
  return frameOf(
    [
      { name: 'Time', type: FieldType.time, values: values.map((_, index) => T0 + index * step) },
      { name: 'Value', type: FieldType.number, values: [...values], labels, config },
    ],
    metaOf({ kind: 'series', live: { mode: 'points', path: 'v1/def' }, ...meta }),
    refId,
  );
}

/** A series with its band, of which the last step is still open. */
export function bandsFrame(
  values: readonly (number | null)[],
  forecast: Partial<ForecastMeta> = {},
): DataFrame {
  const isReady = forecast.state !== 'learning';
  const column = (name: string, value: number): Field => ({
    name,
    type: FieldType.number,
    config: {},
    values: values.map(() => (isReady ? value : null)),
  });
  const series = seriesFrame(
    values,
    { segment: 'gold' },
    {
      kind: 'forecast',
      open_from_ms: T0 + (values.length - 1) * MINUTE,
      forecast: { state: 'ready', trained_from_ms: T0, fingerprint: 'f', ...forecast },
    },
  );
  const band = [column('Expected', 300), column('Lower', 280), column('Upper', 320), column('Score', 2.2)];
  return { ...series, fields: [...series.fields, ...band] };
}

export interface EventRow {
  readonly id?: string;
  readonly user?: string;
  readonly severity?: string;
  readonly state?: string;
  readonly value?: number | null;
  readonly time?: number;
  readonly firstSeen?: number;
  readonly updated?: number;
  readonly revision?: number;
  readonly text?: string;
}

export function eventsFrame(
  rows: readonly EventRow[],
  meta: Partial<StreamKpiFrameMeta> = {},
  config: FieldConfig = {},
): DataFrame {
  const of = <T>(pick: (row: EventRow, index: number) => T): T[] => rows.map(pick);
  const text = ({ user = 'u1', value = 101 }: EventRow) =>
    `High activity detected for user ${user}: ${value} events`;
  return frameOf(
    [
      { name: 'time', type: FieldType.time, values: of(({ time = T0 }) => time) },
      { name: 'timeEnd', type: FieldType.time, values: of(({ time = T0 }) => time + 5 * MINUTE) },
      { name: 'title', type: FieldType.string, values: of(() => 'High activity') },
      { name: 'text', type: FieldType.string, values: of((row) => row.text ?? text(row)) },
      { name: 'tags', type: FieldType.string, values: of(() => 'high_activity_alert') },
      { name: 'id', type: FieldType.string, values: of(({ id }, index) => id ?? `e${index}`) },
      { name: 'severity', type: FieldType.string, values: of(({ severity = 'warning' }) => severity) },
      { name: 'state', type: FieldType.string, values: of(({ state = 'open' }) => state) },
      { name: 'value', type: FieldType.number, config, values: of(({ value = 101 }) => value) },
      {
        name: 'first_seen',
        type: FieldType.time,
        values: of(({ firstSeen, time = T0 }) => firstSeen ?? time + 1000),
      },
      { name: 'updated', type: FieldType.time, values: of(({ updated = T0 + MINUTE }) => updated) },
      { name: 'revision', type: FieldType.number, values: of(({ revision = 1 }) => revision) },
      { name: 'user_id', type: FieldType.string, values: of(({ user = 'u1' }) => user) },
    ],
    metaOf({
      kind: 'events',
      metric: 'high_activity_alert',
      title: 'High activity',
      live: { mode: 'events' },
      ...meta,
    }),
    'C',
  );
}

export const STATUS: NonNullable<StreamKpiFrameMeta['status']> = {
  version: '0.1.0',
  uptime_ms: 7_200_000,
  ready: true,
  source: {
    kind: 'kafka',
    hop: null,
    state: 'ok',
    message: null,
    topics: [
      topic('events_per_minute_by_segment', 'events_per_minute', 0),
      topic('revenue_per_minute', 'revenue_per_minute', 12),
    ],
  },
  store: { kind: 'redis', state: 'ok', message: null },
  pipeline: null,
  clients: { connections: 3, subscriptions: 9, queued_bytes: 0 },
  metrics: [
    { metric: 'events_per_minute', watermark_ms: T0 + 5 * MINUTE, freshness_ms: 20_000 },
    { metric: 'revenue_per_minute', watermark_ms: T0 + 4 * MINUTE, freshness_ms: 80_000 },
    { metric: 'high_activity_alert', watermark_ms: null, freshness_ms: null },
  ],
};

function topic(name: string, metric: string, lag: number) {
  const read = { last_record_ms: T0, watermark_ms: T0 + 5 * MINUTE, records: 500, dead_letters: 2 };
  return { topic: name, metric, state: 'reading', reason: null, lag, ...read };
}

export function statusFrame(status = STATUS, meta: Partial<StreamKpiFrameMeta> = {}): DataFrame {
  const {
    metric: _metric,
    measure: _measure,
    title: _title,
    ...rest
  } = metaOf({ kind: 'status', state: 'polling' });
  return frameOf(
    [
      { name: 'hop', type: FieldType.string, values: ['source', 'store'] },
      { name: 'state', type: FieldType.string, values: [status.source.state, status.store.state] },
      { name: 'message', type: FieldType.string, values: [status.source.message, status.store.message] },
    ],
    { ...rest, live: { mode: 'poll', poll_ms: 5000 }, status, ...meta },
    'D',
  );
}

/** Frames as a panel gets them: after the options of its fields. */
export function withFieldOptions(frames: readonly DataFrame[], defaults: FieldConfig = {}): DataFrame[] {
  return applyFieldOverrides({
    // The host's registry of field options would do this; it is in no package.
    data: frames.map((frame) => ({
      ...frame,
      fields: frame.fields.map((field) => withDefaults(field, defaults)),
    })),
    fieldConfig: { defaults: {}, overrides: [] },
    replaceVariables: (text) => text,
    theme: CONTEXT.theme,
    timeZone: 'utc',
  });
}

const withDefaults = (field: Field, defaults: FieldConfig): Field =>
  field.type === FieldType.time ? field : { ...field, config: { ...defaults, ...field.config } };

export const optionsOf = (saved: SavedOptions = {}) => completeOptions(saved);

/** A frame of another source: numbers over time. */
export const plainSeries = (
  name: string,
  values: readonly (number | null)[],
  field: Partial<Field> = {},
): DataFrame =>
  toDataFrame({
    refId: 'X',
    name,
    fields: [
      { name: 'time', type: FieldType.time, values: values.map((_, index) => T0 + index * 1000) },
      { name: 'Value', type: FieldType.number, values: [...values], ...field },
    ],
  });
