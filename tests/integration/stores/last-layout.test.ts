/** A folder that the release before wrote (tests/support/layouts/write-layout.ts, run with commit 684653f). */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { isWindowFinal } from '../../../backend-bridge/src/domain/finality';
import type { Metric } from '../../../backend-bridge/src/domain/metric';
import type { SeriesStore } from '../../../backend-bridge/src/domain/store';
import { METRIC, WRITTEN_MS } from '../../support/layouts/write-layout';
import { lmdbStore, newFolder } from './lmdb-rig';

const FIXTURE = join(__dirname, '../../fixtures/layouts/lmdb-684653f.mdb.gz');
const HOUR = 3_600_000;
const MINUTE = 60_000;

describe('an LMDB folder of the last release', () => {
  let path = '';
  let store: SeriesStore | null = null;
  beforeEach(() => {
    path = newFolder();
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'data.mdb'), gunzipSync(readFileSync(FIXTURE)));
  });
  afterEach(async () => {
    await store?.close();
    rmSync(path, { recursive: true, force: true });
  });

  async function open(metric: Metric): Promise<SeriesStore> {
    await store?.close();
    store = lmdbStore(path, [metric], () => WRITTEN_MS);
    await store.start();
    return store;
  }

  async function sums(from: SeriesStore, nowMs: number): Promise<Record<string, number>> {
    const request = { fromMs: 0, toMs: WRITTEN_MS + HOUR, seriesIds: null, nowMs, maxPoints: 1_000 };
    const found = await from.read(METRIC, request);
    return Object.fromEntries(
      found.map(({ values, points }) => {
        let sum = 0;
        for (let row = 0; row < points.length; row += 1) sum += points.value(row, 0) ?? 0;
        return [values[0]!, sum];
      }),
    );
  }

  it('is read as it was written, and written on', async () => {
    const opened = await open(METRIC);
    expect(await sums(opened, WRITTEN_MS)).toEqual({ eu: 3_540, us: 3_600 });
    expect(await opened.appliedOffsets(METRIC)).toEqual(new Map([[0, 119]]));
    expect((await opened.progress(METRIC)).watermarkMs).toBe(WRITTEN_MS - 30_000);
    const ends = [120];
    expect(
      await opened.identifyTopic(METRIC, { topic: METRIC.topic, topicId: 'topic-1', ends }),
    ).toMatchObject({ topicId: 'topic-1' });
  });

  it('takes another retention and grace: nothing final is open again, and points stay as long', async () => {
    const longer = {
      ...METRIC,
      retentionMs: 48 * HOUR,
      window: { ...METRIC.window, graceMs: 10 * MINUTE },
    };
    const before = await (await open(METRIC)).progress(METRIC);
    const lastFinal = before.finalBeforeMs! - METRIC.window.graceMs;
    const opened = await open(longer);
    expect(isWindowFinal(longer, lastFinal, await opened.progress(longer))).toBe(true);
    expect(isWindowFinal(longer, lastFinal + 1, await opened.progress(longer))).toBe(false);
    expect(await sums(opened, WRITTEN_MS + 30 * HOUR)).toEqual({ eu: 3_540, us: 3_600 });
    // And back again: the points are past the shorter retention at that time.
    expect(await sums(await open(METRIC), WRITTEN_MS + 30 * HOUR)).toEqual({});
  });
});
