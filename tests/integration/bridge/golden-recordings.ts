/** What a real ksqlDB wrote, as records to produce byte for byte and as the points that must come of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { RawRecord } from '../../support/kafka';
import { unique, type HeldPoint } from './bridge-rig';

const FIXTURES = join(__dirname, '../../fixtures/ksqldb');
const DEFAULT_METRICS = join(__dirname, '../../../backend-bridge/metrics.yaml');
const HOUR_MS = 3_600_000;

export const RECORDINGS = ['p1-nocache', 'p1-default-paced', 'p1-nocache-avro', 'tombstone'] as const;
export type Recording = (typeof RECORDINGS)[number];

interface RecordedLine {
  readonly timestamp: number;
  readonly key_hex: string;
  readonly tombstone: boolean;
  readonly value_raw?: string | null;
  readonly value_hex?: string | null;
  readonly value: Readonly<Record<string, unknown>> | null;
}

interface MetricEntry {
  readonly topic: string;
  readonly value: { readonly format: string };
  readonly measures: Readonly<Record<string, { readonly field: string }>>;
}

export interface GoldenTopic {
  readonly topic: string;
  readonly metric: string;
  readonly records: readonly RawRecord[];
  /** Measure -> point -> its last value, and how many records it had. */
  readonly expected: ReadonlyMap<string, ReadonlyMap<string, HeldPoint>>;
}

export interface GoldenSet {
  /** The metrics file for these topics. */
  readonly metrics: object;
  readonly topics: readonly GoldenTopic[];
  readonly records: number;
}

export const schemas = (): Record<string, object> =>
  JSON.parse(readFileSync(join(FIXTURES, 'p1-nocache-avro/schemas.json'), 'utf8')) as Record<string, object>;

/** metric -> recorded topic, for each recording. */
function metricsOf(recording: Recording): Record<string, MetricEntry> {
  const file = parse(readFileSync(DEFAULT_METRICS, 'utf8')) as { metrics: Record<string, MetricEntry> };
  const {
    events_per_minute: events,
    revenue_per_minute: revenue,
    high_activity_alert: alerts,
  } = file.metrics;
  if (recording !== 'tombstone') {
    const value = { format: recording === 'p1-nocache-avro' ? 'avro' : 'json' };
    return {
      events_per_minute: { ...events!, value },
      revenue_per_minute: { ...revenue!, value },
      high_activity_alert: { ...alerts!, value },
    };
  }
  return {
    quiet_segments: { ...events!, topic: 'quiet_segments' },
    big_baskets: {
      ...events!,
      topic: 'big_baskets',
      measures: { value: { field: 'AVG_TRANSACTION_VALUE' }, transactions: { field: 'TRANSACTION_COUNT' } },
    },
  };
}

function expectedOf(
  lines: readonly RecordedLine[],
  field: string,
  shift: number,
): ReadonlyMap<string, HeldPoint> {
  const points = new Map<string, HeldPoint>();
  const lacking = new Set<string>();
  for (const { key_hex: hex, tombstone, value } of lines) {
    const key = Buffer.from(hex, 'hex');
    const start = Number(key.readBigInt64BE(key.length - 8)) + shift;
    const id = `${key.toString('utf8', 0, key.length - 8)}@${start}`;
    const revision = (points.get(id)?.revision ?? 0) + 1;
    const measured = value?.[field] as number | undefined;
    lacking.delete(id);
    if (!tombstone && measured === undefined) lacking.add(id);
    points.set(id, { value: tombstone ? 'removed' : (measured ?? null), revision });
  }
  // A point without this measure is not in an answer about it.
  for (const id of lacking) points.delete(id);
  return points;
}

/** Recordings over topics and metrics of their own, each moved to now by whole hours: a multiple of every window. */
export function goldenSet(...recordings: readonly Recording[]): GoldenSet {
  const metrics: Record<string, MetricEntry> = {};
  const topics = recordings.flatMap((recording) => {
    const recorded = metricsOf(recording);
    const linesOf = new Map(
      Object.values(recorded).map(({ topic }) => {
        const text = readFileSync(join(FIXTURES, recording, `${topic}.jsonl`), 'utf8').trim();
        return [topic, text.split('\n').map((line) => JSON.parse(line) as RecordedLine)];
      }),
    );
    const newest = Math.max(...[...linesOf.values()].flat().map(({ timestamp }) => timestamp));
    const shift = Math.floor((Date.now() - newest) / HOUR_MS) * HOUR_MS;
    return Object.entries(recorded).map(([name, entry]): GoldenTopic => {
      const lines = linesOf.get(entry.topic)!;
      const topic = unique(entry.topic);
      const metric = `${recording}_${name}`.replaceAll('-', '_');
      metrics[metric] = { ...entry, topic };
      return {
        topic,
        metric,
        records: lines.map((line) => toRaw(line, shift)),
        expected: new Map(
          Object.entries(entry.measures).map(([measure, { field }]) => [
            measure,
            expectedOf(lines, field, shift),
          ]),
        ),
      };
    });
  });
  return {
    metrics: { version: 1, metrics },
    topics,
    records: topics.reduce((sum, { records }) => sum + records.length, 0),
  };
}

/** The recorded bytes; only the window start in the key and the timestamp are moved. */
function toRaw(line: RecordedLine, shift: number): RawRecord {
  const key = Buffer.from(line.key_hex, 'hex');
  key.writeBigInt64BE(key.readBigInt64BE(key.length - 8) + BigInt(shift), key.length - 8);
  const { value_hex: hex, value_raw: raw, tombstone, timestamp } = line;
  const value = tombstone ? null : hex ? Buffer.from(hex, 'hex') : Buffer.from(raw ?? '');
  return { partition: 0, key, value, timestamp: timestamp + shift };
}
