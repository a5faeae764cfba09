/** A process that ends while windows become steps: what is found is what the windows come to, once each. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { sealTargetMs } from '../../../backend-bridge/src/domain/history/tiers';
import { startRedis, type RedisServer } from '../../support/redis';
import { newFolder } from './lmdb-rig';
import { expectSealed } from './sealing-answers';
import { clockAt, SEALED, storeAt } from './sealing-written';
import { eventually } from '../../support/waiting';

const ROUNDS = 2;
// Inside node_modules, so that the bundle finds lmdb.
const bundles = resolve(__dirname, '../../../node_modules/.cache/streamkpi-tests');
const writer = join(bundles, `sealing-writer-${process.pid}.cjs`);
const folder = newFolder();
let redis: RedisServer;

beforeAll(async () => {
  redis = await startRedis();
  mkdirSync(bundles, { recursive: true });
  await build({
    entryPoints: [join(__dirname, 'sealing-writer.ts')],
    bundle: true,
    platform: 'node',
    external: ['lmdb', 'fast-check', 'ioredis'],
    loader: { '.lua': 'text' },
    outfile: writer,
    logLevel: 'error',
  });
});
afterAll(async () => {
  await redis.stop();
  rmSync(writer, { force: true });
  rmSync(folder, { recursive: true, force: true });
});

/** Lets it write until the boundary has moved and a while longer, kills it, and returns the last offset it wrote. */
async function writeAndKill(place: string, forMs: number): Promise<number> {
  const child = spawn(process.execPath, [writer, place], { stdio: ['ignore', 'pipe', 'inherit'] });
  let written = -1;
  let first: string | null = null;
  let timer: NodeJS.Timeout | undefined;
  createInterface(child.stdout).on('line', (line) => {
    const [offset, sealed] = line.split(' ') as [string, string];
    written = Math.max(written, Number(offset));
    first ??= sealed;
    if (sealed !== first) timer ??= setTimeout(() => child.kill('SIGKILL'), forMs);
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  expect({ code, signal }).toEqual({ code: null, signal: 'SIGKILL' });
  return written;
}

async function check(place: string, written: number): Promise<void> {
  let nowMs = clockAt(written);
  const store = storeAt(place, () => nowMs);
  await store.start();
  const applied = (await store.appliedOffsets(SEALED)).get(0)!;
  expect(applied).toBeGreaterThanOrEqual(written);
  nowMs = clockAt(applied);
  const compare = (): Promise<void> => expectSealed(store, applied, nowMs);
  await compare();
  const target = sealTargetMs(SEALED, await store.progress(SEALED), nowMs)!;
  await eventually(async () => {
    expect((await store.history!.state(SEALED)).sealedBeforeMs).toBe(target);
  });
  await compare();
  await store.close();
}

it.each([
  ['LMDB', () => folder],
  ['Redis', () => redis.url],
])(
  'a process killed while windows become steps in %s changes no answer, before and after the rest has become steps',
  async (_, place) => {
    let before = -1;
    for (let round = 0; round < ROUNDS; round += 1) {
      const written = await writeAndKill(place(), Math.random() * 400);
      expect(written).toBeGreaterThan(before);
      before = written;
      await check(place(), written);
    }
  },
);
