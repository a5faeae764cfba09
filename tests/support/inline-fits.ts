import type { QueryEngine } from '../../backend-bridge/src/domain/query-engine';
import type { SeriesStore } from '../../backend-bridge/src/domain/store';
import type { Clock } from '../../backend-bridge/src/domain/telemetry';
import { DirectReader } from '../../backend-bridge/src/forecast-service/closed-reader';
import { ClosedStepsCache } from '../../backend-bridge/src/forecast-service/closed-steps-cache';
import { fitSeries, type FitJob, type FittedSeries } from '../../backend-bridge/src/forecast-service/fit';
import type { Fits, NamedJob } from '../../backend-bridge/src/forecast-service/fit-pool';
import type { WeekForecast } from '../../backend-bridge/src/forecast/week-forecast';
import { ForecastService } from '../../backend-bridge/src/forecast-service/forecast-service';
import { BoundedCache } from '../../backend-bridge/src/forecast-service/bounded-cache';

/** Fits on the spot instead of in threads, for tests of what is around them. */
export class InlineFits implements Fits {
  readonly cache = new BoundedCache<WeekForecast>(64 * 1_048_576);
  readonly jobs: FitJob[] = [];

  async fit(jobs: readonly NamedJob[]): Promise<FittedSeries[]> {
    return jobs.map(({ job }) => {
      this.jobs.push(job);
      return fitSeries(structuredClone(job), this.cache, () => false);
    });
  }

  async close(): Promise<void> {}
}

/** Forecasts over an engine, without threads; with a store what it has read and answered before is cached. */
export function inlineForecasts(
  engine: QueryEngine,
  clock: Clock,
  store?: Pick<SeriesStore, 'subscribe' | 'epoch'>,
): ForecastService {
  const reader = store === undefined ? new DirectReader(engine) : new ClosedStepsCache(engine, store, 1e8);
  const limits = { maxSeries: 50, cacheBytes: store === undefined ? 0 : 1e8 };
  return new ForecastService(engine, reader, new InlineFits(), limits, clock);
}
