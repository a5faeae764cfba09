import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StartRefusedError } from '../domain/errors';
import { ENVIRONMENT } from './environment-variables';
import { loadSettings, printableSettings, secretValues } from './settings';

const folder = mkdtempSync(join(tmpdir(), 'streamkpi-settings-'));

function file(name: string, text: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function put(tree: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [head, ...rest] = path as [string, ...string[]];
  if (rest.length === 0) tree[head] = value;
  else put((tree[head] ??= {}) as Record<string, unknown>, rest, value);
}

describe('settings', () => {
  afterEach(() => jest.restoreAllMocks());

  test('nothing set: the embedded pipeline and store on loopback', () => {
    const settings = loadSettings({});
    expect(settings.kafka.brokers).toEqual([]);
    expect(settings.redis.url).toBeUndefined();
    expect([settings.host, settings.port, settings.demo.enabled]).toEqual(['127.0.0.1', 8765, true]);
  });

  test('the environment lies over the file', () => {
    const config = file('a.yaml', 'port: 1000\nkafka: { brokers: ["a:1"], group_id: mine }\n');
    const settings = loadSettings({
      BRIDGE_CONFIG: config,
      KAFKA_BROKERS: 'b:2, c:3',
      BRIDGE_PORT: '9000',
      DEMO: 'off',
    });
    expect(settings.port).toBe(9000);
    expect(settings.kafka.brokers).toEqual(['b:2', 'c:3']);
    expect(settings.kafka.group_id).toBe('mine');
    expect(settings.demo.enabled).toBe(false);
  });

  test('frozen all the way down', () => {
    const settings = loadSettings({});
    expect(
      Object.isFrozen(settings) && Object.isFrozen(settings.kafka) && Object.isFrozen(settings.kafka.brokers),
    ).toBe(true);
  });

  test.each([
    [{ BRIDGE_PORT: 'tcp://10.0.0.1:8765' }, /BRIDGE_PORT: .*number/],
    [{ BRIDGE_PROT: '1' }, /BRIDGE_PROT: unknown setting/],
    [{ REDIS_ULR: 'redis://a' }, /REDIS_ULR: .*did you mean REDIS_URL/],
    [{ KAFKA_BROKERS: 'localhost' }, /KAFKA_BROKERS: write host:port/],
    [{ REDIS_URL: 'localhost:6379' }, /REDIS_URL: .*redis:\/\//],
    [{ KAFKA_BROKERS: 'a:1', KAFKA_SASL_MECHANISM: 'PLAIN' }, /needs KAFKA_SASL_USERNAME/],
    [{ KAFKA_BROKERS: 'a:1', KAFKA_SASL_MECHANISM: 'kerberos' }, /KAFKA_SASL_MECHANISM: .*plain/],
    [{ KAFKA_SASL_PASSWORD: 'x', KAFKA_SASL_PASSWORD_FILE: '/x' }, /not both/],
    [{ KAFKA_SASL_PASSWORD_FILE: '/does/not/exist' }, /KAFKA_SASL_PASSWORD_FILE: cannot read/],
    [{ DEMO: 'maybe' }, /DEMO: .*boolean/],
    [{ KAFKA_BROKER: 'a:1' }, /KAFKA_BROKER: unknown setting; did you mean KAFKA_BROKERS\?/],
    [{ REDIS_URI: 'redis://a' }, /REDIS_URI: unknown setting; did you mean REDIS_URL\?/],
    [{ KAFKA_SASL_PASWORD: 'x' }, /did you mean KAFKA_SASL_PASSWORD\?/],
    [{ BRIDGE_HOTS: '0.0.0.0' }, /BRIDGE_HOTS: unknown setting; did you mean BRIDGE_HOST\?/],
    [
      { KAFKA_BROKERS_FILE: '/x' },
      /KAFKA_BROKERS_FILE: unknown setting; only .*REDIS_URL may come from a file/,
    ],
    [{ BRIDGE_CONFIG: '/does/not/exist' }, /BRIDGE_CONFIG: cannot read/],
    [{ KAFKA_BROKERS: 'a:1', KAFKA_SSL_CA_FILE: '/ca.pem' }, /KAFKA_SSL: .*TLS is off/],
    [
      { KAFKA_BROKERS: 'a:1', KAFKA_SSL: 'on', KAFKA_SSL_CERT_FILE: '/c.pem' },
      /kafka.cert_file.*both or neither/,
    ],
    [{ REDIS_URL: 'redis://a', REDIS_CA_FILE: '/ca.pem' }, /REDIS_URL: .*rediss:/],
    [
      { KAFKA_BROKERS: 'a:1', KAFKA_SASL_MECHANISM: 'oauthbearer' },
      /KAFKA_OAUTH_TOKEN_URL, .*CLIENT_SECRET: not set/,
    ],
    [
      { KAFKA_BROKERS: 'a:1', KAFKA_OAUTH_TOKEN_URL: 'http://a' },
      /KAFKA_SASL_MECHANISM: set it to oauthbearer/,
    ],
    [
      { KAFKA_BROKERS: 'a:1', KAFKA_AWS_REGION: 'eu-central-1' },
      /KAFKA_SASL_MECHANISM: set it to aws-msk-iam/,
    ],
    [{ KAFKA_BROKERS: 'a:1', KAFKA_SASL_MECHANISM: 'aws-msk-iam' }, /KAFKA_AWS_REGION: not set/],
    [
      { KAFKA_BROKERS: 'a:1', KAFKA_SASL_MECHANISM: 'aws-msk-iam', KAFKA_AWS_REGION: 'eu-central-1' },
      /KAFKA_SSL: .*TLS only/,
    ],
    [{ KAFKA_AWS_REGION: 'Frankfurt' }, /KAFKA_AWS_REGION: .*eu-central-1/],
    [{ KAFKA_OAUTH_EXTENSIONS: 'logicalCluster' }, /KAFKA_OAUTH_EXTENSIONS: /],
    [
      { SCHEMA_REGISTRY_URL: 'http://r', SCHEMA_REGISTRY_USERNAME: 'u', SCHEMA_REGISTRY_TOKEN: 't' },
      /SCHEMA_REGISTRY_USERNAME, SCHEMA_REGISTRY_TOKEN: give one/,
    ],
    [{ SCHEMA_REGISTRY_URL: 'http://r', SCHEMA_REGISTRY_CA_FILE: '/ca' }, /SCHEMA_REGISTRY_URL: .*https/],
    [{ SCHEMA_REGISTRY_PASSWORD: 'x' }, /needs SCHEMA_REGISTRY_USERNAME/],
    [{ SCHEMA_REGISTRY_USERNAME: 'x' }, /needs SCHEMA_REGISTRY_URL/],
    [
      { BRIDGE_CONFIG: file('t.yaml', 'redis: { command_timeout: 30d }') },
      /command_timeout: must be from 10ms to 1h/,
    ],
    [
      { BRIDGE_CONFIG: file('u.yaml', 'redis: { command_timeout: 0s }') },
      /command_timeout: must be from 10ms to 1h/,
    ],
    [{ BRIDGE_CONFIG: file('v.yaml', 'limits: { max_ingest_events: 50001 }') }, /max_ingest_events: .*50000/],
    [{ BRIDGE_CONFIG: file('w.yaml', 'limits: { max_series: 0 }') }, /max_series: /],
    [{ SCHEMA_REGISTRY_URL: 'http://u:a%@r' }, /SCHEMA_REGISTRY_URL: .*not URL-encoded/],
    [{ SCHEMA_REGISTRY_URL: 'http://u:p@r', SCHEMA_REGISTRY_USERNAME: 'v' }, /SCHEMA_REGISTRY_URL: .*once/],
    [{ SCHEMA_REGISTRY_URL: 'http://r/api?x=1' }, /SCHEMA_REGISTRY_URL: .*before \? and #/],
    [{ SCHEMA_REGISTRY_URL: 'http://r/#api' }, /SCHEMA_REGISTRY_URL: .*before \? and #/],
    [{ KAFKA_BROKERS: 'a:0' }, /KAFKA_BROKERS: write host:port/],
    [{ KAFKA_BROKERS: 'a:65536' }, /KAFKA_BROKERS: write host:port/],
    [{ KAFKA_DEAD_LETTER_TOPIC: 'dead letters' }, /KAFKA_DEAD_LETTER_TOPIC: is not a Kafka topic name/],
    [{ KAFKA_DEAD_LETTER_TOPIC: '..' }, /KAFKA_DEAD_LETTER_TOPIC: is not a Kafka topic name/],
    [{ BRIDGE_HOST: 'http://0.0.0.0' }, /BRIDGE_HOST: write a name or address without a scheme or port/],
    [{ BRIDGE_HOST: '0.0.0.0:8765' }, /BRIDGE_HOST: .*BRIDGE_PORT/],
    [{ KAFKA_OAUTH_EXTENSIONS: '__proto__=x' }, /extensions\.__proto__: cannot be a name/],
    [{ BRIDGE_CONFIG: file('x.yaml', 'limits: { __proto__: { max_series: 1 } }') }, /limits\.__proto__/],
    [{ BRIDGE_CONFIG: file('y.yaml', 'limits: &a { more: *a }') }, /limits\.more: .*part of itself/],
    [{ BRIDGE_CONFIG: file('z.yaml', Buffer.from('host: bücher', 'latin1')) }, /z\.yaml.* is not UTF-8/],
    [{ REDIS_URL_FILE: file('latin1', Buffer.from('redis://:ü@a', 'latin1')) }, /REDIS_URL_FILE: .*UTF-8/],
  ])('%j is refused with a sentence', (environment, message) => {
    expect(() => loadSettings(environment)).toThrow(message);
  });

  test('unknown keys of the file are named, several faults at once', () => {
    const config = file('b.yaml', 'prot: 1\nkafka: { brokerz: [] }\nredis: { command_timeout: 5 }\n');
    expect(() => loadSettings({ BRIDGE_CONFIG: config })).toThrow(
      /(?=[^]*prot: unknown setting)(?=[^]*kafka.brokerz: unknown setting)(?=[^]*redis.command_timeout)/,
    );
  });

  test('variables of other programs are accepted', () => {
    const others = { KAFKA_HEAP_OPTS: '-Xmx1g', KAFKA_OPTS: 'x', REDIS_HOST: 'a', SCHEMA_REGISTRY_OPTS: 'x' };
    const more = { HOME: '/', PATH: '/bin', LOG_DIR: 'x', KAFKA_SSL_KEYSTORE: 'x', DEMOS: '1' };
    expect(() => loadSettings({ ...others, ...more })).not.toThrow();
  });

  test('variables that Kubernetes injects for a service named bridge are accepted', () => {
    expect(
      loadSettings({ BRIDGE_SERVICE_HOST: '10.0.0.1', BRIDGE_PORT_8765_TCP: 'tcp://10.0.0.1:8765' }).port,
    ).toBe(8765);
  });

  test('a user and password in the URL of the registry are settings of their own', () => {
    const settings = loadSettings({ SCHEMA_REGISTRY_URL: 'https://u%40x:hunter%2F2@registry:8081/api' });
    expect(settings.kafka).toMatchObject({
      schema_registry_url: 'https://registry:8081/api',
      schema_registry_username: 'u@x',
      schema_registry_password: 'hunter/2',
    });
    expect(printableSettings(settings)).not.toMatch(/hunter/);
  });

  test.each([
    [{ SCHEMA_REGISTRY_URL: 'http://u:hunter2/x@registry' }],
    [{ SCHEMA_REGISTRY_URL: 'ftp://u:hunter2@registry' }],
    [{ REDIS_URL: 'http://:hunter2@db' }],
    [{ KAFKA_BROKERS: 'sasl://u:hunter2@a:1' }],
    [{ BRIDGE_ALLOWED_ORIGINS: 'http://u:hunter2@a', BRIDGE_PORT: 'x' }],
    [{ BRIDGE_CONFIG: file('broken.yaml', 'kafka:\n  sasl_password: hunter2: "\n') }],
    [{ BRIDGE_CONFIG: file('tag.yaml', 'kafka: { sasl_password: !vault hunter2 }\n') }],
    [{ BRIDGE_CONFIG: file('alias.yaml', 'kafka: { sasl_password: *hunter2 }\n') }],
    [{ BRIDGE_CONFIG: file('mark.yaml', 'kafka: { sasl_password: !hunter2 }\n') }],
    [{ BRIDGE_CONFIG: file('odd.yaml', 'kafka: { schema_registry_url: "x://u:hunter2@h" }\n') }],
    [{ KAFKA_SASL_PASSWORD_FILE: 'hunter2' }],
    [{ KAFKA_BROKERS: 'hunter2@a:1' }],
    [{ BRIDGE_HOST: 'u:hunter2@a' }],
    [{ BRIDGE_HOST: 'https://u:hunter2@a' }],
    [{ KAFKA_OAUTH_TOKEN_URL: 'https://u:hunter2@idp' }],
    [{ SCHEMA_REGISTRY_OAUTH_TOKEN_URL: 'https://hunter2@idp' }],
    [{ SCHEMA_REGISTRY_URL: 'https://r?key=hunter2' }],
    [{ SCHEMA_REGISTRY_TOKEN_FILE: 'hunter2\0' }],
    [{ SCHEMA_REGISTRY_URL: 'http:u:hunter2@idp' }],
    [{ SCHEMA_REGISTRY_OAUTH_TOKEN_URL: 'http:u:hunter2@idp' }],
    [{ SCHEMA_REGISTRY_OAUTH_TOKEN_URL: 'http://u:a hunter2@idp' }],
    [{ SCHEMA_REGISTRY_OAUTH_TOKEN_URL: 'http://u:"hunter2@idp' }],
    [{ SCHEMA_REGISTRY_OAUTH_TOKEN_URL: 'http:\\\\u:hunter2@idp' }],
  ])('%j: the refusal does not quote the password', (environment) => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation();
    expect(() => loadSettings(environment)).toThrow(StartRefusedError);
    expect(() => loadSettings(environment)).not.toThrow(/hunter/);
    expect(warn.mock.calls.map(([warning]) => String(warning)).join()).not.toMatch(/hunter/);
  });

  test('--print-config shows no setting that is named like a secret, nor credentials in an address', () => {
    const SECRET = /PASSWORD|SECRET|TOKEN$|PASSPHRASE/;
    const secrets = ENVIRONMENT.filter(({ name }) => SECRET.test(name));
    const addresses = ENVIRONMENT.filter(({ name }) => name.endsWith('URL'));
    expect([secrets.length, addresses.length]).toEqual([5, 4]);
    const tree: Record<string, unknown> = {};
    for (const { path } of secrets) put(tree, path, 'hunter2');
    for (const { path } of addresses) put(tree, path, 'redis://u:hunter2/@x@h');
    const printed = printableSettings({ ...loadSettings({}), ...tree });
    for (const { name } of [...secrets, ...addresses])
      expect(printed).toMatch(new RegExp(`^[\\w.]+: ".*\\*{8}.*" {3}# ${name}$`, 'm'));
    expect(printed).not.toContain('hunter2');
  });

  test.each(['ab:hunter2', 'https://hunter2', '{"a":"hunter2"}'])(
    'a secret that looks like something else (%s) is masked in logs, and so is the password of Redis',
    (secret) => {
      const environment = { SCHEMA_REGISTRY_URL: 'http://r', SCHEMA_REGISTRY_TOKEN: secret };
      expect(secretValues(loadSettings(environment))).toEqual([secret]);
      const redis = { REDIS_URL: `rediss://u:${encodeURIComponent(secret)}@db:6379,db2?cluster=true` };
      expect(secretValues(loadSettings(redis))).toEqual([secret]);
    },
  );

  test('knows the values of all secrets that a sentence does not hold by chance', () => {
    const given = {
      KAFKA_BROKERS: 'b:9092',
      KAFKA_SASL_MECHANISM: 'oauthbearer',
      KAFKA_OAUTH_TOKEN_URL: 'http://idp/token',
      KAFKA_OAUTH_CLIENT_ID: 'streamkpi',
      KAFKA_OAUTH_CLIENT_SECRET: 'hunter2-kafka',
      SCHEMA_REGISTRY_URL: 'http://someone:hunter2-registry@registry',
      REDIS_URL: 'redis://:hunter2@db:6379',
    };
    const settings = loadSettings(given);
    expect(secretValues(settings)).toEqual(['hunter2-kafka', 'hunter2-registry', 'hunter2']);
    expect(printableSettings(settings)).not.toContain('hunter2');
    expect(secretValues(loadSettings({ SCHEMA_REGISTRY_URL: 'http://someone:word@registry' }))).toEqual([]);
  });

  test('secrets come from files and are never printed', () => {
    const secret = file('redis-url', 'redis://:hunter2@db:6379\n');
    const password = file('sasl', 'hunter3\n');
    const settings = loadSettings({
      REDIS_URL_FILE: secret,
      KAFKA_BROKERS: 'a:1',
      KAFKA_SASL_MECHANISM: 'SCRAM-SHA-256',
      KAFKA_SASL_USERNAME: 'u',
      KAFKA_SASL_PASSWORD_FILE: password,
    });
    expect(settings.redis.url).toBe('redis://:hunter2@db:6379');
    expect(settings.kafka.sasl_password).toBe('hunter3');
    const printed = printableSettings(settings);
    expect(printed).not.toMatch(/hunter/);
    expect(printed).toMatch(/redis\.url: "\*+"/);
    expect(printed).toMatch(/kafka\.sasl_mechanism: "scram-sha-256" {3}# KAFKA_SASL_MECHANISM/);
  });
});
