import type { IncomingMessage, Server } from 'node:http';
import { WebSocketServer, type WebSocket } from 'ws';
import { z } from 'zod';
import type {
  ChannelListener,
  ChannelRequest,
  ChannelServer,
} from '../../tests/support/plugin-host/live-channel';
import type { GrafanaUser } from '../../tests/support/plugin-host/plugin-context';
import type { FromServer } from '../page/runtime/live-messages';
import { refusal } from './access';

const MESSAGE = z.discriminatedUnion('type', [
  z.object({ type: z.literal('subscribe'), id: z.number(), channel: z.string(), data: z.unknown() }),
  z.object({ type: z.literal('unsubscribe'), channel: z.string() }),
]);

/** The codes that Grafana's Live answers with. */
const CODES = { NOT_FOUND: 404, PERMISSION_DENIED: 403, failed: 100 } as const;

/** `1/ds/<uid>/<path>`; undefined for other channels. */
function addressOf(
  channel: string,
  orgId: number,
): { readonly uid: string; readonly path: string } | undefined {
  const [org, scope, uid, ...path] = channel.split('/');
  if (org !== String(orgId) || scope !== 'ds' || uid === undefined || path.length === 0) return undefined;
  return { uid, path: path.join('/') };
}

interface Joined {
  readonly request: ChannelRequest;
  readonly listener: ChannelListener;
}

/** A page that reads so slowly is cut, as Grafana's Live does. */
const QUEUE_BYTES = 4 * 1024 * 1024;

/** One page's connection: joins and leaves channels for it. */
function serve(socket: WebSocket, server: ChannelServer, orgId: number, user: GrafanaUser): void {
  const joined = new Map<string, Joined>();
  const send = (message: FromServer): void => {
    if (socket.bufferedAmount > QUEUE_BYTES) socket.terminate();
    else socket.send(JSON.stringify(message));
  };
  const leave = (channel: string): void => {
    const one = joined.get(channel);
    joined.delete(channel);
    if (one !== undefined) server.leave(one.request, one.listener);
  };
  const subscribe = async (id: number, channel: string, data: unknown): Promise<void> => {
    const address = addressOf(channel, orgId);
    if (address === undefined) {
      send({
        type: 'refused',
        id,
        channel,
        code: CODES.PERMISSION_DENIED,
        message: 'no such channel',
        temporary: false,
      });
      return;
    }
    leave(channel);
    const request: ChannelRequest = { orgId, user, ...address, data };
    const listener: ChannelListener = {
      onPacket: (packet) => {
        if (joined.get(channel)?.listener === listener) {
          send({ type: 'publication', channel, data: JSON.parse(packet) as unknown });
        }
      },
    };
    joined.set(channel, { request, listener });
    const outcome = await server.subscribe(request, listener);
    if (joined.get(channel)?.listener !== listener) {
      server.leave(request, listener);
    } else if (outcome.kind === 'joined') {
      send({ type: 'subscribed', id, channel, data: outcome.data });
    } else {
      joined.delete(channel);
      const temporary = outcome.kind === 'failed';
      const code = outcome.kind === 'failed' ? CODES.failed : CODES[outcome.reason];
      const message = outcome.kind === 'failed' ? outcome.message : outcome.reason;
      send({ type: 'refused', id, channel, code, message, temporary });
    }
  };
  socket.on('message', (data: Buffer) => {
    const message = MESSAGE.safeParse(JSON.parse(data.toString()));
    if (!message.success) socket.close(1008, 'not a message of this protocol');
    else if (message.data.type === 'unsubscribe') leave(message.data.channel);
    else void subscribe(message.data.id, message.data.channel, message.data.data);
  });
  socket.on('close', () => {
    for (const channel of [...joined.keys()]) leave(channel);
  });
  socket.on('error', () => socket.terminate());
}

export interface LiveSocket {
  /** Cuts every page's connection; pages come back by themselves. */
  cut(): void;
  /** True: cuts them, and no new one is let in, as by a proxy without WebSocket. */
  block(blocked: boolean): void;
  close(): void;
}

/** Serves /api/live/ws on `http`. */
export function serveLive(
  http: Server,
  server: ChannelServer,
  orgId: number,
  user: GrafanaUser,
  port: () => number,
): LiveSocket {
  let blocked = false;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1024 * 1024 });
  http.on('upgrade', (request: IncomingMessage, stream, head) => {
    const refused = blocked ? 'WebSocket is blocked' : refusal(request, port());
    if (request.url !== '/api/live/ws' || refused !== undefined) {
      stream.end(
        `HTTP/1.1 ${refused === undefined ? '404 Not Found' : '403 Forbidden'}\r\nConnection: close\r\n\r\n`,
      );
      return;
    }
    sockets.handleUpgrade(request, stream, head, (socket) => serve(socket, server, orgId, user));
  });
  const cut = (): void => {
    for (const socket of sockets.clients) socket.terminate();
  };
  return {
    cut,
    block: (blocking) => {
      blocked = blocking;
      if (blocking) cut();
    },
    close: () => {
      cut();
      sockets.close();
    },
  };
}
