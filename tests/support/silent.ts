import type { Log, Telemetry } from '../../backend-bridge/src/domain/telemetry';

/** A log and telemetry for tests that look at neither. */

const silent = (): void => undefined;

export const silentLog: Log = { debug: silent, info: silent, warn: silent, error: silent };

export const silentTelemetry: Telemetry = {
  recordsRead: silent,
  pointsWritten: silent,
  deadLetters: silent,
  lateEvents: silent,
  partitionLag: silent,
  topicRemoved: silent,
  storeLatency: silent,
  hopFailed: silent,
  clients: silent,
  queueBytes: silent,
  messagesDropped: silent,
  pointsConflated: silent,
  resyncs: silent,
};
