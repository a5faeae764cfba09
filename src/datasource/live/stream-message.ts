import { t } from '../../locales/translate';
import type { Labels } from './series-labels';

/** The messages of a live stream (pkg/live/message.go). Times in milliseconds. */

/** What a message says of the metric as a whole; undefined where it says nothing. */
export interface StreamHead {
  readonly watermarkMs?: number | null | undefined;
  readonly serverTimeMs?: number | undefined;
  readonly storeEpoch?: string | undefined;
}

/** Points of one series to upsert, and points to take out; the lists of a pair have the same length. */
export interface SeriesUpdate {
  readonly labels: Labels;
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
  readonly revisions: readonly number[];
  readonly removed: readonly number[];
  readonly removedRevisions: readonly number[];
  /** Null: nothing of the series is open any more. */
  readonly openFromMs: number | null;
}

export interface StreamEvent {
  readonly id: string;
  readonly time_ms: number;
  readonly end_ms: number;
  readonly first_seen_ms: number;
  readonly updated_ms: number;
  readonly severity: string;
  readonly message: string;
  readonly labels: Labels;
  readonly value: number | null;
  readonly revision: number;
  readonly state: string;
}

export type StreamBody =
  /** The answer to a subscription. `active`: the stream has been running before. */
  | { readonly type: 'hello'; readonly active: boolean }
  | {
      readonly type: 'update';
      readonly series: readonly SeriesUpdate[];
      readonly events: readonly StreamEvent[];
    }
  | { readonly type: 'changed' }
  /** Something may have been missed. `fromMs`: changes are reported from this time on; undefined: as before. */
  | { readonly type: 'gap'; readonly reason: string; readonly fromMs: number | undefined }
  | { readonly type: 'heartbeat' }
  | { readonly type: 'state'; readonly state: 'connected' | 'reconnecting'; readonly message: string }
  | { readonly type: 'error'; readonly code: string; readonly message: string; readonly retryable: boolean }
  /** The stream has ended; the query must be sent again to get another path. */
  | { readonly type: 'ended'; readonly reason: string }
  /** Of a newer backend; only its place in the sequence counts. */
  | { readonly type: 'unknown' };

export interface StreamMessage {
  /** Of one run of the stream; undefined for a hello before any. */
  readonly stream: string | undefined;
  /** From 1 without a gap in one run; undefined for a hello. */
  readonly seq: number | undefined;
  readonly head: StreamHead;
  readonly body: StreamBody;
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;
const number = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const numbers = (value: unknown): readonly number[] => list(value).map((item) => number(item) ?? 0);

/** Undefined for a message of an unknown version. */
export function readMessage(raw: unknown): StreamMessage | undefined {
  if (!isFields(raw) || raw['v'] !== 1 || typeof raw['type'] !== 'string') return undefined;
  const serverTimeMs = number(raw['server_time_ms']);
  // Before the bridge's first message the clock is 0 and there is no head.
  const known = serverTimeMs !== undefined && serverTimeMs > 0;
  const head: StreamHead = known
    ? {
        serverTimeMs,
        watermarkMs: raw['watermark_ms'] === null ? null : number(raw['watermark_ms']),
        storeEpoch: text(raw['store_epoch']),
      }
    : {};
  return { stream: text(raw['stream']), seq: number(raw['seq']), head, body: readBody(raw['type'], raw) };
}

function readBody(type: string, raw: Fields): StreamBody {
  switch (type) {
    case 'hello':
      return { type, active: raw['active'] === true };
    case 'update':
      return {
        type,
        series: list(raw['series']).filter(isFields).map(readSeries),
        events: list(raw['events']).filter(isEvent),
      };
    case 'changed':
    case 'heartbeat':
      return { type };
    case 'gap':
      return { type, reason: text(raw['reason']) ?? '', fromMs: number(raw['from_ms']) };
    case 'ended':
      return { type, reason: text(raw['reason']) ?? '' };
    case 'state':
      return {
        type,
        state: raw['state'] === 'connected' ? 'connected' : 'reconnecting',
        message: text(raw['message']) ?? '',
      };
    case 'error':
      return {
        type,
        code: text(raw['code']) ?? '',
        message: text(raw['message']) ?? t('live.bridge-refuses', 'The bridge refuses this query.'),
        retryable: raw['retryable'] === true,
      };
    default:
      return { type: 'unknown' };
  }
}

function readSeries(raw: Fields): SeriesUpdate {
  const labels = isFields(raw['labels']) ? (raw['labels'] as Labels) : {};
  const values = list(raw['values']).map((value) => number(value) ?? null);
  return {
    labels,
    times: numbers(raw['times']),
    values,
    revisions: numbers(raw['revisions']),
    removed: numbers(raw['removed']),
    removedRevisions: numbers(raw['removed_revisions']),
    openFromMs: number(raw['open_from_ms']) ?? null,
  };
}

const isEvent = (raw: unknown): raw is StreamEvent =>
  isFields(raw) &&
  typeof raw['id'] === 'string' &&
  typeof raw['time_ms'] === 'number' &&
  typeof raw['revision'] === 'number' &&
  isFields(raw['labels']);
