import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createKafkaSource, type KafkaSourceOptions } from '../../../backend-bridge/src/kafka/kafka-source';
import type { KafkaTls } from '../../../backend-bridge/src/kafka/options';
import { createSchemaRegistry } from '../../../backend-bridge/src/kafka/schema-registry';
import { startKafka, type KafkaBroker } from '../../support/kafka';
import { startTokenServer, type TokenServer } from '../../support/token-server';
import { mappingOf, openStore, startSource, unique, watching, windowedKey } from './source-setup';
import { eventually } from '../../support/waiting';

const now = Math.floor(Date.now() / 60_000) * 60_000;
const credentials = { clientId: 'streamkpi', clientSecret: 'top secret' };
const AUDIENCE = 'kafka';

type Access = Pick<KafkaSourceOptions, 'brokers' | 'ssl' | 'sasl'>;

/** Reads a topic with this access; resolves when a record is in the store, and another one after `meanwhile`. */
async function reads(kafka: KafkaBroker, access: Access, meanwhile = async (): Promise<void> => undefined) {
  const seen = watching();
  const mapping = mappingOf(unique('login'));
  const { topic, metric } = mapping;
  await kafka.createTopic(topic);
  const { store, close } = await openStore('lmdb', [mapping], seen);
  const source = startSource(kafka, [mapping], store, seen, access);
  const accepted = async (count: number): Promise<void> => {
    await kafka.produce(topic, [{ key: windowedKey(`key-${count}`, now), value: '{"N":1}', timestamp: now }]);
    await eventually(() => {
      if (seen.count(`accepted ${metric.name}`) === count) return true;
      throw new Error(JSON.stringify(source.status()));
    }, 'it is read');
  };
  try {
    await accepted(1);
    await meanwhile();
    await accepted(2);
    return { joined: seen.lines.filter(({ message }) => message === 'joined the consumer group').length };
  } finally {
    await source.stop();
    await close();
  }
}

/** What the status says of a source that cannot log in. */
async function refusal(access: Access): Promise<string> {
  const seen = watching();
  const mapping = mappingOf(unique('refused'));
  const { store, close } = await openStore('lmdb', [mapping], seen);
  const source = createKafkaSource(
    { ...access, groupId: unique('group'), clientId: 'test', deadLetterTopic: 'dead-letters', pollMs: 200 },
    [mapping],
    store,
    { log: seen.log, telemetry: seen.telemetry, clock: Date.now },
  );
  void source.start();
  try {
    return await eventually(() => source.status().failing?.message ?? false, 'it says so');
  } finally {
    await source.stop();
    await close();
  }
}

describe('OAUTHBEARER, with tokens that are checked by the keys of their issuer', () => {
  let kafka: KafkaBroker;
  let tokens: TokenServer;
  const access = (change: object = {}): Access => ({
    brokers: [kafka.secure!],
    sasl: {
      mechanism: 'oauthbearer',
      credentials: { tokenUrl: tokens.tokenUrl, ...credentials, ...change },
      extensions: { logicalCluster: 'lkc-1' },
    },
  });
  beforeAll(async () => {
    tokens = await startTokenServer({ ...credentials, audience: AUDIENCE, lifetimeS: 8 });
    kafka = await startKafka({
      oauth: { jwksUrl: tokens.jwksUrl, audience: AUDIENCE },
      // A connection ends with its token unless the client logs in again.
      properties: ['connections.max.reauth.ms=3600000'],
    });
    await kafka.createTopic('dead-letters');
  }, 150_000);
  afterAll(async () => {
    await kafka.stop();
    await tokens.close();
  }, 30_000);

  it('reads on past the end of several tokens, in one membership', async () => {
    const before = tokens.given();
    const { joined } = await reads(kafka, access(), () =>
      eventually(() => tokens.given() - before >= 3, 'tokens have ended').then(() => undefined),
    );
    expect(joined).toBe(1);
  }, 180_000);

  it('names the setting where the issuer or the broker refuses', async () => {
    expect(await refusal(access({ clientSecret: 'wrong' }))).toMatch(
      /KAFKA_OAUTH_CLIENT_ID, KAFKA_OAUTH_CLIENT_SECRET: .*invalid_client/,
    );
    expect(await refusal(access({ audience: 'elsewhere' }))).toMatch(
      /KAFKA_OAUTH_CLIENT_ID, KAFKA_OAUTH_SCOPE, KAFKA_OAUTH_AUDIENCE: the brokers refused the token/,
    );
  }, 180_000);
});

describe('OAUTHBEARER, with unsigned tokens', () => {
  it('reads', async () => {
    const tokens = await startTokenServer({
      ...credentials,
      audience: AUDIENCE,
      lifetimeS: 300,
      unsecured: true,
    });
    const kafka = await startKafka({ oauth: 'unsecured' });
    try {
      await kafka.createTopic('dead-letters');
      const sasl = {
        mechanism: 'oauthbearer',
        credentials: { tokenUrl: tokens.tokenUrl, ...credentials },
        extensions: {},
      } as const;
      await reads(kafka, { brokers: [kafka.secure!], sasl });
    } finally {
      await kafka.stop();
      await tokens.close();
    }
  }, 240_000);
});

describe('a user and password over TLS, from clients with a certificate', () => {
  let kafka: KafkaBroker;
  const access = ({
    password = 'secret',
    ssl = kafka.tls!,
  }: { password?: string; ssl?: KafkaTls } = {}): Access => ({
    brokers: [kafka.secure!.replace('127.0.0.1', 'localhost')],
    ssl,
    sasl: { mechanism: 'plain', username: 'reader', password },
  });
  beforeAll(async () => {
    kafka = await startKafka({
      sasl: { username: 'reader', password: 'secret' },
      tls: true,
      properties: ['listener.name.secure.ssl.client.auth=required'],
    });
    await kafka.createTopic('dead-letters');
  }, 150_000);
  afterAll(() => kafka.stop(), 30_000);

  it('are read', async () => {
    await reads(kafka, access());
  }, 120_000);

  it('names the setting where the broker refuses', async () => {
    const { ca, cert, key } = kafka.tls!;
    expect(await refusal(access({ password: 'wrong' }))).toMatch(/KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD/);
    expect(await refusal(access({ ssl: { ca } }))).toMatch(/KAFKA_SSL_CERT_FILE, KAFKA_SSL_KEY_FILE/);
    expect(await refusal(access({ ssl: { cert, key } }))).toMatch(/KAFKA_SSL_CA_FILE/);
    expect(await refusal({ ...access(), brokers: [kafka.bootstrap] })).toMatch(/KAFKA_SSL: /);
    expect(
      await refusal({ ...access(), sasl: { mechanism: 'aws-msk-iam', region: 'eu-central-1' } }),
    ).toMatch(/KAFKA_SASL_MECHANISM/);
  }, 240_000);

  it('is as good for a Schema Registry', async () => {
    const { ca, cert, key } = kafka.tls!;
    const asked: (string | undefined)[] = [];
    const server = createServer({ ca, cert, key, requestCert: true }, ({ headers }, response) => {
      asked.push(headers.authorization);
      response.end(JSON.stringify({ schema: '"long"' }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const tokens = await startTokenServer({ ...credentials, audience: AUDIENCE, lifetimeS: 300 });
    try {
      const url = `https://localhost:${(server.address() as AddressInfo).port}/contexts/.team`;
      const oauth = { tokenUrl: tokens.tokenUrl, ...credentials };
      await createSchemaRegistry({ url, oauth, tls: { ca, cert, key } }).load(1);
      await createSchemaRegistry({ url, token: 'abc', tls: { ca, cert, key } }).load(1);
      expect(asked).toEqual([expect.stringMatching(/^Bearer ey/), 'Bearer abc']);
      await expect(createSchemaRegistry({ url, token: 'abc', tls: { ca } }).load(1)).rejects.toThrow(
        /SCHEMA_REGISTRY_CERT_FILE/,
      );
      await expect(createSchemaRegistry({ url, token: 'abc' }).load(1)).rejects.toThrow(
        /SCHEMA_REGISTRY_CA_FILE/,
      );
      const wrong = createSchemaRegistry({
        url,
        oauth: { ...oauth, clientSecret: 'no' },
        tls: { ca, cert, key },
      });
      await expect(wrong.load(1)).rejects.toThrow(/SCHEMA_REGISTRY_OAUTH_CLIENT_SECRET/);
    } finally {
      await tokens.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }, 120_000);
});
