import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { WebSocket, WebSocketServer } from 'ws';
import { ALERTS, EVENTS, REVENUE } from '../fed-bridge/fed-metrics';
import { serveStore } from '../fed-bridge/serve-store';
import { writeTokens } from '../fed-bridge/tokens';
import { wellBehaved, type AskedRequest, type Misbehaviour } from './misbehaviour';
import { ScriptedStore } from './scripted-store';

/** The real servers over points that a test puts, behind a proxy that can hang, lie, drop and flood. */
export interface FakeBridge {
  readonly url: string;
  readonly points: ScriptedStore;
  readonly misbehaviour: Misbehaviour;
  /** Fields of /status in place of the real ones. */
  readonly status: Record<string, unknown>;
  /** Every HTTP request so far. */
  readonly asked: readonly AskedRequest[];
  /** Every WebSocket message of clients so far. */
  readonly received: readonly Readonly<Record<string, unknown>>[];
  /** Upgrades asked for so far, the Authorization header of each. */
  readonly upgrades: readonly (string | undefined)[];
  /** Open WebSocket connections. */
  connections(): number;
  /** Their subscriptions, each as its client asked for it. */
  subscriptions(): number;
  /** Metrics that the bridge no longer knows; their points are kept. */
  hide(...names: readonly string[]): void;
  /** Of the tokens that it was started with only these are accepted; connections of the others are closed. */
  setTokens(tokens: readonly string[]): void;
  /** Ends every WebSocket: with a code as a bridge does, or without a close frame. */
  drop(code?: number): void;
  /** Sends the same message to every connection, `times` times. */
  flood(message: object | string, times?: number): void;
  close(): Promise<void>;
}

export interface FakeBridgeOptions {
  readonly tokens?: readonly string[];
  /** PEM texts; with them it speaks TLS only. */
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly port?: number;
  readonly heartbeatMs?: number;
}

const METRICS = [EVENTS, ALERTS, REVENUE];

export async function startFakeBridge(options: FakeBridgeOptions = {}): Promise<FakeBridge> {
  const folder = mkdtempSync(join(tmpdir(), 'streamkpi-fake-'));
  const tokensFile = options.tokens === undefined ? null : join(folder, 'tokens.json');
  if (tokensFile !== null) {
    const scopes = ['read', 'observe'];
    writeTokens(
      tokensFile,
      options.tokens!.map((token, index) => ({ name: `token-${index}`, token, scopes })),
    );
  }
  const points = new ScriptedStore(METRICS);
  const served = await serveStore(points, {
    metrics: METRICS,
    clock: Date.now,
    port: 0,
    tokensFile,
    maxSeries: 1_000,
    webSocket: { heartbeatMs: options.heartbeatMs ?? 4_000 },
    status: () => ({ ready: true, failing: null, topics: [] }),
    faults: [],
  });
  const misbehaviour = wellBehaved();
  const status: Record<string, unknown> = {};
  const asked: AskedRequest[] = [];
  const received: Readonly<Record<string, unknown>>[] = [];
  const upgrades: (string | undefined)[] = [];
  const clients = new Map<WebSocket, string | undefined>();
  let tokens = options.tokens ?? [];
  const isWithdrawn = (header: string | undefined): boolean =>
    options.tokens?.some((token) => header === `Bearer ${token}` && !tokens.includes(token)) ?? false;

  const answer = async (request: AskedRequest): Promise<readonly [number, string, string]> => {
    const lie = misbehaviour.lie?.(request) ?? null;
    if (lie !== null) return [lie.status ?? 200, lie.type ?? 'application/json', lie.body];
    if (misbehaviour.original) return [426, 'text/plain', 'Upgrade Required'];
    const { method, path, body } = request;
    const { authorization, 'content-type': type } = request.headers as Record<string, string | undefined>;
    if (isWithdrawn(authorization)) return [401, 'application/json', WITHDRAWN];
    const real = await fetch(served.url + path, {
      method,
      headers: { ...(authorization && { authorization }), ...(type && { 'content-type': type }) },
      ...(body !== '' && { body }),
    });
    const told = await real.text();
    const altered =
      path === '/api/v1/status' && real.ok
        ? JSON.stringify({ ...(JSON.parse(told) as object), ...status })
        : told;
    return [real.status, real.headers.get('content-type') ?? '', altered];
  };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url: path = '', headers } = request;
    const one: AskedRequest = { method, path, headers, body: await text(request) };
    asked.push(one);
    if (misbehaviour.hang?.test(path) === true) return;
    if (misbehaviour.reset?.test(path) === true) {
      request.socket.resetAndDestroy();
      return;
    }
    const [code, type, body] = await answer(one);
    response.writeHead(code, { 'content-type': type }).end(body);
  };

  const server = options.tls ? createHttpsServer(options.tls) : createHttpServer();
  server.on('request', (request, response) => {
    // A bridge that is closed meanwhile answers nothing.
    handle(request, response).catch(() => request.socket.destroy());
  });
  const upgrader = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    const { authorization } = request.headers;
    upgrades.push(authorization);
    if (misbehaviour.refuseUpgrade !== null) {
      refuse(stream, misbehaviour.refuseUpgrade, 'text/html', '<html>no WebSocket here</html>');
      return;
    }
    if (isWithdrawn(authorization)) {
      refuse(stream, 401, 'application/json', WITHDRAWN);
      return;
    }
    const real = new WebSocket(served.url.replace('http', 'ws'), {
      perMessageDeflate: false,
      headers: { ...(authorization && { authorization }) },
    });
    real.on('error', () => stream.destroy());
    real.on('unexpected-response', (_, refusal: IncomingMessage) => {
      void text(refusal).then((body) =>
        refuse(stream, refusal.statusCode ?? 502, refusal.headers['content-type'] ?? '', body),
      );
    });
    real.on('open', () =>
      upgrader.handleUpgrade(request, stream, head, (client) => {
        clients.set(client, authorization);
        relay(client, real, misbehaviour, (message) => received.push(message));
        client.on('close', () => clients.delete(client));
      }),
    );
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    url: `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    points,
    misbehaviour,
    status,
    asked,
    received,
    upgrades,
    connections: () => clients.size,
    subscriptions: () => served.face.counts().subscriptions,
    hide: (...names) => served.engine.useMetrics(METRICS.filter(({ name }) => !names.includes(name))),
    setTokens: (list) => {
      tokens = list;
      for (const [client, header] of clients) {
        if (isWithdrawn(header)) client.close(4401, 'the token was withdrawn');
      }
    },
    drop: (code) => {
      for (const client of clients.keys()) {
        if (code === undefined) client.terminate();
        else client.close(code, 'as the test says');
      }
    },
    flood: (message, times = 1) => {
      const sent = typeof message === 'string' ? message : JSON.stringify(message);
      for (const client of clients.keys()) for (let i = 0; i < times; i += 1) client.send(sent);
    },
    close: async () => {
      for (const client of clients.keys()) client.terminate();
      upgrader.close();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      await served.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const WITHDRAWN = JSON.stringify({
  error: { code: 'unauthenticated', message: 'The token is not valid.', retryable: false, details: {} },
});

/** Hands messages on in both directions, as the misbehaviour of the moment lets them. */
function relay(
  client: WebSocket,
  real: WebSocket,
  misbehaviour: Misbehaviour,
  onMessage: (message: Readonly<Record<string, unknown>>) => void,
): void {
  client.on('message', (data: Buffer) => {
    const sent = data.toString();
    if (sent.startsWith('{')) onMessage(JSON.parse(sent) as Record<string, unknown>);
    real.send(sent);
  });
  client.on('close', () => real.terminate());
  client.on('error', () => real.terminate());
  real.on('message', (data: Buffer) => {
    if (misbehaviour.mute) return;
    const message = JSON.parse(data.toString()) as Record<string, unknown>;
    const isUpdate = /_update$/.test(String(message['type']));
    client.send(JSON.stringify((isUpdate && misbehaviour.update?.(message)) || message));
  });
  // 1005 and 1006 stand for an end without a code.
  real.on('close', (code) => (code === 1005 || code === 1006 ? client.terminate() : client.close(code)));
}

function refuse(stream: Duplex, status: number, type: string, body: string): void {
  stream.end(
    `HTTP/1.1 ${status} Refused\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
}
