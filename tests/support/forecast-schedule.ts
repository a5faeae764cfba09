import { request } from 'node:http';
import { WebSocket } from 'ws';
import { sealTargetMs } from '../../backend-bridge/src/domain/history/tiers';
import type { Metric } from '../../backend-bridge/src/domain/metric';
import { QueryEngine } from '../../backend-bridge/src/domain/query-engine';
import type { ForecastQuery } from '../../backend-bridge/src/domain/forecasting';
import { UNBOUNDED } from '../../backend-bridge/src/domain/request-scope';
import type { SeriesStore } from '../../backend-bridge/src/domain/store';
import type { Clock } from '../../backend-bridge/src/domain/telemetry';
import { forecastJson } from '../../backend-bridge/src/server/forecast-wire';
import { Feed, type FedPoint } from './fed-bridge/feed';
import { serveStore, type ServedStore } from './fed-bridge/serve-store';
import { ForecastCopy, type ForecastMessage, type HeldForecast } from './forecast-copy';
import { historyMetric, T0 } from './history-windows';
import { inlineForecasts } from './inline-fits';
import { createRandom } from './seeded-random';
import { eventually } from './waiting';

/**
 * Random schedules of a forecast: records in order, late, corrected and removed, silence, restarts, cut connections,
 * windows that become steps. After each event a panel (snapshot and updates), a reload (HTTP) and a bridge that was
 * never asked before have the same numbers, to the bit.
 */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const WAIT_MS = 60_000;
const SITES = ['a', 'b'];
/** Hours there are before the first event; two days are learned from. */
const PAST_HOURS = 4 * 24;
const SHOWN_MS = 2 * DAY;

/** Hourly sums of which a day is kept, then steps of two hours. */
function forecastMetric(name: string): Metric {
  const [value] = historyMetric().measures;
  return historyMetric({
    name,
    topic: name,
    window: { type: 'tumbling', sizeMs: HOUR, advanceMs: HOUR, gapMs: 0, graceMs: 0 },
    measures: [{ ...value!, overTime: 'sum' }],
    retentionMs: DAY,
    history: [{ stepMs: 2 * HOUR, keepMs: 35 * DAY }],
  });
}

/** Data of its own on a store. */
export interface ForecastPlace {
  /** Opens the store, as one more bridge where it is open already and can be shared. */
  open(metrics: readonly Metric[], clock: Clock): Promise<SeriesStore>;
  /** Whether several bridges can have the data open at the same time. */
  readonly shared: boolean;
  remove(): Promise<void>;
}

type Event = 'hour' | 'late' | 'removed' | 'silence' | 'restart' | 'cut' | 'reload' | 'sealed';
const EVENTS: readonly Event[] = [
  ...Array<Event>(10).fill('hour'),
  ...Array<Event>(9).fill('late'),
  ...Array<Event>(4).fill('removed'),
  ...Array<Event>(3).fill('silence'),
  ...Array<Event>(2).fill('reload'),
  ...Array<Event>(2).fill('cut'),
  'sealed',
  'restart',
];

/**
 * One schedule for each seed, each with a metric of its own, one after the other over the same data.
 * @throws Error that names the seed and the events before two answers differed
 */
export async function runForecastSchedules(
  place: ForecastPlace,
  seeds: readonly number[],
  events: number,
): Promise<void> {
  const metrics = seeds.map((seed) => forecastMetric(`m${seed}`));
  const bridges = new Bridges(place, metrics);
  await bridges.start();
  try {
    for (const [index, seed] of seeds.entries()) {
      const schedule = new Schedule(bridges, metrics[index]!, createRandom(seed));
      const past: Event[] = [];
      try {
        await schedule.begin();
        for (let count = 0; count < events; count += 1) past.push(await schedule.next());
      } catch (error) {
        const message = `seed ${seed}, after ${past.join(', ')}: ${(error as Error).message}`;
        throw new Error(message, { cause: error });
      } finally {
        schedule.end();
      }
    }
  } finally {
    await bridges.stop();
    await place.remove();
  }
}

/** A bridge with its servers, and one more that is asked within the process and holds nothing. */
class Bridges {
  /** The first hour that has not closed. */
  openMs = T0;
  readonly faults: string[] = [];
  readonly clock = (): number => this.openMs + HOUR / 2;
  readonly feed = new Feed(() => this.store, this.clock);
  private own: SeriesStore | null = null;
  private other: SeriesStore | null = null;
  private served: ServedStore | null = null;

  constructor(
    private readonly place: ForecastPlace,
    private readonly metrics: readonly Metric[],
  ) {}

  get store(): SeriesStore {
    return this.own!;
  }

  get url(): string {
    return this.served!.url;
  }

  async start(): Promise<void> {
    this.own = await this.place.open(this.metrics, this.clock);
    this.other = this.place.shared ? await this.place.open(this.metrics, this.clock) : null;
    this.feed.reopened();
    this.served = await serveStore(this.own, {
      metrics: this.metrics,
      clock: this.clock,
      port: 0,
      tokensFile: null,
      maxSeries: 1_000,
      slow: { before: async () => {}, after: async () => {} },
      status: () => ({ ready: true, failing: null, topics: [] }),
      faults: this.faults,
    });
  }

  async stop(): Promise<void> {
    await this.served?.stop();
    await this.own?.close();
    await this.other?.close();
  }

  /** As a bridge answers that was never asked before. */
  async neverAsked(query: ForecastQuery): Promise<Answered> {
    const limits = { maxSeries: 1_000, maxPoints: 1_000_000, maxScanPoints: 5_000_000, staleWindows: 2 };
    const engine = new QueryEngine(this.metrics, this.other ?? this.store, limits, this.clock);
    const answer = await inlineForecasts(engine, this.clock).forecast(query, [], UNBOUNDED);
    return JSON.parse([...forecastJson(answer)].join('')) as Answered;
  }
}

class Schedule {
  private panel: Panel | null = null;
  private fromMs = 0;

  constructor(
    private readonly bridges: Bridges,
    private readonly metric: Metric,
    private readonly random: () => number,
  ) {}

  async begin(): Promise<void> {
    for (let hour = 0; hour < PAST_HOURS; hour += 24) await this.hours(24);
    // It stays: all later updates of the panel begin there.
    this.fromMs = this.bridges.openMs - SHOWN_MS;
    this.panel = await this.open();
    await this.agree();
  }

  async next(): Promise<Event> {
    const event = EVENTS[Math.floor(this.random() * EVENTS.length)]!;
    await this.take(event);
    await this.agree().catch((error: unknown) => {
      throw new Error(`${event}: ${(error as Error).message}`, { cause: error });
    });
    return event;
  }

  end(): void {
    this.panel?.close();
  }

  private async take(event: Event): Promise<void> {
    const { bridges } = this;
    const startMs = bridges.openMs - this.upTo(23) * HOUR;
    const site = SITES[this.upTo(SITES.length) - 1]!;
    switch (event) {
      case 'hour':
        return this.hours(1);
      case 'late':
        return this.write([{ values: [site], startMs, measures: [this.upTo(900)] }]);
      case 'removed':
        return this.write([{ values: [site], startMs, measures: [0], removed: true }]);
      case 'silence':
        bridges.openMs += this.upTo(9) * HOUR;
        return this.hours(1);
      case 'reload':
        await ask(bridges.url, { ...this.query(), from_ms: bridges.openMs - this.upTo(5) * DAY });
        return;
      case 'cut':
        this.panel!.close();
        this.panel = await this.open();
        return;
      case 'sealed':
        return this.sealed();
      case 'restart':
        this.panel!.close();
        await bridges.stop();
        await bridges.start();
        this.panel = await this.open();
    }
  }

  /** All three have the same numbers; the panel as soon as its update is there. */
  private async agree(): Promise<void> {
    const { bridges } = this;
    const { metric, from_ms: fromMs, to_ms: toMs, step_ms: stepMs } = this.query();
    const cold = await bridges.neverAsked({ metric, fromMs, toMs, stepMs });
    if (cold.series.some(({ state }) => state !== 'ready')) throw new Error('a series has no band');
    const right = JSON.stringify(cold.series);
    const warm = JSON.stringify((await ask(bridges.url, this.query())).series);
    if (warm !== right) throw new Error(`a reload has ${warm}, a bridge that was never asked ${right}`);
    const panel = (): string => JSON.stringify(this.panel!.series(cold.series));
    const untilMs = performance.now() + WAIT_MS;
    while (panel() !== right) {
      if (performance.now() > untilMs) throw new Error(`the panel has ${panel()}, a reload ${right}`);
      await this.panel!.next();
    }
    if (bridges.faults.length > 0) throw new Error(bridges.faults.join());
  }

  private query() {
    const { openMs } = this.bridges;
    return { metric: this.metric.name, from_ms: this.fromMs, to_ms: openMs + 30 * DAY, step_ms: 2 * HOUR };
  }

  private open(): Promise<Panel> {
    const { to_ms: _, ...query } = this.query();
    return Panel.open(this.bridges.url, { type: 'subscribe_metric', id: 'panel', ...query, forecast: {} });
  }

  private upTo(most: number): number {
    return 1 + Math.floor(this.random() * most);
  }

  /** Hours that close, with a daily pattern; one in eight has no window. */
  private async hours(count: number): Promise<void> {
    const { bridges } = this;
    const starts = Array.from({ length: count }, (_, index) => bridges.openMs + index * HOUR);
    const points = starts.flatMap((startMs) =>
      SITES.filter(() => this.random() > 1 / 8).map((site) => {
        const usual = 400 - 300 * Math.cos((2 * Math.PI * (startMs % DAY)) / DAY);
        return { values: [site], startMs, measures: [Math.round(usual + 60 * this.random())] };
      }),
    );
    bridges.openMs += count * HOUR;
    await this.write(points, bridges.openMs);
  }

  private write(points: readonly FedPoint[], maxEventMs: number | null = null): Promise<void> {
    return this.bridges.feed.write(this.metric, points, maxEventMs);
  }

  /** Waits until all windows that can be are steps. */
  private async sealed(): Promise<void> {
    const { store, clock } = this.bridges;
    const target = sealTargetMs(this.metric, await store.progress(this.metric), clock()) ?? 0;
    await eventually(
      async () => (await store.history!.state(this.metric)).sealedBeforeMs >= target,
      'windows to become steps',
      WAIT_MS,
    );
  }
}

interface Answered {
  readonly series: readonly HeldForecast[];
}

function ask(url: string, body: object): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', agent: false, headers: { 'content-type': 'application/json' } };
    const sent = request(`${url}/api/v1/forecast`, options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(text) as Answered);
        else reject(new Error(`${response.statusCode}: ${text}`));
      });
    });
    sent.on('error', reject).end(JSON.stringify(body));
  });
}

/** A subscriber over a real connection. */
class Panel {
  private readonly copy = new ForecastCopy();
  private fault: Error | null = null;
  private wake: () => void = () => {};

  private constructor(private readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => {
      try {
        const message = JSON.parse(data.toString()) as ForecastMessage;
        if (message.type === 'error') throw new Error(data.toString());
        this.copy.apply(message);
      } catch (error) {
        this.fault ??= error as Error;
      }
      this.wake();
    });
  }

  static async open(url: string, subscription: object): Promise<Panel> {
    const socket = new WebSocket(url.replace('http', 'ws'), { perMessageDeflate: false });
    const panel = new Panel(socket);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    socket.on('error', () => {});
    socket.send(JSON.stringify(subscription));
    return panel;
  }

  /** With fields in the order of `like`. */
  series(like: readonly HeldForecast[]): object[] {
    if (this.fault !== null) throw this.fault;
    return this.copy.series.map((held) =>
      Object.fromEntries(Object.keys(like[0] ?? held).map((name) => [name, held[name]])),
    );
  }

  /** Resolves with the next message, or after a moment. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, 50);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  close(): void {
    this.socket.terminate();
  }
}
