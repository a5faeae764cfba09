import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { components } from '../../../backend-bridge/src/server/api-types';

export type StatusAnswer = components['schemas']['StatusAnswer'];

/** A real bridge with another word on its status: what cannot be brought about at will, such as a long lag. */
export interface AlteredBridge {
  readonly url: string;
  /** From now on. */
  status(alter: (status: StatusAnswer) => StatusAnswer): void;
  close(): Promise<void>;
}

export async function alteredBridge(url: string): Promise<AlteredBridge> {
  let alter = (status: StatusAnswer): StatusAnswer => status;
  const server = createServer((request, response) => {
    const pass = async (): Promise<void> => {
      const answer = await fetch(`${url}${request.url ?? '/'}`, {
        method: request.method ?? 'GET',
        headers: { 'content-type': 'application/json' },
        ...(request.method === 'POST' ? { body: await bodyOf(request) } : {}),
      });
      const text = await answer.text();
      const isStatus = request.url === '/api/v1/status' && answer.ok;
      response.writeHead(answer.status, {
        'content-type': answer.headers.get('content-type') ?? 'text/plain',
      });
      response.end(isStatus ? JSON.stringify(alter(JSON.parse(text) as StatusAnswer)) : text);
    };
    // What the bridge does not answer, this does not answer either.
    pass().catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    status: (changed) => {
      alter = changed;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
