import { Worker } from 'node:worker_threads';
import { RequestError } from '../domain/errors';
import type { FairGate } from '../domain/fair-gate';
import type { RequestScope } from '../domain/request-scope';
import type { FitJob, FittedSeries } from './fit';
import type { FitReply, FitRequest, FitWorkerData } from './fit-messages';

/** A series to fit. */
export interface NamedJob {
  /** The same text for the same series: it goes where its weeks are cached. */
  readonly series: string;
  readonly job: FitJob;
}

/** Where series are fitted. */
export interface Fits {
  /**
   * Fits series, in turns with other requests; the results are in the jobs' order. Rejects with the signal's reason where
   * the caller is gone; the request's place is free once the work has really ended.
   */
  fit(jobs: readonly NamedJob[], scope: RequestScope): Promise<FittedSeries[]>;
  close(): Promise<void>;
}

export interface FitPoolOptions {
  /** The built forecast-worker.js. */
  readonly workerFile: string;
  readonly workers: number;
  /** Memory of all caches together. */
  readonly cacheBytes: number;
}

interface Waiting {
  readonly resolve: (reply: FitReply) => void;
  readonly reject: (error: Error) => void;
}

/** A bounded number of worker threads, each started with its first series; one that fails is started again. */
export class FitPool implements Fits {
  private readonly threads: FitThread[];

  /** @param turns has as many places as there are workers; shares them fairly among holders */
  constructor(
    options: FitPoolOptions,
    private readonly turns: FairGate,
  ) {
    const data = { cacheBytes: Math.floor(options.cacheBytes / options.workers) };
    this.threads = Array.from({ length: options.workers }, () => new FitThread(options.workerFile, data));
  }

  async fit(jobs: readonly NamedJob[], scope: RequestScope): Promise<FittedSeries[]> {
    const results: FittedSeries[] = [];
    const rows = jobs.map(({ series }) => slotOf(series, this.threads.length));
    const failed = { yet: false };
    await Promise.all(
      this.threads.map(async (thread, slot) => {
        const own = jobs.flatMap(({ job }, row) => (rows[row] === slot ? [{ job, row }] : []));
        while (own.length > 0 && !failed.yet) {
          try {
            const fitted = await this.turn(
              thread,
              own.map(({ job }) => job),
              scope,
            );
            fitted.forEach((one, index) => (results[own[index]!.row] = one));
            own.splice(0, fitted.length);
          } catch (error) {
            failed.yet = true;
            throw error;
          }
        }
      }),
    );
    return results;
  }

  private turn(thread: FitThread, jobs: readonly FitJob[], { holder, signal }: RequestScope) {
    return this.turns.run(holder, signal, () => thread.fit(jobs, signal));
  }

  /** Threads that run now. */
  get threadCount(): number {
    return this.threads.filter(({ running }) => running).length;
  }

  async close(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.close()));
  }
}

class FitThread {
  private worker: Worker | null = null;
  private closed = false;
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;

  get running(): boolean {
    return this.worker !== null;
  }

  constructor(
    private readonly file: string,
    private readonly data: FitWorkerData,
  ) {}

  /** Fits the first of the jobs, at least one. */
  async fit(jobs: readonly FitJob[], signal: AbortSignal): Promise<readonly FittedSeries[]> {
    signal.throwIfAborted();
    if (this.closed) throw stopping();
    const cancel = new SharedArrayBuffer(4);
    const onAbort = (): void => void Atomics.store(new Int32Array(cancel), 0, 1);
    signal.addEventListener('abort', onAbort);
    try {
      const reply = await this.ask({ id: ++this.lastId, jobs, cancel });
      signal.throwIfAborted();
      if ('fitted' in reply) return reply.fitted;
      throw new Error('fault' in reply ? reply.fault : 'a fit was cancelled by nobody');
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    const { worker } = this;
    if (worker === null) return;
    this.failed(worker, stopping());
    await worker.terminate();
  }

  private ask(request: FitRequest): Promise<FitReply> {
    return new Promise((resolve, reject) => {
      this.waiting.set(request.id, { resolve, reject });
      this.worker ??= this.start();
      this.worker.postMessage(request);
    });
  }

  private start(): Worker {
    const worker = new Worker(this.file, { workerData: this.data });
    worker.unref();
    worker.on('message', (reply: FitReply) => {
      this.waiting.get(reply.id)?.resolve(reply);
      this.waiting.delete(reply.id);
    });
    worker.on('error', (error: Error) => this.failed(worker, error));
    worker.on('exit', () => this.failed(worker, new Error('the forecast worker has ended')));
    return worker;
  }

  private failed(worker: Worker, error: Error): void {
    if (this.worker !== worker) return;
    this.worker = null;
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}

function stopping(): RequestError {
  return new RequestError('overloaded', 'The bridge is stopping; try again in a moment', {}, true);
}

/** FNV-1a; which worker a series goes to matters to nothing but its cache. */
function slotOf(text: string, slots: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash % slots;
}
