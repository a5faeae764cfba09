import { setTimeout as sleep } from 'node:timers/promises';
import type { PeerLoopParams } from '../generators/peer-loop';
import { freshStore, ingestRate, startBenchBridge, startBroker, type StoreKind } from '../rig/bridge';
import { fillTopic, type FilledTopic } from '../rig/filled-topic';
import { startGenerator } from '../rig/generator';
import {
  folderBytes,
  requirePeers,
  startInfluxDb,
  startPostgres,
  startVictoriaMetrics,
  type Answered,
  type Peer,
  type PeerSpan,
} from '../rig/peers';
import { MINUTE_MS, ONE_MEASURE, seriesName } from '../rig/records';
import { Endings, percentile, round, say, type Measurement, type Scenario } from '../scenario';
import { residentMemory } from '../surroundings';
import type { KafkaBroker } from '../../support/kafka';
import { redisCommand } from '../../support/redis';

const SETTLE_MS = 10_000;
const SUMS = 30;
const SUM_MS = 6 * 3_600_000;
/** Ranges under way: what waits longer is the client's own queue, and a busy bridge refuses too many. */
const MOST_AT_ONCE = 8;

interface Questions {
  readonly range: (series: number, span: PeerSpan) => Promise<Answered>;
  readonly sum: (span: PeerSpan) => Promise<Answered>;
}

interface Figures {
  readonly what: string;
  readonly rate: number;
  readonly bytes: number;
  readonly rss: number;
}

/** The stores of the bridge beside databases that hold the same points, and correct, order and remove none of them. */
export const peers: Scenario = {
  name: 'peers',
  title:
    'the same topic in the bridge, VictoriaMetrics, InfluxDB and PostgreSQL: points/s, bytes, ms, memory',
  options: { series: 1_000, windows: 1_440, rate: 100, seconds: 10 },
  async run(options, endings) {
    requirePeers();
    const size = { series: options.get('series'), windows: options.get('windows'), partitions: 4 };
    const kafka = await startBroker(endings);
    const filled = await fillTopic(kafka, ONE_MEASURE, size, endings);
    const pace = { rate: options.get('rate'), seconds: options.get('seconds') };
    const results: Measurement[] = [];
    const ways = [
      ...(['redis', 'lmdb'] as const).map((kind) => (own: Endings) => bridge(kind, kafka, filled, own)),
      ...[startVictoriaMetrics, startInfluxDb, startPostgres].map(
        (start) => async (own: Endings) => database(await start(own), kafka, filled, own),
      ),
    ];
    for (const way of ways) {
      const own = new Endings();
      try {
        const { figures, questions } = await way(own);
        results.push(await measured(figures, questions, filled, pace));
      } finally {
        await own.all();
      }
    }
    return results;
  },
};

interface Filled {
  readonly figures: Figures;
  readonly questions: Questions;
}

async function bridge(
  kind: StoreKind,
  kafka: KafkaBroker,
  filled: FilledTopic,
  own: Endings,
): Promise<Filled> {
  const store = await freshStore(kind, own);
  const used = async (): Promise<number> =>
    kind === 'lmdb'
      ? folderBytes(store.folder)
      : Number(/used_memory:(\d+)/.exec(await redisCommand(store.redis!.port, 'INFO memory'))?.[1]);
  const before = kind === 'lmdb' ? 0 : await used();
  const running = await startBenchBridge(kafka, store, own);
  const { rate } = await ingestRate(running, store, ONE_MEASURE, filled.n);
  await sleep(SETTLE_MS);
  const ask = async (body: object): Promise<Answered> => {
    const began = performance.now();
    const { series } = await running.post<{ series: { times: number[] }[] }>('/api/v1/query', {
      metric: ONE_MEASURE,
      ...body,
    });
    return { ms: performance.now() - began, points: series[0]?.times.length ?? 0 };
  };
  const within = ({ fromMs, toMs }: PeerSpan): object => ({ from_ms: fromMs, to_ms: toMs });
  return {
    figures: {
      what: kind === 'redis' ? 'this bridge, Redis (bytes: its memory)' : 'this bridge, LMDB',
      rate,
      bytes: (await used()) - before,
      rss: residentMemory(running.process.pid!).rss,
    },
    questions: {
      range: (series, span) =>
        ask({ ...within(span), filters: [{ dimension: 'series', op: '=', values: [seriesName(series)] }] }),
      sum: (span) => ask({ ...within(span), group_by: [] }),
    },
  };
}

async function database(peer: Peer, kafka: KafkaBroker, filled: FilledTopic, own: Endings): Promise<Filled> {
  const loop = startGenerator('peer-loop', own);
  const params: PeerLoopParams = {
    bootstrap: kafka.bootstrap,
    topic: ONE_MEASURE,
    n: filled.n,
    input: peer.takes,
  };
  const { seconds } = await loop.call<{ seconds: number }>('run', params);
  await loop.end();
  await peer.settle();
  const stored = await peer.count();
  if (stored !== filled.n) throw new Error(`${peer.name} holds ${stored} of ${filled.n} points`);
  await sleep(SETTLE_MS);
  return {
    figures: {
      what: peer.name,
      rate: filled.n / seconds,
      bytes: folderBytes(peer.folder),
      rss: residentMemory(peer.pid).rss,
    },
    questions: peer,
  };
}

async function measured(
  { what, rate, bytes, rss }: Figures,
  { range, sum }: Questions,
  { n, series, windows, lastWindowMs }: FilledTopic,
  pace: { readonly rate: number; readonly seconds: number },
): Promise<Measurement> {
  const toMs = lastWindowMs + MINUTE_MS;
  const day = { fromMs: toMs - windows * MINUTE_MS, toMs };
  const hours = { fromMs: toMs - Math.min(SUM_MS, windows * MINUTE_MS), toMs };
  const check = (one: Answered, span: PeerSpan): number => {
    const expected = (span.toMs - span.fromMs) / MINUTE_MS;
    if (one.points !== expected) throw new Error(`${what}: ${one.points} points instead of ${expected}`);
    return one.ms;
  };
  const { times, late } = await paced(pace, async (i) => check(await range((i * 7) % series, day), day));
  const sums: number[] = [];
  for (let i = 0; i < SUMS; i += 1) sums.push(check(await sum(hours), hours));
  sums.sort((a, b) => a - b);
  const found = {
    what,
    n,
    rate: Math.round(rate),
    bytes_per_point: round(bytes / n, 1),
    p50_ms: round(percentile(times, 0.5)),
    p99_ms: round(percentile(times, 0.99)),
    late_ms: round(late),
    sum_p50_ms: round(percentile(sums, 0.5)),
    memory: { rss },
  };
  say(`peers ${JSON.stringify(found)}`);
  return found;
}

/**
 * Asks at a steady rate, a second of it for the compiler and the caches, and returns the times in order.
 * `late`: how far behind its time a question was at most, because MOST_AT_ONCE were under way.
 */
async function paced(
  { rate, seconds }: { readonly rate: number; readonly seconds: number },
  ask: (i: number) => Promise<number>,
): Promise<{ readonly times: readonly number[]; readonly late: number }> {
  const times: number[] = [];
  const running = new Set<Promise<void>>();
  let late = 0;
  const began = performance.now();
  for (let i = 0; i < rate * (1 + seconds); i += 1) {
    const due = began + (i * 1_000) / rate;
    if (due > performance.now()) await sleep(due - performance.now());
    while (running.size >= MOST_AT_ONCE) await Promise.race(running);
    if (i >= rate) late = Math.max(late, performance.now() - due);
    const asked: Promise<void> = ask(i).then((ms) => {
      running.delete(asked);
      if (i >= rate) times.push(ms);
    });
    // A failure stays among them until the next wait for one.
    asked.catch(() => {});
    running.add(asked);
  }
  await Promise.all(running);
  return { times: times.sort((a, b) => a - b), late };
}
