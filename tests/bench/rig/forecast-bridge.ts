import { join } from 'node:path';
import type { QueryEngine } from '../../../backend-bridge/src/domain/query-engine';
import { FairGate } from '../../../backend-bridge/src/domain/fair-gate';
import { ClosedStepsCache } from '../../../backend-bridge/src/forecast-service/closed-steps-cache';
import { FitPool } from '../../../backend-bridge/src/forecast-service/fit-pool';
import { ForecastService } from '../../../backend-bridge/src/forecast-service/forecast-service';
import { createLmdbStore } from '../../../backend-bridge/src/lmdb/lmdb-store';
import { shopCounts } from '../../../backend-bridge/src/forecast/series.test-support';
import { Feed } from '../../support/fed-bridge/feed';
import { faultLog, serveStore } from '../../support/fed-bridge/serve-store';
import { measureOf, metricOf } from '../../support/sample-metrics';
import type { Endings } from '../scenario';
import { temporaryFolder } from './bridge';
import { silentTelemetry } from '../../support/silent';

const STEP_MS = 300_000;
const DAY_MS = 86_400_000;
/** All that a forecast learns from. */
const DAYS = 8 * 7;
const WORKERS = 2;
/** As the settings have it. */
const CACHE_BYTES = 134_217_728;

export interface ForecastBridge {
  readonly url: string;
  readonly metric: string;
  /** The first step that has not closed. */
  readonly openMs: number;
}

/** The servers of a bridge over LMDB with eight weeks of 5-minute windows, its fits in worker threads as in app.ts. */
export async function startForecastBridge(series: number, endings: Endings): Promise<ForecastBridge> {
  const metric = metricOf({
    name: 'forecast',
    window: { type: 'tumbling', sizeMs: STEP_MS, advanceMs: STEP_MS, gapMs: 0, graceMs: 0 },
    dimensions: [{ name: 'series', title: '', description: '' }],
    measures: [measureOf('value')],
    retentionMs: (DAYS + 4) * DAY_MS,
  });
  const faults: string[] = [];
  const clock = Date.now;
  const tools = { log: faultLog(faults), telemetry: silentTelemetry, clock };
  const store = createLmdbStore({ path: join(temporaryFolder(endings), 'store') }, [metric], tools);
  await store.start();
  endings.add(() => store.close());
  const openMs = Math.floor(Date.now() / STEP_MS) * STEP_MS;
  const startMs = openMs - DAYS * DAY_MS;
  const feed = new Feed(() => store);
  for (let one = 0; one < series; one += 1) {
    const { values } = shopCounts({ stepMs: STEP_MS, days: DAYS, startMs, seed: one + 1 });
    const points = Array.from(values, (value, row) => ({
      values: [`series ${one}`],
      startMs: startMs + row * STEP_MS,
      measures: [value],
    }));
    await feed.write(metric, points, openMs);
  }
  const fits = new FitPool(
    {
      workerFile: join(process.cwd(), 'backend-bridge/dist/forecast-worker.js'),
      workers: WORKERS,
      cacheBytes: (CACHE_BYTES * 5) / 8,
    },
    new FairGate({ places: WORKERS, setting: 'limits.forecast_workers' }),
  );
  endings.add(() => fits.close());
  const served = await serveStore(store, {
    metrics: [metric],
    clock,
    port: 0,
    tokensFile: null,
    maxSeries: 1_000,
    slow: { before: async () => {}, after: async () => {} },
    status: () => ({ ready: true, failing: null, topics: [] }),
    faults,
    forecasts: (engine: QueryEngine) => {
      const steps = new ClosedStepsCache(engine, store, CACHE_BYTES / 4);
      return new ForecastService(
        engine,
        steps,
        fits,
        { maxSeries: series, cacheBytes: CACHE_BYTES / 8 },
        clock,
      );
    },
  });
  endings.add(() => served.stop());
  return { url: served.url, metric: metric.name, openMs };
}
