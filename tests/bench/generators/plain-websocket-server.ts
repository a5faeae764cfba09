import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { WebSocket, WebSocketServer } from 'ws';
import { answer } from './answering';

/** The reference for the fan-out: one message, built once, handed to ws.send() for each client. Nothing else. */

let server: WebSocketServer | null = null;
const state = { sending: false };

/** Unsent bytes of one client past which a round leaves it out, as any server must. */
const BEHIND_BYTES = 262_144;

async function listen(): Promise<number> {
  server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Sends to all clients, round after round, until stop(). */
async function start({ message }: { readonly message: string }): Promise<void> {
  const prebuilt = Buffer.from(message);
  const clients = [...server!.clients];
  state.sending = true;
  void (async () => {
    while (state.sending) {
      for (const client of clients) {
        if (client.readyState === WebSocket.OPEN && client.bufferedAmount < BEHIND_BYTES) {
          client.send(prebuilt, { binary: false });
        }
      }
      await turn();
    }
  })();
}

function stop(): void {
  state.sending = false;
}

/** After its garbage was collected. */
function memory(): NodeJS.MemoryUsage {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage();
}

answer({ listen, start, stop, memory });
