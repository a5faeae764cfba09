/** Mappings and records for the decoder's tests. */
import type { TopicMapping } from '../domain/mapping';
import type { Metric, Window } from '../domain/metric';
import type { PointWrite } from '../domain/point';
import type { SchemaSource } from './format';
import { createRecordDecoder, type DecodedPoints, type RawRecord } from './record-decoder';
import { Undecodable } from './undecodable';

export const MINUTE = 60_000;
export const START = 1_700_000_040_000;
/** The end of the year 9999, so that no window is in the future. */
const LAST_MOMENT = 253_402_300_799_999;
export const tumbling: Window = { type: 'tumbling', sizeMs: MINUTE, advanceMs: MINUTE, gapMs: 0, graceMs: 0 };
export const session: Window = { type: 'session', sizeMs: 0, advanceMs: 0, gapMs: MINUTE, graceMs: 0 };

export type Over = Partial<Omit<TopicMapping, 'metric'>> & { readonly window?: Window };

export function mapping({ window = tumbling, ...over }: Over = {}): TopicMapping {
  const dimensions = over.dimensions ?? [{ in: 'key', path: [] }];
  const measures = over.measures ?? [{ path: ['N'], optional: false }];
  const metric: Metric = {
    name: 'test',
    title: 'test',
    description: '',
    kind: 'window',
    topic: 'topic',
    window,
    dimensions: dimensions.map((_, i) => ({ name: `d${i}`, title: '', description: '' })),
    measures: measures.map(({ optional }, i) => ({
      name: i === 0 ? 'value' : `m${i}`,
      title: '',
      description: '',
      unit: '',
      combine: 'sum',
      sumFrom: null,
      countFrom: null,
      overTime: 'avg',
      optional,
      thresholds: [],
    })),
    event: null,
    retentionMs: 86_400_000,
    idleMs: MINUTE,
    finalOnly: false,
    maxSeries: 1_000,
  };
  return {
    metric,
    topic: 'topic',
    key: { format: 'string', windowed: window.type === 'session' ? 'session' : 'time' },
    value: { format: 'json' },
    start: { from: 'key' },
    end: window.type === 'session' ? { from: 'key' } : { from: 'size' },
    eventTime: { from: 'timestamp' },
    ...over,
    dimensions,
    measures,
  };
}

/** A registry of which nothing has been fetched. */
const nothingFetched: SchemaSource = { known: () => undefined };

export function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}

export const keyOf = (inner: Buffer | string, ...times: number[]): Buffer =>
  Buffer.concat([Buffer.from(inner as string), ...times.map(int64)]);

/** All points of one record. */
export function decodeAll(of: TopicMapping, record: Partial<RawRecord>): readonly PointWrite[] {
  const slice: DecodedPoints = { points: [], maxEventMs: null };
  const decoder = createRecordDecoder(of, { schemas: nothingFetched, onUnsafeInteger: () => undefined });
  const raw = { key: null, value: null, offset: 5, timestampMs: START + 1, ...record };
  decoder.decodeInto(slice, raw, 3, LAST_MOMENT);
  return slice.points;
}

export function decode(
  of: TopicMapping,
  record: Partial<RawRecord>,
  schemas = nothingFetched,
  nowMs = LAST_MOMENT,
  /** Decoded afterwards by the same decoder; its point is returned. */
  next?: Partial<RawRecord>,
): PointWrite & { maxEventMs: number | null; warned: string[] } {
  const warned: string[] = [];
  const slice: { points: PointWrite[]; maxEventMs: number | null } = { points: [], maxEventMs: null };
  const decoder = createRecordDecoder(of, { schemas, onUnsafeInteger: (measure) => warned.push(measure) });
  for (const one of next === undefined ? [record] : [record, next]) {
    decoder.decodeInto(
      slice,
      { key: null, value: null, offset: 5, timestampMs: START + 1, ...one },
      3,
      nowMs,
    );
  }
  return { ...slice.points.at(-1)!, maxEventMs: slice.maxEventMs, warned };
}

/** The refusal of a record. Throws when it is accepted. */
export function refusalOf(
  of: TopicMapping,
  record: Partial<RawRecord>,
  { schemas = nothingFetched, nowMs = LAST_MOMENT }: { schemas?: SchemaSource; nowMs?: number } = {},
): Undecodable {
  try {
    decode(of, record, schemas, nowMs);
  } catch (error) {
    if (error instanceof Undecodable) return error;
    throw error;
  }
  throw new Error('it was decoded');
}

export function reasonOf(
  of: TopicMapping,
  record: Partial<RawRecord>,
  nowMs = LAST_MOMENT,
  schemas = nothingFetched,
): string {
  try {
    decode(of, record, schemas, nowMs);
  } catch (error) {
    if (error instanceof Undecodable) return error.reason;
    throw error;
  }
  return 'decoded';
}

export const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
