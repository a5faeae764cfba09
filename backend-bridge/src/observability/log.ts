import pino, { type DestinationStream, type LoggerOptions } from 'pino';
import type { Log } from '../domain/telemetry';

/** Fields that never reach a log line, wherever a careless caller puts them. */
const SECRET_FIELDS = ['password', 'token', 'authorization', 'secret', 'saslPassword', 'sasl_password'];

/**
 * Structured logs, one JSON object a line on stdout.
 * URLs given as `url` lose their user and password.
 */
export function createLog(
  level: string,
  fields: object = {},
  destination: DestinationStream = pino.destination(1),
): Log {
  const options: LoggerOptions = {
    level,
    base: { service: 'streamkpi-bridge', ...fields },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { url: withoutCredentials, error: pino.stdSerializers.err },
    redact: {
      paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
      censor: '********',
    },
  };
  return pino(options, destination);
}

export function withoutCredentials(url: unknown): unknown {
  if (typeof url !== 'string') return url;
  return url.replace(/\/\/[^/@\s]*@/g, '//********@');
}
