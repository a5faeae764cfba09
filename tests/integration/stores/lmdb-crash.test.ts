/** A process that ends in the middle, a disk that is full: what is found is exactly what the applied offset says. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { lmdbStore, newFolder } from './lmdb-rig';
import { record, WRITTEN } from './lmdb-written';

const ROUNDS = 5;
// Inside node_modules, so that the bundle finds lmdb.
const bundles = resolve(__dirname, '../../../node_modules/.cache/streamkpi-tests');
const writer = join(bundles, `lmdb-writer-${process.pid}.cjs`);
const folder = newFolder();

beforeAll(async () => {
  mkdirSync(bundles, { recursive: true });
  await build({
    entryPoints: [join(__dirname, 'lmdb-writer.ts')],
    bundle: true,
    platform: 'node',
    external: ['lmdb'],
    outfile: writer,
    logLevel: 'error',
  });
});
afterAll(() => {
  rmSync(writer, { force: true });
  rmSync(folder, { recursive: true, force: true });
});

/** Lets it write for a while, kills it, and returns the highest offset it was told to be written. */
async function writeAndKill(forMs: number): Promise<number> {
  const child = spawn(process.execPath, [writer, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  let told = -1;
  let timer: NodeJS.Timeout | undefined;
  createInterface(child.stdout).on('line', (line) => {
    told = Math.max(told, Number(line));
    timer ??= setTimeout(() => child.kill('SIGKILL'), forMs);
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  expect({ code, signal }).toEqual({ code: null, signal: 'SIGKILL' });
  return told;
}

interface Held {
  readonly revision: number;
  readonly removed: boolean;
  readonly measure: number | undefined;
}

/** The points that the records up to an offset make. */
function oracle(applied: number): Map<string, Held> {
  const points = new Map<string, Held>();
  for (let offset = 0; offset <= applied; offset += 1) {
    const { values, startMs, removed, measures } = record(offset);
    const key = `${values[0]!} ${startMs}`;
    const old = points.get(key);
    const measure = removed && old !== undefined ? old.measure : measures[0];
    points.set(key, { revision: (old?.revision ?? 0) + 1, removed, measure });
  }
  return points;
}

/** Opens the store and expects exactly the points that its applied offset says; returns that offset. */
async function checkStore(told: number): Promise<number> {
  const store = lmdbStore(folder, [WRITTEN]);
  await store.start();
  const applied = (await store.appliedOffsets(WRITTEN)).get(0)!;
  expect(applied).toBeGreaterThanOrEqual(told);
  const series = await store.read(WRITTEN, {
    fromMs: 0,
    toMs: Number.MAX_SAFE_INTEGER,
    seriesIds: null,
    nowMs: 0,
    maxPoints: 1_000_000,
  });
  const found = new Map<string, Held>();
  for (const { values, points } of series) {
    for (let row = 0; row < points.length; row += 1) {
      const { startMs, revision, removed, measures } = points.point(row);
      found.set(`${values[0]!} ${startMs}`, { revision, removed, measure: measures[0] });
    }
  }
  await store.close();
  expect(found).toEqual(oracle(applied));
  return applied;
}

it('a process killed while it writes leaves points and applied offset that agree, and loses nothing acknowledged', async () => {
  let before = -1;
  for (let round = 0; round < ROUNDS; round += 1) {
    const told = await writeAndKill(20 + Math.random() * 300);
    expect(told).toBeGreaterThan(before);
    before = await checkStore(told);
  }
});

it('a full disk is reported as unavailable, nothing is half written, and writing resumes when there is space', async () => {
  const blocks = Math.ceil(statSync(join(folder, 'data.mdb')).size / 1_024) + 256;
  const child = spawn(
    'bash',
    ['-c', `ulimit -S -f ${blocks} && exec "$0" "$@"`, process.execPath, writer, folder],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  const lines: string[] = [];
  createInterface(child.stdout).on('line', (line) => void lines.push(line));
  const [code] = (await once(child, 'close')) as [number | null];
  expect({ code, last: lines.at(-1) }).toEqual({ code: 0, last: 'failed UnavailableError not ready' });
  const told = Math.max(-1, ...lines.slice(0, -1).map(Number));
  const applied = await checkStore(told);
  expect(await checkStore(await writeAndKill(50))).toBeGreaterThan(applied);
});
