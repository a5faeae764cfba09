import { readFileSync } from 'node:fs';
import { hostname, uptime } from 'node:os';
import { join } from 'node:path';
import { readMetricsFile } from './config/metrics-file';
import type { Settings } from './config/settings';
import { hasHistory } from './domain/history/tiers';
import type { StartRefusedError } from './domain/errors';
import { QueryEngine } from './domain/query-engine';
import type { TopicMapping } from './domain/mapping';
import type { Metric } from './domain/metric';
import type { Ingest, Source } from './domain/source';
import { StatusHistory } from './domain/status-history';
import type { SeriesStore } from './domain/store';
import type { Clock, Log } from './domain/telemetry';
import { TrustedClock, type ClockGuard } from './domain/trusted-clock';
import { ClosedStepsCache } from './forecast-service/closed-steps-cache';
import { FitPool } from './forecast-service/fit-pool';
import { ForecastService } from './forecast-service/forecast-service';
import { DataFolder } from './data-folder';
import { createInspector } from './inspector';
import { brokerOptions, registryOptions } from './kafka-connection';
import { createKafkaSource } from './kafka/kafka-source';
import { createLifecycle } from './lifecycle';
import { createLmdbStore } from './lmdb/lmdb-store';
import { MetricsReloader } from './metrics-reloader';
import { ClockWatch } from './observability/clock-watch';
import { StatusRecorder } from './observability/status-recorder';
import { createTelemetry, type PrometheusTelemetry } from './observability/telemetry';
import { createDemo, type Demo } from './pipeline/demo';
import { createEmbeddedPipeline } from './pipeline/embedded-pipeline';
import { tlsTexts } from './pem-files';
import { createRedisStore } from './redis/redis-store';
import { ServedMetrics } from './served-metrics';
import { createServing } from './serving';
import { checkBinding } from './server/binding';
import { createBudgets } from './server/budgets';
import { createAccess } from './server/tokens';

/** The composition root: builds all collaborators in order and injects their dependencies. */

export interface App {
  /**
   * Resolves when the server listens; store and source may still be starting (see /readyz). Rejects with
   * StartRefusedError.
   */
  start(): Promise<void>;
  /** Finishes work in progress, within five seconds whatever hangs (lifecycle.ts). */
  stop(): Promise<void>;
  /** Reads the metrics file again; a fault in it is reported, and changes nothing. */
  reload(): Promise<void>;
}

export interface AppDependencies {
  readonly log: Log;
  readonly version: string;
  /** The wall clock. */
  readonly clock?: Clock;
  /** Called when a part refuses to continue after the start, e.g. a store with another layout. */
  readonly onRefused: (error: StartRefusedError) => void;
}

interface SharedDependencies {
  readonly log: Log;
  readonly telemetry: PrometheusTelemetry;
  /** The guarded time of day. */
  readonly clock: Clock;
  readonly guard: ClockGuard;
}

/** Linux only; elsewhere a restart of the bridge cannot be distinguished from a reboot. */
function bootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return null;
  }
}

function buildStore(settings: Settings, metrics: readonly Metric[], shared: SharedDependencies): SeriesStore {
  const { redis } = settings;
  if (redis.url === undefined)
    return createLmdbStore({ path: join(settings.store_path, 'series') }, metrics, shared);
  return createRedisStore(
    {
      url: redis.url,
      keyPrefix: redis.key_prefix,
      tls: tlsTexts('redis', redis),
      commandTimeoutMs: redis.command_timeout,
      bridgeName: `${hostname()}:${settings.port}`,
    },
    metrics,
    shared,
  );
}

/** The folder of the stores on the bridge's own disk; null: there is none. */
function dataFolder(settings: Settings, store: SeriesStore, log: Log): DataFolder | null {
  const parts = [
    ...(store.kind === 'lmdb' ? ['series'] : []),
    ...(settings.kafka.brokers.length === 0 ? ['pipeline'] : []),
  ];
  if (parts.length === 0) return null;
  return new DataFolder(settings.store_path, parts, join(__dirname, 'data-check.js'), log);
}

interface BuiltSource {
  readonly source: Source;
  readonly ingest: Ingest | null;
  readonly demo: Demo | null;
}

function buildSource(
  settings: Settings,
  mappings: readonly TopicMapping[],
  store: SeriesStore,
  shared: SharedDependencies,
): BuiltSource {
  const { kafka } = settings;
  if (kafka.brokers.length > 0) {
    const source = createKafkaSource(
      {
        ...brokerOptions(kafka),
        groupId: kafka.group_id,
        clientId: kafka.client_id,
        schemaRegistry: registryOptions(kafka),
        deadLetterTopic: kafka.dead_letter_topic,
      },
      mappings,
      store,
      { ...shared, clockCertain: () => shared.guard.certain() },
    );
    return { source, ingest: null, demo: null };
  }
  const metrics = mappings.map(({ metric }) => metric);
  const pipeline = createEmbeddedPipeline(
    { statePath: join(settings.store_path, 'pipeline') },
    metrics,
    store,
    shared,
  );
  const demo = settings.demo.enabled
    ? createDemo(pipeline, {
        traffic: { seed: settings.demo.seed },
        backfillMs: settings.demo.backfill,
        history: { spanMs: settings.demo.history, metrics, store },
        log: shared.log,
        clock: shared.clock,
      })
    : null;
  return { source: pipeline, ingest: pipeline, demo };
}

/** Builds the app. Throws StartRefusedError for settings, mappings or files that cannot be used. */
export function createApp(settings: Settings, dependencies: AppDependencies): App {
  const { log, version } = dependencies;
  const guard = new TrustedClock(
    {
      wall: dependencies.clock ?? Date.now,
      monotonic: () => performance.now(),
      uptime: () => uptime() * 1_000,
      bootId: bootId(),
    },
    settings.clock_tolerance,
  );
  const clock = (): number => guard.now();
  const telemetry = createTelemetry(version);
  const shared: SharedDependencies = { log, telemetry, clock, guard };
  const { limits } = settings;

  const metricsFile = settings.metrics_file ?? join(__dirname, '../metrics.yaml');
  const readMappings = (): TopicMapping[] => readMetricsFile(metricsFile);
  const mappings = readMappings();
  const metrics = mappings.map(({ metric }) => metric);
  checkBinding(settings.host, settings.tokens_file !== undefined, settings.insecure);
  const access = createAccess({
    tokensFile: settings.tokens_file,
    allowedOrigins: settings.allowed_origins,
    allowedHosts: settings.allowed_hosts,
    boundHost: settings.host,
    log,
  });
  const store = buildStore(settings, metrics, shared);
  const { source, ingest, demo } = buildSource(settings, mappings, store, shared);
  const engine = new QueryEngine(
    metrics,
    store,
    {
      maxSeries: limits.max_series,
      maxPoints: limits.max_points,
      maxScanPoints: limits.max_scan_points,
      staleWindows: settings.stale_windows,
    },
    clock,
    () => new Promise((resolve) => setImmediate(resolve)),
  );
  const budgets = createBudgets({
    maxConcurrentQueries: limits.max_concurrent_queries,
    maxConcurrentIngest: limits.max_concurrent_ingest,
    forecastWorkers: limits.forecast_workers,
    maxQueueMs: limits.max_queue_time,
    maxAnswerBytes: limits.max_answer_bytes,
    maxPending: limits.max_unauthenticated,
  });
  const fits = new FitPool(
    {
      workerFile: join(__dirname, 'forecast-worker.js'),
      workers: limits.forecast_workers,
      cacheBytes: (limits.forecast_cache_bytes * 5) / 8,
    },
    budgets.fits,
  );
  const closedSteps = new ClosedStepsCache(engine, store, limits.forecast_cache_bytes / 4);
  const forecasts = new ForecastService(
    engine,
    closedSteps,
    fits,
    { maxSeries: limits.max_forecast_series, cacheBytes: limits.forecast_cache_bytes / 8 },
    clock,
  );
  telemetry.observe({
    nowMs: clock,
    watermarks: () =>
      Promise.all(
        engine.metrics.map(async (metric) => ({
          metric: metric.name,
          watermarkMs: (await store.progress(metric)).watermarkMs,
        })),
      ),
    tiers: async () => {
      const states = engine.metrics.filter(hasHistory).map(async (metric) => {
        const { tiers = [] } = (await store.history?.state(metric)) ?? {};
        return tiers.map(({ stepMs, steps, bytes }) => ({ metric: metric.name, stepMs, steps, bytes }));
      });
      return (await Promise.all(states)).flat();
    },
  });
  const history = new StatusHistory(metrics.length, clock());
  const { hub, http, sockets } = createServing({
    engine,
    forecasts,
    metrics,
    inspector: createInspector(settings, { metricsFile, foreign: true }, { log, clock }),
    ingest,
    source,
    store,
    access,
    budgets,
    metricsText: () => telemetry.text(),
    version,
    log,
    telemetry,
    clock,
    clockState: guard,
    storeFault: () => lifecycle.storeFault(),
    history,
    configReload: () => reloader.status,
    options: {
      http: {
        host: settings.host,
        port: settings.port,
        tlsCertFile: settings.tls_cert_file,
        tlsKeyFile: settings.tls_key_file,
        maxBodyBytes: limits.max_body_bytes,
        maxIngestEvents: limits.max_ingest_events,
        headerTimeoutMs: limits.header_timeout,
      },
      live: { maxScanPoints: limits.max_scan_points },
      webSocket: {
        maxClients: limits.max_clients,
        maxSubscriptions: limits.max_subscriptions,
        maxMessageBytes: limits.max_message_bytes,
        bufferBytes: limits.client_buffer_bytes,
        slowClientTimeoutMs: limits.slow_client_timeout,
      },
    },
  });

  const recorder = new StatusRecorder({
    history,
    metrics: () => engine.metrics,
    source,
    store,
    clients: () => sockets.counts(),
    clock,
  });

  const served = new ServedMetrics(mappings, { source, store, engine, hub, closedSteps, log });
  const reloader = new MetricsReloader({
    file: metricsFile,
    mappings,
    read: readMappings,
    replace: (read) => served.replace(read),
    onStatus: (status) => telemetry.configReloaded(status),
    log,
    clock,
  });
  const clockWatch = new ClockWatch(guard, log);
  const { onRefused } = dependencies;
  const folder = dataFolder(settings, store, log);
  const lifecycle = createLifecycle({
    store: folder?.around(store) ?? store,
    source,
    demo,
    hub,
    sockets,
    http,
    log,
    onRefused,
  });

  return {
    start: async () => {
      await folder?.check();
      const { url } = await http.listen();
      log.info({ url, source: source.kind, store: store.kind, metrics: metrics.length }, 'serving');
      recorder.start();
      clockWatch.start();
      lifecycle.start();
      reloader.start();
    },
    reload: () => reloader.reload(),
    stop: async () => {
      reloader.stop();
      recorder.stop();
      clockWatch.stop();
      await lifecycle.stop();
      await fits.close();
      access.close();
      log.info({}, 'stopped');
    },
  };
}
