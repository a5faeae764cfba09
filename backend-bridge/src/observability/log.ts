import pino, { type DestinationStream, type LoggerOptions } from 'pino';
import { withoutCredentials, withoutSecrets } from '../domain/credentials';
import type { Log } from '../domain/telemetry';

/** Fields that never reach a log line, wherever a careless caller puts them. */
const SECRET_FIELDS = [
  'password',
  'passphrase',
  'token',
  'access_token',
  'authorization',
  'secret',
  'clientSecret',
  'client_secret',
  'saslPassword',
  'sasl_password',
  'schema_registry_password',
];

/** Structured logs, one JSON object a line on stdout. URLs in any field lose their user and password, any text the secrets. */
export function createLog(
  level: string,
  fields: object = {},
  destination: DestinationStream = pino.destination(1),
  secrets: readonly string[] = [],
): Log {
  const options: LoggerOptions = {
    level,
    base: { service: 'streamkpi-bridge', ...fields },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: errorFields, error: errorFields },
    redact: {
      paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
      censor: '********',
    },
  };
  // The whole line, because messages and stacks of libraries quote URLs too, and servers what they were sent.
  return pino(options, {
    write: (line) => destination.write(withoutSecrets(withoutCredentials(line), secrets)),
  });
}

/** ioredis keeps the command that failed with the error: for AUTH that is the password. */
function errorFields(error: Error): object {
  const { command: _command, ...shown } = pino.stdSerializers.err(error) as unknown as Record<
    string,
    unknown
  >;
  return shown;
}
