import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDemo } from '../../../backend-bridge/src/pipeline/demo';
import {
  createTraffic,
  DEFAULT_TRAFFIC,
  trafficProfiles,
} from '../../../backend-bridge/src/pipeline/demo-traffic';
import { enrich, pendingEvent } from '../../../backend-bridge/src/pipeline/enrichment';
import { readEvent, readProfile, type Profile } from '../../../backend-bridge/src/pipeline/raw-event';
import { DEFAULT_RULES } from '../../../backend-bridge/src/pipeline/rules';
import { Topology } from '../../../backend-bridge/src/pipeline/topology';
import { metricsOfTheFile } from './golden-conformance';
import { startRig, storedPoints, warningLog, type Rig } from './pipeline-rig';

describe('demo traffic into the embedded pipeline', () => {
  const metrics = metricsOfTheFile();
  const folder = mkdtempSync(join(tmpdir(), 'streamkpi-demo-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const T0 = 1_736_935_200_000;
  let nowMs = T0;
  const metric = (name: string) => metrics.find((one) => one.name === name)!;
  const totals = async (rig: Rig): Promise<Record<string, number>> => {
    const sums: Record<string, number> = {};
    for (const { startMs, measures } of await storedPoints(rig.store, metric('events_per_minute'), nowMs)) {
      sums[startMs] = (sums[startMs] ?? 0) + measures[0]!;
    }
    return sums;
  };

  /** The same traffic in one piece through the pure core. */
  function oracle(fromMs: number, toMs: number): Record<string, number> {
    const topology = new Topology(DEFAULT_RULES);
    const profiles = new Map(
      trafficProfiles(DEFAULT_TRAFFIC).map(({ userId, profile }) => [
        userId,
        readProfile(profile) as Profile,
      ]),
    );
    const last = new Map<string, number>();
    for (const { event } of createTraffic(DEFAULT_TRAFFIC)(fromMs, toMs)) {
      const read = readEvent(event, Number.MAX_SAFE_INTEGER);
      if (typeof read === 'string') continue;
      const pending = pendingEvent(read, DEFAULT_RULES);
      topology.apply(enrich(pending, profiles.get(read.userId), DEFAULT_RULES)!);
      for (const { key, startMs, accumulator } of topology.aggregations.events.takeChanged()) {
        last.set(`${startMs} ${key}`, accumulator.count);
      }
    }
    const sums: Record<string, number> = {};
    for (const [key, count] of last) {
      const startMs = key.split(' ')[0]!;
      sums[startMs] = (sums[startMs] ?? 0) + count;
    }
    return sums;
  }

  it('fills in three hours in seconds, continues live, and after a restart adds only what is new', async () => {
    let rig = await startRig(folder, metrics, () => nowMs);
    let demo = createDemo(rig.pipeline, { log: warningLog, clock: () => nowMs, stepMs: 10 });
    const began = Date.now();
    await demo.start();
    expect(Date.now() - began).toBeLessThan(90_000);
    const from = T0 - 10_800_000;
    expect(await totals(rig)).toEqual(oracle(from, T0));
    const alerts = await storedPoints(rig.store, metric('high_activity_alert'), nowMs);
    expect(alerts.length).toBeGreaterThanOrEqual(6);

    for (let step = 0; step < 20; step += 1) {
      nowMs += 700;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    await demo.stop();
    await rig.stop();

    nowMs += 1_800_000;
    rig = await startRig(folder, metrics, () => nowMs);
    demo = createDemo(rig.pipeline, { log: warningLog, clock: () => nowMs });
    await demo.start();
    expect(await totals(rig)).toEqual(oracle(from, nowMs));
    await demo.stop();
    await rig.stop();
  });
});
