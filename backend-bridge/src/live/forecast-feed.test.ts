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
import { createLiveHub, type LiveHub } from './hub';
import type { Drains, LiveSink } from './live-sink';

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

interface Row {
  readonly from_ms: number;
  readonly open_from_ms: number;
  readonly labels: { readonly segment: string };
  readonly fingerprint: string;
  readonly times: number[];
  readonly [column: string]: unknown;
}
type Message = { readonly type: string; readonly seq?: number; readonly series: readonly Row[] };

const COLUMNS = ['actual', 'expected', 'lower', 'upper', 'score'] as const;

/** A client that keeps a copy as websocket.yaml describes. */
class Client implements LiveSink {
  readonly holder = 'a';
  readonly messages: Message[] = [];
  readonly failed: unknown[] = [];
  readonly copy = new Map<string, Record<string, unknown>>();
  writable = true;
  room = Number.POSITIVE_INFINITY;
  private waiting: Drains[] = [];
  private seq = 0;

  send(frame: Buffer): void {
    this.sendText(frame.toString('utf8', frame.indexOf('{')));
  }

  sendText(text: string): void {
    const message = JSON.parse(text) as Message;
    this.messages.push(message);
    if (message.type === 'forecast_snapshot') {
      this.seq = 0;
      this.copy.clear();
    } else if (message.type === 'forecast_update') {
      this.seq += 1;
      expect(message.seq).toBe(this.seq);
    } else return;
    for (const series of message.series) this.take(series);
  }

  sendPieces(pieces: Iterator<string>, over: () => void): void {
    let text = '';
    for (let next = pieces.next(); next.done !== true; next = pieces.next()) text += next.value;
    this.sendText(text);
    over();
  }

  waitFor(part: Drains): void {
    if (!this.waiting.includes(part)) this.waiting.push(part);
  }

  reserve(points: number): boolean {
    if (points > this.room) return false;
    this.room -= points;
    return true;
  }

  metricChanged(): void {}

  subscriptionFailed(id: string, error: unknown): void {
    this.failed.push({ id, error });
  }

  readOn(): void {
    this.writable = true;
    for (const part of this.waiting.splice(0)) part.drain();
  }

  private take(series: Row): void {
    const held = this.copy.get(series.labels.segment);
    const heldTimes = (held?.times ?? []) as number[];
    const kept = heldTimes.filter((time) => time < series.from_ms).length;
    const merged: Record<string, unknown> = {
      ...series,
      times: [...heldTimes.slice(0, kept), ...series.times],
    };
    for (const name of COLUMNS) {
      const before = (held?.[name] ?? []) as unknown[];
      merged[name] = [...before.slice(0, kept), ...(series[name] as unknown[])];
    }
    delete merged.from_ms;
    this.copy.set(series.labels.segment, merged);
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
  const subscribe = async (client: Client, fromMs = FROM) => {
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
const copyOf = (client: Client): object => Object.fromEntries(client.copy);

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

describe('a subscription of forecasts', () => {
  it('starts with the answer of /forecast, and sends the changes of each closed step', async () => {
    const { store, hub, subscribe, fresh, usual } = setup();
    await hub.start();
    const client = new Client();
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
    const [first, late, slow] = [new Client(), new Client(), new Client()];
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
    const client = new Client();
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
    const client = new Client();
    await subscribe(client);
    expect(store.afterRead).toBe(silent);
    expect(copyOf(client)).toEqual(await fresh());
    hub.close();
  });

  it('is no longer read once its last subscriber has left', async () => {
    const { store, hub, subscribe, reads } = setup();
    await hub.start();
    const subscription = await subscribe(new Client());
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
      const subscription = hub.subscribeForecast({ ...prepared, key }, key, 0, new Client());
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
    const client = new Client();
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
    await subscribe(new Client());
    store.hour('gold', OPEN - 9 * HOUR, 1);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(reads).toHaveLength(2);
    expect(() => reads[1]!.reserve(1e9)).toThrow(RequestError);
    hub.close();
  });

  it('waits for a store that is away, and resumes', async () => {
    const { store, hub, subscribe, fresh } = setup();
    await hub.start();
    const client = new Client();
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
    const client = new Client();
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
    const [one, two] = [new Client(), new Client()];
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
