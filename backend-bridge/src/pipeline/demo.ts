import { RequestError, UnavailableError } from '../domain/errors';
import type { Clock, Log } from '../domain/telemetry';
import { createTraffic, DEFAULT_TRAFFIC, trafficProfiles, type TrafficOptions } from './demo-traffic';
import type { EmbeddedPipeline } from './embedded-pipeline';

/** Demo traffic into the embedded pipeline: the last hours at once, then live. */

export interface DemoOptions {
  readonly traffic?: Partial<TrafficOptions>;
  /** How much history is filled in at the first start. */
  readonly backfillMs?: number;
  readonly stepMs?: number;
  readonly log: Log;
  readonly clock: Clock;
}

export interface Demo {
  /** Resolves when the history is filled in; live traffic goes on until stop(). The pipeline must be started. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const CHUNK = 4_000;
const RETRY_MS = 1_000;
/** After a longer pause (the machine slept) the demo goes on with the present. */
const MAX_PAUSE_MS = 3_600_000;

class DemoTraffic implements Demo {
  private readonly options: TrafficOptions;
  private readonly traffic: ReturnType<typeof createTraffic>;
  private stopped = false;
  private live: Promise<void> = Promise.resolve();
  private wake: () => void = () => undefined;
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
    this.cursorMs = Math.max(clock() - backfillMs, newest === null ? 0 : newest + 1);
    const began = performance.now();
    let events = 0;
    await this.retryUntilAccepted(() =>
      this.pipeline.catchUp(async () => {
        while (!this.stopped && this.cursorMs < clock()) events += await this.sendUpTo(clock());
      }),
    );
    log.info(
      { events, seconds: (performance.now() - began) / 1_000 },
      'demo traffic: history filled in, live from now on',
    );
    this.live = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.wake();
    await this.live;
  }

  private async run(): Promise<void> {
    const { clock } = this.demo;
    while (!this.stopped) {
      await this.sleep(this.demo.stepMs ?? 250);
      if (clock() - this.cursorMs > MAX_PAUSE_MS) this.cursorMs = clock();
      await this.retryUntilAccepted(() => this.sendUpTo(clock()));
    }
  }

  /** Sends what arrives until then; moves on with each chunk that was taken. */
  private async sendUpTo(untilMs: number): Promise<number> {
    let chunk: unknown[] = [];
    let sent = 0;
    let lastMs = this.cursorMs;
    for (const { arrivalMs, event } of this.traffic(this.cursorMs, untilMs)) {
      if (this.stopped) return sent;
      // A chunk ends between two moments, so that the next one can begin at a moment.
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

  /** Again and again while the pipeline cannot take it. */
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
          this.demo.log.warn({ err: error }, 'demo traffic waits: the pipeline takes nothing at the moment');
        }
        this.troubled = true;
        await this.sleep(RETRY_MS);
      }
    }
  }

  private async sleep(ms: number): Promise<void> {
    if (this.stopped) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
  }
}

export function createDemo(pipeline: EmbeddedPipeline, options: DemoOptions): Demo {
  return new DemoTraffic(pipeline, options);
}
