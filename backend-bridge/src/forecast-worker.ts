/** The entry of a worker thread that fits forecasts; forecast-service/fit-pool.ts starts it. */
import { parentPort, workerData } from 'node:worker_threads';
import type { FitWorkerData } from './forecast-service/fit-messages';
import { serveFits } from './forecast-service/fit-worker';

if (parentPort === null)
  throw new Error('forecast-worker.js is for worker threads: npm run bridge starts it');
serveFits(parentPort, workerData as FitWorkerData);
