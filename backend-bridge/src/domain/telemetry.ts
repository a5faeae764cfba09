import type { Hop } from './errors';

/** Port for telemetry; observability/ exports it as Prometheus metrics. */
export interface Telemetry {
  recordsRead(topic: string, count: number): void;
  pointsWritten(
    metric: string,
    outcome: 'accepted' | 'ignored' | 'expired' | 'corrected' | 'conflict' | 'over_cap',
    count: number,
  ): void;
  deadLetters(topic: string, reason: string, count: number): void;
  lateEvents(metric: string, count: number): void;
  partitionLag(topic: string, partition: number, lag: number): void;
  /** The topic is read no longer: it has no lag. */
  topicRemoved(topic: string, partitions: number): void;
  storeLatency(operation: string, seconds: number): void;
  hopFailed(hop: Hop): void;
  clients(count: number): void;
  queueBytes(bytes: number): void;
  messagesDropped(count: number): void;
  pointsConflated(count: number): void;
  resyncs(reason: string): void;
}

/** Structured log; the object's keys are fields. Never logs secrets. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * The time of day in integer milliseconds UTC, injectable for tests. Only for comparison with event times. May jump
 * while the process runs, so durations are measured with a MonotonicClock.
 */
export type Clock = () => number;

/** For durations: milliseconds since an arbitrary moment, `performance.now()` outside of tests. Never goes back. */
export type MonotonicClock = () => number;
