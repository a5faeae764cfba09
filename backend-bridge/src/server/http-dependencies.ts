import type { Metric } from '../domain/metric';
import type { EventsAnswer, QueryAnswer, SummaryAnswer } from '../domain/query-answer';
import type { Filter, Query } from '../domain/selection';
import type { Ingest, Source } from '../domain/source';
import type { SeriesStore } from '../domain/store';
import type { Log } from '../domain/telemetry';
import type { Access } from './access';
import type { EventsRequest } from './wire-mapping';

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
  readonly maxConcurrentQueries: number;
}

/** The part of the query engine that HTTP calls. `tenant`: the caller's fixed filters. */
export interface HttpEngine {
  query(query: Query, tenant: readonly Filter[]): Promise<QueryAnswer>;
  summary(query: Query, tenant: readonly Filter[]): Promise<SummaryAnswer>;
  events(request: EventsRequest, tenant: readonly Filter[]): Promise<EventsAnswer>;
  dimensionValues(
    metric: string,
    dimension: string,
    range: { fromMs?: number; toMs?: number; prefix?: string; limit: number },
    tenant: readonly Filter[],
  ): Promise<{ readonly values: readonly string[]; readonly truncated: boolean }>;
  /** The metrics that the caller may see. */
  catalogue(tenant: readonly Filter[]): readonly Metric[];
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
  /** Null where the source is Kafka. */
  readonly ingest: Ingest | null;
  readonly source: Source;
  readonly store: SeriesStore;
  readonly access: Access;
  readonly metricsText: () => Promise<string>;
  /** The bridge's own version. */
  readonly version: string;
  readonly log: Log;
  readonly clients?: () => ClientCounts;
}
