/** Windowed records of many series, decided by a seed, and the oracle of what must come of them. */
import type { RawRecord } from './kafka';
import { murmur2 } from '../../backend-bridge/src/decoding/murmur2';
import { createRandom } from './seeded-random';

const MINUTE_MS = 60_000;

export interface GeneratorOptions {
  readonly seed: number;
  readonly series: number;
  /** One-minute windows, the newest being the one that runs at `nowMs`. */
  readonly windows: number;
  readonly partitions: number;
  readonly nowMs: number;
  /** Share of records that take a point away; a later record for it brings it back. Default 0.03. */
  readonly tombstones?: number;
  /** Share of records for any window at all; the others are for windows near the newest so far. Default 0.2. */
  readonly late?: number;
}

/** What the last record of a point says. */
export interface LastRecord {
  readonly value: number | 'removed';
  /** How many records the point had. */
  readonly records: number;
}

export interface RecordGenerator {
  /** `series@start` -> its last record so far: the oracle. */
  readonly last: ReadonlyMap<string, LastRecord>;
  /** How often a point came back after a tombstone, and how often a record was late, so far. */
  readonly counts: { records: number; revivals: number; tombstones: number; late: number };
  /** The next records, in the order to be sent, each with the partition that a Java producer gives its key. */
  next(count: number): RawRecord[];
  /** From here on keys go to so many partitions. */
  setPartitions(partitions: number): void;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Kafka Streams and ksqlDB choose a windowed record's partition by the inner key alone. */
export function javaPartition(innerKey: Buffer, partitions: number): number {
  return (murmur2(innerKey) & 0x7fffffff) % partitions;
}

function seriesName(index: number): string {
  return `series-${String(index).padStart(4, '0')}`;
}

/** `expected`: how many records will be asked for in all; the newest window moves with the share already made. */
export function createRecordGenerator(options: GeneratorOptions, expected: number): RecordGenerator {
  const { series, windows, nowMs, tombstones = 0.03, late = 0.2 } = options;
  const random = createRandom(options.seed);
  const newestStart = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  const fromMs = newestStart - (windows - 1) * MINUTE_MS;
  const keys = Array.from({ length: series }, (_, i) => Buffer.from(seriesName(i)));
  const hashes = keys.map((key) => murmur2(key) & 0x7fffffff);
  const last = new Map<string, LastRecord>();
  const counts = { records: 0, revivals: 0, tombstones: 0, late: 0 };
  let partitions = options.partitions;

  const record = (): RawRecord => {
    counts.records += 1;
    const newest = Math.min(windows - 1, Math.floor((counts.records / expected) * windows));
    const isLate = random() < late;
    const back = isLate ? Math.floor(random() * (newest + 1)) : Math.floor(random() * random() * 5);
    const window = Math.max(0, newest - back);
    if (isLate) counts.late += 1;
    const which = Math.floor(random() * series);
    const start = fromMs + window * MINUTE_MS;
    const id = `${seriesName(which)}@${start}`;
    const before = last.get(id);
    const removed = before !== undefined && before.value !== 'removed' && random() < tombstones;
    if (removed) counts.tombstones += 1;
    if (before?.value === 'removed') counts.revivals += 1;
    const value = removed ? ('removed' as const) : counts.records;
    last.set(id, { value, records: (before?.records ?? 0) + 1 });
    const tail = Buffer.alloc(8);
    tail.writeBigInt64BE(BigInt(start));
    return {
      partition: hashes[which]! % partitions,
      key: Buffer.concat([keys[which]!, tail]),
      value: removed ? null : `{"N":${counts.records},"TOTAL":${counts.records / 4}}`,
      timestamp: Math.min(nowMs, start + MINUTE_MS - 1),
    };
  };

  return {
    last,
    counts,
    fromMs,
    toMs: newestStart + MINUTE_MS,
    next: (count) => Array.from({ length: count }, record),
    setPartitions: (next) => {
      partitions = next;
    },
  };
}

/** The metrics file that reads the generated records from a topic. */
export function generatedMetrics(topic: string, metric = 'generated', more: object = {}): object {
  return {
    version: 1,
    metrics: {
      [metric]: {
        topic,
        key: { format: 'string', windowed: 'time' },
        window: { type: 'tumbling', size: '1m', grace: '30s' },
        dimensions: { series: { from: 'key' } },
        measures: {
          value: { field: 'N', combine: 'sum' },
          total: { field: 'TOTAL', combine: 'sum' },
        },
        ...more,
      },
    },
  };
}
