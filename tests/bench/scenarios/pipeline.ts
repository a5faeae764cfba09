import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { round, type Scenario } from '../scenario';

interface PipelineDay {
  readonly events: number;
  readonly eventsPerSecond: number;
  readonly callMsP50: number;
  readonly callMsP99: number;
  readonly peakRssMiB: number;
}

/** The embedded pipeline alone, in a process of its own: a day of traffic as fast as it goes. */
export const pipeline: Scenario = {
  name: 'pipeline',
  title:
    'events/s through the embedded pipeline into LMDB: a day of traffic, a million events of 5,000 users',
  options: {},
  async run() {
    const file = join(process.env['BENCH_BUNDLES'] ?? '', 'pipeline-day.cjs');
    const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await once(child, 'close');
    if (child.exitCode !== 0) throw new Error(`pipeline-day ended with ${child.exitCode}`);
    const day = JSON.parse(text) as PipelineDay;
    return [
      {
        what: 'events/s through the embedded pipeline into LMDB, in calls of 4,000',
        n: day.events,
        rate: day.eventsPerSecond,
        p50_ms: round(day.callMsP50),
        p99_ms: round(day.callMsP99),
        memory: { peak_rss: day.peakRssMiB * 2 ** 20 },
        details: day,
      },
    ];
  },
};
