import { isIPv6 } from 'node:net';
import { z } from 'zod';
import { duration } from './duration';
import { TOPIC_NAME } from './names';

/** Every setting of the bridge, with default and description. environment-variables.ts maps variables to them. */

/** Node's timers fire at once for delays above 24 days. */
const timeout = duration.refine((ms) => ms >= 10 && ms <= 3_600_000, 'must be from 10ms to 1h');
const port = z.number().int().min(0).max(65535);
const filePath = z.string().min(1);
const secret = z.string().min(1).optional().meta({ secret: true });
const isUrlOf = (protocols: readonly string[], text: string): boolean =>
  URL.canParse(text) && protocols.includes(new URL(text).protocol);
/**
 * Stricter than URL: where spaces, quotes, backslashes and a missing // are let through, credentials cannot be found and
 * masked. The message does not quote the text, which may contain a password.
 */
const url = (protocols: readonly string[]): z.ZodType<string> =>
  z.string().refine((text) => /^[a-z]+:\/\/[^\s"\\]+$/i.test(text) && isUrlOf(protocols, text), {
    error: `is not a URL beginning with ${protocols.map((p) => `${p}//`).join(' or ')}; encode special characters in a user or password, e.g. %40 for @`,
  });
/** A token endpoint, to which the client's id and secret are sent: it has no user of its own. */
const tokenUrl = url(['http:', 'https:']).refine((text) => !/^[^?#]*@/.test(text), {
  error: 'has a user or password; give them as client_id and client_secret',
});
const HIGHEST_PORT = 65_535;
/** A user in it, as in URLs, would be part of the host, and would be shown. */
const broker = z
  .string()
  .refine(
    (text) =>
      /^(?:[^\s,:/@[\]]+|\[[0-9a-fA-F:]+\]):[1-9]\d{0,4}$/.test(text) &&
      Number(/\d+$/.exec(text)) <= HIGHEST_PORT,
    { error: 'write host:port' },
  );

const tlsClient = {
  ca_file: filePath.optional().describe('Certificate authority of the server, PEM.'),
  cert_file: filePath.optional().describe('Client certificate, PEM; with key_file.'),
  key_file: filePath.optional().describe('Key of the client certificate, PEM.'),
};

/** The client credentials grant of OAuth 2. */
const oauthClient = {
  token_url: tokenUrl.optional().describe('Token endpoint of the identity provider.'),
  client_id: z.string().min(1).optional().describe('With client_secret: the client credentials grant.'),
  client_secret: secret,
  scope: z.string().min(1).optional().describe('Scopes to ask for, with spaces between them.'),
  audience: z.string().min(1).optional().describe('For providers that ask for one, e.g. Auth0.'),
  ca_file: filePath.optional().describe('Certificate authority of the token endpoint, PEM.'),
};

const oauthSchema = z.strictObject({
  ...oauthClient,
  extensions: z
    .record(z.string().regex(/^[A-Za-z]+$/, 'has letters only'), z.string())
    .default({})
    .describe('SASL extensions, e.g. `logicalCluster` and `identityPoolId` of Confluent Cloud.'),
});

const registrySchema = z.strictObject({
  ...tlsClient,
  token: secret.describe('Bearer token, in place of a user and password.'),
  oauth: z.strictObject(oauthClient).default({}),
});

const kafkaSchema = z.strictObject({
  brokers: z
    .array(broker)
    .default([])
    .describe('Bootstrap brokers. Empty: the embedded pipeline is the source.'),
  group_id: z
    .string()
    .min(1)
    .default('streamkpi')
    .describe('Consumer group; the same on every bridge that shares the work.'),
  client_id: z
    .string()
    .min(1)
    .default('streamkpi-bridge')
    .describe("Name of the client in the brokers' logs and quotas."),
  ssl: z.boolean().default(false).describe('TLS to the brokers.'),
  ...tlsClient,
  sasl_mechanism: z
    .enum(['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer', 'aws-msk-iam'])
    .optional()
    .describe(
      '`plain` and `scram-…` with sasl_username and sasl_password, `oauthbearer` with oauth, `aws-msk-iam` with aws_region.',
    ),
  sasl_username: z.string().min(1).optional(),
  sasl_password: secret,
  oauth: oauthSchema.default(() => oauthSchema.parse({})),
  aws_region: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'is not an AWS region, e.g. eu-central-1')
    .optional()
    .describe('Of the MSK cluster; the credentials are those that the AWS SDK finds.'),
  schema_registry_url: url(['http:', 'https:'])
    .refine((text) => !/[?#]/.test(text), { error: 'paths are added to it; write what is before ? and #' })
    .optional()
    .describe('Needed by mappings with Avro. A user and password in it count as the two settings below.'),
  schema_registry_username: z.string().min(1).optional(),
  schema_registry_password: secret,
  schema_registry: registrySchema.default(() => registrySchema.parse({})),
  dead_letter_topic: z
    .string()
    .regex(TOPIC_NAME, 'is not a Kafka topic name, of a-z, A-Z, 0-9, ".", "_" and "-"')
    .default('streamkpi-dead-letters')
    .describe('Must exist; records that cannot be decoded go there.'),
});

const redisSchema = z.strictObject({
  url: z
    .string()
    .regex(
      /^rediss?:\/\/[^\s]+$/,
      'is not a Redis address; write redis://host:6379, rediss:// for TLS, or several hosts and ?cluster=true or ?sentinel=name',
    )
    .optional()
    .meta({ secret: true })
    .describe('redis:// or rediss://; unset: the embedded store.'),
  key_prefix: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,64}$/, 'has 1 to 64 letters, digits, _ . and -')
    .default('streamkpi')
    .describe('Every key begins with it.'),
  ...tlsClient,
  command_timeout: timeout.prefault('2s').describe('A command without an answer for this long has failed.'),
});

const limitsSchema = z.strictObject({
  max_series: z.number().int().min(1).default(1_000).describe('Series in one answer.'),
  max_points: z.number().int().min(1).default(1_000_000).describe('Points in one answer.'),
  max_scan_points: z
    .number()
    .int()
    .min(1)
    .default(5_000_000)
    .describe('Stored points that one request may read.'),
  max_body_bytes: z.number().int().min(1_024).default(8_388_608).describe('Body of an ingest request.'),
  max_ingest_events: z
    .number()
    .int()
    .min(1)
    .max(50_000)
    .default(10_000)
    .describe('Events in one ingest request.'),
  max_concurrent_queries: z
    .number()
    .int()
    .min(1)
    .default(64)
    .describe(
      'Queries at once; four times as many wait. One token has at most half of what the others leave.',
    ),
  max_concurrent_ingest: z.number().int().min(1).default(16).describe('Ingest requests at once, likewise.'),
  max_forecast_series: z.number().int().min(1).default(50).describe('Series in one forecast or backtest.'),
  forecast_workers: z
    .number()
    .int()
    .min(1)
    .max(64)
    .default(2)
    .describe('Threads that fit forecasts; started when the first one is asked for.'),
  forecast_cache_bytes: z
    .number()
    .int()
    .min(1_048_576)
    .default(134_217_728)
    .describe(
      'Memory of fitted series (about 250 KB each at steps of five minutes), of the steps behind them and of their last answers.',
    ),
  max_queue_time: timeout.prefault('5s').describe('A request that waits longer for its place gets 503.'),
  max_answer_bytes: z
    .number()
    .int()
    .min(1_048_576)
    .default(134_217_728)
    .describe(
      'Memory of answers and snapshots while they are made and sent; live forecasts have as much again. One token has at most half of what the others leave; past it 429 or 503.',
    ),
  header_timeout: timeout
    .prefault('10s')
    .describe("A connection that has not sent a request's head within this time is closed."),
  max_clients: z
    .number()
    .int()
    .min(1)
    .default(10_000)
    .describe(
      'WebSocket connections. When there are as many, the token with the most gives one up for another one.',
    ),
  max_unauthenticated: z
    .number()
    .int()
    .min(1)
    .default(1_000)
    .describe(
      'Connections without a valid token yet, beside max_clients; the oldest is closed for a new one.',
    ),
  max_subscriptions: z.number().int().min(1).default(200).describe('Subscriptions of one connection.'),
  max_message_bytes: z.number().int().min(1_024).default(65_536).describe('One message from a client.'),
  client_buffer_bytes: z
    .number()
    .int()
    .min(65_536)
    .default(1_048_576)
    .describe('Unsent bytes kept for one slow client.'),
  slow_client_timeout: timeout
    .prefault('30s')
    .describe('A client that has read nothing for this long is closed with 4408.'),
});

const demoSchema = z.strictObject({
  enabled: z.boolean().default(true).describe('Demo traffic when the embedded pipeline is the source.'),
  seed: z.number().int().default(1).describe('The same seed gives the same traffic.'),
  backfill: duration.prefault('3h').describe('How much history the demo fills in at the first start.'),
  history: duration
    .prefault('21d')
    .describe(
      'How far back the demo fills in the steps of metrics with a `history`, in the embedded store; `0s`: not at all.',
    ),
});

export const settingsSchema = z.strictObject({
  host: z
    .string()
    .refine((text) => /^(?:[\w.-]+|\[[0-9a-fA-F:.]+\])$/.test(text) || isIPv6(text), {
      error: 'write a name or address without a scheme or port, e.g. 0.0.0.0; BRIDGE_PORT sets the port',
    })
    .default('127.0.0.1')
    .describe('Address to serve; others than loopback need tokens.'),
  port: port.default(8765).describe('HTTP and WebSocket; 0: any free one.'),
  insecure: z.boolean().default(false).describe('Serve other addresses than loopback without tokens.'),
  metrics_file: filePath
    .optional()
    .describe('Read again when it changes. Default: the metrics.yaml that comes with the bridge.'),
  store_path: filePath.default('data').describe('Folder of the embedded store and of the embedded pipeline.'),
  tokens_file: filePath.optional().describe('Who may do what; see access.md.'),
  allowed_origins: z
    .array(z.string().min(1))
    .default([])
    .describe('Browser origins let in besides loopback ones.'),
  allowed_hosts: z
    .array(z.string().min(1))
    .default([])
    .describe('Host headers let in besides the bound address and loopback.'),
  tls_cert_file: filePath.optional().describe('Serve TLS with this certificate, PEM; with tls_key_file.'),
  tls_key_file: filePath.optional().describe('Key of tls_cert_file, PEM.'),
  log_level: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('One JSON object a line on stdout.'),
  stale_windows: z
    .number()
    .min(0)
    .default(2)
    .describe('A summary is stale past last end + grace + so many windows.'),
  clock_tolerance: duration
    .prefault('60s')
    .describe('Clocks that differ by more are named by /readyz, and close no window.'),
  kafka: kafkaSchema.default(() => kafkaSchema.parse({})),
  redis: redisSchema.default(() => redisSchema.parse({})),
  limits: limitsSchema.default(() => limitsSchema.parse({})),
  demo: demoSchema.default(() => demoSchema.parse({})),
});

export type Settings = z.output<typeof settingsSchema>;
