import { cpSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { startBridge, type BridgeProcess } from '../../support/bridge-process';
import { ingest, query, temporaryFolder } from '../../support/embedded-bridge';
import { eventually } from '../../support/waiting';

/** LMDB maps its files: to read a page that is not there ends the process by a signal, without a word. */
describe('data that are damaged while no bridge runs', () => {
  const folder = temporaryFolder();
  const stored = join(folder.path, 'stored');
  const store = join(folder.path, 'store');
  const at = Date.now() - 60_000;
  let bridge: BridgeProcess;

  const start = async (): Promise<BridgeProcess> => {
    bridge = await startBridge({ STORE_PATH: store, DEMO: 'off' });
    return bridge;
  };
  const values = async (): Promise<(number | null)[]> => {
    const range = { from_ms: at - 3_600_000, to_ms: at + 3_600_000, include_open: true };
    const { series } = await query(bridge, { metric: 'events_per_minute', ...range, group_by: [] });
    return series.flatMap((one) => one.values);
  };

  beforeAll(async () => {
    await (await start()).ready();
    const users = Array.from({ length: 500 }, (_, i) => `user-${i}`);
    await ingest(
      bridge,
      users.map((user_id) => ({ user_id, event_type: 'page_view', timestamp: at })),
    );
    await bridge.stop();
    cpSync(store, stored, { recursive: true });
  });
  afterAll(async () => {
    await bridge.kill9();
    folder.remove();
  });

  it.each(['series', 'pipeline'])('are named at the start: %s', async (part) => {
    const file = join(store, part, 'data.mdb');
    truncateSync(file, statSync(file).size / 2);
    await start();
    await eventually(() => bridge.process.exitCode !== null || bridge.process.signalCode !== null, 'it ends');
    expect([bridge.process.exitCode, bridge.process.signalCode]).toEqual([2, null]);
    expect(bridge.output()).toMatch(
      new RegExp(`The data in .*${part} are damaged .*: put a copy of the folder back, or move it away`),
    );
    rmSync(store, { recursive: true });
    cpSync(stored, store, { recursive: true });
    await (await start()).ready();
    expect(await values()).toEqual([500]);
    await bridge.stop();
  });

  it('and those of a killed bridge are read through, and used', async () => {
    await (await start()).ready();
    await bridge.kill9();
    await (await start()).ready();
    expect(bridge.output()).toContain('they were read through');
    expect(await values()).toEqual([500]);
  });
});
