import { MemorySeriesStore } from '../../../tests/support/memory-series-store';
import { metricOf } from '../../../tests/support/sample-metrics';
import { UnavailableError } from '../domain/errors';
import type { Progress } from '../domain/progress';
import { QueryEngine } from '../domain/query-engine';
import type { StoreListener } from '../domain/store';
import type { Log, Telemetry } from '../domain/telemetry';
import { createLiveHub } from './hub';

const METRIC = metricOf();
const LIMITS = { maxSeries: 1_000, maxPoints: 1_000_000, maxScanPoints: 1_000_000, staleWindows: 2 };
const silent = (): void => {};
const log: Log = { debug: silent, info: silent, warn: silent, error: silent };
const telemetry = new Proxy({} as Telemetry, { get: () => silent });

/** Tells its progress only after so many refusals. */
class HesitantStore extends MemorySeriesStore {
  refusals = 0;
  asked = 0;
  listener: StoreListener | null = null;

  override progress(): Promise<Progress> {
    this.asked += 1;
    if (this.asked > this.refusals) return Promise.resolve(this.progressNow);
    return Promise.reject(new UnavailableError('store', 'not now'));
  }

  override subscribe(listener?: StoreListener): () => void {
    this.listener = listener ?? null;
    return silent;
  }
}

function setup() {
  const store = new HesitantStore();
  store.progressNow = { watermarkMs: 5, finalBeforeMs: 7 };
  const clock = (): number => 1_000_000;
  const engine = new QueryEngine([METRIC], store, LIMITS, clock);
  return { store, hub: createLiveHub({ engine, store, metrics: [METRIC], log, telemetry, clock }) };
}

describe('the progress that the hub goes by', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  test('is asked for again when the store stops answering just after the start', async () => {
    const { store, hub } = setup();
    store.refusals = 2;
    await hub.start();
    expect(hub.progressOf('m')).toEqual({ watermarkMs: null, finalBeforeMs: null });
    await jest.advanceTimersByTimeAsync(2_500);
    expect(hub.progressOf('m')).toEqual({ watermarkMs: 5, finalBeforeMs: 7 });
    expect(store.asked).toBe(3);
    hub.close();
  });

  test('is that of the store that took the place of a lost one, also if it never moves', async () => {
    const { store, hub } = setup();
    await hub.start();
    store.progressNow = { watermarkMs: 2, finalBeforeMs: 3 };
    store.epochText = 'epoch-2';
    store.listener!.onEpoch('epoch-2');
    await jest.advanceTimersByTimeAsync(10);
    expect(hub.progressOf('m')).toEqual({ watermarkMs: 2, finalBeforeMs: 3 });
    hub.close();
  });
});
