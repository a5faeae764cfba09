import { redisCommand } from '../../support/redis';
import { freshStore, ingestRate, startBenchBridge, startBroker, type StoreKind } from '../rig/bridge';
import { startGenerator } from '../rig/generator';
import { fillTopic } from '../rig/filled-topic';
import { MINUTE_MS, ONE_MEASURE, recordValue, seriesName } from '../rig/records';
import { Endings, median, round, say, type Measurement, type Scenario } from '../scenario';
import { cpuSeconds, residentMemory } from '../surroundings';

interface Round {
  readonly rate: number;
  readonly memory: Record<string, number>;
  readonly cpuMicros: Record<string, number>;
}

const SERIES = 1_000;

/** From Kafka into a durable store, as fast as it goes, beside the plain reference loop on the same topic. */
export const ingest: Scenario = {
  name: 'ingest',
  title: 'points/s from a preloaded topic into Redis (AOF everysec) and LMDB, beside a plain reference loop',
  options: { n: 500_000, partitions: 4, rounds: 3 },
  async run(options, endings) {
    const windows = Math.ceil(options.get('n') / SERIES);
    const partitions = options.get('partitions');
    const kafka = await startBroker(endings);
    const filled = await fillTopic(kafka, ONE_MEASURE, { series: SERIES, windows, partitions }, endings);
    const { n, lastWindowMs } = filled;

    const reference = async (own: Endings): Promise<Round> => {
      const store = await freshStore('redis', own);
      const loop = startGenerator('reference-loop', own);
      const redisPort = store.redis!.port;
      const params = { bootstrap: kafka.bootstrap, topic: ONE_MEASURE, redisPort, n };
      const done = await loop.call<{ n: number; seconds: number }>('run', params);
      const keys = Number((await redisCommand(redisPort, 'DBSIZE')).slice(1));
      if (keys !== n) throw new Error(`the reference loop stored ${keys} of ${n} points`);
      const micros = (pid: number): number => round((cpuSeconds(pid) * 1e6) / n);
      const cpuMicros = { loop: micros(loop.pid), redis: micros(store.redis!.pid) };
      return { rate: done.n / done.seconds, memory: residentMemory(loop.pid), cpuMicros };
    };
    const bridge =
      (kind: StoreKind) =>
      async (own: Endings): Promise<Round> => {
        const store = await freshStore(kind, own);
        const running = await startBenchBridge(kafka, store, own);
        const { rate, cpuMicros } = await ingestRate(running, store, ONE_MEASURE, n);
        const series = SERIES - 1;
        const answer = await running.post<{ series: { times: number[]; values: number[] }[] }>(
          '/api/v1/query',
          {
            metric: ONE_MEASURE,
            from_ms: lastWindowMs - windows * MINUTE_MS,
            to_ms: lastWindowMs + MINUTE_MS,
            filters: [{ dimension: 'series', op: '=', values: [seriesName(series)] }],
          },
        );
        if (answer.series[0]?.times.length !== windows) {
          throw new Error(`${answer.series[0]?.times.length ?? 0} of ${windows} points can be read`);
        }
        return { rate, memory: residentMemory(running.process.pid!), cpuMicros: { ...cpuMicros } };
      };

    const ways = { reference, redis: bridge('redis'), lmdb: bridge('lmdb') };
    const rounds: Record<keyof typeof ways, Round[]> = { reference: [], redis: [], lmdb: [] };
    for (let i = 0; i < options.get('rounds'); i += 1) {
      for (const way of ['reference', 'redis', 'lmdb'] as const) {
        const own = new Endings();
        try {
          const done = await ways[way](own);
          rounds[way].push(done);
          say(
            `ingest round ${i + 1}, ${way}: ${Math.round(done.rate)} points/s, CPU us a point ${JSON.stringify(done.cpuMicros)}`,
          );
        } finally {
          await own.all();
        }
      }
    }
    const rateOf = (way: keyof typeof ways): number => median(rounds[way].map(({ rate }) => rate));
    const measured = (
      way: 'redis' | 'lmdb',
      target: string,
      met: (rate: number, ratio: number) => boolean,
    ): Measurement => {
      const rate = rateOf(way);
      const ratio = rate / rateOf('reference');
      return {
        what: `points/s from Kafka into ${way === 'redis' ? 'Redis, appendfsync everysec' : 'LMDB'}; median of the rounds`,
        n,
        rate: Math.round(rate),
        rounds: rounds[way].map((each) => Math.round(each.rate)),
        series: SERIES,
        partitions,
        value_bytes: recordValue(0, lastWindowMs, 500).length,
        memory: rounds[way].at(-1)!.memory,
        cpu_us_per_point: rounds[way].at(-1)!.cpuMicros,
        reference: {
          what: 'kafkajs eachBatch, ioredis pipelines of 500 with HSET and EXPIRE for each point, same topic, same Redis',
          rate: Math.round(rateOf('reference')),
          rounds: rounds.reference.map((each) => Math.round(each.rate)).join(', '),
        },
        ratio: round(ratio),
        target,
        met: met(rate, ratio),
      };
    };
    return [
      measured('redis', 'at least 2 times the reference loop', (_rate, ratio) => ratio >= 2),
      measured('lmdb', 'at least 100,000 points/s', (rate) => rate >= 100_000),
    ];
  },
};
