import { withoutCredentials } from '../domain/credentials';
import { within } from '../domain/deadline';
import { hasHistory } from '../domain/history/tiers';
import type { TimeRange } from '../domain/ladder';
import type { Metric } from '../domain/metric';
import type { ReloadStatus } from '../domain/reload-status';
import { lagOf, type SourceStatus, type TopicStatus } from '../domain/source';
import type { SeriesStore } from '../domain/store';
import type { Principal } from './access';
import type { components } from './api-types';
import type { HttpDependencies } from './http-dependencies';
import type { Failing, Readiness } from './readiness';

type Schemas = components['schemas'];
type StatusAnswer = Schemas['StatusAnswer'];
type HistoryEntry = NonNullable<StatusAnswer['metrics'][number]['history']>;
type StatusHistoryAnswer = Schemas['StatusHistoryAnswer'];

const CAPABILITIES = [
  'query',
  'summary',
  'events',
  'dimension_values',
  'revisions',
  'fill',
  'forecast',
  'backtest',
  'inspect',
  'websocket',
  'websocket_selections',
  'websocket_events',
  'websocket_forecasts',
  'status_history',
] as const;
const WATERMARK_LIMIT_MS = 1_500;

/** Builds /status, and the Prometheus metrics that a tenant may see. */
export class StatusReport {
  private readonly startedAt = performance.now();

  constructor(
    private readonly dependencies: HttpDependencies,
    private readonly readiness: Readiness,
  ) {}

  async status(principal: Principal): Promise<StatusAnswer> {
    const { source, store, ingest, version, clients } = this.dependencies;
    const shared = principal.tenant.length === 0;
    const metrics = this.visible(principal);
    const [states, watermarks, histories] = await Promise.all([
      this.readiness.states(),
      this.watermarks(metrics),
      shared ? this.histories(metrics) : new Map<string, HistoryEntry>(),
    ]);
    const nowMs = this.dependencies.clock();
    const counts = clients?.() ?? { connections: 0, subscriptions: 0, queuedBytes: 0 };
    return {
      api_version: 'v1',
      capabilities: [...CAPABILITIES, ...(ingest ? ['ingest'] : [])],
      server_time_ms: nowMs,
      version,
      uptime_ms: Math.round(performance.now() - this.startedAt),
      store_epoch: knownEpoch(store),
      ready: Object.values(states).every((failing) => failing === null),
      source: {
        kind: source.kind,
        hop: states.source?.hop ?? null,
        ...hopState(states.source, shared),
        topics: topicsOf(this.sourceStatus())
          .filter((topic) => metrics.some((metric) => metric.name === topic.metric))
          .map((topic) => topicEntry(topic, watermarks.get(topic.metric) ?? null, shared)),
      },
      store: { kind: store.kind, ...hopState(states.store, shared) },
      // Facts of this bridge only, so tenants may see it.
      clock: { ...hopState(states.clock, true), skewed_bridges: this.skewedBridges(shared) },
      pipeline: source.kind === 'embedded' ? hopState(states.source, shared) : null,
      config_reload: reloadState(this.dependencies.configReload(), shared),
      clients: shared
        ? {
            connections: counts.connections,
            subscriptions: counts.subscriptions,
            queued_bytes: counts.queuedBytes,
          }
        : null,
      metrics: metrics.map(({ name }) => {
        const watermarkMs = watermarks.get(name) ?? null;
        return {
          metric: name,
          watermark_ms: watermarkMs,
          freshness_ms: watermarkMs === null ? null : Math.max(0, nowMs - watermarkMs),
          ...(histories.has(name) && { history: histories.get(name)! }),
        };
      }),
    };
  }

  /** Recorded status over the range, limited to what the principal may see; tenants get no counts. */
  history(principal: Principal, range: TimeRange, maxPoints: number | undefined): StatusHistoryAnswer {
    const { history } = this.dependencies;
    const { stepMs, series } = history.read(range, maxPoints);
    const shared = principal.tenant.length === 0;
    const visible = new Set(this.visible(principal).map(({ name }) => name));
    return {
      step_ms: stepMs,
      server_time_ms: this.dependencies.clock(),
      started_ms: history.startedMs,
      retention_ms: history.retentionMs,
      series: series
        .filter(
          ({ name, labels }) =>
            shared ||
            (name === 'freshness_ms' && labels['metric'] !== undefined && visible.has(labels['metric'])),
        )
        .map(({ name, labels, times, values }) => ({
          name,
          labels: { ...labels },
          times: [...times],
          values: [...values],
        })),
    };
  }

  /** Freshness of the metrics that the principal may see; all other figures include other tenants' activity. */
  async tenantMetrics(principal: Principal): Promise<string> {
    const watermarks = await this.watermarks(this.visible(principal));
    const nowMs = this.dependencies.clock();
    const lines = [
      '# HELP streamkpi_freshness_seconds Now minus the watermark.',
      '# TYPE streamkpi_freshness_seconds gauge',
    ];
    for (const [metric, watermarkMs] of watermarks) {
      if (watermarkMs === null) continue;
      const seconds = Math.max(0, nowMs - watermarkMs) / 1000;
      lines.push(`streamkpi_freshness_seconds{metric=${JSON.stringify(metric)}} ${seconds}`);
    }
    return `${lines.join('\n')}\n`;
  }

  /** Null where the store does not answer in time: the status must work when other parts fail. */
  private async watermarks(metrics: readonly Metric[]): Promise<ReadonlyMap<string, number | null>> {
    const found = new Map<string, number | null>(metrics.map(({ name }) => [name, null]));
    const asked = metrics.map(async (metric) => {
      const progress = await this.dependencies.store.progress(metric);
      found.set(metric.name, progress.watermarkMs);
    });
    await within(Promise.allSettled(asked), WATERMARK_LIMIT_MS);
    return found;
  }

  /** History state of the metrics that have one, as far as the store answers in time. */
  private async histories(metrics: readonly Metric[]): Promise<ReadonlyMap<string, HistoryEntry>> {
    const { store } = this.dependencies;
    const found = new Map<string, HistoryEntry>();
    const asked = metrics.filter(hasHistory).map(async (metric) => {
      const state = await store.history?.state(metric);
      if (state === undefined) return;
      found.set(metric.name, {
        sealed_before_ms: state.sealedBeforeMs,
        tiers: state.tiers.map(({ stepMs, keepMs, sinceMs, steps, bytes }) => ({
          step_ms: stepMs,
          keep_ms: keepMs,
          since_ms: sinceMs,
          steps,
          bytes,
        })),
      });
    });
    await within(Promise.allSettled(asked), WATERMARK_LIMIT_MS);
    return found;
  }

  /** Empty for tenants, who must not see host names. */
  private skewedBridges(shared: boolean): Schemas['SkewedBridge'][] {
    const bridges = shared ? this.dependencies.clockState.skewedBridges() : [];
    return bridges.map(({ bridge, aheadMs }) => ({ bridge, ahead_ms: aheadMs }));
  }

  private visible(principal: Principal): readonly Metric[] {
    return this.dependencies.engine.catalogue(principal.tenant).metrics.map(({ metric }) => metric);
  }

  private sourceStatus(): SourceStatus | null {
    try {
      return this.dependencies.source.status();
    } catch {
      // Already reported by readiness.
      return null;
    }
  }
}

/** The store epoch; empty until the store has started, which is after the server. */
export function knownEpoch(store: SeriesStore): string {
  try {
    return store.epoch();
  } catch {
    return '';
  }
}

function topicsOf(status: SourceStatus | null): readonly TopicStatus[] {
  return status?.topics ?? [];
}

/** Failure text for tenants: the real one may name topics, labels and hosts of others. */
const FAILS = 'This hop is failing; contact the operator of the bridge';

function hopState(failing: Failing | null, shared: boolean): Schemas['HopState'] {
  if (failing === null) return { state: 'ok', message: null };
  return { state: 'failing', message: shared ? failing.message : FAILS };
}

function reloadState(
  { successful, lastSuccessMs, message }: ReloadStatus,
  shared: boolean,
): Schemas['ConfigReload'] {
  const visible = message === null ? null : shared ? withoutCredentials(message) : NOT_TAKEN;
  return { successful, last_success_ms: lastSuccessMs, message: visible };
}

/** The faults of the metrics file name topics and metrics that are not the tenant's. */
const NOT_TAKEN = 'The metrics file was not taken; ask whoever runs the bridge';

function topicEntry(topic: TopicStatus, watermarkMs: number | null, shared: boolean): Schemas['TopicEntry'] {
  return {
    topic: topic.topic,
    metric: topic.metric,
    state: topic.state,
    reason: topic.reason === null ? null : shared ? withoutCredentials(topic.reason) : FAILS,
    lag: shared ? lagOf(topic) : null,
    last_record_ms: shared ? topic.lastRecordMs : null,
    watermark_ms: watermarkMs,
    records: shared ? topic.records : null,
    dead_letters: shared ? topic.deadLetters : null,
    dead_letters_by_reason: shared ? Object.fromEntries(topic.deadLettersByReason) : null,
    last_dead_letter: shared ? lastDeadLetter(topic) : null,
    partitions: shared
      ? topic.partitions.map(({ partition, owned: mine, position, end, lag: behind }) => ({
          partition,
          owned: mine,
          position,
          end,
          lag: behind,
        }))
      : [],
  };
}

function lastDeadLetter({ lastDeadLetter: last }: TopicStatus): Schemas['LastDeadLetter'] | null {
  if (last === null) return null;
  const { reason, message, timeMs, metric, partition, offset } = last;
  return { reason, message: withoutCredentials(message), time_ms: timeMs, metric, partition, offset };
}
