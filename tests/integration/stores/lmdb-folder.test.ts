/** What only the embedded store has: a folder with one owner, a disk that can fail, a sweeper. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import type { Metric } from '../../../backend-bridge/src/domain/metric';
import type { SeriesStore } from '../../../backend-bridge/src/domain/store';
import { openEnvironment } from '../../../backend-bridge/src/lmdb/environment';
import { lmdbStore, newFolder } from './lmdb-rig';
import { HOUR, metricOf, MINUTE, NOW, Scene, SESSIONS, T, type StoreUnderTest } from './store-rig';
import { eventually } from '../../support/waiting';

const folders: string[] = [];
const stores: SeriesStore[] = [];
const folder = (): string => {
  folders.push(newFolder());
  return folders.at(-1)!;
};
const storeAt = (
  path: string,
  metrics: readonly Metric[] = [metricOf()],
  clock?: () => number,
): SeriesStore => {
  stores.push(lmdbStore(path, metrics, clock));
  return stores.at(-1)!;
};
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  for (const path of folders.splice(0)) rmSync(path, { recursive: true, force: true });
});

describe('the folder', () => {
  it('is made when it is missing', async () => {
    const path = join(folder(), 'a', 'b');
    await storeAt(path).start();
    expect(existsSync(join(path, 'data.mdb'))).toBe(true);
  });

  it('is refused to a second store, which says what to do, and free again when the first one has closed', async () => {
    const path = folder();
    const first = storeAt(path);
    await first.start();
    await expect(storeAt(path).start()).rejects.toMatchObject({
      name: 'StartRefusedError',
      message: expect.stringMatching(/Another bridge uses the store in .*STORE_PATH.*REDIS_URL/) as string,
    });
    await first.close();
    await storeAt(path).start();
  });

  it('may have a name longer than a socket path', async () => {
    const path = join(folder(), 'x'.repeat(120));
    await storeAt(path).start();
    await expect(storeAt(path).start()).rejects.toMatchObject({ name: 'StartRefusedError' });
  });

  it('is free when its owner was killed', async () => {
    const path = folder();
    const script = `require('node:net').createServer().listen(${JSON.stringify(join(path, 'bridge.sock'))}, () => console.log('on'))`;
    const owner = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(owner.stdout, 'data');
    await expect(storeAt(path).start()).rejects.toMatchObject({ name: 'StartRefusedError' });
    owner.kill('SIGKILL');
    await once(owner, 'close');
    expect(existsSync(join(path, 'bridge.sock'))).toBe(true);
    await storeAt(path).start();
  });

  it('is refused when it cannot be used: a file in its place, a store of another layout, something else in it', async () => {
    const path = folder();
    writeFileSync(join(path, 'file'), '');
    await expect(storeAt(join(path, 'file')).start()).rejects.toMatchObject({ name: 'StartRefusedError' });

    const other = open({ path: join(path, 'old'), maxDbs: 8 });
    await other.openDB({ name: 'meta' }).put('layout', 99);
    await other.close();
    await expect(storeAt(join(path, 'old')).start()).rejects.toMatchObject({
      name: 'StartRefusedError',
      message: expect.stringMatching(
        /written by a newer bridge \(layout version 99, this one supports 1\); run that version or a later one/,
      ) as string,
    });

    mkdirSync(join(path, 'junk'));
    writeFileSync(join(path, 'junk', 'data.mdb'), 'no database at all '.repeat(1_000));
    await expect(storeAt(join(path, 'junk')).start()).rejects.toMatchObject({ name: 'StartRefusedError' });
  });

  it('that was refused is left unlocked', async () => {
    const path = folder();
    const store = storeAt(path);
    await store.start();
    await store.close();
    await expect(storeAt(path, [metricOf({ finalOnly: true })]).start()).rejects.toMatchObject({
      name: 'StartRefusedError',
    });
    await storeAt(path).start();
  });

  it('deleted under a running store makes it not ready, and gives a new epoch to the next one', async () => {
    const path = folder();
    const store = storeAt(path);
    await store.start();
    await store.checkReady();
    const epoch = store.epoch();
    rmSync(path, { recursive: true });
    await expect(store.checkReady()).rejects.toMatchObject({
      name: 'UnavailableError',
      message: expect.stringMatching(/was deleted or replaced.*restart/) as string,
    });
    await store.close();
    const next = storeAt(path);
    await next.start();
    expect(next.epoch()).not.toBe(epoch);
  });

  it('closed in order keeps its epoch; one that was not, or is a copy put back, gets a new one', async () => {
    const path = folder();
    const first = storeAt(path);
    await first.start();
    const epoch = first.epoch();
    await first.close();
    cpSync(path, `${path}-backup`, { recursive: true });
    const again = storeAt(path);
    await again.start();
    expect(again.epoch()).toBe(epoch);
    // As the machine leaves it that loses power now.
    cpSync(path, `${path}-crashed`, { recursive: true, filter: (name) => !name.endsWith('.sock') });
    await again.close();
    const epochs = [epoch];
    for (const other of [`${path}-backup`, `${path}-crashed`]) {
      const store = storeAt(other);
      await store.start();
      expect(epochs).not.toContain(store.epoch());
      epochs.push(store.epoch());
      await store.close();
      rmSync(other, { recursive: true });
    }
  });

  it('of a killed process keeps its epoch until the machine is started again', async () => {
    const path = folder();
    const epochs: string[] = [];
    for (const bootId of ['first', 'first', 'second', null, null]) {
      const { root, epoch } = openEnvironment(path, bootId, false);
      epochs.push(epoch);
      await root.close();
    }
    const [killed, again, ...others] = epochs;
    expect(again).toBe(killed);
    expect(new Set([killed, ...others]).size).toBe(4);
  });

  it('taken over by another process lets the first one write nothing any more', async () => {
    const path = folder();
    const scene = await sceneAt(path);
    await scene.put(0, [{ offset: 0 }]);
    // As if the lock had failed: another owner has entered itself.
    const intruder = open({ path, maxDbs: 8, keyEncoding: 'ordered-binary' });
    await intruder.openDB({ name: 'meta' }).put('owner', 'another');
    await expect(scene.write(0, [{ offset: 1 }])).rejects.toMatchObject({
      name: 'UnavailableError',
      message: expect.stringMatching(/Another bridge has taken over/) as string,
    });
    await expect(scene.store.checkReady()).rejects.toMatchObject({ name: 'UnavailableError' });
    expect(await scene.point()).toMatchObject({ revision: 1 });
    await intruder.close();
  });
});

async function sceneAt(path: string, metric = metricOf(), clock?: () => number): Promise<Scene> {
  const store = storeAt(path, [metric], clock);
  await store.start();
  const under: StoreUnderTest = {
    store,
    restart: () => Promise.reject(new Error('not here')),
    wipe: () => Promise.reject(new Error('not here')),
    close: () => store.close(),
  };
  return Scene.open(() => Promise.resolve(under), metric);
}

describe('a transaction that fails', () => {
  it('leaves nothing behind, in memory or on disk, and the store keeps working', async () => {
    const scene = await sceneAt(folder());
    await scene.put(0, [{ offset: 0 }], { maxEventMs: T });
    const good = scene.write(0, [{ offset: 1, values: ['new'] }], { maxEventMs: T + 1 });
    // A fault in the middle of the transaction that both share.
    const broken = scene.batch(0, [{ offset: 2 }]);
    Object.defineProperty(broken.points[0], 'startMs', {
      get: () => {
        throw new Error('a fault in the middle');
      },
    });
    const bad = scene.store.write(broken);
    await expect(good).rejects.toMatchObject({ name: 'UnavailableError' });
    await expect(bad).rejects.toMatchObject({
      message: expect.stringContaining('a fault in the middle') as string,
    });
    expect(await scene.store.appliedOffsets(scene.metric)).toEqual(new Map([[0, 0]]));
    expect(await scene.store.progress(scene.metric)).toMatchObject({ watermarkMs: T });
    expect(await scene.store.listSeries(scene.metric)).toHaveLength(1);
    await scene.store.checkReady();
    await scene.put(0, [{ offset: 1, values: ['new'] }, { offset: 2 }], { maxEventMs: T + 1 });
    expect(Object.keys(await scene.points())).toEqual(['eu', 'new']);
  });
});

describe('many writes at once', () => {
  it('are refused past a bound, and those taken are all done', async () => {
    const scene = await sceneAt(folder());
    const writes = Array.from({ length: 3_000 }, (_, offset) => scene.write(0, [{ offset }]));
    const results = await Promise.allSettled(writes);
    const refused = results.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]).toMatchObject({ reason: { name: 'UnavailableError', hop: 'store' } });
    const done = results.length - refused.length;
    expect(await scene.store.appliedOffsets(scene.metric)).toEqual(new Map([[0, done - 1]]));
    expect(await scene.point()).toMatchObject({ revision: done });
  });

  it('that wait when the store closes are done, and later ones refused', async () => {
    const path = folder();
    const scene = await sceneAt(path);
    const writes = Array.from({ length: 50 }, (_, offset) => scene.put(0, [{ offset }]));
    const closing = scene.close();
    await Promise.all(writes);
    await closing;
    await expect(scene.write(0, [{ offset: 50 }])).rejects.toMatchObject({ name: 'UnavailableError' });
    await expect(scene.points()).rejects.toMatchObject({ name: 'UnavailableError' });
    expect(await (await sceneAt(path)).point()).toMatchObject({ revision: 50 });
  });
});

describe('the sweeper', () => {
  async function valuesIn(path: string, database: string): Promise<number> {
    const root = open({ path, maxDbs: 8, keyEncoding: 'ordered-binary' });
    const count = root.openDB({ name: database, keyEncoding: 'binary', encoding: 'binary' }).getCount();
    await root.close();
    return count;
  }

  it.each([
    ['fixed windows', metricOf({ retentionMs: HOUR, maxSeries: 3_000 })],
    ['sessions', metricOf({ retentionMs: HOUR, maxSeries: 3_000, window: SESSIONS })],
  ])(
    'takes expired %s from the disk and forgets their series, and leaves the rest',
    async (_name, metric) => {
      const path = folder();
      let nowMs = NOW;
      const scene = await sceneAt(path, metric, () => nowMs);
      for (let from = 0; from < 2_500; from += 500) {
        await scene.put(
          0,
          Array.from({ length: 500 }, (_, i) => ({
            offset: from + i,
            values: [`s${from + i}`],
            startMs: T + MINUTE,
          })),
        );
      }
      await scene.put(0, [
        { offset: 2_500, values: ['s0'], startMs: NOW, endMs: NOW + MINUTE },
        { offset: 2_501, values: ['fresh'], startMs: NOW, endMs: NOW + MINUTE },
      ]);
      // Every window of the first bucket has expired, none of the second one's.
      nowMs = NOW + 20 * MINUTE;
      await eventually(async () => {
        const names = (await scene.store.listSeries(metric)).map(({ values }) => values[0]);
        expect(names).toEqual(['fresh', 's0']);
      });
      expect(Object.keys(await scene.points({ nowMs }))).toEqual(['fresh', 's0']);
      // The room under the cap is free again, and a forgotten series may come back, under another id.
      await scene.put(0, [{ offset: 2_502, values: ['s7'], startMs: NOW, endMs: NOW + MINUTE }]);
      await scene.close();
      expect(await valuesIn(path, 'series')).toBe(3);
      expect(await valuesIn(path, 'points')).toBe(3);
    },
  );
});

describe('a longer retention', () => {
  it('keeps a series as long as its points, and the shorter one again gives both up', async () => {
    const path = folder();
    let now = NOW;
    const metric = metricOf({ retentionMs: 2 * HOUR });
    const longer = metricOf({ retentionMs: 24 * HOUR });
    const open = async (of: Metric): Promise<SeriesStore> => {
      const store = storeAt(path, [of], () => now);
      await store.start();
      return store;
    };
    const names = async (store: SeriesStore): Promise<string[]> =>
      (await store.listSeries(metric)).map(({ values }) => values[0]!);
    let store = await open(metric);
    const under: Pick<StoreUnderTest, 'store'> = {
      get store() {
        return store;
      },
    };
    const scene = await Scene.open(async () => under as StoreUnderTest, metric);
    await scene.put(0, [{ offset: 0, values: ['quiet'] }]);
    await store.close();
    store = await open(longer);
    now += 12 * HOUR;
    // A sweep a second: two of them have seen the new time.
    await new Promise((resolve) => setTimeout(resolve, 2_200));
    expect(await names(store)).toEqual(['quiet']);
    expect(Object.keys(await scene.points({ nowMs: now }))).toEqual(['quiet']);
    await store.close();
    store = await open(metric);
    await eventually(async () => expect(await names(store)).toEqual([]));
  });
});
