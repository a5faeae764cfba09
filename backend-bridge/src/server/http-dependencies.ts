import type { Forecasts } from '../domain/forecasting';
import type { Inspector } from '../domain/inspecting';
import type { QueryEngine } from '../domain/query-engine';
import type { Ingest, Source } from '../domain/source';
import type { ReloadStatus } from '../domain/reload-status';
import type { StatusHistory } from '../domain/status-history';
import type { SeriesStore } from '../domain/store';
import type { Clock, Log } from '../domain/telemetry';
import type { BridgeClock } from '../domain/trusted-clock';
import type { Access } from './access';
import type { Budgets } from './budgets';

/** Dependencies of the HTTP server. */

export interface HttpServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly tlsCertFile?: string | undefined;
  readonly tlsKeyFile?: string | undefined;
  /** Largest body of an ingest request; all others are limited to 1 MiB. */
  readonly maxBodyBytes: number;
  readonly maxIngestEvents: number;
  /** Timeout for receiving a request's headers. */
  readonly headerTimeoutMs: number;
}

/** The part of the query engine that HTTP calls. */
export type HttpEngine = Pick<QueryEngine, 'catalogue' | 'dimensionValues' | 'query' | 'summary' | 'events'>;

/** Clock faults, of this bridge and of others. */
export interface ClockState {
  /** Why this bridge's clock is unreliable, as a sentence; null when it is reliable. */
  fault(): string | null;
  /** Other bridges on the same store with wrong clocks. */
  skewedBridges(): readonly BridgeClock[];
}

/** WebSocket client counts for /status. */
export interface ClientCounts {
  readonly connections: number;
  readonly subscriptions: number;
  readonly queuedBytes: number;
}

export interface HttpDependencies {
  readonly options: HttpServerOptions;
  readonly engine: HttpEngine;
  readonly forecasts: Pick<Forecasts, 'forecast' | 'backtest'>;
  readonly inspector: Inspector;
  /** Null where the source is Kafka. */
  readonly ingest: Ingest | null;
  readonly source: Source;
  readonly store: SeriesStore;
  /** Why the store has not started yet; null: it has. */
  readonly storeFault?: () => Error | null;
  readonly access: Access;
  /** Shared with the WebSocket. */
  readonly budgets: Budgets;
  readonly metricsText: () => Promise<string>;
  /** Version of the bridge. */
  readonly version: string;
  readonly log: Log;
  readonly clock: Clock;
  readonly clockState: ClockState;
  readonly clients?: () => ClientCounts;
  /** Recorded status. */
  readonly history: StatusHistory;
  /** What became of the metrics file. */
  readonly configReload: () => ReloadStatus;
}
