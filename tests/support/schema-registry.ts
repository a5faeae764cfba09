/** A Schema Registry at the level of its protocol: `GET /schemas/ids/{id}`, with basic auth, that can go and come back. */
import { createServer, type Server } from 'node:http';
import { freePort } from './free-port';

export interface SchemaRegistryServer {
  readonly url: string;
  /** Ids asked for, in order. */
  readonly requests: readonly number[];
  /** Schema texts or objects by id. */
  register(id: number, schema: string | object): void;
  /** Refuses connections until listen(). */
  close(): Promise<void>;
  listen(): Promise<void>;
  /** Answers every request with this status instead; null: properly again. */
  failWith(status: number | null): void;
}

export async function startSchemaRegistry(
  schemas: Readonly<Record<string, string | object>> = {},
  credentials?: { readonly username: string; readonly password: string },
): Promise<SchemaRegistryServer> {
  const port = await freePort();
  const texts = new Map<number, string>();
  const requests: number[] = [];
  let failure: number | null = null;
  let server: Server | null = null;
  const register = (id: number, schema: string | object): void => {
    texts.set(id, typeof schema === 'string' ? schema : JSON.stringify(schema));
  };
  for (const [id, schema] of Object.entries(schemas)) register(Number(id), schema);
  const expected =
    credentials === undefined
      ? undefined
      : `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;

  const answer = (url: string, authorization: string | undefined): [number, object] => {
    if (expected !== undefined && authorization !== expected) {
      return [401, { error_code: 401, message: 'Unauthorized' }];
    }
    if (failure !== null) return [failure, { error_code: failure, message: 'as the test wants it' }];
    const id = Number(/^\/schemas\/ids\/(\d+)$/.exec(url)?.[1] ?? Number.NaN);
    if (Number.isNaN(id)) return [404, { error_code: 404, message: 'HTTP 404 Not Found' }];
    requests.push(id);
    const schema = texts.get(id);
    return schema === undefined
      ? [404, { error_code: 40403, message: `Schema ${id} not found` }]
      : [200, { schema }];
  };

  const listen = async (): Promise<void> => {
    if (server !== null) return;
    const made = createServer((request, response) => {
      const [status, body] = answer(request.url ?? '/', request.headers.authorization);
      response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' });
      response.end(JSON.stringify(body));
    });
    await new Promise<void>((resolve, reject) => {
      made.once('error', reject);
      made.listen(port, '127.0.0.1', resolve);
    });
    server = made;
  };
  await listen();

  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    register,
    failWith: (status) => {
      failure = status;
    },
    listen,
    close: async () => {
      const open = server;
      server = null;
      if (open === null) return;
      open.closeAllConnections();
      await new Promise((resolve) => open.close(resolve));
    },
  };
}
