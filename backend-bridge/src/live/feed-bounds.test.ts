import { MemorySeriesStore } from '../../../tests/support/memory-series-store';
import { DAY, measureOf, metricOf, MINUTE } from '../../../tests/support/sample-metrics';
import { FairGate } from '../domain/fair-gate';
import { MemoryBudget } from '../domain/memory-budget';
import type { Metric } from '../domain/metric';
import { QueryEngine } from '../domain/query-engine';
import type { Selection } from '../domain/selection';
import type { PointChange, ReadRequest, StoreListener } from '../domain/store';
import type { Log, Telemetry } from '../domain/telemetry';
import { createLiveHub, type LiveHub, type LiveSubscription } from './hub';
import type { LiveSink } from './live-sink';
import { eventually } from '../../../tests/support/waiting';

const NOW = 20_000 * DAY;
const silent = (): void => {};
const log: Log = { debug: silent, info: silent, warn: silent, error: silent };
const NO_PROGRESS = { watermarkMs: null, finalBeforeMs: null };

class ListenedStore extends MemorySeriesStore {
  listener: StoreListener | null = null;
  signals: (AbortSignal | undefined)[] = [];
  gate: Promise<void> = Promise.resolve();

  override subscribe(listener?: StoreListener): () => void {
    this.listener = listener ?? null;
    return silent;
  }

  override async read(metric: Metric, request: ReadRequest): ReturnType<MemorySeriesStore['read']> {
    this.signals.push(request.signal);
    await this.gate;
    return super.read(metric, request);
  }
}

/** A client that reads everything, or nothing while it is not writable. */
class Client implements LiveSink {
  constructor(readonly holder = 'a') {}
  readonly messages: Record<string, unknown>[] = [];
  readonly failed: { id: string; error: unknown }[] = [];
  readonly long: { pieces: Iterator<string>; over: () => void }[] = [];
  writable = true;
  takesPieces = true;
  room = Number.POSITIVE_INFINITY;
  private waiting: (() => void)[] = [];

  send(frame: Buffer): void {
    this.sendText(frame.toString('utf8', frame.indexOf('{')));
  }

  sendText(text: string): void {
    this.messages.push(JSON.parse(text) as Record<string, unknown>);
  }

  sendPieces(pieces: Iterator<string>, over: () => void): void {
    this.long.push({ pieces, over });
    if (this.takesPieces) this.takePieces();
  }

  takePieces(): void {
    for (const { pieces, over } of this.long.splice(0)) {
      let text = '';
      for (let next = pieces.next(); next.done !== true; next = pieces.next()) text += next.value;
      this.sendText(text);
      over();
    }
  }

  waitFor(part: { drain(): void }): void {
    this.waiting.push(() => part.drain());
  }

  reserve(points: number): boolean {
    this.room -= points;
    return this.room >= 0;
  }

  metricChanged(): void {}

  subscriptionFailed(id: string, error: unknown): void {
    this.failed.push({ id, error });
  }

  becomeClear(): void {
    this.writable = true;
    for (const drain of this.waiting.splice(0)) drain();
  }
}

function setup(metric: Metric, maxScanPoints = 1_000_000, memoryBytes = 100_000_000) {
  const store = new ListenedStore();
  const counted = new Map<string, number>();
  const telemetry = new Proxy({} as Telemetry, {
    get: (_, name: string) => (count?: unknown) =>
      counted.set(name, (counted.get(name) ?? 0) + (typeof count === 'number' ? count : 1)),
  });
  const limits = { maxSeries: 20_000, maxPoints: 1_000_000, maxScanPoints, staleWindows: 2 };
  const engine = new QueryEngine([metric], store, limits, () => NOW);
  const memory = new MemoryBudget(memoryBytes, 'limits.max_answer_bytes');
  const turns = new FairGate({ places: 2, setting: 'turns' });
  const options = { jitterMs: 1, pace: { minMs: 1, factor: 1, maxMs: 5 } };
  const hub = createLiveHub({
    engine,
    store,
    metrics: [metric],
    memory,
    turns,
    log,
    telemetry,
    clock: () => NOW,
    options,
  });
  const subscribe = (client: Client, selection: Partial<Selection> = {}, fromMs = 0): LiveSubscription => {
    const plan = engine.plan({ metric: metric.name, ...selection }, []);
    return hub.subscribe(metric.kind === 'event' ? 'events' : 'series', plan, 's', fromMs, client);
  };
  /** Stores points and notifies the hub, as a store does. */
  const change = async (points: readonly { values: readonly string[]; startMs: number }[]): Promise<void> => {
    const changes: PointChange[] = [];
    for (const { values, startMs } of points) {
      store.put(values, startMs, startMs + MINUTE, [1]);
      const seriesId = (await store.listSeries()).find((one) => one.values.join() === values.join())!.id;
      const stored = { removed: false, revision: 1, updatedMs: NOW, firstSeenMs: NOW, measures: [1] };
      changes.push({ seriesId, values, startMs, endMs: startMs + MINUTE, ...stored });
    }
    store.listener!.onChanges(metric, changes, NO_PROGRESS);
  };
  return { store, hub, memory, counted, subscribe, change };
}

const series = (count: number): string[][] => Array.from({ length: count }, (_, i) => [`s${i}`, 'b']);

describe('what is too large to be read', () => {
  let hub: LiveHub;
  afterEach(() => hub.close());

  test('live points of several steps are read in smaller parts', async () => {
    const { change, subscribe, ...rest } = setup(metricOf(), 5);
    ({ hub } = rest);
    await hub.start();
    const client = new Client();
    await subscribe(client, { groupBy: [] }, NOW - 10 * MINUTE).ready;
    const window = (n: number) => series(4).map((values) => ({ values, startMs: NOW - n * MINUTE }));
    await change([...window(1), ...window(2), ...window(3)]);
    const times = (): number[] =>
      client.messages.slice(1).flatMap(({ series: each }) => (each as { times: number[] }[])[0]!.times);
    await eventually(() => times().length === 3, 'all three');
    expect(times().sort()).toEqual([3, 2, 1].map((n) => NOW - n * MINUTE));
    expect(client.failed).toEqual([]);
  });

  test('a single step that is too large fails its subscribers, and nothing is read again', async () => {
    const { change, subscribe, store, ...rest } = setup(metricOf(), 5);
    ({ hub } = rest);
    await hub.start();
    const client = new Client();
    await subscribe(client, { groupBy: [] }, NOW - 10 * MINUTE).ready;
    await change(series(10).map((values) => ({ values, startMs: NOW - MINUTE })));
    await eventually(() => client.failed.length > 0, 'the error');
    expect(client.failed).toMatchObject([{ id: 's', error: { code: 'range_too_large' } }]);
    expect(hub.stats()).toEqual({ selections: 0, subscriptions: 0 });
    const reads = store.reads.length;
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(store.reads).toHaveLength(reads);
  });

  test('a resync whose snapshot has become too large ends with the error', async () => {
    const { subscribe, store, ...rest } = setup(metricOf(), 5);
    ({ hub } = rest);
    await hub.start();
    const client = new Client();
    await subscribe(client).ready;
    for (const values of series(10)) store.put(values, NOW - MINUTE, NOW, [1]);
    store.listener!.onGap(metricOf(), 'test');
    await eventually(() => client.failed.length > 0, 'the error');
    expect(client.messages.at(-1)).toMatchObject({ type: 'resync' });
    expect(client.failed).toMatchObject([{ id: 's', error: { code: 'range_too_large' } }]);
  });
});

describe.each(['window', 'event'] as const)('updates of many selections of %s metrics', (kind) => {
  test('are read some at a time, leave places for others, and end with their subscribers', async () => {
    const event = { severity: 'warning', message: '{value}' } as const;
    const metric = metricOf(kind === 'event' ? { kind, event, measures: [measureOf('value')] } : {});
    const { hub, change, subscribe, store } = setup(metric);
    await hub.start();
    const client = new Client('greedy');
    const selection = (i: number): Partial<Selection> => ({
      ...(kind === 'window' && { groupBy: [] }),
      filters: [{ dimension: 'segment', op: '!=', values: [`other ${i}`] }],
    });
    const greedy = Array.from({ length: 40 }, (_, i) => subscribe(client, selection(i)));
    const other = new Client('other');
    await Promise.all([...greedy, subscribe(other, selection(40))].map(({ ready }) => ready));
    let release = silent;
    store.gate = new Promise((resolve) => (release = resolve));
    store.signals = [];
    await change([{ values: ['s0', 'b'], startMs: NOW - MINUTE }]);
    // The aggregators read alike, without a signal.
    const signals = (): AbortSignal[] => store.signals.filter((signal) => signal !== undefined);
    const places = 8;
    await eventually(() => signals().length > places, 'reads of both');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(signals().length).toBe(places + 1);
    for (const subscription of greedy) subscription.end();
    expect(signals().filter(({ aborted }) => aborted).length).toBe(places);
    release();
    await eventually(() => other.messages.length > 1, 'the update of the other client');
    expect(client.failed).toEqual([]);
    hub.close();
  });
});

describe('events of one window', () => {
  test('are all sent as they change, however many series the window has', async () => {
    const event = { severity: 'warning', message: '{value}' } as const;
    const metric = metricOf({
      kind: 'event',
      event,
      retentionMs: 2 * MINUTE,
      measures: [measureOf('value')],
    });
    const { hub, change, subscribe, store } = setup(metric);
    const startMs = NOW - MINUTE;
    for (let i = 0; i < 10_050; i += 1) store.put([`s${String(i).padStart(5, '0')}`, 'b'], startMs, NOW, [1]);
    await hub.start();
    const client = new Client();
    await subscribe(client).ready;
    await change([{ values: ['s10049', 'b'], startMs }]);
    await eventually(() => client.messages.length > 1, 'the update');
    expect(client.messages.at(-1)).toMatchObject({
      type: 'events_update',
      events: [{ labels: { segment: 's10049' }, revision: 2 }],
    });
    hub.close();
  });
});

describe('a client that is too slow', () => {
  test('has every dropped message counted', async () => {
    const { hub, change, subscribe, counted } = setup(metricOf());
    await hub.start();
    const client = new Client();
    await subscribe(client).ready;
    client.writable = false;
    client.room = 1;
    const dropped = (): number => counted.get('messagesDropped') ?? 0;
    await change(series(3).map((values) => ({ values, startMs: NOW - MINUTE })));
    await eventually(() => dropped() === 1, 'the first');
    for (let i = 2; i < 5; i += 1) {
      await change([{ values: ['s0', 'b'], startMs: NOW - i * MINUTE }]);
      await eventually(() => dropped() === i, `message ${i}`);
    }
    client.room = 1e9;
    client.becomeClear();
    await eventually(() => client.messages.length === 3, 'the fresh snapshot');
    expect(client.messages.map(({ type }) => type)).toEqual(['subscribed', 'resync', 'subscribed']);
    hub.close();
  });
});

describe('snapshots', () => {
  test('are encoded piece by piece as clients read, from one shared answer', async () => {
    const { hub, subscribe, store, memory } = setup(metricOf());
    for (let i = 0; i < 1_000; i += 1)
      store.put(['a', 'b'], NOW - i * MINUTE, NOW - i * MINUTE + MINUTE, [i]);
    await hub.start();
    const clients = Array.from({ length: 20 }, () => new Client());
    for (const client of clients) client.takesPieces = false;
    await Promise.all(clients.map((client, i) => subscribe(client, {}, NOW - (i + 1) * MINUTE).ready));
    // Two answers in memory: the first client's, and one that all others share, with its text.
    expect(memory.usedBytes).toBeLessThanOrEqual((2 + 2 * 21) * 32);
    expect(memory.usedBytes).toBeGreaterThan(0);
    for (const client of clients) client.takePieces();
    clients.forEach(({ messages }, i) => {
      expect((messages[0]!.series as { times: number[] }[])[0]!.times).toHaveLength(i + 2);
    });
    hub.close();
    expect(memory.usedBytes).toBe(0);
  });

  test('yield to other work while they are offered to many clients', async () => {
    const { hub, subscribe, store } = setup(metricOf());
    store.put(['a', 'b'], NOW - MINUTE, NOW, [1]);
    await hub.start();
    let turns = 0;
    let counting = setImmediate(function count() {
      turns += 1;
      counting = setImmediate(count);
    });
    const turnsAt: number[] = [];
    class CostlyClient extends Client {
      override sendPieces(pieces: Iterator<string>, over: () => void): void {
        const until = performance.now() + 2;
        while (performance.now() < until);
        turnsAt.push(turns);
        super.sendPieces(pieces, over);
      }
    }
    await Promise.all(Array.from({ length: 100 }, () => subscribe(new CostlyClient()).ready));
    clearImmediate(counting);
    hub.close();
    expect(turnsAt).toHaveLength(100);
    // The first one's snapshot is read alone, the others' together: 198 ms.
    expect(turnsAt.at(-1)! - turnsAt[1]!).toBeGreaterThan(5);
  });

  describe('as text', () => {
    const points = 1_400;
    const oldest = NOW - points * MINUTE;
    const numbers = { made: 0 };
    beforeEach(() => {
      const { stringify } = JSON;
      jest.spyOn(JSON, 'stringify').mockImplementation((value: unknown) => {
        if (Array.isArray(value)) numbers.made += value.length;
        return stringify(value);
      });
    });
    afterEach(() => jest.restoreAllMocks());

    /** Numbers encoded for 50 clients, each with its own start time. */
    async function madeWith(memoryBytes: number): Promise<number> {
      const { hub, subscribe, store } = setup(metricOf(), 1_000_000, memoryBytes);
      for (let i = 0; i < points; i += 1)
        store.put(['a', 'b'], oldest + i * MINUTE, oldest + (i + 1) * MINUTE, [i]);
      await hub.start();
      const clients = Array.from({ length: 50 }, () => new Client());
      numbers.made = 0;
      await Promise.all(clients.map((client, i) => subscribe(client, {}, oldest + i * MINUTE).ready));
      hub.close();
      clients.forEach(({ messages: [snapshot] }, i) => {
        const [{ times, values }] = snapshot!['series'] as [{ times: number[]; values: number[] }];
        expect(times).toEqual(values.map((value) => oldest + value * MINUTE));
        expect(values).toEqual(Array.from({ length: points - i }, (_, row) => row + i));
      });
      return numbers.made;
    }

    test('are encoded once for all waiting clients', async () => {
      // The first one's own, one for all others, and of each the rest of the block in which it begins.
      expect(await madeWith(100_000_000)).toBeLessThan(3 * (2 * points + 50 * 64));
    });

    test('are encoded per client when there is memory for the points only', async () => {
      // One holder may use half of it: the points twice and half of their text.
      expect(await madeWith(2 * 2.5 * points * 32)).toBeGreaterThan(3 * 45 * points);
    });
  });

  test('stop being read when nobody waits for them', async () => {
    const { hub, subscribe, store } = setup(metricOf());
    store.put(['a', 'b'], NOW - MINUTE, NOW, [1]);
    await hub.start();
    let release = silent;
    store.gate = new Promise((resolve) => (release = resolve));
    store.signals = [];
    const subscription = subscribe(new Client());
    // The aggregators also read, without a signal.
    const signals = (): AbortSignal[] => store.signals.filter((signal) => signal !== undefined);
    await eventually(() => signals().length > 0, 'the read');
    expect(signals().map(({ aborted }) => aborted)).toEqual([false]);
    subscription.end();
    expect(signals().map(({ aborted }) => aborted)).toEqual([true]);
    release();
    await subscription.ready;
    hub.close();
  });
});
