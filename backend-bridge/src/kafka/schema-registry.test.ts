import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SchemaAnswer } from '../decoding/format';
import { createSchemaRegistry } from './schema-registry';

type Answer = readonly [status: number, type: string, body: string];
const JSON_TYPE = 'application/vnd.schemaregistry.v1+json';
const unknownSchema = JSON.stringify({ error_code: 40403, message: 'Schema 7 not found' });

describe('a Schema Registry', () => {
  let server: Server;
  let answer: Answer;
  let answerTo = (_url: string): Answer => answer;
  let authorization: string | undefined;
  let requests: string[] = [];
  let atOnce = 0;
  let mostAtOnce = 0;
  beforeAll(async () => {
    server = createServer((request, response) => {
      requests.push(request.url ?? '');
      atOnce += 1;
      mostAtOnce = Math.max(mostAtOnce, atOnce);
      response.once('close', () => {
        atOnce -= 1;
      });
      authorization = request.headers.authorization;
      const [status, type, body] = answerTo(request.url ?? '');
      response.writeHead(status, { 'content-type': type });
      response.end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  beforeEach(() => {
    requests = [];
  });

  const host = (): string => `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const load = (of: Answer, url = `http://${host()}/registry`): Promise<SchemaAnswer> => {
    answer = of;
    return createSchemaRegistry({ url }).load(7);
  };

  it('reports an unknown schema only by the registry error code', async () => {
    await expect(load([404, JSON_TYPE, unknownSchema])).resolves.toEqual({
      unknown: 'the Schema Registry does not know schema 7',
    });
    expect(requests).toEqual(Array(3).fill('/registry/schemas/ids/7'));
  });

  it.each<[string, Answer]>([
    ['a page of a proxy', [404, 'text/html', '<html><body>404 Not Found</body></html>']],
    ['another path', [404, JSON_TYPE, '{"error_code":404,"message":"HTTP 404 Not Found"}']],
    ['JSON of something else', [404, 'application/json', '[]']],
    ['a login page', [200, 'text/html', '<html>Log in</html>']],
    ['no schema', [200, JSON_TYPE, '{}']],
    ['null', [200, JSON_TYPE, 'null']],
    ['a server error', [500, JSON_TYPE, '{"error_code":50001}']],
  ])('is not recognised when it answers with %s', async (_, of) => {
    const refused = load(of);
    await expect(refused).rejects.toMatchObject({ name: 'UnavailableError', hop: 'schema_registry' });
    await expect(refused).rejects.toThrow(`http://${host()}/registry`);
  });

  it('receives the credentials of its URL, which appear in no message', async () => {
    const url = `http://someone:p%40ss@${host()}/`;
    const refused = load([404, 'text/html', 'nothing here'], url);
    await expect(refused).rejects.toThrow(`http://${host()}`);
    await expect(refused).rejects.not.toThrow(/someone|p%40ss|p@ss/);
    expect(authorization).toBe(`Basic ${Buffer.from('someone:p@ss').toString('base64')}`);
  });

  it('says nothing of a token that cannot be a header', async () => {
    const registry = createSchemaRegistry({ url: `http://${host()}`, token: 'hunter2\nhunter3' });
    const refused = registry.load(7);
    await expect(refused).rejects.toMatchObject({ name: 'UnavailableError' });
    await expect(refused).rejects.not.toThrow(/hunter/);
  });

  it('is queried for several ids a few at a time, and for none twice', async () => {
    answer = [200, JSON_TYPE, JSON.stringify({ schema: '"long"' })];
    const registry = createSchemaRegistry({ url: `http://${host()}` });
    const ids = Array.from({ length: 70 }, (_, id) => id + 1);
    await registry.loadAll(ids);
    expect(mostAtOnce).toBeLessThanOrEqual(32);
    expect(requests).toHaveLength(70);
    expect(ids.every((id) => registry.known(id) !== undefined)).toBe(true);
  });

  describe('with schemas that refer to others', () => {
    const GUID = '89791762-2336-4186-9674-299b90a802e2';
    const reference = (name: string): object => ({ name, subject: `${name}/value`, version: 2 });
    const answers = (of: Readonly<Record<string, object>>): void => {
      answerTo = (url) => {
        const body = of[url];
        return body === undefined
          ? [404, JSON_TYPE, JSON.stringify({ error_code: 40402, message: 'Version not found' })]
          : [200, JSON_TYPE, JSON.stringify(body)];
      };
    };
    const version = (name: string): string => `/subjects/${encodeURIComponent(`${name}/value`)}/versions/2`;
    const registry = () => createSchemaRegistry({ url: `http://${host()}` });
    afterEach(() => {
      answerTo = () => answer;
    });

    it('lists each after its own references, once', async () => {
      answers({
        '/schemas/ids/7': {
          schemaType: 'PROTOBUF',
          schema: 'main',
          references: [reference('a'), reference('b')],
        },
        [version('a')]: { schemaType: 'PROTOBUF', schema: 'A', references: [reference('b')] },
        [version('b')]: { schemaType: 'PROTOBUF', schema: 'B', references: [reference('a')] },
      });
      await expect(registry().load(7)).resolves.toEqual({
        type: 'PROTOBUF',
        text: 'main',
        references: [
          { name: 'b', text: 'B' },
          { name: 'a', text: 'A' },
        ],
      });
      expect(requests).toHaveLength(3);
    });

    it('is queried by GUID', async () => {
      answers({ [`/schemas/guids/${GUID}`]: { schema: '"long"' } });
      const asked = registry();
      await asked.loadAll([GUID]);
      expect(asked.known(GUID)).toEqual({ type: 'AVRO', text: '"long"', references: [] });
    });

    it('cannot be used when a reference is missing', async () => {
      answers({ '/schemas/ids/7': { schema: '"long"', references: [reference('gone')] } });
      await expect(registry().load(7)).resolves.toEqual({
        unknown: 'schema 7 cannot be used: the registry does not know version 2 of gone/value',
      });
    });
  });
});
