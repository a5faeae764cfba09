/** Real bridges over a real Kafka and a real store, for tests that look at the whole from outside. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBridge, type BridgeProcess } from '../../support/bridge-process';
import type { KafkaBroker } from '../../support/kafka';
import { startRedis, type RedisOptions, type RedisServer } from '../../support/redis';

export type StoreKind = 'redis' | 'lmdb';
export const DEAD_LETTERS = 'streamkpi-dead-letters';

let count = 0;
/** A name that nothing else uses. */
export function unique(what: string): string {
  count += 1;
  return `${what}-${process.pid}-${count}`;
}

export interface RigOptions {
  readonly kafka: KafkaBroker;
  readonly store: StoreKind;
  /** The metrics file as an object; JSON is YAML. */
  readonly metrics: object;
  readonly redis?: RedisOptions;
  readonly environment?: Readonly<Record<string, string>>;
}

/** One group of bridges: a metrics file, a consumer group, and a store of their own. */
export interface BridgeRig {
  readonly kafka: KafkaBroker;
  readonly redis: RedisServer | null;
  readonly groupId: string;
  readonly folder: string;
  /** Every bridge started so far, ended ones too. */
  readonly bridges: readonly BridgeProcess[];
  start(environment?: Readonly<Record<string, string>>): Promise<BridgeProcess>;
  /** Kills what still runs and removes everything. */
  close(): Promise<void>;
}

export async function openRig(options: RigOptions): Promise<BridgeRig> {
  const folder = mkdtempSync(join(tmpdir(), 'streamkpi-bridge-'));
  const metricsFile = join(folder, 'metrics.yaml');
  writeFileSync(metricsFile, JSON.stringify(options.metrics));
  const redis = options.store === 'redis' ? await startRedis(options.redis) : null;
  const groupId = unique('bridges');
  const bridges: BridgeProcess[] = [];
  return {
    kafka: options.kafka,
    redis,
    groupId,
    folder,
    bridges,
    start: async (environment = {}) => {
      const bridge = await startBridge({
        KAFKA_BROKERS: options.kafka.bootstrap,
        KAFKA_GROUP_ID: groupId,
        METRICS_FILE: metricsFile,
        STORE_PATH: join(folder, 'store'),
        ...(redis === null ? {} : { REDIS_URL: redis.url }),
        ...options.environment,
        ...environment,
      });
      bridges.push(bridge);
      return bridge;
    },
    close: async () => {
      await Promise.all(bridges.map((bridge) => bridge.kill9()));
      await redis?.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export interface TopicEntry {
  readonly topic: string;
  readonly metric: string;
  readonly state: string;
  readonly reason: string | null;
  readonly records: number;
  readonly dead_letters: number;
  readonly partitions: readonly {
    readonly partition: number;
    readonly owned: boolean;
    readonly position: number | null;
    readonly end: number | null;
    readonly lag: number | null;
  }[];
}

export interface StatusAnswer {
  readonly ready: boolean;
  readonly store_epoch: string;
  readonly source: {
    readonly state: string;
    readonly hop: string | null;
    readonly topics: readonly TopicEntry[];
  };
}

export const statusOf = (bridge: BridgeProcess): Promise<StatusAnswer> => bridge.get('/api/v1/status');

/** True when these bridges together own every partition of their topics, and stand at the logs' ends. */
export async function caughtUp(bridges: readonly BridgeProcess[], kafka: KafkaBroker): Promise<boolean> {
  const answers = await Promise.all(bridges.map(statusOf));
  const positionsOf = new Map<string, Map<number, number>>();
  for (const { topic, state, partitions } of answers.flatMap(({ source }) => source.topics)) {
    if (state !== 'reading') return false;
    const positions = positionsOf.get(topic) ?? new Map<number, number>();
    for (const { partition, owned, position } of partitions) {
      if (owned && position !== null) positions.set(partition, position);
    }
    positionsOf.set(topic, positions);
  }
  // The brokers are not asked while nobody has joined the group.
  if ([...positionsOf.values()].some(({ size }) => size === 0)) return false;
  for (const [topic, positions] of positionsOf) {
    const ends = await kafka.ends(topic);
    if (ends.some((end, partition) => (positions.get(partition) ?? -1) < end)) return false;
  }
  return true;
}

export interface QueryAnswer {
  readonly store_epoch: string;
  readonly series: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly times: readonly number[];
    readonly values: readonly (number | null)[];
    readonly revisions: readonly number[];
    readonly removed?: readonly number[];
    readonly removed_revisions?: readonly number[];
  }[];
  readonly warnings: readonly { readonly code: string }[];
}

/** What is held of one point; `removed` in place of a value: a tombstone took it away. */
export interface HeldPoint {
  readonly value: number | null | 'removed';
  readonly revision: number;
}

export interface Selection {
  readonly metric: string;
  readonly measure?: string;
  readonly filters?: readonly object[];
  readonly fromMs: number;
  readonly toMs: number;
}

export const pointId = (labels: Readonly<Record<string, string>>, time: number): string =>
  `${Object.values(labels).join('|')}@${time}`;

export async function query(bridge: BridgeProcess, selection: Selection): Promise<QueryAnswer> {
  const { metric, measure, filters, fromMs, toMs } = selection;
  const answer = await bridge.post<QueryAnswer>('/api/v1/query', {
    metric,
    from_ms: fromMs,
    to_ms: toMs,
    include_revisions: true,
    ...(measure === undefined ? {} : { measure }),
    ...(filters === undefined ? {} : { filters }),
  });
  if (answer.warnings.length > 0)
    throw new Error(`a query with warnings: ${JSON.stringify(answer.warnings)}`);
  return answer;
}

/** `labels@time` -> value and revision, removed points too. Throws when a point comes twice. */
export function pointsIn(answer: QueryAnswer): Map<string, HeldPoint> {
  const points = new Map<string, HeldPoint>();
  const put = (id: string, point: HeldPoint): void => {
    if (points.has(id)) throw new Error(`the point ${id} is in the answer twice`);
    points.set(id, point);
  };
  for (const { labels, times, values, revisions, removed, removed_revisions: gone } of answer.series) {
    times.forEach((time, i) => put(pointId(labels, time), { value: values[i]!, revision: revisions[i]! }));
    removed?.forEach((time, i) => put(pointId(labels, time), { value: 'removed', revision: gone![i]! }));
  }
  return points;
}

/** Resident memory of a process in bytes; 0 when it is gone. */
export function residentBytes(pid: number): number {
  try {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kib ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** Differences between what should be there and what is, at most `limit` of them, readable. */
export function differences(
  expected: ReadonlyMap<string, Partial<HeldPoint>>,
  found: ReadonlyMap<string, HeldPoint>,
  limit = 10,
): string[] {
  const lines: string[] = [];
  for (const [id, want] of expected) {
    const have = found.get(id);
    if (have === undefined) lines.push(`${id}: missing, should be ${JSON.stringify(want)}`);
    else if (have.value !== want.value || (want.revision !== undefined && have.revision !== want.revision)) {
      lines.push(`${id}: ${JSON.stringify(have)}, should be ${JSON.stringify(want)}`);
    }
  }
  for (const [id, have] of found) {
    if (!expected.has(id)) lines.push(`${id}: ${JSON.stringify(have)}, should not be there`);
  }
  return lines.length <= limit ? lines : [...lines.slice(0, limit), `... ${lines.length} in all`];
}
