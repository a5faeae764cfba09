import { within } from '../domain/deadline';
import type { Metric } from '../domain/metric';
import { lagOf, type Source, type TopicStatus } from '../domain/source';
import type { StatusHistory, StatusSample } from '../domain/status-history';
import type { SeriesStore } from '../domain/store';
import type { Clock } from '../domain/telemetry';

/** Timeout of one sample's store query; far shorter than the sample interval. */
const STORE_LIMIT_MS = 1_500;

export interface StatusRecorderDependencies {
  readonly history: StatusHistory;
  readonly metrics: () => readonly Metric[];
  readonly source: Pick<Source, 'status'>;
  readonly store: Pick<SeriesStore, 'progress'>;
  readonly clients: () => {
    readonly connections: number;
    readonly subscriptions: number;
    readonly queuedBytes: number;
  };
  readonly clock: Clock;
}

/** Records the status into its history at the sample interval. */
export class StatusRecorder {
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(private readonly dependencies: StatusRecorderDependencies) {}

  /** Records the first sample at once, so that a new bridge has data to show. */
  start(): void {
    void this.sample();
    this.wait();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private wait(): void {
    const { clock, history } = this.dependencies;
    this.timer = setTimeout(
      () => {
        void this.sample();
        this.wait();
      },
      history.sampleMs - (clock() % history.sampleMs),
    );
    this.timer.unref();
  }

  /** Unknown values are not sampled: a failing source or store leaves a gap in its own series only. */
  private async sample(): Promise<void> {
    const { history, clock } = this.dependencies;
    const atMs = clock();
    const topics = this.topics();
    const freshness = await this.freshness();
    if (this.stopped) return;
    history.record(atMs, [...freshness, ...topics.flatMap(topicSamples), ...this.clientSamples()]);
  }

  private topics(): readonly TopicStatus[] {
    try {
      return this.dependencies.source.status().topics;
    } catch {
      // Reported by readiness.
      return [];
    }
  }

  private async freshness(): Promise<readonly StatusSample[]> {
    const { metrics, store, clock } = this.dependencies;
    const samples: StatusSample[] = [];
    const asked = metrics().map(async (metric) => {
      const { watermarkMs } = await store.progress(metric);
      if (watermarkMs === null) return;
      const value = Math.max(0, clock() - watermarkMs);
      samples.push({ name: 'freshness_ms', labels: { metric: metric.name }, value });
    });
    await within(Promise.allSettled(asked), STORE_LIMIT_MS);
    return [...samples];
  }

  private clientSamples(): readonly StatusSample[] {
    const { connections, subscriptions, queuedBytes } = this.dependencies.clients();
    return [
      { name: 'connections', labels: {}, value: connections },
      { name: 'subscriptions', labels: {}, value: subscriptions },
      { name: 'queued_bytes', labels: {}, value: queuedBytes },
    ];
  }
}

function topicSamples(status: TopicStatus): readonly StatusSample[] {
  const labels = { topic: status.topic, metric: status.metric };
  const lag = lagOf(status);
  return [
    ...(lag === null ? [] : [{ name: 'lag', labels, value: lag } as const]),
    { name: 'dead_letters', labels, value: status.deadLetters },
    { name: 'records', labels, value: status.records },
  ];
}
