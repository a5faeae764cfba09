import type { Access } from './access';
import type { Budgets } from './budgets';
import type { LongMessages } from './long-messages';
import type { MessageRateLimits } from './message-rate';
import type { ClientMessages } from './websocket-messages';
import type { Forecasts } from '../domain/forecasting';
import type { SeriesStore } from '../domain/store';
import type { Clock, Log, Telemetry } from '../domain/telemetry';
import type { LiveHub } from '../live/hub';
import type { LiveEngine } from '../live/live-engine';

/** WebSocket limits and timeouts, in milliseconds. */
export interface WebSocketOptions extends MessageRateLimits {
  readonly maxClients: number;
  readonly maxSubscriptions: number;
  readonly maxMessageBytes: number;
  readonly bufferBytes: number;
  readonly slowClientTimeoutMs: number;
  readonly authenticateWithinMs: number;
  readonly heartbeatMs: number;
  /** Ping interval; a client that has not answered by the next ping is disconnected. */
  readonly pingMs: number;
  /** Close handshake timeout. */
  readonly closeWithinMs: number;
  /** Most points in one historical_data. */
  readonly maxHistoryPoints: number;
}

export const WEBSOCKET_OPTIONS: WebSocketOptions = {
  maxClients: 10_000,
  maxSubscriptions: 200,
  maxMessageBytes: 65_536,
  bufferBytes: 1_048_576,
  slowClientTimeoutMs: 30_000,
  authenticateWithinMs: 5_000,
  heartbeatMs: 4_000,
  pingMs: 20_000,
  closeWithinMs: 10_000,
  maxHistoryPoints: 100_000,
  perSecond: 50,
  burst: 200,
  refusedAMinute: 1_000,
};

/** Dependencies of every connection. */
export interface WebSocketDependencies {
  readonly hub: LiveHub;
  readonly engine: LiveEngine;
  readonly forecasts: Pick<Forecasts, 'prepare'>;
  readonly store: SeriesStore;
  readonly access: Access;
  readonly messages: ClientMessages;
  /** Shared with HTTP. */
  readonly budgets: Budgets;
  readonly longMessages: LongMessages;
  readonly options: WebSocketOptions;
  readonly log: Log;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
}
