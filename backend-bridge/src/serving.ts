import type { Forecasts } from './domain/forecasting';
import type { Metric } from './domain/metric';
import type { QueryEngine } from './domain/query-engine';
import type { Telemetry } from './domain/telemetry';
import { createLiveHub, type LiveHub, type LiveHubOptions } from './live/hub';
import type { HttpDependencies, HttpEngine, HttpServerOptions } from './server/http-dependencies';
import { createHttpServer, type HttpServer } from './server/http-server';
import { attachWebSocket, type WebSocketFace } from './server/websocket';
import type { WebSocketOptions } from './server/websocket-dependencies';

export interface ServingDependencies extends Omit<
  HttpDependencies,
  'options' | 'clients' | 'engine' | 'forecasts'
> {
  readonly engine: QueryEngine;
  /** Answers HTTP in place of the engine. */
  readonly httpEngine?: HttpEngine;
  readonly forecasts: Forecasts;
  readonly metrics: readonly Metric[];
  readonly telemetry: Telemetry;
  readonly options: {
    readonly http: HttpServerOptions;
    readonly live: LiveHubOptions;
    readonly webSocket?: Partial<WebSocketOptions>;
  };
}

export interface Serving {
  readonly hub: LiveHub;
  readonly http: HttpServer;
  readonly sockets: WebSocketFace;
}

/** Live hub, HTTP server and WebSocket server over one query engine, with shared budgets. Starts none of them. */
export function createServing(dependencies: ServingDependencies): Serving {
  const { engine, httpEngine = engine, budgets, options } = dependencies;
  const { memory, turns } = budgets;
  const hub = createLiveHub({ ...dependencies, memory, turns, options: options.live });
  const http = createHttpServer({
    ...dependencies,
    engine: httpEngine,
    options: options.http,
    clients: () => sockets.counts(),
  });
  const sockets = attachWebSocket(http.server, {
    ...dependencies,
    hub,
    options: options.webSocket ?? {},
  });
  return { hub, http, sockets };
}
