import { FairGate } from '../domain/fair-gate';
import { MemoryBudget } from '../domain/memory-budget';
import { PendingConnections } from './pending-connections';

/** What all clients share, over HTTP and WebSocket; each principal (holder.ts) has its share of it. */
export interface Budgets {
  /** Queries, and histories of the original protocol. */
  readonly queries: FairGate;
  readonly ingest: FairGate;
  /** Portions of long readings. */
  readonly turns: FairGate;
  /** Series that are fitted for forecasts. */
  readonly fits: FairGate;
  /** Answers while they are made and sent. */
  readonly memory: MemoryBudget;
  readonly pending: PendingConnections;
}

export interface BudgetLimits {
  readonly maxConcurrentQueries: number;
  readonly maxConcurrentIngest: number;
  readonly forecastWorkers: number;
  /** How long a request waits for a place. */
  readonly maxQueueMs: number;
  readonly maxAnswerBytes: number;
  /** Connections that have not shown a valid token. */
  readonly maxPending: number;
}

export const BUDGET_LIMITS: BudgetLimits = {
  maxConcurrentQueries: 64,
  maxConcurrentIngest: 16,
  forecastWorkers: 2,
  maxQueueMs: 5_000,
  maxAnswerBytes: 134_217_728,
  maxPending: 1_000,
};

/** Requests that may wait, for each that runs: bursts of one client wait rather than fail. */
const WAITING = 4;
/** While one long reading waits for its store, another one computes. */
const TURNS = 2;

export function createBudgets(given: Partial<BudgetLimits> = {}): Budgets {
  const limits = { ...BUDGET_LIMITS, ...given };
  const gate = (places: number, setting: string): FairGate =>
    new FairGate({ places, waiting: WAITING * places, maxWaitMs: limits.maxQueueMs, setting });
  return {
    queries: gate(limits.maxConcurrentQueries, 'limits.max_concurrent_queries'),
    ingest: gate(limits.maxConcurrentIngest, 'limits.max_concurrent_ingest'),
    // Requests wait for their fits as long as their callers do: how many there are is the queries' bound.
    fits: new FairGate({ places: limits.forecastWorkers, setting: 'limits.forecast_workers' }),
    turns: new FairGate({ places: TURNS, setting: 'limits.max_concurrent_queries' }),
    memory: new MemoryBudget(limits.maxAnswerBytes, 'limits.max_answer_bytes'),
    pending: new PendingConnections(limits.maxPending),
  };
}
