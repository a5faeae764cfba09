/**
 * Bridges whose clocks are set to another time for minutes while records come in. The machine's own clock stays right:
 * what the bridges say is held against it, and the numbers against a count of what was acknowledged.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { BridgeProcess } from '../../support/bridge-process';
import { fakeClock } from '../../support/fake-clock';
import type { KafkaBroker } from '../../support/kafka';
import { javaPartition } from '../../support/record-generator';
import { openRig, pointId, statusOf, unique, type BridgeRig, type StoreKind } from './bridge-rig';
import { OrderedSender } from './ordered-sender';
import { eventually } from '../../support/waiting';

const HOUR_MS = 3_600_000;
const WINDOW_MS = 10_000;
const GRACE_MS = 5_000;
const LOOK_MS = 1_000;
const PARTITIONS = 2;
const SERIES = ['a', 'b', 'c', 'd'];
const [COUNTS, ALERTS] = ['counts', 'alerts'];

const metricsOf = (topic: string): object => {
  const common = {
    topic,
    key: { format: 'string', windowed: 'time' },
    window: { type: 'tumbling', size: `${WINDOW_MS}ms`, grace: `${GRACE_MS}ms` },
    dimensions: { series: { from: 'key' } },
    measures: { value: { field: 'N', combine: 'sum' } },
    retention: '24h',
    idle: '10s',
  };
  const event = { severity: 'warning', message: '{series}: {value}' };
  return {
    version: 1,
    metrics: { [COUNTS]: { kind: 'window', ...common }, [ALERTS]: { kind: 'event', ...common, event } },
  };
};

/** Counts that go up each second, those of the window before too while its grace lasts. */
class CountFeed {
  /** `series@start` -> when each of its counts was acknowledged: 1, 2, 3 and so on. */
  readonly acknowledged = new Map<string, number[]>();
  records = 0;
  private readonly sender: OrderedSender;
  private stopped = false;
  private work: Promise<void> = Promise.resolve();

  constructor(
    kafka: KafkaBroker,
    readonly topic: string,
  ) {
    this.sender = new OrderedSender(kafka, topic);
  }

  /** Windows that a clock half an hour ahead would expire, then those of now. */
  async start(): Promise<void> {
    const oldest = windowOf(Date.now() - 23.5 * HOUR_MS);
    for (let i = 0; i < 6; i += 1) await this.send([oldest + i * WINDOW_MS]);
    this.work = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.work;
    await this.sender.renew();
  }

  /** How long the oldest acknowledged count was not in an answer to a question asked at that time, in milliseconds. */
  behind(held: ReadonlyMap<string, number>, askedMs: number): number {
    let longest = 0;
    for (const [id, times] of this.acknowledged) {
      const missing = times[held.get(id) ?? 0];
      if (missing !== undefined) longest = Math.max(longest, askedMs - missing);
    }
    return longest;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const nowMs = Date.now();
      const running = windowOf(nowMs);
      const late = nowMs - running < GRACE_MS - 1_000 ? [running - WINDOW_MS] : [];
      await this.send([...late, running]);
      await sleep(LOOK_MS);
    }
  }

  private async send(starts: readonly number[]): Promise<void> {
    const counts = starts.flatMap((start) =>
      SERIES.map((series) => {
        const id = pointId({ series }, start);
        return { series, start, id, count: (this.acknowledged.get(id)?.length ?? 0) + 1 };
      }),
    );
    await this.sender.send(
      counts.map(({ series, start, count }) => {
        const key = Buffer.alloc(8 + series.length, series);
        key.writeBigInt64BE(BigInt(start), series.length);
        const timestamp = Math.min(Date.now(), start + WINDOW_MS - 1);
        return {
          partition: javaPartition(Buffer.from(series), PARTITIONS),
          key,
          value: `{"N":${count}}`,
          timestamp,
        };
      }),
    );
    for (const { id } of counts)
      this.acknowledged.set(id, [...(this.acknowledged.get(id) ?? []), Date.now()]);
    this.records += counts.length;
  }
}

const windowOf = (ms: number): number => Math.floor(ms / WINDOW_MS) * WINDOW_MS;

interface Readiness {
  readonly hop?: string;
  readonly message?: string;
  readonly warnings?: readonly string[];
}

/** What a bridge said in one second; times by the machine's clock. */
interface Look {
  readonly atMs: number;
  /** 200 or 503 of /readyz, and its words. */
  readonly readyStatus: number;
  readonly readiness: Readiness;
  /** How long the oldest acknowledged record was not in the answer. */
  readonly behindMs: number;
  /** The newest window that the answers called final; null: none. */
  readonly newestFinalMs: number | null;
}

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly times: readonly number[];
  readonly values: readonly number[];
  readonly open_from_ms?: number;
}

/** `series@start` -> count. */
const countsOf = (series: readonly Series[]): Map<string, number> =>
  new Map(
    series.flatMap(({ labels, times, values }) =>
      times.map((time, i) => [pointId(labels, time), values[i]!] as const),
    ),
  );

/** Asks a bridge once a second, until it is stopped. */
class ClockWatch {
  readonly looks: Look[] = [];
  /** Windows called final before their end and grace, and calls that failed. Should be empty. */
  readonly faults: string[] = [];
  private stopped = false;
  private readonly work: Promise<void>;

  constructor(
    readonly bridge: BridgeProcess,
    private readonly feed: CountFeed,
  ) {
    this.work = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.work;
  }

  async series(includeOpen: boolean): Promise<readonly Series[]> {
    const body = { ...range(), metric: COUNTS, include_open: includeOpen };
    return (await this.bridge.post<{ series: Series[] }>('/api/v1/query', body)).series;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      try {
        this.looks.push(await this.look());
      } catch (error) {
        this.faults.push((error as Error).message);
      }
      await sleep(LOOK_MS);
    }
  }

  private async look(): Promise<Look> {
    const { bridge, feed } = this;
    const askedMs = Date.now();
    const [readyz, all, closed, summary, events] = await Promise.all([
      fetch(`${bridge.url}/readyz`),
      this.series(true),
      this.series(false),
      bridge.post<{ series: { last_time_ms: number }[] }>('/api/v1/summary', { ...range(), metric: COUNTS }),
      bridge.post<{ events: { time_ms: number; state: string }[] }>('/api/v1/events/query', {
        ...range(),
        metric: ALERTS,
        limit: 10_000,
      }),
    ]);
    const answeredMs = Date.now();
    const final = {
      'open_from_ms of a query': all.flatMap(({ times, open_from_ms: open = Infinity }) =>
        times.filter((time) => time < open),
      ),
      'a query of closed windows': closed.flatMap(({ times }) => times),
      'a summary': summary.series.map(({ last_time_ms: time }) => time),
      'an event': events.events.filter(({ state }) => state === 'resolved').map(({ time_ms: time }) => time),
    };
    for (const [where, times] of Object.entries(final)) {
      const early = Math.max(0, ...times) + WINDOW_MS + GRACE_MS - answeredMs;
      if (early > 0) this.faults.push(`${where}: final ${early} ms early`);
    }
    const newest = Math.max(0, ...Object.values(final).flat());
    return {
      atMs: askedMs,
      readyStatus: readyz.status,
      readiness: (await readyz.json()) as Readiness,
      behindMs: feed.behind(countsOf(all), askedMs),
      newestFinalMs: newest === 0 ? null : newest,
    };
  }
}

const range = (): { readonly from_ms: number; readonly to_ms: number } => ({
  from_ms: windowOf(Date.now() - 24 * HOUR_MS),
  to_ms: windowOf(Date.now() + HOUR_MS),
});

/** A bridge of its own group and store whose clock is set away and back. */
export interface ClockReport {
  readonly store: StoreKind;
  readonly aheadMs: number;
  /** What /readyz said while the clock was away, each sentence once, and how long until it said so. */
  readonly sentences: readonly string[];
  readonly namedAfterMs: number | null;
  /** Answers of 200 after it was named, until the clock was back. */
  readonly readyWhileAway: number;
  /** From the clock's return until /readyz was 200, and until every record older than two seconds was in the answers. */
  readonly readyAfterMs: number | null;
  readonly readAfterMs: number | null;
  /** The longest that an acknowledged record was not in an answer, while the clock was away and since. */
  readonly behindAwayMs: number;
  readonly behindAfterMs: number;
  /** How many windows became final while the clock was away. */
  readonly closedWhileAway: number;
  /** Windows final too early, calls that failed. Should be empty. */
  readonly faults: readonly string[];
  readonly deadLetters: number;
  readonly epochKept: boolean;
  readonly points: number;
  /** `series@start` -> count, at the end, all windows final. */
  readonly found: ReadonlyMap<string, number>;
}

const SETTLED_MS = 2_000;

function reportOf(
  watch: ClockWatch,
  awayMs: number,
  backMs: number,
): Omit<ClockReport, 'store' | 'aheadMs' | 'deadLetters' | 'epochKept' | 'points' | 'found'> {
  const away = watch.looks.filter(({ atMs }) => atMs > awayMs && atMs < backMs - LOOK_MS);
  const after = watch.looks.filter(({ atMs }) => atMs >= backMs);
  const named = away.findIndex(({ readiness }) => readiness.hop === 'clock');
  const sinceNamed = named < 0 ? [] : away.slice(named);
  const ready = after.find(({ readyStatus }) => readyStatus === 200);
  const lastBehind = after.findLastIndex(({ behindMs }) => behindMs > SETTLED_MS);
  const read = after[lastBehind + 1];
  const longest = (looks: readonly Look[]): number => Math.max(0, ...looks.map(({ behindMs }) => behindMs));
  const newest = (look: Look | undefined): number => look?.newestFinalMs ?? 0;
  return {
    sentences: [...new Set(sinceNamed.map(({ readiness }) => readiness.message ?? ''))],
    namedAfterMs: named < 0 ? null : away[named]!.atMs - awayMs,
    readyWhileAway: sinceNamed.filter(({ readyStatus }) => readyStatus === 200).length,
    readyAfterMs: ready === undefined ? null : ready.atMs - backMs,
    readAfterMs: read === undefined ? null : read.atMs - backMs,
    behindAwayMs: longest(away),
    behindAfterMs: longest(after),
    closedWhileAway: (newest(sinceNamed.at(-1)) - newest(sinceNamed[0])) / WINDOW_MS,
    faults: watch.faults,
  };
}

/** The end of it: everything read, and every window final. */
async function settled(watch: ClockWatch, feed: CountFeed): Promise<ReadonlyMap<string, number>> {
  const points = feed.acknowledged.size;
  await eventually(
    async () => (await watch.series(false)).reduce((sum, { times }) => sum + times.length, 0) >= points,
    'every window is final',
    60_000,
    500,
  ).catch((error: unknown) => watch.faults.push((error as Error).message));
  return countsOf(await watch.series(true));
}

export interface ClockJump {
  readonly store: StoreKind;
  readonly aheadMs: number;
}

export interface ClockOptions {
  readonly kafka: KafkaBroker;
  readonly jumps: readonly ClockJump[];
  /** How far the second of two bridges in one group, on one Redis, is ahead all the time. */
  readonly skewMs: number;
  readonly beforeMs: number;
  readonly awayMs: number;
  readonly afterMs: number;
}

/** Two bridges of one group on one Redis, the clock of the second wrong from its start to the end. */
export interface SkewReport {
  readonly skewedPort: number;
  /** What /readyz of the right one warned of, each once, ports and all. */
  readonly warnings: readonly string[];
  readonly skewedSentences: readonly string[];
  /** Answers after the start of 503 by the right one, and of 200 by the other one. */
  readonly rightNotReady: number;
  readonly skewedReady: number;
  /** How many partitions each of them read. */
  readonly partitions: readonly number[];
  /** Windows that became final in all that time, as the right one told. */
  readonly closed: number;
  readonly behindMs: number;
  readonly faults: readonly string[];
  readonly deadLetters: number;
  /** What each of them holds at the end, the skewed one with its clock set right. */
  readonly found: readonly ReadonlyMap<string, number>[];
}

export interface ClockReports {
  readonly expected: ReadonlyMap<string, number>;
  readonly records: number;
  readonly jumps: readonly ClockReport[];
  readonly skew: SkewReport;
}

interface Watched {
  readonly rig: BridgeRig;
  readonly watch: ClockWatch;
  readonly clock: ReturnType<typeof fakeClock>;
  readonly epoch: string;
}

const deadLettersOf = async (bridge: BridgeProcess): Promise<number> =>
  (await statusOf(bridge)).source.topics.reduce((sum, each) => sum + each.dead_letters, 0);

const partitionsOf = async (bridge: BridgeProcess): Promise<number> =>
  (await statusOf(bridge)).source.topics
    .filter(({ metric }) => metric === COUNTS)
    .flatMap(({ partitions }) => partitions)
    .filter(({ owned }) => owned).length;

/** All of them side by side on one topic, so that the whole takes little longer than one. */
export async function setClocks(options: ClockOptions): Promise<ClockReports> {
  const { kafka, jumps, skewMs, beforeMs, awayMs, afterMs } = options;
  const topic = unique('clock');
  await kafka.createTopic(topic, { partitions: PARTITIONS });
  const feed = new CountFeed(kafka, topic);
  const rigs: BridgeRig[] = [];
  const opened: Watched[] = [];
  const open = async (store: StoreKind): Promise<BridgeRig> => {
    const rig = await openRig({ kafka, store, metrics: metricsOf(topic) });
    rigs.push(rig);
    return rig;
  };
  const start = async (rig: BridgeRig, aheadMs: number): Promise<Watched> => {
    const clock = fakeClock();
    clock.ahead(aheadMs);
    const bridge = await rig.start(clock.environment);
    const epochOf = async (): Promise<string | false> => (await statusOf(bridge)).store_epoch || false;
    const epoch = await eventually(epochOf, 'the store is open');
    if (aheadMs === 0) await bridge.ready(60_000);
    const watched = { rig, clock, epoch, watch: new ClockWatch(bridge, feed) };
    opened.push(watched);
    return watched;
  };
  try {
    await feed.start();
    const jumping: (Watched & ClockJump)[] = [];
    for (const jump of jumps) jumping.push({ ...jump, ...(await start(await open(jump.store), 0)) });
    const shared = await open('redis');
    const right = await start(shared, 0);
    const skewed = await start(shared, skewMs);
    await sleep(beforeMs);

    const skewSinceMs = Date.now();
    const partitions = await Promise.all([right, skewed].map(({ watch }) => partitionsOf(watch.bridge)));
    for (const { clock, aheadMs } of jumping) clock.ahead(aheadMs);
    const awayAtMs = Date.now();
    await sleep(awayMs);
    const backMs = Date.now();
    for (const { clock } of jumping) clock.ahead(0);
    await sleep(afterMs);
    await feed.stop();
    const skewEndMs = Date.now();
    skewed.clock.ahead(0);
    const finals = new Map<Watched, ReadonlyMap<string, number>>();
    await Promise.all(opened.map(async (each) => finals.set(each, await settled(each.watch, feed))));
    await Promise.all(opened.map(({ watch }) => watch.stop()));

    const reports = jumping.map(async (each): Promise<ClockReport> => {
      const found = finals.get(opened.find(({ watch }) => watch === each.watch)!)!;
      const { store_epoch: epoch } = await statusOf(each.watch.bridge);
      return {
        store: each.store,
        aheadMs: each.aheadMs,
        ...reportOf(each.watch, awayAtMs, backMs),
        deadLetters: await deadLettersOf(each.watch.bridge),
        epochKept: epoch === each.epoch,
        points: found.size,
        found,
      };
    });
    const during = ({ watch }: Watched): readonly Look[] =>
      watch.looks.filter(({ atMs }) => atMs >= skewSinceMs && atMs < skewEndMs - LOOK_MS);
    const [byRight, bySkewed] = [during(right), during(skewed)];
    return {
      expected: new Map([...feed.acknowledged].map(([id, times]) => [id, times.length])),
      records: feed.records,
      jumps: await Promise.all(reports),
      skew: {
        skewedPort: skewed.watch.bridge.port,
        warnings: [...new Set(byRight.flatMap(({ readiness }) => readiness.warnings ?? []))],
        skewedSentences: [...new Set(bySkewed.map(({ readiness }) => readiness.message ?? ''))],
        rightNotReady: byRight.filter(({ readyStatus }) => readyStatus !== 200).length,
        skewedReady: bySkewed.filter(({ readyStatus }) => readyStatus === 200).length,
        partitions,
        closed: ((byRight.at(-1)?.newestFinalMs ?? 0) - (byRight[0]?.newestFinalMs ?? 0)) / WINDOW_MS,
        behindMs: Math.max(...[...byRight, ...bySkewed].map(({ behindMs }) => behindMs)),
        faults: [...right.watch.faults, ...skewed.watch.faults],
        deadLetters: (await deadLettersOf(right.watch.bridge)) + (await deadLettersOf(skewed.watch.bridge)),
        found: [finals.get(right)!, finals.get(skewed)!],
      },
    };
  } finally {
    await feed.stop();
    await Promise.all(opened.map(({ watch }) => watch.stop()));
    await Promise.all(rigs.map((rig) => rig.close()));
    for (const { clock } of opened) clock.remove();
  }
}
