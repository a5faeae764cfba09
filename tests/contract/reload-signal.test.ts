import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBridge } from '../support/bridge-process';
import { metricsWithoutIdling } from '../support/embedded-bridge';

interface Status {
  readonly config_reload: { readonly successful: boolean; readonly last_success_ms: number };
}

/** The file's own changes are seen without a signal: backend-bridge/src/metrics-reloader.test.ts. */
it('SIGHUP reads the metrics file again, whether it has changed or not, and ends nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'streamkpi-signal-'));
  const file = join(folder, 'metrics.yaml');
  writeFileSync(file, metricsWithoutIdling());
  const bridge = await startBridge({ DEMO: 'off', METRICS_FILE: file, STORE_PATH: join(folder, 'store') });
  try {
    await bridge.ready();
    const reload = async (): Promise<Status['config_reload']> =>
      (await bridge.get<Status>('/api/v1/status')).config_reload;
    const before = await reload();
    bridge.process.kill('SIGHUP');
    const until = Date.now() + 60_000;
    let after = before;
    while (after.last_success_ms === before.last_success_ms && Date.now() < until) {
      await sleep(50);
      after = await reload();
    }
    expect(after.last_success_ms).toBeGreaterThan(before.last_success_ms);
    expect(after.successful).toBe(true);
    expect(bridge.process.exitCode).toBeNull();
  } finally {
    await bridge.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
