import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseMetricsFile } from '../../backend-bridge/src/config/metrics-file';
import {
  createTraffic,
  DEFAULT_TRAFFIC,
  trafficProfiles,
} from '../../backend-bridge/src/pipeline/demo-traffic';
import { startRig, storedPoints } from '../integration/pipeline/pipeline-rig';

/**
 * A day of traffic, one million events of 5,000 users, through the embedded pipeline into the embedded store.
 * Prints one JSON line; `npm run bench -- pipeline` runs it. An argument gives the events in one call (default 4,000).
 */
async function main(): Promise<void> {
  const callSize = Number(process.argv[2] ?? 4_000);
  const metricsFile = resolve('backend-bridge/metrics.yaml');
  const metrics = parseMetricsFile(readFileSync(metricsFile, 'utf8'), metricsFile).map(
    ({ metric }) => metric,
  );
  const folder = mkdtempSync(join(tmpdir(), 'streamkpi-bench-'));
  const fromMs = 1_736_899_200_000;
  const toMs = fromMs + 86_400_000;
  const traffic = { ...DEFAULT_TRAFFIC, users: 5_000, rate: 11.3 };
  const rig = await startRig(folder, metrics, () => toMs);
  await Promise.all(
    trafficProfiles(traffic).map(({ userId, profile }) => rig.pipeline.profile(userId, profile)),
  );
  const idleRss = process.memoryUsage.rss();

  let events = 0;
  let rejected = 0;
  let generating = 0;
  let calls: number[] = [];
  let batch: unknown[] = [];
  const send = async (): Promise<void> => {
    const from = performance.now();
    const answer = await rig.pipeline.events(batch);
    calls.push(performance.now() - from);
    events += answer.accepted;
    rejected += answer.rejected.length;
    batch = [];
  };
  const began = performance.now();
  const cpu = process.cpuUsage();
  let mark = performance.now();
  for (const { event } of createTraffic(traffic)(fromMs, toMs)) {
    batch.push(event);
    if (batch.length < callSize) continue;
    generating += performance.now() - mark;
    await send();
    mark = performance.now();
  }
  if (batch.length > 0) await send();
  const wallMs = performance.now() - began;
  const used = process.cpuUsage(cpu);
  calls = calls.sort((a, b) => a - b);

  let points = 0;
  for (const metric of metrics) points += (await storedPoints(rig.store, metric, toMs)).length;
  await rig.stop();
  const restart = performance.now();
  const again = await startRig(folder, metrics, () => toMs);
  const restartMs = performance.now() - restart;
  await again.stop();
  rmSync(folder, { recursive: true, force: true });
  const result = {
    events,
    rejected,
    points,
    callSize,
    wallSeconds: wallMs / 1_000,
    ofWhichMakingTraffic: generating / 1_000,
    eventsPerSecond: Math.round(events / (wallMs / 1_000)),
    eventsPerCpuSecond: Math.round(events / ((used.user + used.system) / 1e6)),
    callMsP50: calls[Math.floor(calls.length / 2)],
    callMsP99: calls[Math.floor(calls.length * 0.99)],
    rssBeforeMiB: Math.round(idleRss / 2 ** 20),
    peakRssMiB: Math.round(process.resourceUsage().maxRSS / 1_024),
    restartMs: Math.round(restartMs),
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

void main();
