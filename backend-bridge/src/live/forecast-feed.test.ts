import { inlineForecasts } from '../../../tests/support/inline-fits';
import { MemorySeriesStore } from '../../../tests/support/memory-series-store';
import { DAY, metricOf, MINUTE } from '../../../tests/support/sample-metrics';
import { createRandom } from '../../../tests/support/seeded-random';
import { RequestError, UnavailableError } from '../domain/errors';
import { FairGate } from '../domain/fair-gate';
import type { ForecastSeries, PreparedForecast } from '../domain/forecasting';
import { MAX_TIME_MS } from '../domain/ladder';
import { MemoryBudget } from '../domain/memory-budget';
import type { Metric } from '../domain/metric';
import { QueryEngine } from '../domain/query-engine';
import { UNBOUNDED, type RequestScope } from '../domain/request-scope';
import type { PointChange, ReadRequest, StoreListener } from '../domain/store';
import type { Log, Telemetry } from '../domain/telemetry';
import { COLUMNS, ForecastClient } from './forecast-client.test-support';
import { createLiveHub, type LiveHub } from './hub';

const HOUR = 60 * MINUTE;
const OPEN = 20_000 * DAY + 6 * HOUR;
const FROM = OPEN - 2 * DAY;
const METRIC = metricOf({
  window: { type: 'tumbling', sizeMs: HOUR, advanceMs: HOUR, gapMs: 0, graceMs: 0 },
  retentionMs: 100 * DAY,
});
const LIMITS = { maxSeries: 1_000, maxPoints: 1_000_000, maxScanPoints: 5_000_000, staleWindows: 2 };
const silent = (): void => {};
const log: Log = { debug: silent, info: silent, warn: silent, error: silent };
const telemetry = new Proxy({} as Telemetry, { get: () => silent });

class TestStore extends MemorySeriesStore {
  readonly listeners: StoreListener[] = [];
  away = false;
  refusal: RequestError | null = null;
  /** Runs once, after the next read. */
  afterRead: () => void = silent;
  private revision = 0;

  override subscribe(listener?: StoreListener): () => void {
    if (listener !== undefined) this.listeners.push(listener);
    return silent;
  }

  override async read(metric: Metric, request: ReadRequest): ReturnType<MemorySeriesStore['read']> {
    if (this.refusal !== null) throw this.refusal;
    if (this.away) throw new UnavailableError('store', 'not now');
    const points = await super.read(metric, request);
    const run = this.afterRead;
    this.afterRead = silent;
    run();
    return points;
  }

  /** Stores or removes an hour, and notifies as a store does. */
  hour(segment: string, startMs: number, value: number | null): void {
    const measures = [value ?? 0, ...Array<undefined>(7).fill(undefined)];
    this.put([segment, 'a'], startMs, startMs + HOUR, measures, { removed: value === null });
    this.revision += 1;
    const change: PointChange = {
      seriesId: segment === 'gold' ? 1 : 2,
      values: [segment, 'a'],
      startMs,
      endMs: startMs + HOUR,
      measures,
      removed: value === null,
      revision: this.revision,
      updatedMs: startMs,
      firstSeenMs: startMs,
    };
    for (const listener of this.listeners) listener.onChanges(METRIC, [change], this.progressNow);
  }

  closeUpTo(timeMs: number): void {
    this.progressNow = { watermarkMs: timeMs, finalBeforeMs: timeMs };
    for (const listener of this.listeners) listener.onChanges(METRIC, [], this.progressNow);
  }
}

function setup({ memoryBytes = 1e9 } = {}) {
  const store = new TestStore();
  const random = createRandom(7);
  const usual = (timeMs: number): number =>
    Math.round(400 - 300 * Math.cos((2 * Math.PI * (timeMs % DAY)) / DAY) + 40 * random());
  for (let time = OPEN - 20 * DAY; time < OPEN; time += HOUR) store.hour('gold', time, usual(time));
  store.closeUpTo(OPEN);
  const clock = (): number => OPEN + 30 * MINUTE;
  const engine = new QueryEngine([METRIC], store, LIMITS, clock);
  const forecasts = inlineForecasts(engine, clock, store);
  const hub: LiveHub = createLiveHub({
    engine,
    store,
    metrics: [METRIC],
    memory: new MemoryBudget(memoryBytes, 'memory'),
    turns: new FairGate({ places: 2, setting: 'turns' }),
    log,
    telemetry,
    clock,
    options: { jitterMs: 1 },
  });
  const reads: RequestScope[] = [];
  const made = forecasts.prepare({ metric: 'm' }, []);
  const prepared: PreparedForecast = {
    ...made,
    read: (fromMs, scope) => {
      reads.push(scope);
      return made.read(fromMs, scope);
    },
  };
  const subscribe = async (client: ForecastClient, fromMs = FROM) => {
    const subscription = hub.subscribeForecast(prepared, 's', fromMs, client);
    subscription.ready.catch(silent);
    await settle();
    return subscription;
  };
  /** The answer of a fresh bridge, as a client's copy. */
  const fresh = async (fromMs = FROM): Promise<object> => {
    const query = { metric: 'm', fromMs, toMs: MAX_TIME_MS };
    const { series } = await inlineForecasts(engine, clock).forecast(query, [], UNBOUNDED);
    return Object.fromEntries(series.map((one) => [one.labels.segment, wire(one)])) as object;
  };
  return { store, hub, usual, subscribe, fresh, reads, prepared };
}

function wire(series: ForecastSeries): object {
  return {
    ...Object.fromEntries(
      COLUMNS.map((name) => [
        name,
        Array.from(series[name], (value) => (Number.isNaN(value) ? null : value)),
      ]),
    ),
    times: Array.from(series.actual, (_, index) => series.startMs + index * HOUR),
    labels: series.labels,
    state: series.state,
    message: series.message,
    have_ms: series.haveMs,
    needed_ms: series.neededMs,
    trained_from_ms: series.trainedFromMs,
    seasons: series.seasons,
    values_kind: series.valuesKind,
    fingerprint: series.fingerprint,
    open_from_ms: series.startMs + series.closed * HOUR,
  };
}

const settle = (): Promise<void> => jest.advanceTimersByTimeAsync(3_000);
const copyOf = (client: ForecastClient): object => Object.fromEntries(client.copy);

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

describe('a subscription of forecasts', () => {
  it('starts with the answer of /forecast, and sends the changes of each closed step', async () => {
    const { store, hub, subscribe, fresh, usual } = setup();
    await hub.start();
    const client = new ForecastClient();
    await subscribe(client);
    expect(client.messages).toMatchObject([
      { type: 'forecast_snapshot', id: 's', step_ms: HOUR, from_ms: FROM },
    ]);
    expect(copyOf(client)).toEqual(await fresh());
    store.hour('gold', OPEN, usual(OPEN));
    await settle();
    expect(client.messages).toHaveLength(1);
    store.closeUpTo(OPEN + HOUR);
    await settle();
    expect(client.messages).toHaveLength(2);
    expect(client.messages[1]).toMatchObject({
      type: 'forecast_update',
      seq: 1,
      series: [{ from_ms: OPEN }],
    });
    expect(copyOf(client)).toEqual(await fresh());
    hub.close();
  });

  it('equals a fresh answer after every correction, removal, late and new series', async () => {
    const { store, hub, subscribe, fresh, usual } = setup();
    await hub.start();
    const [first, late, slow] = [new ForecastClient(), new ForecastClient(), new ForecastClient()];
    await subscribe(first);
    await subscribe(slow, OPEN - 5 * HOUR);
    const random = createRandom(3);
    let open = OPEN;
    for (let round = 0; round < 14; round += 1) {
      slow.writable = round % 3 === 0;
      const back = open - (1 + Math.floor(random() * 60)) * HOUR;
      if (round % 4 === 0) store.hour('gold', back, 2_000);
      else if (round % 4 === 1) store.hour('gold', back, null);
      else if (round % 4 === 2) {
        store.hour('gold', open, usual(open));
        open += HOUR;
        store.closeUpTo(open);
      } else store.hour('silver', back, 10);
      if (round === 6) await subscribe(late, OPEN - 6 * DAY);
      if (slow.writable) slow.readOn();
      await settle();
      expect(copyOf(first)).toEqual(await fresh());
      if (round >= 6) expect(copyOf(late)).toEqual(await fresh(OPEN - 6 * DAY));
    }
    slow.readOn();
    await settle();
    expect(copyOf(slow)).toEqual(await fresh(OPEN - 5 * HOUR));
    expect(slow.messages.length).toBeLessThan(first.messages.length);
    hub.close();
  });

  it('sends a slow client resync, then a fresh snapshot', async () => {
    const { store, hub, subscribe, fresh } = setup();
    await hub.start();
    const client = new ForecastClient();
    await subscribe(client);
    client.writable = false;
    client.room = 3;
    store.hour('gold', OPEN - 9 * HOUR, 1);
    await settle();
    client.readOn();
    await settle();
    expect(client.messages.map(({ type }) => type)).toEqual([
      'forecast_snapshot',
      'resync',
      'forecast_snapshot',
    ]);
    expect(copyOf(client)).toEqual(await fresh());
    hub.close();
  });

  it('does not miss a step that closes while its snapshot is read', async () => {
    const { store, hub, subscribe, fresh, usual } = setup();
    await hub.start();
    store.hour('gold', OPEN, usual(OPEN));
    await settle();
    store.afterRead = () => store.closeUpTo(OPEN + HOUR);
    const client = new ForecastClient();
    await subscribe(client);
    expect(store.afterRead).toBe(silent);
    expect(copyOf(client)).toEqual(await fresh());
    hub.close();
  });

  it('is no longer read once its last subscriber has left', async () => {
    const { store, hub, subscribe, reads } = setup();
    await hub.start();
    const subscription = await subscribe(new ForecastClient());
    store.hour('gold', OPEN - 9 * HOUR, 1);
    await jest.advanceTimersByTimeAsync(1);
    subscription.end();
    await settle();
    expect(reads.at(-1)!.signal.aborted).toBe(true);
    hub.close();
  });

  it('keeps within the memory for live forecasts, and frees what it kept', async () => {
    // Two forecasts of three weeks are within one holder's share of it, the third is not.
    const { hub, prepared } = setup({ memoryBytes: 100_000 });
    await hub.start();
    const subscribed = async (key: string) => {
      const subscription = hub.subscribeForecast({ ...prepared, key }, key, 0, new ForecastClient());
      const outcome = subscription.ready.then(
        () => 'subscribed',
        (error: unknown) => (error as RequestError).code,
      );
      await jest.advanceTimersByTimeAsync(15_000);
      return { subscription, outcome: await outcome };
    };
    const first = await subscribed('first');
    expect(first.outcome).toBe('subscribed');
    expect((await subscribed('second')).outcome).toBe('subscribed');
    expect((await subscribed('third')).outcome).toBe('rate_limited');
    expect(hub.stats()).toEqual({ selections: 2, subscriptions: 2 });
    first.subscription.end();
    expect((await subscribed('fourth')).outcome).toBe('subscribed');
    hub.close();
  });

  it('sends a fresh snapshot, which goes out in chunks, in place of a very large update', async () => {
    const { store, hub, prepared } = setup();
    await hub.start();
    let value = 0;
    const read: PreparedForecast['read'] = async (fromMs, scope) => {
      const answer = await prepared.read(fromMs, scope);
      value += 1;
      const column = new Float64Array(60_000).fill(value);
      const columns = Object.fromEntries(COLUMNS.map((name) => [name, column]));
      return { ...answer, series: answer.series.map((one) => ({ ...one, ...columns })) };
    };
    const client = new ForecastClient();
    hub.subscribeForecast({ ...prepared, read }, 's', FROM, client).ready.catch(silent);
    await settle();
    store.hour('gold', OPEN - 9 * HOUR, 1);
    await settle();
    expect(client.messages.map(({ type }) => type)).toEqual([
      'forecast_snapshot',
      'resync',
      'forecast_snapshot',
    ]);
    expect(client.messages[1]).toMatchObject({ reason: 'large_update' });
    hub.close();
  });

  it('reads a closed step in turns and within the memory for answers', async () => {
    const { store, hub, subscribe, reads } = setup();
    await hub.start();
    await subscribe(new ForecastClient());
    store.hour('gold', OPEN - 9 * HOUR, 1);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(reads).toHaveLength(2);
    expect(() => reads[1]!.reserve(1e9)).toThrow(RequestError);
    hub.close();
  });

  it('waits for a store that is away, and resumes', async () => {
    const { store, hub, subscribe, fresh } = setup();
    await hub.start();
    const client = new ForecastClient();
    await subscribe(client);
    store.away = true;
    store.hour('gold', OPEN - 9 * HOUR, 1);
    await settle();
    expect(client.messages).toHaveLength(1);
    store.away = false;
    await jest.advanceTimersByTimeAsync(10_000);
    expect(copyOf(client)).toEqual(await fresh());
    hub.close();
  });

  it('ends with an error where it can no longer be read', async () => {
    const { store, hub, subscribe } = setup();
    await hub.start();
    const client = new ForecastClient();
    await subscribe(client);
    store.refusal = new RequestError('range_too_large', 'Too many points.');
    store.hour('gold', OPEN - 9 * HOUR, 1);
    await settle();
    expect(client.failed).toMatchObject([{ id: 's', error: { code: 'range_too_large' } }]);
    expect(hub.stats()).toEqual({ selections: 0, subscriptions: 0 });
    hub.close();
  });

  it('restarts when the store was rebuilt, and is shared by equal selections', async () => {
    const { store, hub, subscribe, fresh } = setup();
    await hub.start();
    const [one, two] = [new ForecastClient(), new ForecastClient()];
    await subscribe(one);
    const second = await subscribe(two);
    expect(hub.stats()).toEqual({ selections: 1, subscriptions: 2 });
    store.epochText = 'epoch-2';
    for (const listener of store.listeners) listener.onEpoch('epoch-2');
    await settle();
    for (const client of [one, two]) {
      expect(client.messages.at(-1)).toMatchObject({ type: 'forecast_snapshot', store_epoch: 'epoch-2' });
      expect(copyOf(client)).toEqual(await fresh());
    }
    second.end();
    expect(hub.stats()).toEqual({ selections: 1, subscriptions: 1 });
    hub.close();
  });
});
