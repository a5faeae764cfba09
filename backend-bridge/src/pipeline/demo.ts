import { setTimeout as delay } from 'node:timers/promises';
import { RequestError, UnavailableError } from '../domain/errors';
import { hasHistory, sealUnitMs } from '../domain/history/tiers';
import { alignDown, alignUp } from '../domain/ladder';
import type { Metric } from '../domain/metric';
import type { FilledSeries, SeriesStore } from '../domain/store';
import type { Clock, Log } from '../domain/telemetry';
import { demoHistory, type FilledMetric } from './demo-history';
import { DEFAULT_RULES } from './rules';
import {
  createTraffic,
  DEFAULT_TRAFFIC,
  LATEST_MS,
  trafficProfiles,
  type TrafficOptions,
} from './demo-traffic';
import type { EmbeddedPipeline } from './embedded-pipeline';
import type { PendingPoint } from './outbox';

/** Demo traffic into the embedded pipeline: weeks, drawn, and the last hours, sent, at once; then live. */

export interface DemoOptions {
  readonly traffic?: Partial<TrafficOptions>;
  /** How far back events are sent at the first start. */
  readonly backfillMs?: number;
  /** What is from before that, of metrics that keep steps. Absent: nothing. */
  readonly history?: DemoHistory;
  readonly stepMs?: number;
  readonly log: Log;
  readonly clock: Clock;
}

export interface DemoHistory {
  readonly spanMs: number;
  readonly metrics: readonly Metric[];
  readonly store: Pick<SeriesStore, 'history' | 'read'>;
}

export interface Demo {
  /** Resolves when the history is backfilled; live traffic continues until stop(). The pipeline must be started. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const CHUNK = 4_000;
const RETRY_MS = 1_000;
const TEN_MINUTES_MS = 600_000;
/** After a longer pause (the machine slept) the demo continues at the present. */
const MAX_PAUSE_MS = 3_600_000;

class DemoTraffic implements Demo {
  private readonly options: TrafficOptions;
  private readonly traffic: ReturnType<typeof createTraffic>;
  private readonly stopping = new AbortController();
  private live: Promise<void> = Promise.resolve();
  private filling: Promise<void> = Promise.resolve();
  private cursorMs = 0;
  private troubled = false;

  constructor(
    private readonly pipeline: EmbeddedPipeline,
    private readonly demo: DemoOptions,
  ) {
    this.options = { ...DEFAULT_TRAFFIC, ...demo.traffic };
    this.traffic = createTraffic(this.options);
  }

  async start(): Promise<void> {
    const { clock, log } = this.demo;
    const profiles = trafficProfiles(this.options);
    await this.retryUntilAccepted(() =>
      Promise.all(profiles.map(({ userId, profile }) => this.pipeline.profile(userId, profile))),
    );
    const backfillMs = this.demo.backfillMs ?? 10_800_000;
    const newest = this.pipeline.newestEventMs();
    const began = performance.now();
    const firstMs = clock() - backfillMs;
    // Where steps end and events begin is a boundary of the tiers.
    const seamMs = newest === null ? alignDown(firstMs, this.unitMs()) : null;
    this.cursorMs = seamMs ?? Math.max(firstMs, newest! + 1);
    if (seamMs === null) await this.fillRest();
    let events = 0;
    await this.retryUntilAccepted(() =>
      this.pipeline.catchUp(async () => {
        while (!this.stopped && this.cursorMs < clock()) events += await this.sendUpTo(clock());
      }),
    );
    log.info(
      { events, seconds: (performance.now() - began) / 1_000 },
      'demo traffic: history backfilled, now live',
    );
    this.live = this.run();
    if (seamMs !== null) this.filling = this.fill(this.tiered(), seamMs);
  }

  private tiered(): readonly Metric[] {
    const { history } = this.demo;
    if (history?.store.history?.fill === undefined || history.spanMs === 0) return [];
    return history.metrics.filter(hasHistory);
  }

  private unitMs(): number {
    return Math.max(1, ...this.tiered().map(sealUnitMs));
  }

  /** Steps for metrics that an earlier start did not come to, or that have had no history until now. */
  private async fillRest(): Promise<void> {
    let rest: Metric[] = [];
    let oldestMs = Infinity;
    await this.retryUntilAccepted(async () => {
      rest = [];
      for (const metric of this.tiered()) {
        if ((await this.demo.history!.store.history!.state(metric)).isFilled) continue;
        rest.push(metric);
        oldestMs = Math.min(oldestMs, await this.oldestMs(metric));
      }
    });
    // What begins before that holds late events only.
    if (oldestMs !== Infinity) await this.fill(rest, alignUp(oldestMs + LATEST_MS, this.unitMs()));
  }

  /** The first window or step; Infinity: there is none. */
  private async oldestMs(metric: Metric): Promise<number> {
    const { store } = this.demo.history!;
    const range = { fromMs: 0, toMs: this.demo.clock(), maxPoints: Infinity, seriesIds: null };
    const [windows, steps] = await Promise.all([
      store.read(metric, { ...range, nowMs: 0 }),
      store.history!.readSteps(metric, { ...range, stepMs: metric.history![0]!.stepMs, needs: new Map() }),
    ]);
    return Math.min(
      ...windows.map(({ points }) => points.starts[0]!),
      ...steps.series.map(({ steps: { starts } }) => starts[0]!),
    );
  }

  /**
   * Beside live traffic: a first start does not wait for the weeks before the last hours. Of the retention the minutes
   * stay windows, as those of a stream would; what is before, and the first of its hours, becomes steps.
   */
  private async fill(metrics: readonly Metric[], seamMs: number): Promise<void> {
    if (metrics.length === 0) return;
    const { spanMs, store } = this.demo.history!;
    const unitMs = this.unitMs();
    const fromMs = alignDown(seamMs - spanMs, unitMs);
    const retentionMs = Math.max(...metrics.map((metric) => metric.retentionMs));
    // The first windows have an hour left: what a fresh demo shows does not shrink while it is looked at.
    const lastingMs = alignDown(this.demo.clock() - retentionMs, unitMs) + 2 * unitMs;
    const stepsToMs = Math.max(fromMs, Math.min(seamMs, lastingMs));
    const filled = metrics.filter((metric) => stepsToMs % sealUnitMs(metric) === 0);
    if (filled.length === 0) return;
    const began = performance.now();
    const drawn = (beginMs: number, endMs: number): Promise<FilledMetric[]> =>
      demoHistory(filled, DEFAULT_RULES, this.options, beginMs, endMs);
    try {
      // First: after an end in between, the next start finds no steps and fills both.
      for (const { metric, series } of await drawn(stepsToMs, seamMs)) {
        const parts = tenMinutesEach(series);
        await this.retryUntilAccepted(() =>
          Promise.all(parts.map((points) => this.pipeline.fillWindows(metric.name, points))),
        );
      }
      for (const { metric, series } of await drawn(fromMs, stepsToMs)) {
        await this.retryUntilAccepted(() => store.history!.fill!(metric, series, stepsToMs));
      }
      this.demo.log.info(
        { seconds: (performance.now() - began) / 1_000 },
        'demo traffic: the weeks before are filled in',
      );
    } catch (error) {
      this.demo.log.warn({ err: error }, 'demo traffic: the weeks before could not be filled in');
    }
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.live;
    await this.filling;
  }

  private get stopped(): boolean {
    return this.stopping.signal.aborted;
  }

  private async run(): Promise<void> {
    const { clock } = this.demo;
    while (!this.stopped) {
      await this.sleep(this.demo.stepMs ?? 250);
      if (clock() - this.cursorMs > MAX_PAUSE_MS) this.cursorMs = clock();
      await this.retryUntilAccepted(() => this.sendUpTo(clock()));
    }
  }

  /** Sends arrivals up to a time; advances with each accepted chunk. */
  private async sendUpTo(untilMs: number): Promise<number> {
    let chunk: unknown[] = [];
    let sent = 0;
    let lastMs = this.cursorMs;
    for (const { arrivalMs, event } of this.traffic(this.cursorMs, untilMs)) {
      if (this.stopped) return sent;
      // Chunks end between two timestamps, so that the next one starts at a whole timestamp.
      if (chunk.length >= CHUNK && arrivalMs > lastMs) {
        await this.pipeline.events(chunk);
        this.cursorMs = lastMs + 1;
        sent += chunk.length;
        chunk = [];
      }
      chunk.push(event);
      lastMs = arrivalMs;
    }
    if (chunk.length > 0) await this.pipeline.events(chunk);
    this.cursorMs = Math.max(this.cursorMs, untilMs);
    return sent + chunk.length;
  }

  /** Retries until the pipeline accepts the work. */
  private async retryUntilAccepted(work: () => Promise<unknown>): Promise<void> {
    while (!this.stopped) {
      try {
        await work();
        this.troubled = false;
        return;
      } catch (error) {
        const passing =
          error instanceof UnavailableError || (error instanceof RequestError && error.retryable);
        if (!passing) throw error;
        if (!this.troubled) {
          this.demo.log.warn(
            { err: error },
            'demo traffic delayed: the pipeline does not accept events; retrying',
          );
        }
        this.troubled = true;
        await this.sleep(RETRY_MS);
      }
    }
  }

  private async sleep(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}

/** Windows of all series by their time: they are stored together, as if when the last of them ended. */
function tenMinutesEach(series: readonly FilledSeries[]): PendingPoint[][] {
  const parts = new Map<number, PendingPoint[]>();
  for (const { values, windows } of series) {
    for (let row = 0; row < windows.length; row += 1) {
      const { startMs, endMs, measures } = windows.point(row);
      const at = alignDown(startMs, TEN_MINUTES_MS);
      const part = parts.get(at) ?? [];
      part.push({ values, startMs, endMs, measures });
      parts.set(at, part);
    }
  }
  return [...parts.values()];
}

export function createDemo(pipeline: EmbeddedPipeline, options: DemoOptions): Demo {
  return new DemoTraffic(pipeline, options);
}
