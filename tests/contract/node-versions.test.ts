import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBridge, type BridgeProcess } from '../support/bridge-process';

/** The built bridge on the Node releases that are maintained; all other tests run on the one that runs this. */

const root = join(__dirname, '../..');
const releases = ['22', '24'];

interface Answer {
  readonly series: readonly { readonly times: readonly number[]; readonly values: readonly number[] }[];
}

describe('the built bridge', () => {
  let programs: Record<string, string> = {};
  let folder = '';
  let bridge: BridgeProcess | undefined;

  beforeAll(() => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/node-versions.mjs'], {
      cwd: root,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(stderr);
    programs = JSON.parse(stdout) as Record<string, string>;
  }, 300_000);
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'node-versions-'))));
  afterEach(async () => {
    await bridge?.kill9();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(releases)(
    'starts on Node %s, serves the demo from its store, and ends when asked to',
    async (release) => {
      const program = programs[release]!;
      const version = spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout;
      expect(version).toMatch(new RegExp(`^v${release}\\.`));
      bridge = await startBridge({ STORE_PATH: folder }, [], program);
      await bridge.ready();
      let answer: Answer = { series: [] };
      for (let tries = 0; tries < 100 && (answer.series[0]?.times.length ?? 0) < 2; tries += 1) {
        await sleep(100);
        const to_ms = Date.now();
        const query = { metric: 'events_per_minute', from_ms: to_ms - 3_600_000, to_ms, group_by: [] };
        answer = await bridge.post<Answer>('/api/v1/query', query);
      }
      expect(answer.series[0]!.times.length).toBeGreaterThanOrEqual(2);
      expect(answer.series[0]!.values[0]).toBeGreaterThan(0);
      expect(await bridge.stop()).toBe(0);
    },
  );

  it('is fetched as it is pinned: every package with its hash, none with a script', () => {
    const { packages } = JSON.parse(
      readFileSync(join(root, 'tests/node-versions/package-lock.json'), 'utf8'),
    ) as { packages: Record<string, { integrity?: string; hasInstallScript?: boolean }> };
    const fetched = Object.entries(packages).filter(([name]) => name !== '');
    expect(fetched.length).toBe(8);
    for (const [, { integrity, hasInstallScript }] of fetched) {
      expect(integrity).toMatch(/^sha512-/);
      expect(hasInstallScript).toBeUndefined();
    }
  });
});
