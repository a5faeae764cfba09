import { setTimeout as sleep } from 'node:timers/promises';
import { acceptedPoints, freshStore, startBenchBridge, startBroker, type StoreKind } from '../rig/bridge';
import { startGenerator } from '../rig/generator';
import { lastFullWindow, ONE_MEASURE } from '../rig/records';
import { percentile, round, say, type Measurement, type Scenario } from '../scenario';
import { residentMemory } from '../surroundings';
import type { Latencies } from '../generators/latency-load';

interface Measured {
  readonly n: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly original: { readonly p50: number; readonly p99: number };
  readonly extended: { readonly p50: number; readonly p99: number };
}

function measured(what: string, { sent, original, extended }: Latencies, clients: number): Measured {
  const all = Float64Array.from([...original, ...extended]).sort();
  if (all.length !== sent * clients) {
    throw new Error(`${what}: ${all.length} updates arrived of ${sent} records to ${clients} clients`);
  }
  const of = (sorted: Float64Array): { p50: number; p99: number } => ({
    p50: round(percentile(sorted, 0.5)),
    p99: round(percentile(sorted, 0.99)),
  });
  const result = {
    n: all.length,
    ...of(all),
    max: round(all.at(-1)!),
    original: of(original),
    extended: of(extended),
  };
  say(`latency ${what}: p50 ${result.p50} ms, p99 ${result.p99} ms`);
  return result;
}

/** From the moment a record is visible in Kafka to the moment a client has it. */
export const latency: Scenario = {
  name: 'latency',
  title: 'ms from a record visible in Kafka (acknowledged) to a WebSocket client, at low load',
  options: { clients: 10, rate: 50, seconds: 20 },
  async run(options, endings) {
    const clients = options.get('clients');
    const rate = options.get('rate');
    const seconds = options.get('seconds');
    const kafka = await startBroker(endings);
    const startMs = lastFullWindow(Date.now());
    const hello = JSON.stringify({
      type: 'subscribe_metric',
      id: 'a',
      metric_name: ONE_MEASURE,
      from_ms: startMs,
    });
    const load = async (what: string, port: number): Promise<Measured> => {
      const generator = startGenerator('latency-load', endings);
      const params = {
        bootstrap: kafka.bootstrap,
        topic: ONE_MEASURE,
        port,
        clients,
        rate,
        seconds,
        startMs,
        hello,
      };
      const latencies = await generator.call<Latencies>('run', params);
      await generator.end();
      return measured(what, latencies, clients);
    };

    await kafka.createTopic(ONE_MEASURE);
    const relay = startGenerator('plain-relay', endings);
    const relayPort = await relay.call<number>('start', { bootstrap: kafka.bootstrap, topic: ONE_MEASURE });
    const plain = await load('plain relay', relayPort);
    await relay.end();

    const results: Measurement[] = [];
    for (const kind of ['redis', 'lmdb'] satisfies StoreKind[]) {
      const bridge = await startBenchBridge(kafka, await freshStore(kind, endings), endings);
      await bridge.ready();
      // What the runs before left in the topic is no part of this one.
      const before = (await kafka.ends(ONE_MEASURE)).reduce((sum, end) => sum + end, 0);
      while ((await acceptedPoints(bridge, ONE_MEASURE)) < before) await sleep(50);
      const found = await load(kind, bridge.port);
      const memory = residentMemory(bridge.process.pid!);
      await bridge.stop();
      results.push({
        what: `record visible in Kafka to client, store ${kind}, ${rate} records/s, ${clients} clients`,
        n: found.n,
        rate,
        p50_ms: found.p50,
        p99_ms: found.p99,
        max_ms: found.max,
        original_protocol: found.original,
        selections: found.extended,
        memory,
        reference: {
          what: 'kafkajs eachMessage and ws.send to every client, nothing stored',
          p50_ms: plain.p50,
          p99_ms: plain.p99,
        },
        ratio: round(found.p50 / plain.p50),
        target: 'p50 at most 10 ms, p99 at most 30 ms',
        met: found.p50 <= 10 && found.p99 <= 30,
      });
    }
    return results;
  },
};
