import type { Hop } from './errors';

/** What rooms count and measure; observability/ turns it into Prometheus metrics. */
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
  storeLatency(operation: string, seconds: number): void;
  hopFailed(hop: Hop): void;
  clients(count: number): void;
  queueBytes(bytes: number): void;
  messagesDropped(count: number): void;
  pointsConflated(count: number): void;
  resyncs(reason: string): void;
}

/** Structured log; the object's keys are fields. Never given a secret. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * The time of day, so that tests can stand still: integer milliseconds UTC. Only for what event times are compared
 * with. It may be set back and forth while the process runs, so nothing is measured by it: see MonotonicClock.
 */
export type Clock = () => number;

/** For durations: milliseconds since an arbitrary moment, `performance.now()` outside of tests. Never goes back. */
export type MonotonicClock = () => number;
