import type { Forecasts } from '../domain/forecasting';
import type { QueryEngine } from '../domain/query-engine';
import type { Ingest, Source } from '../domain/source';
import type { StatusHistory } from '../domain/status-history';
import type { SeriesStore } from '../domain/store';
import type { Clock, Log } from '../domain/telemetry';
import type { BridgeClock } from '../domain/trusted-clock';
import type { Access } from './access';
import type { Budgets } from './budgets';

/** What the HTTP server is built from. */

export interface HttpServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly tlsCertFile?: string | undefined;
  readonly tlsKeyFile?: string | undefined;
  /** Largest body of an ingest request; the others have at most 1 MiB of it. */
  readonly maxBodyBytes: number;
  readonly maxIngestEvents: number;
  /** How long a request's head may take to arrive. */
  readonly headerTimeoutMs: number;
}

/** The part of the query engine that HTTP calls. */
export type HttpEngine = Pick<QueryEngine, 'catalogue' | 'dimensionValues' | 'query' | 'summary' | 'events'>;

/** What is known of clocks. */
export interface ClockState {
  /** Why this bridge's clock cannot be relied on, in a sentence; null: it can. */
  fault(): string | null;
  /** Other bridges on the same store whose clocks are wrong. */
  skewedBridges(): readonly BridgeClock[];
}

/** WebSocket clients in numbers, for /status. */
export interface ClientCounts {
  readonly connections: number;
  readonly subscriptions: number;
  readonly queuedBytes: number;
}

export interface HttpDependencies {
  readonly options: HttpServerOptions;
  readonly engine: HttpEngine;
  readonly forecasts: Pick<Forecasts, 'forecast' | 'backtest'>;
  /** Null where the source is Kafka. */
  readonly ingest: Ingest | null;
  readonly source: Source;
  readonly store: SeriesStore;
  readonly access: Access;
  /** Shared with the WebSocket. */
  readonly budgets: Budgets;
  readonly metricsText: () => Promise<string>;
  /** The bridge's own version. */
  readonly version: string;
  readonly log: Log;
  readonly clock: Clock;
  readonly clockState: ClockState;
  readonly clients?: () => ClientCounts;
  /** What the status said over time. */
  readonly history: StatusHistory;
}
