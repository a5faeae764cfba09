/** One hop goes away under load and comes back: it is named, memory stays bounded, nothing is lost, all is drained. */
import { setTimeout as sleep } from 'node:timers/promises';
import { readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import type { BridgeProcess } from '../../support/bridge-process';
import type { KafkaBroker } from '../../support/kafka';
import { generatedMetrics } from '../../support/record-generator';
import { redisCommand, type RedisServer } from '../../support/redis';
import {
  caughtUp,
  differences,
  openRig,
  pointsIn,
  query,
  residentBytes,
  statusOf,
  unique,
  type HeldPoint,
} from './bridge-rig';
import { SteadyLoad } from './steady-load';
import { Subscriber } from './subscriber';
import { eventually } from '../../support/waiting';

interface OutageTools {
  readonly redis: RedisServer;
  readonly kafka: KafkaBroker;
  readonly load: SteadyLoad;
}

interface Outage {
  readonly hop: 'store' | 'kafka';
  /** Resolves when the hop is away. */
  start(tools: OutageTools): Promise<void>;
  end(tools: OutageTools): Promise<void>;
  /** True when acknowledged data in the store are gone after it: a new epoch, filled again from Kafka. */
  readonly loses?: boolean;
  /** Over at once, with nothing to be named. */
  readonly instant?: boolean;
}

const ask = async ({ redis }: OutageTools, command: string): Promise<void> => {
  await redisCommand(redis.port, command);
};

/** As when the machine loses power with AOF everysec: the newest bytes never reached the disk. */
function cutAppendOnlyFile(redis: RedisServer, bytes: number): void {
  const folder = join(redis.dir, 'appendonlydir');
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.incr.aof'))) {
    const file = join(folder, name);
    truncateSync(file, Math.max(0, statSync(file).size - bytes));
  }
}

const LOST_BYTES = 150_000;

export const OUTAGES = {
  'Redis ended by SIGTERM': {
    hop: 'store',
    start: async ({ redis }) => {
      process.kill(redis.pid(), 'SIGTERM');
      await eventually(() => redisCommand(redis.port, 'PING').then(() => false, () => true), 'Redis is gone'); // prettier-ignore
    },
    end: ({ redis }) => redis.restart(),
  },
  'Redis hung by SIGSTOP': {
    hop: 'store',
    start: ({ redis }) => {
      redis.pauseProcess();
      return Promise.resolve();
    },
    end: ({ redis }) => {
      redis.resume();
      return Promise.resolve();
    },
  },
  'Redis killed with AOF everysec, its last second lost': {
    hop: 'store',
    loses: true,
    start: ({ redis }) => redis.kill9(),
    end: async ({ redis }) => {
      cutAppendOnlyFile(redis, LOST_BYTES);
      await redis.restart({ waitUntilReady: false });
    },
  },
  'Redis out of memory': {
    hop: 'store',
    start: (tools) => ask(tools, 'CONFIG SET maxmemory 1mb'),
    end: (tools) => ask(tools, 'CONFIG SET maxmemory 0'),
  },
  'Redis read-only': {
    hop: 'store',
    start: (tools) => ask(tools, 'REPLICAOF 127.0.0.1 1'),
    end: (tools) => ask(tools, 'REPLICAOF NO ONE'),
  },
  'Redis emptied by FLUSHALL': {
    hop: 'store',
    loses: true,
    instant: true,
    start: (tools) => ask(tools, 'FLUSHALL'),
    end: () => Promise.resolve(),
  },
  'Kafka stopped': {
    hop: 'kafka',
    start: async ({ kafka, load }) => {
      await load.hold();
      await kafka.halt();
    },
    end: async ({ kafka, load }) => {
      await kafka.restart();
      load.release();
    },
  },
} as const satisfies Readonly<Record<string, Outage>>;

export type OutageName = keyof typeof OUTAGES;

export interface OutageOptions {
  readonly kafka: KafkaBroker;
  readonly outage: OutageName;
  readonly seed: number;
  readonly awayMs: number;
  readonly recordsPerSecond: number;
}

export interface OutageReport {
  readonly outage: OutageName;
  /** From the moment the hop was away until /readyz named it; null: it never did. */
  readonly namedAfterMs: number | null;
  readonly message: string;
  /** /readyz answered 200 so often between the naming and the hop's return. */
  readonly readyWhileAway: number;
  /** From the hop's return until /readyz is 200, and until every record sent until then is stored. */
  readonly readyAfterMs: number;
  readonly drainedAfterMs: number;
  readonly residentBeforeMb: number;
  readonly residentPeakMb: number;
  /** Points, queries and subscribers at the end. Should be empty. */
  readonly wrong: string[];
  readonly faults: string[];
  readonly epochs: number;
  readonly deadLetters: number;
  readonly records: number;
}

const METRIC = 'generated';
const PARTITIONS = 4;
const BEFORE_MS = 2_000;

/** Asks /readyz all the time and notes what it says. */
class ReadinessWatch {
  readonly answers: { readonly atMs: number; readonly hop: string | null; readonly message: string }[] = [];
  peakBytes = 0;
  private stopped = false;
  private readonly work: Promise<void>;

  constructor(private readonly bridge: BridgeProcess) {
    this.work = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.work;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      this.peakBytes = Math.max(this.peakBytes, residentBytes(this.bridge.process.pid ?? -1));
      const answer = await fetch(`${this.bridge.url}/readyz`);
      const { hop = null, message = '' } = (await answer.json()) as { hop?: string; message?: string };
      this.answers.push({ atMs: Date.now(), hop: answer.ok ? null : hop, message });
      await sleep(50);
    }
  }
}

const megabytes = (bytes: number): number => Math.round(bytes / 1_048_576);

export async function outage(options: OutageOptions): Promise<OutageReport> {
  const { kafka, seed, awayMs, recordsPerSecond } = options;
  const kind: Outage = OUTAGES[options.outage];
  const topic = unique('outage');
  await kafka.createTopic(topic, { partitions: PARTITIONS });
  const rig = await openRig({
    kafka,
    store: 'redis',
    metrics: generatedMetrics(topic, METRIC),
    redis: { aof: 'everysec' },
  });
  const redis = rig.redis!;
  const seconds = (awayMs + 2 * BEFORE_MS) / 1_000;
  const load = new SteadyLoad({ kafka, topic, partitions: PARTITIONS, seed, recordsPerSecond, seconds });
  const { fromMs, toMs } = load.generator;
  const span = { metric: METRIC, fromMs, toMs };
  let watch: ReadinessWatch | null = null;
  let subscriber: Subscriber | null = null;
  try {
    const bridge = await rig.start();
    await bridge.ready(60_000);
    const client = new Subscriber('client', () => bridge.wsUrl, span);
    subscriber = client;
    load.start();
    await sleep(BEFORE_MS);
    watch = new ReadinessWatch(bridge);
    const residentBefore = residentBytes(bridge.process.pid ?? -1);

    const tools = { redis, kafka, load };
    const startedMs = Date.now();
    await kind.start(tools);
    const awaySince = Date.now();
    if (kind.instant !== true) await sleep(awayMs);
    const endingMs = Date.now();
    await kind.end(tools);
    const backMs = Date.now();
    const asked = watch.answers.length;
    await eventually(() => watch!.answers.slice(asked).some(({ hop }) => hop === null), 'ready again');
    const readyAfterMs = Date.now() - backMs;
    await sleep(BEFORE_MS);
    await load.stop();
    await eventually(() => caughtUp([bridge], kafka), 'everything is read', 120_000);
    const drainedAfterMs = Date.now() - backMs;
    await watch.stop();

    const named = watch.answers.find(({ atMs, hop }) => atMs >= startedMs && hop === kind.hop);
    const readyWhileAway =
      named === undefined
        ? 0
        : watch.answers.filter(({ atMs, hop }) => atMs > named.atMs && atMs < endingMs && hop === null)
            .length;
    const expected = new Map<string, Partial<HeldPoint>>(
      [...load.generator.last].map(([id, { value, records }]) => [id, { value, revision: records }]),
    );
    const wrong: string[] = [];
    // A store that was lost is filled by the source; what it answers meanwhile is on its way there.
    await eventually(async () => {
      wrong.splice(0, wrong.length, ...differences(expected, pointsIn(await query(bridge, span))));
      return wrong.length === 0;
    }, 'the points', kind.loses === true ? 60_000 : 10_000).catch(() => undefined); // prettier-ignore
    const found = pointsIn(await query(bridge, span));
    await eventually(
      () => client.inSync && differences(found, client.points).length === 0,
      'the client',
    ).catch(() => {
      wrong.push(...differences(found, client.points).map((line) => `client: ${line}`));
      if (!client.inSync) wrong.push('client: not in sync');
    });
    const { source } = await statusOf(bridge);
    return {
      outage: options.outage,
      namedAfterMs: named === undefined ? null : Math.max(0, named.atMs - awaySince),
      message: named?.message ?? '',
      readyWhileAway,
      readyAfterMs,
      drainedAfterMs,
      residentBeforeMb: megabytes(residentBefore),
      residentPeakMb: megabytes(watch.peakBytes),
      wrong,
      faults: [...client.faults],
      epochs: client.epochs.length,
      deadLetters: source.topics.reduce((sum, each) => sum + each.dead_letters, 0),
      records: load.sent,
    };
  } finally {
    redis.resume();
    await watch?.stop().catch(() => undefined);
    subscriber?.close();
    await load.stop().catch(() => undefined);
    await rig.close();
  }
}
