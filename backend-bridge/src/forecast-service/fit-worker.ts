import type { MessagePort } from 'node:worker_threads';
import { FitCancelledError, fitSeries } from './fit';
import type { FitReply, FitRequest, FitWorkerData } from './fit-messages';
import { WeekCache } from './week-cache';

/** The worker thread's side: fits what it is sent, one series after the other, and keeps what it has fitted. */
export function serveFits(port: MessagePort, { cacheBytes }: FitWorkerData): void {
  const cache = new WeekCache(cacheBytes);
  port.on('message', ({ id, job, cancel }: FitRequest) => {
    const flag = new Int32Array(cancel);
    const reply = (message: FitReply, moved: ArrayBuffer[] = []): void => port.postMessage(message, moved);
    try {
      const fitted = fitSeries(job, cache, () => Atomics.load(flag, 0) !== 0);
      const { actual, expected, lower, upper, score } = fitted;
      const columns = [actual, expected, lower, upper, score];
      reply(
        { id, fitted },
        columns.map(({ buffer }) => buffer as ArrayBuffer),
      );
    } catch (error) {
      if (error instanceof FitCancelledError) reply({ id, cancelled: true });
      else reply({ id, fault: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
}
