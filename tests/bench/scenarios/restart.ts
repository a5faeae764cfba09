import {
  freshStore,
  ingestRate,
  startBenchBridge,
  startBroker,
  type BenchStore,
  type StoreKind,
} from '../rig/bridge';
import { fillTopic } from '../rig/filled-topic';
import { ONE_MEASURE } from '../rig/records';
import { Endings, median, round, say, type Measurement, type Scenario } from '../scenario';
import { residentMemory } from '../surroundings';

/** From the start of the process to /readyz 200 over a full store, all records read before. */
export const restart: Scenario = {
  name: 'restart',
  title: 'ms from the start of the process to ready, with 1 M points stored',
  options: { series: 1_000, windows: 1_000, rounds: 5 },
  async run(options, endings) {
    const size = { series: options.get('series'), windows: options.get('windows'), partitions: 4 };
    const kafka = await startBroker(endings);
    const filled = await fillTopic(kafka, ONE_MEASURE, size, endings);
    const results: Measurement[] = [];
    for (const kind of ['lmdb', 'redis'] satisfies StoreKind[]) {
      const group = { KAFKA_GROUP_ID: `restart-${kind}` };
      const rounds = async (
        store: BenchStore,
      ): Promise<{ times: number[]; memory: Record<string, number> }> => {
        const times: number[] = [];
        let memory: Record<string, number> = {};
        for (let i = 0; i < options.get('rounds'); i += 1) {
          const own = new Endings();
          const from = performance.now();
          const bridge = await startBenchBridge(kafka, store, own, group);
          await bridge.ready();
          times.push(performance.now() - from);
          memory = residentMemory(bridge.process.pid!);
          await own.all();
        }
        return { times, memory };
      };
      const empty = await rounds(await freshStore(kind, endings));
      const store = await freshStore(kind, endings);
      const bridge = await startBenchBridge(kafka, store, endings, group);
      await ingestRate(bridge, store, ONE_MEASURE, filled.n);
      await bridge.stop();
      const full = await rounds(store);
      const p50 = median(full.times);
      say(`restart ${kind}: ${Math.round(p50)} ms`);
      results.push({
        what: `ms from the start of the process to /readyz 200, store ${kind} with ${filled.n} points; median`,
        n: full.times.length,
        p50_ms: Math.round(p50),
        rounds: full.times.map(Math.round),
        memory: full.memory,
        reference: { what: 'the same with the store as it begins', p50_ms: Math.round(median(empty.times)) },
        ratio: round(p50 / median(empty.times)),
      });
    }
    return results;
  },
};
