import pino, { type DestinationStream, type LoggerOptions } from 'pino';
import { withoutCredentials, withoutSecrets } from '../domain/credentials';
import type { Log } from '../domain/telemetry';

/** Fields that are always removed from log lines. */
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

/**
 * Structured logs on stdout, one JSON object per line. Masks credentials of URLs in all fields, and secrets in all
 * texts.
 */
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
  // The whole line, because library messages and stacks quote URLs, and servers quote requests.
  return pino(options, {
    write: (line) => destination.write(withoutSecrets(withoutCredentials(line), secrets)),
  });
}

/** ioredis attaches the failed command to the error: for AUTH that includes the password. */
function errorFields(error: Error): object {
  const { command: _command, ...shown } = pino.stdSerializers.err(error) as unknown as Record<
    string,
    unknown
  >;
  return shown;
}
