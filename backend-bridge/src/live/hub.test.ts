import { MemorySeriesStore } from '../../../tests/support/memory-series-store';
import { DAY, metricOf, MINUTE } from '../../../tests/support/sample-metrics';
import { UnavailableError } from '../domain/errors';
import { FairGate } from '../domain/fair-gate';
import { MemoryBudget } from '../domain/memory-budget';
import type { Progress } from '../domain/progress';
import { QueryEngine } from '../domain/query-engine';
import type { PointChange, StoreListener } from '../domain/store';
import type { Log, Telemetry } from '../domain/telemetry';
import { createLiveHub } from './hub';
import type { LiveSink } from './live-sink';

const METRIC = metricOf();
const RETENTION = METRIC.retentionMs;
const LIMITS = { maxSeries: 1_000, maxPoints: 1_000_000, maxScanPoints: 1_000_000, staleWindows: 2 };
const silent = (): void => {};
const log: Log = { debug: silent, info: silent, warn: silent, error: silent };
const telemetry = new Proxy({} as Telemetry, { get: () => silent });

/** Fails the first reads of progress. */
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
  const time = { now: 20_000 * DAY };
  const clock = (): number => time.now;
  const engine = new QueryEngine([METRIC], store, LIMITS, clock);
  const hub = createLiveHub({
    engine,
    store,
    metrics: [METRIC],
    memory: new MemoryBudget(1e9, 'memory'),
    turns: new FairGate({ places: 2, setting: 'turns' }),
    log,
    telemetry,
    clock,
  });
  return { time, store, hub };
}

/** A client that reads everything at once. */
function sinkOf(sent: Record<string, unknown>[]): LiveSink {
  const take = (text: string): void => void sent.push(JSON.parse(text) as Record<string, unknown>);
  return {
    writable: true,
    send: (frame) => take(frame.toString('utf8', frame.indexOf('{'))),
    holder: 'a',
    sendText: take,
    sendPieces: (pieces, over) => {
      let text = '';
      for (let next = pieces.next(); next.done !== true; next = pieces.next()) text += next.value;
      take(text);
      over();
    },
    subscriptionFailed: (id, error) => void sent.push({ failed: id, error }),
    metricChanged: (id) => void sent.push({ changed: id }),
    waitFor: silent,
    reserve: () => true,
  };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

describe('the progress used by the hub', () => {
  test('is read again when the store stops answering just after the start', async () => {
    const { store, hub } = setup();
    store.refusals = 2;
    await hub.start();
    expect(hub.progressOf('m')).toEqual({ watermarkMs: null, finalBeforeMs: null });
    await jest.advanceTimersByTimeAsync(2_500);
    expect(hub.progressOf('m')).toEqual({ watermarkMs: 5, finalBeforeMs: 7 });
    expect(store.asked).toBe(3);
    hub.close();
  });

  test('is that of the new store after a loss, even if it never moves', async () => {
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

describe('points that never become final, because a partition is not read', () => {
  const change = (startMs: number): PointChange => ({
    seriesId: 1,
    values: ['a', 'b'],
    startMs,
    endMs: startMs + MINUTE,
    measures: [1],
    removed: false,
    revision: 1,
    updatedMs: startMs,
    firstSeenMs: startMs,
  });
  const progress = { watermarkMs: null, finalBeforeMs: null };

  test('are no longer open once they have expired', async () => {
    const { time, store, hub } = setup();
    store.progressNow = progress;
    await hub.start();
    const sent: Record<string, unknown>[] = [];
    const plan = new QueryEngine([METRIC], store, LIMITS, () => time.now).plan({ metric: 'm' }, []);
    await hub.subscribe('series', plan, 's', 0, sinkOf(sent)).ready;
    const first = time.now;
    store.listener!.onChanges(METRIC, [change(first)], progress);
    time.now += RETENTION;
    store.listener!.onChanges(METRIC, [change(time.now)], progress);
    await jest.advanceTimersByTimeAsync(100);
    expect(sent.at(-1)).toMatchObject({ series: [{ open_from_ms: first }] });
    time.now += 2 * MINUTE;
    store.listener!.onChanges(METRIC, [], progress);
    await jest.advanceTimersByTimeAsync(100);
    expect(sent.at(-1)).toMatchObject({ series: [{ times: [], open_from_ms: first + RETENTION }] });
    hub.close();
  });
});
