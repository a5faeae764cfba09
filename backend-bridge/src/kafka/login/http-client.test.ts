import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { createSchemaRegistry } from '../schema-registry';
import { createTokenSource } from './access-token';

/** Servers at the addresses of the Schema Registry and of a token endpoint that are neither. */

const MIB = 1_048_576;

describe('an answer', () => {
  let server: Server;
  let url: string;
  let answer: (response: ServerResponse, path: string) => void;
  let sent = 0;
  beforeAll(async () => {
    server = createServer((request, response) => answer(response, request.url ?? ''));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  beforeEach(() => {
    sent = 0;
  });

  const endless = (response: ServerResponse): void => {
    const chunk = Buffer.alloc(MIB, ' ');
    const write = (): void => {
      while (!response.destroyed && response.write(chunk)) sent += chunk.length;
      sent += chunk.length;
    };
    response.on('drain', write);
    write();
  };
  const registry = () => createSchemaRegistry({ url }).load(7);
  const token = () =>
    createTokenSource({ tokenUrl: url, clientId: 'c', clientSecret: 'hunter2' }, 'KAFKA_OAUTH')();

  it.each([
    [
      'the Schema Registry',
      registry,
      /Schema Registry at .* did not return schema 7: its answer has more than 4 MiB/,
    ],
    ['a token endpoint', token, /KAFKA_OAUTH_TOKEN_URL: .*its answer has more than 4 MiB/],
  ])('of %s that never ends is not kept in memory', async (_, ask, message) => {
    answer = (response) => endless(response);
    await expect(ask()).rejects.toThrow(message);
    expect(sent).toBeLessThan(64 * MIB);
  });

  it('that unpacks to more than it seems is not unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * MIB, ' '));
    answer = (response) => {
      response.setHeader('content-encoding', 'gzip');
      response.end(bomb);
    };
    await expect(registry()).rejects.toThrow(/more than 4 MiB/);
  });

  it.each([
    ['to itself', () => url, /did not return schema 7: redirect count exceeded/],
    ['to a page', () => `${url}/page`, /its answer is not a registry's JSON/],
    ['to another scheme', () => 'file:///etc/passwd', /did not return schema 7: /],
  ])('that redirects %s is not a schema', async (_, location, message) => {
    answer = (response, path) => {
      if (path === '/page') response.end('<html>');
      else response.writeHead(302, { location: location() }).end();
    };
    await expect(registry()).rejects.toThrow(message);
  });

  it.each([
    ['text in capitals or not', 'avro', { type: 'AVRO' }],
    ['absent', undefined, { type: 'AVRO' }],
    ['a number', 5, /its answer holds no schema/],
    ['another language', 'THRIFT', { type: 'THRIFT' }],
  ])('with a schema type that is %s', async (_, schemaType, expected) => {
    answer = (response) => response.end(JSON.stringify({ schema: '"long"', schemaType }));
    if (expected instanceof RegExp) await expect(registry()).rejects.toThrow(expected);
    else await expect(registry()).resolves.toMatchObject(expected);
  });

  it('that explains a refusal at length is cut', async () => {
    answer = (response) => {
      const error_description = 'x'.repeat(MIB);
      response.writeHead(400).end(JSON.stringify({ error: 'invalid_client', error_description }));
    };
    const refused = token().catch((error: unknown) => (error as Error).message.length);
    expect(await refused).toBeLessThan(1_000);
  });
});
