import type { MessagePort } from 'node:worker_threads';
import { FitCancelledError, fitSeries, type FittedSeries } from './fit';
import type { FitReply, FitRequest, FitWorkerData } from './fit-messages';
import type { WeekForecast } from '../forecast/week-forecast';
import { BoundedCache } from './bounded-cache';

/** Cached fits take a fraction of a millisecond: this many run in one turn. */
const TURN_MS = 20;

/** Worker thread: fits series one at a time and caches the results. */
export function serveFits(port: MessagePort, { cacheBytes }: FitWorkerData): void {
  const cache = new BoundedCache<WeekForecast>(cacheBytes);
  port.on('message', ({ id, jobs, cancel }: FitRequest) => {
    const flag = new Int32Array(cancel);
    const isCancelled = (): boolean => Atomics.load(flag, 0) !== 0;
    const reply = (message: FitReply, moved: ArrayBuffer[] = []): void => port.postMessage(message, moved);
    try {
      const fitted: FittedSeries[] = [];
      const turnEnds = performance.now() + TURN_MS;
      for (const job of jobs) {
        fitted.push(fitSeries(job, cache, isCancelled));
        if (performance.now() >= turnEnds) break;
      }
      reply({ id, fitted }, fitted.flatMap(buffersOf));
    } catch (error) {
      if (error instanceof FitCancelledError) reply({ id, cancelled: true });
      else reply({ id, fault: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
}

function buffersOf({ actual, expected, lower, upper, score }: FittedSeries): ArrayBuffer[] {
  return [actual, expected, lower, upper, score].map(({ buffer }) => buffer as ArrayBuffer);
}
