import { setTimeout as sleep } from 'node:timers/promises';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { redisCommand } from '../../support/redis';
import { freshStore, ingestRate, startBenchBridge, startBroker, type BenchStore } from '../rig/bridge';
import { fillTopic } from '../rig/filled-topic';
import { ONE_MEASURE, THREE_MEASURES } from '../rig/records';
import { round, say, type Measurement, type Scenario } from '../scenario';

const METRICS = [
  { topic: ONE_MEASURE, measures: 1, most: 40 },
  { topic: THREE_MEASURES, measures: 3, most: 60 },
] as const;

async function usedMemory(port: number): Promise<number> {
  const info = await redisCommand(port, 'INFO memory');
  return Number(/used_memory:(\d+)/.exec(info)?.[1]);
}

/** Bytes that the files of a folder take on the disk. */
function folderBytes(folder: string): number {
  let total = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) total += statSync(join(entry.parentPath, entry.name)).blocks * 512;
  }
  return total;
}

/** What a stored point takes: memory in Redis, files in LMDB; series, indexes and everything else included. */
export const bytes: Scenario = {
  name: 'bytes',
  title: 'bytes a stored point takes in Redis (memory) and LMDB (files), with one and three measures',
  options: { series: 1_000, windows: 1_440 },
  async run(options, endings) {
    const size = { series: options.get('series'), windows: options.get('windows'), partitions: 4 };
    const kafka = await startBroker(endings);
    const results: Measurement[] = [];
    for (const { topic, measures, most } of METRICS) {
      const { n } = await fillTopic(kafka, topic, size, endings);
      const points = `${size.series} series x ${size.windows} windows, ${measures === 1 ? 'one measure' : 'three measures'}`;
      const fill = async (store: BenchStore): Promise<void> => {
        const bridge = await startBenchBridge(kafka, store, endings, {}, topic);
        await ingestRate(bridge, store, topic, n);
        await sleep(2_000);
        await bridge.stop();
      };

      const redis = await freshStore('redis', endings);
      const port = redis.redis!.port;
      const before = await usedMemory(port);
      await fill(redis);
      const memory = (await usedMemory(port)) - before;
      const perPoint = memory / n;
      say(`bytes redis, ${points}: ${round(perPoint, 1)}`);
      results.push({
        what: `bytes a point in Redis (used_memory), ${points}`,
        n,
        bytes_per_point: round(perPoint, 1),
        memory: { used_memory: memory },
        target: `at most ${most} bytes`,
        met: perPoint <= most,
      });

      const lmdb = await freshStore('lmdb', endings);
      await fill(lmdb);
      const files = folderBytes(lmdb.folder);
      say(`bytes lmdb, ${points}: ${round(files / n, 1)}`);
      results.push({
        what: `bytes a point in LMDB (files on the disk), ${points}`,
        n,
        bytes_per_point: round(files / n, 1),
        memory: { files },
      });
    }
    return results;
  },
};
