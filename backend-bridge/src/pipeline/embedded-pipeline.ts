import { RequestError, StartRefusedError, UnavailableError } from '../domain/errors';
import type { TopicMapping } from '../domain/mapping';
import type { Metric } from '../domain/metric';
import type { Ingest, IngestResult, Source, SourceStatus } from '../domain/source';
import type { Filter } from '../domain/selection';
import type { SeriesStore } from '../domain/store';
import type { Clock, Log, Telemetry } from '../domain/telemetry';
import { BatchWorker } from './batch-worker';
import { Call, IngestQueue, type Item } from './ingest-queue';
import { bindOutputs, type BoundOutput } from './metric-outputs';
import { pendingEvent } from './enrichment';
import { nameProblem, readEvent, readProfile } from './raw-event';
import type { PendingPoint } from './outbox';
import { DEFAULT_RULES, type PipelineRules } from './rules';
import { StateEnvironment } from './state-environment';
import { StoreWriter } from './store-writer';
import { tenantFilter } from './tenant-filter';

export interface EmbeddedPipelineOptions {
  /** Folder of the pipeline's LMDB environment, used by one process only. */
  readonly statePath: string;
  readonly rules?: PipelineRules;
  /** Events further ahead of the clock are refused, as in ksql/: a single one would close all windows. */
  readonly maxFutureMs?: number;
  /** Most events waiting in memory; beyond it callers get `overloaded`. */
  readonly maxWaitingEvents?: number;
  readonly maxBatchEvents?: number;
  /** Most users and segments over all open windows; beyond it events of new ones are refused. */
  readonly maxOpenEntries?: number;
  /** Longest time until a caller is answered; events committed by then are accepted. */
  readonly answerWithinMs?: number;
  /** How long stored entries stay in the outbox, for a store that loses its last writes. */
  readonly keepOutboxMs?: number;
}

export interface PipelineDependencies {
  readonly log: Log;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
}

/** The source without Kafka: takes raw events and writes the points that ksql/ would write. */
export interface EmbeddedPipeline extends Source, Ingest {
  readonly kind: 'embedded';
  /** Without a tenant the caller may send any event. */
  events(events: readonly unknown[], tenant?: readonly Filter[]): Promise<IngestResult>;
  profile(userId: string, profile: unknown, tenant?: readonly Filter[]): Promise<void>;
  /** Newest event time counted so far, across restarts; null: none. Valid after start(). */
  newestEventMs(): number | null;
  /**
   * While `work` runs the source is reported as not at its end, so that no partly filled window closes by the clock.
   */
  catchUp<T>(work: () => Promise<T>): Promise<T>;
  /** Stores windows of before the first event, of about one time; what late events have left of them is replaced. */
  fillWindows(metric: string, points: readonly PendingPoint[]): Promise<void>;
}

const REPORT_EVERY_MS = 1_000;

class Pipeline implements EmbeddedPipeline {
  readonly kind = 'embedded';
  private readonly queue: IngestQueue;
  private readonly rules: PipelineRules;
  private readonly maxFutureMs: number;
  private outputs: readonly BoundOutput[] = [];
  private worker: BatchWorker | null = null;
  private stopped = false;
  private reporter: NodeJS.Timeout | null = null;
  private reporting = false;

  constructor(
    private readonly options: EmbeddedPipelineOptions,
    private metrics: readonly Metric[],
    private readonly store: SeriesStore,
    private readonly dependencies: PipelineDependencies,
  ) {
    this.rules = options.rules ?? DEFAULT_RULES;
    this.maxFutureMs = options.maxFutureMs ?? 60_000;
    this.queue = new IngestQueue(options.maxWaitingEvents ?? 50_000);
  }

  /** Rejects with StartRefusedError for an incompatible metric or an unusable state folder. */
  start(): Promise<void> {
    return new Promise((resolve) => {
      this.begin();
      resolve();
    });
  }

  private begin(): void {
    const { log, telemetry, clock } = this.dependencies;
    this.outputs = bindOutputs(this.metrics, this.rules);
    const fed = new Set(this.outputs.map(({ metric }) => metric.name));
    for (const { name } of this.metrics) {
      if (!fed.has(name)) {
        log.warn({ metric: name }, 'the embedded pipeline does not produce this metric; it stays empty');
      }
    }
    const environment = StateEnvironment.open(this.options.statePath, this.rules);
    const writer = new StoreWriter(this.outputs, this.store, log, telemetry, clock);
    this.worker = new BatchWorker(
      environment,
      writer,
      this.outputs,
      this.queue,
      this.rules,
      this.dependencies,
      {
        maxBatchItems: this.options.maxBatchEvents ?? 4_000,
        maxOpenEntries: this.options.maxOpenEntries ?? 500_000,
        answerWithinMs: this.options.answerWithinMs ?? 10_000,
        keepOutboxMs: this.options.keepOutboxMs ?? 60_000,
      },
    );
    this.worker.start();
    this.reporter = setInterval(() => void this.report(), REPORT_EVERY_MS);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    if (this.reporter !== null) clearInterval(this.reporter);
    this.reporter = null;
    await this.worker?.stop();
  }

  async events(events: readonly unknown[], tenant: readonly Filter[] = []): Promise<IngestResult> {
    const filter = tenantFilter(tenant);
    const worker = this.running();
    const latestMs = this.dependencies.clock() + this.maxFutureMs;
    const items: Item[] = [];
    const rejected: { index: number; reason: string }[] = [];
    events.forEach((value, index) => {
      const event = readEvent(value, latestMs);
      if (typeof event === 'string') rejected.push({ index, reason: event });
      else items.push({ kind: 'event', index, event: pendingEvent(event, this.rules) });
    });
    if (items.length === 0) return { accepted: 0, rejected };
    return worker.submit(new Call(items, rejected, filter));
  }

  async profile(userId: string, value: unknown, tenant: readonly Filter[] = []): Promise<void> {
    const filter = tenantFilter(tenant);
    const worker = this.running();
    const problem = nameProblem('user_id', userId);
    if (problem !== null) throw new RequestError('bad_request', problem);
    const profile = readProfile(value);
    if (typeof profile === 'string') throw new RequestError('bad_request', profile);
    const call = new Call([{ kind: 'profile', index: 0, userId, profile }], [], filter);
    const [refused] = (await worker.submit(call)).rejected;
    if (refused !== undefined)
      throw new RequestError('forbidden', `The profile is refused: ${refused.reason}`);
  }

  newestEventMs(): number | null {
    return this.worker?.newestEventMs() ?? null;
  }

  catchUp<T>(work: () => Promise<T>): Promise<T> {
    return this.running().catchUp(work);
  }

  fillWindows(metric: string, points: readonly PendingPoint[]): Promise<void> {
    return this.running().writer.fillWindows(metric, points);
  }

  /** What is counted stays the same while the bridge runs: its windows are half full. */
  checkMappings(mappings: readonly TopicMapping[]): void {
    const next = bindOutputs(
      mappings.map(({ metric }) => metric),
      this.rules,
    );
    const names = (outputs: readonly BoundOutput[]): string[] => outputs.map(({ metric }) => metric.name);
    const [before, after] = [names(this.outputs), names(next)];
    const changed = [...before, ...after].filter((name) => before.includes(name) !== after.includes(name));
    if (changed.length === 0 || this.worker === null) return;
    throw new StartRefusedError(
      `The embedded pipeline counts ${before.join(', ')} since it started; restart the bridge to add or remove ${changed.join(', ')}`,
    );
  }

  useMappings(mappings: readonly TopicMapping[]): Promise<void> {
    this.metrics = mappings.map(({ metric }) => metric);
    for (const output of this.outputs) {
      output.metric = this.metrics.find(({ name }) => name === output.metric.name) ?? output.metric;
    }
    return Promise.resolve();
  }

  storeLost(): void {
    this.worker?.storeLost();
  }

  status(): SourceStatus {
    const { worker } = this;
    const failing = worker?.failing ?? null;
    return {
      ready: worker !== null && !this.stopped && worker.synchronised,
      failing: failing === null ? null : { hop: failing.hop, message: failing.message },
      topics: this.outputs.map(({ metric }) => {
        const { appliedOffset, lastRecordMs, records } = worker!.writer.state(metric.name);
        const end = worker!.nextOffset(metric.name);
        const position = appliedOffset === null ? null : appliedOffset + 1;
        return {
          topic: metric.topic,
          metric: metric.name,
          state: failing === null ? 'reading' : 'waiting',
          reason: failing?.message ?? null,
          partitions: [
            { partition: 0, owned: true, position, end, lag: position === null ? null : end - position },
          ],
          lastRecordMs,
          records,
          deadLetters: 0,
          deadLettersByReason: new Map(),
          lastDeadLetter: null,
        };
      }),
    };
  }

  private running(): BatchWorker {
    if (this.worker === null || this.stopped) {
      throw new UnavailableError('pipeline', 'the embedded pipeline is not running; try again later');
    }
    if (this.worker.failing !== null) throw this.worker.failing;
    return this.worker;
  }

  private async report(): Promise<void> {
    if (this.reporting || this.worker === null) return;
    this.reporting = true;
    try {
      await this.worker.report();
    } finally {
      this.reporting = false;
    }
  }
}

export function createEmbeddedPipeline(
  options: EmbeddedPipelineOptions,
  metrics: readonly Metric[],
  store: SeriesStore,
  dependencies: PipelineDependencies,
): EmbeddedPipeline {
  return new Pipeline(options, metrics, store, dependencies);
}
