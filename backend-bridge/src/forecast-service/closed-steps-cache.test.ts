import { setup } from '../../../tests/support/engine-on-memory';
import { MemorySeriesStore } from '../../../tests/support/memory-series-store';
import { DAY, metricOf, MINUTE } from '../../../tests/support/sample-metrics';
import { createRandom } from '../../../tests/support/seeded-random';
import type { Metric } from '../domain/metric';
import { QueryEngine } from '../domain/query-engine';
import { UNBOUNDED } from '../domain/request-scope';
import type { ReadRequest, StoreListener } from '../domain/store';
import { DirectReader, type ClosedReading } from './closed-reader';
import { ClosedStepsCache } from './closed-steps-cache';

const HOUR = 60 * MINUTE;
const OPEN = 20_000 * DAY + 6 * HOUR;
const LIMITS = { maxSeries: 1_000, maxPoints: 1_000_000, maxScanPoints: 5_000_000, staleWindows: 2 };

/** Stores points and notifies, as a store does. */
class NotifyingStore extends MemorySeriesStore {
  readonly listeners: StoreListener[] = [];
  /** Runs in the middle of the next read. */
  meanwhile: (() => void) | null = null;

  override subscribe(listener?: StoreListener): () => void {
    if (listener !== undefined) this.listeners.push(listener);
    return () => undefined;
  }

  override async read(metric: Metric, request: ReadRequest): ReturnType<MemorySeriesStore['read']> {
    const found = await super.read(metric, request);
    this.meanwhile?.();
    this.meanwhile = null;
    return found;
  }
}

function bridge(retentionMs = 60 * DAY, bytes = 1e9) {
  const metric = metricOf({
    window: { type: 'tumbling', sizeMs: HOUR, advanceMs: HOUR, gapMs: 0, graceMs: 0 },
    retentionMs,
  });
  const store = new NotifyingStore();
  store.progressNow = { watermarkMs: OPEN, finalBeforeMs: OPEN };
  const clock = { now: OPEN };
  const engine = new QueryEngine([metric], store, LIMITS, () => clock.now);
  const cache = new ClosedStepsCache(engine, store, bytes);
  const direct = new DirectReader(engine);
  const plan = engine.plan({ metric: 'm', stepMs: 2 * HOUR, includeOpen: false }, []);
  let revision = 0;
  const put = (segment: string, startMs: number, value: number | null): void => {
    const measures = [value ?? 0, ...Array<undefined>(7).fill(undefined)];
    const removed = value === null;
    store.put([segment, 'a'], startMs, startMs + HOUR, measures, { removed });
    revision += 1;
    const times = { startMs, endMs: startMs + HOUR, updatedMs: startMs, firstSeenMs: startMs };
    const change = { seriesId: 1, values: [segment, 'a'], measures, removed, revision, ...times };
    for (const listener of store.listeners) listener.onChanges(metric, [change], store.progressNow);
  };
  const close = (timeMs: number): void => {
    store.progressNow = { watermarkMs: timeMs, finalBeforeMs: timeMs };
    clock.now = timeMs;
    for (const listener of store.listeners) listener.onChanges(metric, [], store.progressNow);
  };
  const fill = (hours: number): void => {
    for (let time = OPEN - hours * HOUR; time < OPEN; time += HOUR) put('gold', time, time % 97);
  };
  const fromCache = async (fromMs: number): Promise<object> =>
    plain(await cache.readFrom(plan, fromMs, UNBOUNDED));
  const fromStore = async (fromMs: number): Promise<object> =>
    plain(await direct.readFrom(plan, fromMs, UNBOUNDED));
  const pointsRead = async (fromMs: number): Promise<number> => {
    const before = store.reads.length;
    await fromCache(fromMs);
    return store.reads.slice(before).reduce((sum, { fromMs: a, toMs: b }) => sum + (b - a) / HOUR, 0);
  };
  return { metric, store, clock, cache, plan, put, close, fill, fromCache, fromStore, pointsRead };
}

const plain = (reading: ClosedReading): object => ({
  ...reading,
  series: reading.series.map(({ values, ...rest }) => ({ ...rest, values: Array.from(values) })),
});

describe('closed steps that were read before', () => {
  it('are not read again; what has closed since is', async () => {
    const { fill, put, close, pointsRead, fromCache, fromStore } = bridge();
    fill(30 * 24);
    const from = OPEN - 20 * DAY;
    expect(await pointsRead(from)).toBeGreaterThan(20 * 24);
    expect(await pointsRead(from + DAY)).toBeLessThan(40);
    put('gold', OPEN, 5);
    put('gold', OPEN + HOUR, 6);
    close(OPEN + 2 * HOUR);
    expect(await pointsRead(from)).toBeLessThan(40);
    expect(await fromCache(from)).toEqual(await fromStore(from));
  });

  it('are what the store has, after each of many changes, at any time and from any time on', async () => {
    for (const seed of [1, 2, 3]) {
      const { fill, put, close, fromCache, fromStore, store, metric } = bridge(9 * DAY);
      fill(8 * 24);
      const random = createRandom(seed);
      let open = OPEN;
      for (let round = 0; round < 120; round += 1) {
        const segment = random() < 0.8 ? 'gold' : 'silver';
        const back = open - Math.ceil(random() * 150) * HOUR;
        const dice = random();
        if (dice < 0.2) put(segment, back, Math.floor(random() * 100));
        else if (dice < 0.3 && segment === 'gold') put(segment, back, null);
        else if (dice < 0.6) put(segment, open, round);
        else if (dice < 0.9) close((open += HOUR));
        else if (dice < 0.93) for (const one of store.listeners) one.onGap(metric, 'test');
        const from = open - Math.ceil(random() * 12 * 24) * HOUR;
        expect(await fromCache(from)).toEqual(await fromStore(from));
      }
    }
  });

  it.each([
    ['a closed step', OPEN - 5 * HOUR],
    ['the step that closes', OPEN],
  ])('are right after a change of %s in the middle of a reading', async (_, startMs) => {
    const { fill, put, close, fromCache, fromStore, store } = bridge();
    fill(10 * 24);
    const from = OPEN - 5 * DAY;
    await fromCache(from);
    put('gold', OPEN, 1);
    close(OPEN + 2 * HOUR);
    store.meanwhile = () => put('gold', startMs, 777);
    await fromCache(from);
    expect(await fromCache(from)).toEqual(await fromStore(from));
  });

  it.each([
    ['a gap', (listener: StoreListener, metric: Metric) => listener.onGap(metric, 'test')],
    ['a new epoch', (listener: StoreListener) => listener.onEpoch('epoch-2')],
  ])('are read again after %s', async (_, notify) => {
    const { fill, fromCache, fromStore, store, metric } = bridge();
    fill(10 * 24);
    const from = OPEN - 5 * DAY;
    const before = await fromCache(from);
    // Of this change nobody is notified.
    store.put(['gold', 'a'], OPEN - 9 * HOUR, OPEN - 8 * HOUR, [777, ...Array<undefined>(7).fill(undefined)]);
    for (const listener of store.listeners) notify(listener, metric);
    expect(await fromCache(from)).toEqual(await fromStore(from));
    expect(await fromCache(from)).not.toEqual(before);
  });

  it('take no more memory than they may', async () => {
    const { fill, cache, fromCache, pointsRead } = bridge(60 * DAY, 1_000);
    fill(30 * 24);
    await fromCache(OPEN - 20 * DAY);
    expect(cache.bytes).toBe(0);
    expect(await pointsRead(OPEN - 20 * DAY)).toBeGreaterThan(20 * 24);
    await fromCache(OPEN - 2 * DAY);
    expect(cache.bytes).toBeGreaterThan(0);
    expect(cache.bytes).toBeLessThanOrEqual(1_000);
  });

  it('of one tenant are not those of another', () => {
    const { engine } = setup();
    const tenant = { dimension: 'segment', op: '=', values: ['gold'] } as const;
    expect(engine.plan({ metric: 'm' }, [tenant]).key).not.toBe(engine.plan({ metric: 'm' }, []).key);
  });
});
