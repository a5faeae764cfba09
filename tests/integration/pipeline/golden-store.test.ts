import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_RULES } from '../../../backend-bridge/src/pipeline/rules';
import { inputRecords, metricsOfTheFile, runCore, sinkRecords } from './golden-conformance';
import { startRig, storedPoints, type Rig } from './pipeline-rig';

/** The same conformance where it counts: what the store holds in the end, over HTTP-like calls and restarts. */
describe('the recorded input through the embedded pipeline into the embedded store', () => {
  const metrics = metricsOfTheFile();
  const nowMs = 1_736_942_410_000;
  const folders: string[] = [];
  afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })));

  /** Last value of each window in a recorded sink, in order of key and start. */
  function recorded(sink: string, fields: readonly string[]): unknown[] {
    const last = new Map<string, unknown>();
    for (const { key, value } of sinkRecords(sink)) {
      if (typeof key === 'string') throw new Error('a windowed key is expected');
      const numbers = fields.map((field) => value[field]);
      last.set(JSON.stringify([key.text, key.window_start]), [key.text, key.window_start, ...numbers]);
    }
    return [...last.values()];
  }

  const order = (rows: unknown[]): string[] => rows.map((row) => JSON.stringify(row)).sort();

  async function held(rig: Rig, name: string, measures: number): Promise<unknown[]> {
    const metric = metrics.find((one) => one.name === name)!;
    const points = await storedPoints(rig.store, metric, nowMs);
    return points.map(({ values, startMs, measures: numbers }) => [
      ...values,
      startMs,
      ...numbers.slice(0, measures),
    ]);
  }

  it.each([
    { what: 'one call for each event', callSize: 1, restartEvery: Infinity },
    { what: 'calls of 50', callSize: 50, restartEvery: Infinity },
    { what: 'calls of 7, a restart after every 100 events', callSize: 7, restartEvery: 100 },
    { what: 'everything between two profile changes at once', callSize: 10_000, restartEvery: Infinity },
  ])(
    '$what',
    async ({ callSize, restartEvery }) => {
      const folder = mkdtempSync(join(tmpdir(), 'streamkpi-golden-'));
      folders.push(folder);
      let rig = await startRig(folder, metrics, () => nowMs);
      let call: unknown[] = [];
      let since = 0;
      let accepted = 0;
      const flush = async (): Promise<void> => {
        if (call.length > 0) accepted += (await rig.pipeline.events(call)).accepted;
        call = [];
        if (since < restartEvery) return;
        since = 0;
        await rig.stop();
        rig = await startRig(folder, metrics, () => nowMs);
      };
      for (const record of inputRecords()) {
        if (record.topic === 'user-profiles') {
          await flush();
          await rig.pipeline.profile(record.key!, record.value === null ? null : JSON.parse(record.value));
          continue;
        }
        if (record.value === null) continue;
        try {
          call.push(JSON.parse(record.value));
        } catch {
          // Malformed JSON never gets past the HTTP server.
        }
        since += 1;
        if (call.length >= callSize) await flush();
      }
      await flush();
      expect(accepted).toBe(sinkRecords('enriched_events').length);

      expect(order(await held(rig, 'events_per_minute', 1))).toEqual(
        order(recorded('events_per_minute_by_segment', ['EVENT_COUNT'])),
      );
      expect(order(await held(rig, 'revenue_per_minute', 3))).toEqual(
        order(
          recorded('revenue_per_minute', ['TOTAL_REVENUE', 'TRANSACTION_COUNT', 'AVG_TRANSACTION_VALUE']),
        ),
      );
      expect(order(await held(rig, 'high_activity_alert', 1))).toEqual(
        order(recorded('high_activity_users', ['EVENT_COUNT'])),
      );
      const users = new Map<number, number>();
      for (const { startMs, numbers } of runCore(DEFAULT_RULES).revisions['active_users_per_minute']!) {
        users.set(startMs, numbers[0]!);
      }
      expect(order(await held(rig, 'active_users_per_minute', 1))).toEqual(order([...users]));
      await rig.stop();
    },
    60_000,
  );
});
