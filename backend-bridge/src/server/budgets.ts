import { FairGate } from '../domain/fair-gate';
import { MemoryBudget } from '../domain/memory-budget';
import { PendingConnections } from './pending-connections';

/** Limits that all HTTP and WebSocket clients share, divided fairly between principals (holder.ts). */
export interface Budgets {
  /** Queries, and histories of the original protocol. */
  readonly queries: FairGate;
  readonly ingest: FairGate;
  /** Calls that read topics to inspect them or check a mapping. */
  readonly inspections: FairGate;
  /** Status, its history and metrics: they answer while queries wait, and one caller leaves places for the next. */
  readonly observations: FairGate;
  /** Portions of long reads. */
  readonly turns: FairGate;
  /** Forecast fits. */
  readonly fits: FairGate;
  /** Memory of answers that are being built or sent. */
  readonly memory: MemoryBudget;
  readonly pending: PendingConnections;
}

export interface BudgetLimits {
  readonly maxConcurrentQueries: number;
  readonly maxConcurrentIngest: number;
  readonly forecastWorkers: number;
  /** Longest time a request may queue. */
  readonly maxQueueMs: number;
  readonly maxAnswerBytes: number;
  /** Unauthenticated connections. */
  readonly maxPending: number;
}

const BUDGET_LIMITS: BudgetLimits = {
  maxConcurrentQueries: 64,
  maxConcurrentIngest: 16,
  forecastWorkers: 2,
  maxQueueMs: 5_000,
  maxAnswerBytes: 134_217_728,
  maxPending: 1_000,
};

/** Queued requests per running one, so that a burst queues instead of failing. */
const WAITING = 4;
/** While one long read waits for its store, another one computes. */
const TURNS = 2;
/** Each reads megabytes of a topic. */
const INSPECTIONS = 2;
const OBSERVATIONS = 16;

export function createBudgets(given: Partial<BudgetLimits> = {}): Budgets {
  const limits = { ...BUDGET_LIMITS, ...given };
  const gate = (places: number, setting: string): FairGate =>
    new FairGate({ places, waiting: WAITING * places, maxWaitMs: limits.maxQueueMs, setting });
  return {
    queries: gate(limits.maxConcurrentQueries, 'limits.max_concurrent_queries'),
    ingest: gate(limits.maxConcurrentIngest, 'limits.max_concurrent_ingest'),
    inspections: gate(INSPECTIONS, 'limits.max_concurrent_queries'),
    observations: gate(OBSERVATIONS, 'limits.max_concurrent_queries'),
    // Fits queue as long as their request lives; the limit on queries bounds how many there are.
    fits: new FairGate({ places: limits.forecastWorkers, setting: 'limits.forecast_workers' }),
    turns: new FairGate({ places: TURNS, setting: 'limits.max_concurrent_queries' }),
    memory: new MemoryBudget(limits.maxAnswerBytes, 'limits.max_answer_bytes'),
    pending: new PendingConnections(limits.maxPending),
  };
}
