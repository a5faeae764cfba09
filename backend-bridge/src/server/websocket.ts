import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws';
import type { Principal } from './access';
import { ignoreUpgrade } from './ignored-upgrade';
import { LongMessages } from './long-messages';
import { CLOSE, WebSocketClient } from './websocket-client';
import {
  WEBSOCKET_OPTIONS,
  type WebSocketDependencies,
  type WebSocketOptions,
} from './websocket-dependencies';
import { heartbeatFrame } from './websocket-heartbeat';
import { ClientMessages } from './websocket-messages';
import { within } from '../domain/deadline';
import { RequestError } from '../domain/errors';

export interface WebSocketServerDependencies extends Omit<
  WebSocketDependencies,
  'messages' | 'longMessages' | 'options'
> {
  readonly options?: Partial<WebSocketOptions>;
}

export interface WebSocketFace {
  counts(): { readonly connections: number; readonly subscriptions: number; readonly queuedBytes: number };
  /** Closes all clients with 1001, and terminates those still connected after `withinMs`. */
  close(withinMs: number): Promise<void>;
}

const TICK_MS = 1_000;
/** Of one message from a client. Each takes a hundred times its bytes, also of clients without a token yet. */
const MAX_FRAGMENTS = 64;
const MAX_CHUNKS = 1_024;

/** Serves the original and the extended protocol on `/` of an HTTP server. */
export function attachWebSocket(
  httpServer: Server,
  dependencies: WebSocketServerDependencies,
): WebSocketFace {
  return new WebSocketEntry(httpServer, dependencies);
}

class WebSocketEntry implements WebSocketFace {
  private readonly dependencies: WebSocketDependencies;
  private readonly wss: WebSocketServer;
  private readonly clients = new Set<WebSocketClient>();
  private readonly sockets = new Map<WebSocketClient, WebSocket>();
  private readonly ticker: NodeJS.Timeout;
  private readonly stopListening: () => void;
  private readonly onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void =>
    this.upgrade(request, socket, head);
  private closing = false;
  private lastHeartbeat = 0;
  private lastPing = 0;

  constructor(
    private readonly httpServer: Server,
    dependencies: WebSocketServerDependencies,
  ) {
    const options = { ...WEBSOCKET_OPTIONS, ...dependencies.options };
    this.dependencies = {
      ...dependencies,
      options,
      messages: new ClientMessages(),
      longMessages: new LongMessages(),
    };
    // Newer than the types of ws.
    const settings: ServerOptions & Record<'closeTimeout' | 'maxFragments' | 'maxBufferedChunks', number> = {
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: options.maxMessageBytes,
      closeTimeout: options.closeWithinMs,
      maxFragments: MAX_FRAGMENTS,
      maxBufferedChunks: MAX_CHUNKS,
    };
    this.wss = new WebSocketServer(settings);
    httpServer.on('upgrade', this.onUpgrade);
    this.stopListening = dependencies.access.onRevoked((principal) => this.revoke(principal));
    this.ticker = setInterval(() => this.tick(), TICK_MS);
    this.ticker.unref();
  }

  counts(): { connections: number; subscriptions: number; queuedBytes: number } {
    let subscriptions = 0;
    let queuedBytes = 0;
    for (const client of this.clients) {
      subscriptions += client.subscribed;
      queuedBytes += client.sendQueue.queuedBytes;
    }
    return { connections: this.clients.size, subscriptions, queuedBytes };
  }

  async close(withinMs: number): Promise<void> {
    if (this.closing) return;
    this.closing = true;
    clearInterval(this.ticker);
    this.stopListening();
    const left = [...this.sockets.values()].map(
      (ws) => new Promise<void>((resolve) => ws.once('close', () => resolve())),
    );
    for (const client of [...this.clients]) client.close(CLOSE.goingAway, null);
    await within(Promise.all(left), withinMs);
    for (const ws of this.sockets.values()) ws.terminate();
    this.httpServer.off('upgrade', this.onUpgrade);
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (!/websocket/i.test(request.headers.upgrade ?? '')) {
      ignoreUpgrade(this.httpServer, request, socket, head);
      return;
    }
    const path = (request.url ?? '/').split('?', 1)[0];
    if (path !== '/') {
      socket.on('error', () => socket.destroy());
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    const { authorization, origin, host } = request.headers;
    const address = request.socket.remoteAddress ?? '';
    this.wss.handleUpgrade(request, socket, head, (ws) => {
      ws.on('error', (error) => this.dependencies.log.debug({ err: error }, 'a client broke the protocol'));
      this.welcome(ws, request.socket, { authorization, origin, host, address });
    });
  }

  private welcome(
    ws: WebSocket,
    socket: Socket,
    from: {
      authorization: string | undefined;
      origin: string | undefined;
      host: string | undefined;
      address: string;
    },
  ): void {
    const { access } = this.dependencies;
    const client: WebSocketClient = new WebSocketClient(ws, socket, this.dependencies, from.address, () =>
      this.register(client, socket),
    );
    this.sockets.set(client, ws);
    ws.on('close', () => {
      this.sockets.delete(client);
      if (this.clients.delete(client)) this.dependencies.telemetry.clients(this.clients.size);
      client.end();
    });
    const refuse = (code: number, refusal: RequestError): void => client.close(code, refusal);
    if (this.closing) {
      client.close(CLOSE.goingAway, null);
    } else if (!access.hostAllowed(from.host)) {
      refuse(
        CLOSE.refused,
        new RequestError('host_refused', 'This Host is not allowed; add it to allowed_hosts'),
      );
    } else if (!access.originAllowed(from.origin)) {
      refuse(
        CLOSE.refused,
        new RequestError('origin_refused', 'This origin is not allowed; add it to allowed_origins'),
      );
    } else {
      this.admit(ws, socket, client, from);
    }
  }

  private admit(
    ws: WebSocket,
    socket: Socket,
    client: WebSocketClient,
    from: { authorization: string | undefined; address: string },
  ): void {
    const { access, options, budgets } = this.dependencies;
    ws.on('message', (data, isBinary) => client.onMessage(data, isBinary));
    ws.on('ping', () => client.onControlFrame());
    ws.on('pong', () => {
      client.alive = true;
      client.onControlFrame();
    });
    if (access.required && from.authorization === undefined) {
      budgets.pending.add(socket, () => {
        client.close(CLOSE.tooMany, tooMany('limits.max_unauthenticated'));
        socket.destroySoon();
      });
      const timer = setTimeout(() => {
        if (client.principal !== null) return;
        client.close(
          CLOSE.unauthenticated,
          new RequestError('unauthenticated', 'Authentication timed out; send authenticate first'),
        );
      }, options.authenticateWithinMs);
      timer.unref();
      ws.once('close', () => clearTimeout(timer));
      return;
    }
    const found = access.fromHeader(from.authorization, from.address);
    if ('code' in found) {
      const code = found.code === 'rate_limited' ? CLOSE.tooMany : CLOSE.unauthenticated;
      client.close(code, new RequestError(found.code, found.message, {}, found.code === 'rate_limited'));
    } else {
      client.open(found);
    }
  }

  /** Registers an authenticated client. False when there was no room and it was closed. */
  private register(client: WebSocketClient, socket: Socket): boolean {
    const { budgets, options, telemetry } = this.dependencies;
    budgets.pending.remove(socket);
    if (this.clients.size >= options.maxClients && !this.makeRoom(client.holder)) {
      client.close(CLOSE.tooMany, tooMany('limits.max_clients'));
      return false;
    }
    this.clients.add(client);
    telemetry.clients(this.clients.size);
    return true;
  }

  /**
   * Closes the newest client of the holder with the most clients, unless the newcomer's holder would then have as many.
   */
  private makeRoom(newcomer: string): boolean {
    const held = new Map<string, WebSocketClient[]>();
    for (const client of this.clients) {
      const others = held.get(client.holder);
      if (others === undefined) held.set(client.holder, [client]);
      else others.push(client);
    }
    let most: WebSocketClient[] = [];
    for (const clients of held.values()) if (clients.length > most.length) most = clients;
    if (most.length <= (held.get(newcomer)?.length ?? 0) + 1) return false;
    const newest = most.at(-1)!;
    this.clients.delete(newest);
    newest.close(CLOSE.tooMany, tooMany('limits.max_clients'));
    return true;
  }

  private revoke(principal: Principal): void {
    for (const client of [...this.clients]) {
      if (client.principal?.name !== principal.name) continue;
      client.close(
        CLOSE.unauthenticated,
        new RequestError('unauthenticated', 'The token was revoked; connect with another one'),
      );
    }
  }

  private tick(): void {
    const { options, telemetry, clock } = this.dependencies;
    const now = performance.now();
    const ping = now - this.lastPing >= options.pingMs;
    const beat = now - this.lastHeartbeat >= options.heartbeatMs - TICK_MS / 2;
    if (ping) this.lastPing = now;
    if (beat) this.lastHeartbeat = now;
    const frames = new Map<string, Buffer>();
    let queued = 0;
    for (const [client, ws] of this.sockets) {
      if (!this.clients.has(client)) continue;
      queued += client.sendQueue.queuedBytes;
      if (client.isStalled(now)) {
        this.disconnectSlow(client);
      } else if (ping && !this.ping(client, ws)) {
        this.disconnectSlow(client);
      } else if (beat && client.extended && client.sendQueue.writable) {
        const frame = heartbeatFrame(this.dependencies.hub, client.metrics(), clock(), frames);
        if (frame !== null) client.sendQueue.send(frame);
      }
    }
    telemetry.queueBytes(queued);
  }

  private disconnectSlow(client: WebSocketClient): void {
    this.dependencies.telemetry.messagesDropped(client.unsent);
    this.clients.delete(client);
    this.dependencies.telemetry.clients(this.clients.size);
    client.close(CLOSE.tooSlow, null);
  }

  private ping(client: WebSocketClient, ws: WebSocket): boolean {
    // A lagging or paused client cannot answer yet.
    if (!client.sendQueue.writable || client.paused) return true;
    if (!client.alive) return false;
    client.alive = false;
    ws.ping();
    return true;
  }
}

function tooMany(setting: string): RequestError {
  const message = `The bridge has reached its connection limit; retry later, or raise ${setting}`;
  return new RequestError('overloaded', message, { setting }, true);
}
