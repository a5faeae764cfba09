import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { RequestError, StartRefusedError } from '../domain/errors';
import { ApiContract } from './api-contract';
import { forecastRoutes } from './forecast-routes';
import { guardRequests } from './request-guards';
import type { HttpDependencies } from './http-dependencies';
import { ingestRoutes } from './ingest-routes';
import { inspectRoutes } from './inspect-routes';
import { LoopWatch } from './loop-watch';
import { operationsRoutes } from './operations-routes';
import { queryRoutes } from './query-routes';
import { Readiness } from './readiness';
import { errorBody, refusalFor, retryAfterSeconds, STATUS_OF } from './refusals';

const QUERY_BODY_BYTES = 1_048_576;
/** Idle timeout of HTTP connections; WebSockets have their own heartbeat. */
const IDLE_MS = 60_000;
const REQUEST_MS = 30_000;
/** How often requests that are overdue are looked for. */
const CHECK_MS = 1_000;
const CLOSE_MS = 4_000;
/**
 * Connections that the kernel keeps until they are accepted; Linux allows as many. Past Node's default of 511, as when
 * all clients come back after a restart, a connection waits a second or more for its next attempt.
 */
const BACKLOG = 4_096;
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

export interface HttpServer {
  /** For the WebSocket's `upgrade` event. */
  readonly server: Server;
  /** Binds. Rejects with StartRefusedError when the address cannot be bound. */
  listen(): Promise<{ readonly host: string; readonly port: number; readonly url: string }>;
  /** Stops accepting requests, finishes those in flight, and closes what is left after four seconds. */
  close(): Promise<void>;
}

/** The HTTP API of api/openapi.yaml. Throws StartRefusedError for unusable TLS files. */
export function createHttpServer(dependencies: HttpDependencies): HttpServer {
  const { options, log } = dependencies;
  const tls = tlsFiles(options);
  const patience = {
    headersTimeout: options.headerTimeoutMs,
    handshakeTimeout: options.headerTimeoutMs,
    connectionsCheckingInterval: CHECK_MS,
  };
  const app = Fastify({
    ...(tls ? { https: { ...tls, ...patience } } : { http: patience }),
    logger: false,
    bodyLimit: Math.min(QUERY_BODY_BYTES, options.maxBodyBytes),
    connectionTimeout: IDLE_MS,
    requestTimeout: Math.max(REQUEST_MS, options.headerTimeoutMs),
    return503OnClosing: false,
    routerOptions: { maxParamLength: 4_096 },
    frameworkErrors: (error, _request, reply) => void refuse(reply, refusalFor(error)),
    clientErrorHandler: answerBrokenRequest,
  }) as unknown as FastifyInstance;
  // With TLS they count before their handshake, too.
  app.server.on('connection', (socket: Socket) => dependencies.budgets.pending.add(socket));
  const watch = new LoopWatch();

  app.removeContentTypeParser('text/plain');
  app.setErrorHandler((error, request, reply) => {
    const refusal = refusalFor(error);
    // An aborted request is not a failure.
    const cancelled = reply.raw.destroyed && (error as Error).name === 'AbortError';
    if (refusal.code === 'internal' && !cancelled) {
      log.error({ err: error, method: request.method, route: request.routeOptions.url }, 'a request failed');
    }
    // The rest of a refused body is not read.
    if (!request.raw.complete) void reply.header('connection', 'close');
    return refuse(reply, refusal);
  });
  app.setNotFoundHandler((request, reply) =>
    refuse(
      reply,
      new RequestError(
        'not_found',
        `There is no ${request.method} ${request.url.split('?')[0]!.slice(0, 200)}`,
      ),
    ),
  );
  const routes = routesOf(app);
  guardRequests(app, dependencies);
  const contract = new ApiContract();
  const { source, store, clockState, storeFault } = dependencies;
  const readiness = new Readiness(source, store, clockState, storeFault);
  queryRoutes(app, dependencies, contract);
  forecastRoutes(app, dependencies, contract);
  ingestRoutes(app, dependencies, contract);
  inspectRoutes(app, dependencies, contract);
  operationsRoutes(app, dependencies, contract, readiness, watch);
  refuseOtherMethods(app, routes);

  return {
    server: app.server,
    listen: async () => {
      const host = options.host === 'localhost' ? '127.0.0.1' : options.host;
      try {
        await app.listen({ host, port: options.port, backlog: BACKLOG });
      } catch (error) {
        throw new StartRefusedError(listenFault(error as NodeJS.ErrnoException, host, options.port), {
          cause: error,
        });
      }
      const { port } = app.server.address() as AddressInfo;
      const name = host.includes(':') ? `[${host}]` : host;
      return { host, port, url: `${tls ? 'https' : 'http'}://${name}:${port}` };
    },
    close: async () => {
      watch.close();
      const cut = setTimeout(() => app.server.closeAllConnections(), CLOSE_MS);
      try {
        await app.close();
      } finally {
        clearTimeout(cut);
      }
    },
  };
}

function refuse(reply: FastifyReply, refusal: RequestError): FastifyReply {
  const body = errorBody(refusal);
  const seconds = retryAfterSeconds(refusal.code);
  if (seconds !== undefined) void reply.header('retry-after', seconds);
  if (refusal.code === 'unauthenticated') void reply.header('www-authenticate', 'Bearer');
  return reply
    .code(STATUS_OF[refusal.code])
    .header('cache-control', 'no-store')
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(body));
}

/** Method by path, as routes are added. */
function routesOf(app: FastifyInstance): Map<string, Set<string>> {
  const routes = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const known = routes.get(url) ?? new Set<string>();
    routes.set(url, known);
    for (const one of [method].flat()) known.add(one);
  });
  return routes;
}

function refuseOtherMethods(app: FastifyInstance, routes: ReadonlyMap<string, ReadonlySet<string>>): void {
  for (const [url, known] of [...routes]) {
    const allowed = [...known].sort();
    app.route({
      url,
      method: METHODS.filter((method) => !known.has(method)),
      // Before the body is read, as it would be refused anyway.
      onRequest: async (request, reply) => {
        void reply.header('allow', allowed.join(', '));
        throw new RequestError(
          'method_not_allowed',
          `${request.method} is not possible here; use ${allowed.join(' or ')}`,
        );
      },
      handler: () => undefined,
    });
  }
}

/** Answers bytes that are not HTTP on the raw socket, and closes it. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, message] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ['431 Request Header Fields Too Large', 'The headers are too large']
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['408 Request Timeout', 'The request was not received in time']
        : ['400 Bad Request', 'Not a valid HTTP request'];
  const body = JSON.stringify(errorBody(new RequestError('bad_request', message)));
  socket.write(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
  // A client that keeps sending would hold its half of the connection open, and with it the place of its request.
  socket.destroySoon();
}

function tlsFiles(options: HttpDependencies['options']): { cert: Buffer; key: Buffer } | undefined {
  const { tlsCertFile, tlsKeyFile } = options;
  if (tlsCertFile === undefined && tlsKeyFile === undefined) return undefined;
  if (tlsCertFile === undefined || tlsKeyFile === undefined) {
    throw new StartRefusedError('TLS needs both files: set tls_cert_file and tls_key_file, or neither');
  }
  try {
    const files = { cert: readFileSync(tlsCertFile), key: readFileSync(tlsKeyFile) };
    // Invalid PEM or a key of another certificate must be reported at start.
    createSecureContext(files);
    return files;
  } catch (error) {
    throw new StartRefusedError(
      `tls_cert_file, tls_key_file: ${(error as Error).message}; give a certificate and its key as readable PEM files`,
      {
        cause: error,
      },
    );
  }
}

function listenFault(error: NodeJS.ErrnoException, host: string, port: number): string {
  if (error.code === 'EADDRINUSE') {
    return `Port ${port} on ${host} is in use; stop the other process or set BRIDGE_PORT`;
  }
  if (error.code === 'EACCES')
    return `Port ${port} needs privileges that this user lacks; set BRIDGE_PORT above 1023`;
  return `Cannot serve on ${host}:${port}: ${error.message}; correct BRIDGE_HOST or BRIDGE_PORT`;
}
