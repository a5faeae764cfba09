import {
  CoreApp,
  dateMath,
  dateTime,
  type DataFrame,
  type DataQueryResponse,
  type TimeRange,
} from '@grafana/data';
import type { Subscription } from 'rxjs';
import { frameMeta } from '../../frames/frame-meta';
import { LiveHub } from '../live/live-hub';
import { liveQuery } from '../live/live-query';
import { systemClock, type LiveRequest } from '../live/ports';
import { seriesKey } from '../live/series-labels';
import type { StreamKpiQuery } from '../query';
import { FakeBackend, type WireSeries } from './fake-backend';
import { FakeLive } from './fake-live';
import { FakePage } from './fake-page';

/** A page with panels on one data source, over a fake backend and a fake Grafana Live. */

export const MINUTE = 60_000;
export const HOUR = 3_600_000;
/** Start time of every test. */
export const NOON = Date.UTC(2026, 10, 26, 12, 0, 0);
/** The name of the series with that segment, as `FakeBackend.truth` and `points` have it. */
export const segment = (name: string): string => seriesKey({ segment: name });

export type Points = Record<string, [number, number | null][]>;

/** Starts with jest's fake timers; `end` restores the real ones. */
export class LiveStage {
  readonly backend = new FakeBackend();
  readonly live = new FakeLive();
  readonly page = new FakePage();
  readonly hub: LiveHub;
  readonly panels: StagePanel[] = [];
  private requests = 0;

  constructor(random: () => number = () => 0.5) {
    jest.useFakeTimers({ now: NOON });
    this.hub = new LiveHub({ clock: { ...systemClock, random }, page: this.page, transport: this.live });
  }

  /** Where its panels stand. */
  app: string = CoreApp.Dashboard;

  /** Opens a panel with these queries. */
  open(queries: Partial<StreamKpiQuery> | Partial<StreamKpiQuery>[] = {}, range = lastHours(1)): StagePanel {
    const all = Array.isArray(queries) ? queries : [queries];
    const targets = all.map((query, index) => ({
      refId: String.fromCharCode(65 + index),
      metric: 'events',
      ...query,
    }));
    const panel = new StagePanel(this, targets, range);
    this.panels.push(panel);
    panel.run();
    return panel;
  }

  /** Opens a panel whose stream is connected and which has caught up. */
  openLive(query: Partial<StreamKpiQuery> = {}, range = lastHours(1)): StagePanel {
    const panel = this.open(query, range);
    this.live.connect();
    this.pass(1_000);
    return panel;
  }

  requestOf(targets: StreamKpiQuery[], range: TimeRange): LiveRequest {
    this.requests += 1;
    return {
      requestId: `Q${this.requests}`,
      interval: '15s',
      intervalMs: 15_000,
      maxDataPoints: 1_000,
      range,
      scopedVars: {},
      targets,
      timezone: 'utc',
      app: this.app,
      startTime: Date.now(),
    };
  }

  pass(ms: number): void {
    jest.advanceTimersByTime(ms);
  }

  /** Sends points over the stream. */
  tell(...series: WireSeries[]): void {
    this.live.send({ type: 'update', ...this.head(), series });
  }

  /** What every message says of the metric as a whole. */
  head(): Record<string, unknown> {
    const { watermarkMs, epoch } = this.backend;
    return { server_time_ms: Date.now(), watermark_ms: watermarkMs, store_epoch: epoch };
  }

  /** Closes every panel, waits until the page has forgotten them, and restores the real timers. */
  end(): void {
    for (const panel of this.panels) panel.close();
    this.pass(30_000);
    const left = { timers: jest.getTimerCount(), listeners: this.page.listenerCount };
    const channels = { known: this.hub.size, open: this.live.open.length };
    jest.useRealTimers();
    expect({ ...left, ...channels }).toEqual({ timers: 0, listeners: 0, known: 0, open: 0 });
  }
}

export const lastHours = (hours: number): TimeRange => relative(`now-${hours}h`);

export function relative(from: string, to = 'now'): TimeRange {
  const at = (text: string) => dateMath.toDateTime(text, {}) ?? dateTime(0);
  return { from: at(from), to: at(to), raw: { from, to } };
}

export function absolute(fromMs: number, toMs: number): TimeRange {
  const [from, to] = [dateTime(fromMs), dateTime(toMs)];
  return { from, to, raw: { from, to } };
}

export class StagePanel {
  readonly responses: DataQueryResponse[] = [];
  completed = false;
  private subscription: Subscription | undefined;

  constructor(
    private readonly stage: LiveStage,
    private readonly targets: StreamKpiQuery[],
    private range: TimeRange,
  ) {}

  run(): void {
    const { hub, backend } = this.stage;
    const request = this.stage.requestOf(this.targets, this.range);
    this.subscription = liveQuery(request, { hub, history: backend.history, uid: 'uid' }).subscribe({
      next: (response) => this.responses.push(response),
      complete: () => (this.completed = true),
    });
  }

  close(): void {
    this.subscription?.unsubscribe();
  }

  get isClosed(): boolean {
    return this.subscription?.closed ?? true;
  }

  /** How long the range is. */
  get hours(): number {
    return (this.range.to.valueOf() - this.range.from.valueOf()) / HOUR;
  }

  /** As by the refresh button or the time picker: the old run ends before the new one starts. */
  refresh(range = this.range.raw.to === 'now' ? relative(String(this.range.raw.from)) : this.range): void {
    this.close();
    this.range = range;
    this.run();
  }

  get last(): DataQueryResponse {
    const last = this.responses.at(-1);
    if (last === undefined) throw new Error('the panel has shown nothing yet');
    return last;
  }

  get frames(): DataFrame[] {
    return this.last.data as DataFrame[];
  }

  get meta() {
    const [first] = this.frames;
    return first === undefined ? undefined : frameMeta(first);
  }

  get state(): string | undefined {
    return this.meta?.state;
  }

  /** What the panel draws, by the names of the series. */
  get points(): Points {
    const drawn: Points = {};
    for (const { fields } of this.frames) {
      const [times, values] = fields;
      if (times === undefined || values === undefined) continue;
      drawn[seriesKey(values.labels ?? {})] = (times.values as number[]).map((time, i) => [
        time,
        values.values[i] as number | null,
      ]);
    }
    return drawn;
  }

  /** The column of an events table. */
  column(name: string): unknown[] {
    return this.frames[0]?.fields.find((field) => field.name === name)?.values ?? [];
  }
}
