import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ReloadStatus } from '../domain/reload-status';
import type { Telemetry } from '../domain/telemetry';

/** Values collected at scrape time. */
export interface ScrapeSource {
  /** Watermark in ms for each metric; null: none yet. */
  watermarks(): Promise<readonly { readonly metric: string; readonly watermarkMs: number | null }[]>;
  /** Tiers of the metrics with a history. */
  tiers(): Promise<
    readonly {
      readonly metric: string;
      readonly stepMs: number;
      readonly steps: number;
      readonly bytes: number;
    }[]
  >;
  nowMs(): number;
}

/** Prometheus metrics of the bridge. Names end in their unit; counters in `_total`. */
export interface PrometheusTelemetry extends Telemetry {
  /** The response of GET /metrics. Never rejects because a store is down: its series are then omitted. */
  text(): Promise<string>;
  readonly contentType: string;
  observe(source: ScrapeSource): void;
  /** The metrics file was read again. */
  configReloaded(status: ReloadStatus): void;
}

const STORE_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

export function createTelemetry(version: string): PrometheusTelemetry {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const counter = <L extends string>(name: string, help: string, labelNames: L[] = []): Counter<L> =>
    new Counter({ name: `streamkpi_${name}`, help, labelNames, registers });
  const gauge = <L extends string>(name: string, help: string, labelNames: L[] = []): Gauge<L> =>
    new Gauge({ name: `streamkpi_${name}`, help, labelNames, registers });

  gauge('build_info', 'Always 1; the version is in the label.', ['version']).set({ version }, 1);
  const records = counter('records_read_total', 'Records read from the source.', ['topic']);
  const points = counter('points_written_total', 'Points handed to the store, by what became of them.', [
    'metric',
    'outcome',
  ]);
  const dead = counter('dead_letters_total', 'Records that could not be decoded.', ['topic', 'reason']);
  const late = counter('late_events_total', 'Events dropped by the embedded pipeline after grace.', [
    'metric',
  ]);
  const lag = gauge('consumer_lag_records', 'Records between the position and the end of a partition.', [
    'topic',
    'partition',
  ]);
  const failures = counter('hop_failures_total', 'Times that a hop did not answer.', ['hop']);
  const latency = new Histogram({
    name: 'streamkpi_store_operation_seconds',
    help: 'Time that the store took.',
    labelNames: ['operation'],
    buckets: STORE_BUCKETS,
    registers,
  });
  const clients = gauge('websocket_clients', 'Open WebSocket connections.');
  const queue = gauge('client_queue_bytes', 'Bytes waiting for slow clients.');
  const dropped = counter('messages_dropped_total', 'Messages not sent because a client was too slow.');
  const conflated = counter(
    'points_conflated_total',
    'Point updates replaced by a newer one before they were sent.',
  );
  const resyncs = counter('resyncs_total', 'Subscriptions that were sent resync.', ['reason']);
  const freshness = gauge('freshness_seconds', 'Now minus the watermark.', ['metric']);
  const historySteps = gauge('history_steps', 'Sealed steps of a tier, over all series.', [
    'metric',
    'step_ms',
  ]);
  const historyBytes = gauge('history_bytes', 'Bytes that the sealed steps of a tier take.', [
    'metric',
    'step_ms',
  ]);
  const reloaded = gauge(
    'config_last_reload_successful',
    'Whether the metrics file was taken when it was read last.',
  );
  const reloadedAt = gauge(
    'config_last_reload_success_timestamp_seconds',
    'When the metrics file was taken last.',
  );
  let scrape: ScrapeSource | null = null;

  return {
    contentType: registry.contentType,
    configReloaded: ({ successful, lastSuccessMs }) => {
      reloaded.set(successful ? 1 : 0);
      reloadedAt.set(lastSuccessMs / 1_000);
    },
    observe: (source) => {
      scrape = source;
    },
    text: async () => {
      freshness.reset();
      historySteps.reset();
      historyBytes.reset();
      if (scrape !== null) {
        const now = scrape.nowMs();
        // Scrapes must work while the store is down: freshness is then absent, not wrong.
        const watermarks = await scrape.watermarks().catch(() => []);
        for (const { metric, watermarkMs } of watermarks) {
          if (watermarkMs !== null) freshness.set({ metric }, Math.max(0, now - watermarkMs) / 1000);
        }
        const tiers = await scrape.tiers().catch(() => []);
        for (const { metric, stepMs, steps, bytes } of tiers) {
          const labels = { metric, step_ms: String(stepMs) };
          historySteps.set(labels, steps);
          historyBytes.set(labels, bytes);
        }
      }
      return registry.metrics();
    },
    recordsRead: (topic, count) => records.inc({ topic }, count),
    pointsWritten: (metric, outcome, count) => {
      if (count > 0) points.inc({ metric, outcome }, count);
    },
    deadLetters: (topic, reason, count) => dead.inc({ topic, reason }, count),
    lateEvents: (metric, count) => late.inc({ metric }, count),
    partitionLag: (topic, partition, value) => lag.set({ topic, partition: String(partition) }, value),
    topicRemoved: (topic, partitions) => {
      for (let i = 0; i < partitions; i += 1) lag.remove({ topic, partition: String(i) });
    },
    storeLatency: (operation, seconds) => latency.observe({ operation }, seconds),
    hopFailed: (hop) => failures.inc({ hop }),
    clients: (count) => clients.set(count),
    queueBytes: (bytes) => queue.set(bytes),
    messagesDropped: (count) => dropped.inc(count),
    pointsConflated: (count) => conflated.inc(count),
    resyncs: (reason) => resyncs.inc({ reason }),
  };
}
