import type { DataFrame } from '@grafana/data';

/**
 * What every frame of this data source says of itself, in `meta.custom.streamkpi`. The backend writes it
 * (pkg/frames/meta.go); the browser's live side overwrites the state.
 */
export interface StreamKpiFrameMeta {
  readonly version: 1;
  readonly kind: FrameKind;
  readonly state: ConnectionState;
  /** Reason of the state, in a sentence; absent when there is none. */
  readonly state_message?: string;
  /** Event time up to which the metric has been read; null before the first record. */
  readonly watermark_ms: number | null;
  /** Points from here on may still change; null when all are final. */
  readonly open_from_ms: number | null;
  /** The bridge's clock when it answered. */
  readonly as_of_ms: number;
  readonly metric?: string;
  readonly measure?: string;
  /** What the catalogue calls the measure; absent for the metric's default measure. */
  readonly measure_title?: string;
  /** The metric's title, from the metrics file. */
  readonly title?: string;
  readonly window_ms?: number;
  readonly grace_ms?: number;
  /** Distance of the points; more than the window where the answer is downsampled. */
  readonly step_ms?: number;
  /** Revisions of another epoch must be forgotten. */
  readonly store_epoch?: string;
  /** The query's time shift; the frames' times are those of the range that is shown. */
  readonly time_shift_ms?: number;
  readonly live?: LiveMeta;
  /** Of events: the range may have more than came. */
  readonly truncated?: boolean;
  /** The frame holds the open windows of its series only; a frame before it may hold the closed ones. */
  readonly open_windows?: true;
  /** Revision of each point of a series, if requested. */
  readonly revisions?: readonly number[];
  /** Times of points that were removed. */
  readonly removed?: readonly number[];
  readonly removed_revisions?: readonly number[];
  /** Of bands: the forecast of the frame's series. Of anomalies: while every series still learns. */
  readonly forecast?: ForecastMeta;
  /** Of status frames: what the bridge says of its hops. */
  readonly status?: BridgeStatus;
}

export const FRAME_KINDS = ['series', 'summary', 'events', 'forecast', 'status'] as const;
export type FrameKind = (typeof FRAME_KINDS)[number];

/**
 * `static`: an answer that nothing keeps up to date; `connected`: live; `reconnecting`: live until a moment ago;
 * `polling`: queried again at intervals; `disconnected`: should be live but is not.
 */
export const CONNECTION_STATES = ['static', 'connected', 'reconnecting', 'polling', 'disconnected'] as const;
export type ConnectionState = (typeof CONNECTION_STATES)[number];

/** How an answer is kept up to date. */
export interface LiveMeta {
  /** `points` and `events` arrive over the stream; `changed`: the stream signals when to query again; `poll`: no stream. */
  readonly mode: 'points' | 'events' | 'changed' | 'poll';
  /** Path of the live channel; absent for `poll`. */
  readonly path?: string;
  /** The canonical query, as text; the channel's path is a hash of it. */
  readonly query?: string;
  readonly poll_ms?: number;
}

/** What a band of a series is based on. */
export interface ForecastMeta {
  readonly state: 'learning' | 'ready';
  /** While learning, how much is there and how much is needed. */
  readonly message?: string;
  /** The same as numbers, while learning. */
  readonly have_ms?: number;
  readonly needed_ms?: number;
  readonly trained_from_ms: number | null;
  /** Equal ones mean equal steps ahead. */
  readonly fingerprint: string;
}

export interface HopStatus {
  readonly state: 'ok' | 'failing';
  readonly message: string | null;
}

/** The parts of the bridge's status that panels show; see StatusAnswer in backend-bridge/api/openapi.yaml. */
export interface BridgeStatus {
  readonly version: string;
  readonly uptime_ms: number;
  readonly ready: boolean;
  readonly source: HopStatus & {
    readonly kind: string;
    readonly hop: string | null;
    readonly topics: readonly {
      readonly topic: string;
      readonly metric: string;
      readonly state: string;
      readonly reason: string | null;
      readonly lag: number | null;
      readonly last_record_ms: number | null;
      readonly watermark_ms: number | null;
      readonly records: number | null;
      readonly dead_letters: number | null;
      /** Absent where there was none, or an older bridge answers. */
      readonly last_dead_letter?: { readonly reason: string; readonly message: string };
    }[];
  };
  readonly store: HopStatus & { readonly kind: string };
  /** Absent where an older bridge answers. */
  readonly clock?: HopStatus;
  readonly pipeline: HopStatus | null;
  readonly clients: {
    readonly connections: number;
    readonly subscriptions: number;
    readonly queued_bytes: number;
  } | null;
  readonly metrics: readonly {
    readonly metric: string;
    readonly watermark_ms: number | null;
    readonly freshness_ms: number | null;
  }[];
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/** What was read of metadata that had lost its nulls, so that it stays the same object. */
const restored = new WeakMap<object, StreamKpiFrameMeta>();

/**
 * The frame's own word on itself; undefined for frames of other sources, and where a transformation has lost it:
 * what it would have said is then unknown.
 */
export function frameMeta(frame: DataFrame): StreamKpiFrameMeta | undefined {
  const custom: unknown = frame.meta?.custom?.['streamkpi'];
  if (!isRecord(custom) || custom['version'] !== 1) return undefined;
  if (!FRAME_KINDS.some((kind) => kind === custom['kind'])) return undefined;
  if (custom['watermark_ms'] !== undefined && custom['open_from_ms'] !== undefined) {
    return custom as unknown as StreamKpiFrameMeta;
  }
  const known = restored.get(custom);
  if (known !== undefined) return known;
  const meta = withNulls(custom);
  restored.set(custom, meta);
  return meta;
}

/** Grafana takes every field that is null out of the frames of a snapshot. */
function withNulls(custom: Record<string, unknown>): StreamKpiFrameMeta {
  const status = custom['status'];
  return {
    as_of_ms: 0,
    watermark_ms: null,
    open_from_ms: null,
    ...custom,
    ...(isRecord(status) ? { status: statusWithNulls(status) } : {}),
  } as unknown as StreamKpiFrameMeta;
}

function statusWithNulls(status: Record<string, unknown>): Record<string, unknown> {
  const hop = (value: unknown): object => ({ message: null, ...(isRecord(value) ? value : {}) });
  const list = (value: unknown, nulls: object): object[] =>
    Array.isArray(value) ? value.map((entry: object) => ({ ...nulls, ...entry })) : [];
  const { source, store, pipeline, clients, metrics } = status;
  const topics = isRecord(source) ? source['topics'] : undefined;
  return {
    ...status,
    source: { hop: null, ...hop(source), topics: list(topics, NULLS_OF_TOPIC) },
    store: hop(store),
    pipeline: isRecord(pipeline) ? hop(pipeline) : null,
    clients: clients ?? null,
    metrics: list(metrics, { watermark_ms: null, freshness_ms: null }),
  };
}

const NULLS_OF_TOPIC = {
  reason: null,
  lag: null,
  last_record_ms: null,
  watermark_ms: null,
  records: null,
  dead_letters: null,
};

/** The same frame with parts of its metadata replaced. */
export function withFrameMeta(frame: DataFrame, changes: Partial<StreamKpiFrameMeta>): DataFrame {
  const meta = frameMeta(frame);
  if (meta === undefined) return frame;
  const custom: Record<string, unknown> = { ...frame.meta?.custom, streamkpi: { ...meta, ...changes } };
  return { ...frame, meta: { ...frame.meta, custom } };
}
