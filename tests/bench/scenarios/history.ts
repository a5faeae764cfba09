import { setTimeout as sleep } from 'node:timers/promises';
import {
  acceptedPoints,
  freshStore,
  ingestRate,
  startBenchBridge,
  startBroker,
  type StoreKind,
} from '../rig/bridge';
import { fillTopic, type FilledTopic } from '../rig/filled-topic';
import { startGenerator } from '../rig/generator';
import { MINUTE_MS, ONE_MEASURE, seriesName } from '../rig/records';
import { percentile, round, say, type Endings, type Measurement, type Scenario } from '../scenario';
import { residentMemory } from '../surroundings';
import type { HistoryTimes } from '../generators/history-load';

const SETTLE_MS = 10_000;

interface Found {
  readonly times: HistoryTimes;
  readonly p50: number;
  readonly p99: number;
}

/** A day of one series, asked for at a steady rate, over stores with more than a million points. */
export const history: Scenario = {
  name: 'history',
  title: 'ms for a 1,440-point range of one series over HTTP at a steady rate, over 1.44 M stored points',
  options: { series: 1_000, windows: 1_440, rate: 200, seconds: 20 },
  async run(options, endings) {
    const rate = options.get('rate');
    const seconds = options.get('seconds');
    const size = { series: options.get('series'), windows: options.get('windows'), partitions: 4 };
    const kafka = await startBroker(endings);
    const filled = await fillTopic(kafka, ONE_MEASURE, size, endings);
    const results: Measurement[] = [];
    for (const kind of ['lmdb', 'redis'] satisfies StoreKind[]) {
      const store = await freshStore(kind, endings);
      const bridge = await startBenchBridge(kafka, store, endings);
      await ingestRate(bridge, store, ONE_MEASURE, filled.n);
      const stored = await acceptedPoints(bridge, ONE_MEASURE);
      // Node gives back what the filling took; that is no part of answering.
      await sleep(SETTLE_MS);
      const url = `${bridge.url}/api/v1/query`;
      const found = await ask(kind, url, questions(filled), rate, seconds, endings);
      const answered = JSON.parse(found.times.sample) as { series: { times: number[] }[] };
      if (answered.series.length !== 1 || answered.series[0]!.times.length !== filled.windows) {
        throw new Error(`${kind}: an answer has ${answered.series[0]?.times.length ?? 0} points`);
      }
      const memory = residentMemory(bridge.process.pid!);
      await bridge.stop();

      const server = startGenerator('plain-http-server', endings);
      const port = await server.call<number>('start', { text: found.times.sample });
      const plain = await ask(`beside ${kind}`, `http://127.0.0.1:${port}/`, ['{}'], rate, seconds, endings);
      await server.end();
      results.push({
        what: `POST /api/v1/query, ${filled.windows} points of one series, store ${kind} with ${stored} points`,
        n: found.times.times.length,
        rate,
        p50_ms: found.p50,
        p99_ms: found.p99,
        max_ms: round(found.times.times.at(-1)!),
        answer_bytes: found.times.bytes,
        memory,
        reference: {
          what: 'node:http with the same answer ready, same client and rate',
          p50_ms: plain.p50,
          p99_ms: plain.p99,
        },
        ratio: round(found.p99 / plain.p99),
        target: 'p99 at most 10 ms',
        met: found.p99 <= 10,
      });
    }
    return results;
  },
};

/** Every series in turn, so that no answer comes from a cache of the one before. */
function questions({ series, windows, lastWindowMs }: FilledTopic): string[] {
  return Array.from({ length: series }, (_, i) =>
    JSON.stringify({
      metric: ONE_MEASURE,
      from_ms: lastWindowMs - (windows - 1) * MINUTE_MS,
      to_ms: lastWindowMs + MINUTE_MS,
      filters: [{ dimension: 'series', op: '=', values: [seriesName((i * 7) % series)] }],
    }),
  );
}

async function ask(
  what: string,
  url: string,
  bodies: readonly string[],
  rate: number,
  seconds: number,
  endings: Endings,
): Promise<Found> {
  const generator = startGenerator('history-load', endings);
  const times = await generator.call<HistoryTimes>('run', { url, bodies, rate, seconds });
  await generator.end();
  if (times.failed > 0)
    throw new Error(`${what}: ${times.failed} requests failed: ${times.sample.slice(0, 300)}`);
  const found = {
    times,
    p50: round(percentile(times.times, 0.5)),
    p99: round(percentile(times.times, 0.99)),
  };
  say(`history ${what}: p50 ${found.p50} ms, p99 ${found.p99} ms, ${times.bytes} bytes`);
  return found;
}
