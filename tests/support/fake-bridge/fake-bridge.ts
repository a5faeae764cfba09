import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { FakeAnswers } from './fake-answers';
import { handleRequest } from './fake-http';
import { FakePoints, type FakeMetric } from './fake-points';
import { FakeSocket, type Sent } from './fake-socket';
import { wellBehaved, type AskedRequest, type Misbehaviour } from './misbehaviour';

/**
 * A bridge that keeps the contract unless a test scripts otherwise, over points that a test scripts, and that can hang,
 * lie, drop and flood. tests/contract/fake-bridge.test.ts holds it to what the real one is held to.
 */
export interface FakeBridge {
  readonly url: string;
  readonly points: FakePoints;
  readonly answers: FakeAnswers;
  readonly misbehaviour: Misbehaviour;
  /** Every HTTP request so far. */
  readonly asked: readonly AskedRequest[];
  /** Every WebSocket message of clients so far. */
  readonly received: readonly Readonly<Record<string, unknown>>[];
  /** Upgrades asked for so far, the Authorization header of each. */
  readonly upgrades: readonly (string | undefined)[];
  /** WebSocket connections that stand now. */
  connections(): number;
  /** Their subscriptions, each as its client asked for it. */
  subscriptions(): number;
  /** Only these are let in; null: everybody. Those that are in and no longer on the list are put out. */
  setTokens(tokens: readonly string[] | null): void;
  /** Ends every WebSocket: with a code as a bridge does, or without a word. */
  drop(code?: number): void;
  /** Tells every subscription that something may have been missed. */
  resync(reason: string): void;
  /** Sends the same message to every connection, `times` times. */
  flood(message: Sent | string, times?: number): void;
  close(): Promise<void>;
}

export interface FakeBridgeOptions {
  readonly metrics?: readonly FakeMetric[];
  readonly tokens?: readonly string[];
  /** PEM texts; with them it speaks TLS only. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string };
  readonly port?: number;
  readonly heartbeatMs?: number;
}

const FAKE_METRICS: readonly FakeMetric[] = [
  { name: 'events_per_minute', dimensions: ['segment'] },
  {
    name: 'revenue_per_minute',
    dimensions: ['segment'],
    measures: { value: 'currencyUSD', transaction_count: 'short' },
  },
  {
    name: 'high_activity_alert',
    dimensions: ['user_id'],
    windowMs: 300_000,
    graceMs: 60_000,
    event: { severity: 'warning', message: 'High activity detected for user {user_id}: {value} events' },
  },
];

export async function startFakeBridge(options: FakeBridgeOptions = {}): Promise<FakeBridge> {
  const points = new FakePoints(options.metrics ?? FAKE_METRICS);
  const misbehaviour = wellBehaved();
  const asked: AskedRequest[] = [];
  const received: Readonly<Record<string, unknown>>[] = [];
  const upgrades: (string | undefined)[] = [];
  const sockets = new Set<FakeSocket>();
  const held = new Map<FakeSocket, string | undefined>();
  let tokens: readonly string[] | null = options.tokens ?? null;
  const subscriptions = (): number =>
    [...sockets].reduce((all, socket) => all + socket.subscriptions.size, 0);
  const answers = new FakeAnswers(points, () => ({
    connections: sockets.size,
    subscriptions: subscriptions(),
  }));
  const allowed = (header: string | undefined): boolean =>
    tokens === null || (header !== undefined && tokens.includes(header.replace(/^Bearer /, '')));

  const server = options.tls
    ? createHttpsServer({
        ...options.tls,
        ...(options.tls.ca && { requestCert: true, rejectUnauthorized: true }),
      })
    : createHttpServer();
  server.on('request', (request, response) =>
    handleRequest({ answers, misbehaviour, asked, allowed }, request, response),
  );
  const upgrader = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    const { authorization } = request.headers;
    upgrades.push(authorization);
    const { refuseUpgrade } = misbehaviour;
    if (refuseUpgrade !== null) {
      refuse(stream, refuseUpgrade, 'text/html', '<html>no WebSocket here</html>');
      return;
    }
    if (authorization !== undefined && !allowed(authorization)) {
      const error = {
        code: 'unauthenticated',
        message: 'The token is not valid.',
        retryable: false,
        details: {},
      };
      refuse(stream, 401, 'application/json', JSON.stringify({ error }));
      return;
    }
    upgrader.handleUpgrade(request, stream, head, (ws) => {
      const socket = new FakeSocket(
        ws,
        {
          points,
          answers,
          misbehaviour,
          heartbeatMs: options.heartbeatMs ?? 4_000,
          allowedToken: (token) => allowed(`Bearer ${token}`),
          received: (message) => received.push(message),
        },
        allowed(authorization),
      );
      sockets.add(socket);
      held.set(socket, authorization);
      ws.on('close', () => {
        sockets.delete(socket);
        held.delete(socket);
      });
    });
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    url: `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    points,
    answers,
    misbehaviour,
    asked,
    received,
    upgrades,
    connections: () => sockets.size,
    subscriptions,
    setTokens: (list) => {
      tokens = list;
      for (const [socket, header] of held)
        if (!allowed(header)) socket.ws.close(4401, 'the token was withdrawn');
    },
    drop: (code) => {
      for (const { ws } of sockets) {
        if (code === undefined) ws.terminate();
        else ws.close(code, 'told to');
      }
    },
    resync: (reason) => {
      for (const socket of sockets) socket.resync(reason);
    },
    flood: (message, times = 1) => {
      const text = typeof message === 'string' ? message : JSON.stringify(message);
      for (const { ws } of sockets) for (let i = 0; i < times; i += 1) ws.send(text);
    },
    close: async () => {
      for (const { ws } of sockets) ws.terminate();
      upgrader.close();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function refuse(stream: Duplex, status: number, type: string, body: string): void {
  stream.end(
    `HTTP/1.1 ${status} Refused\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
}
