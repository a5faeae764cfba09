import kafkajs from 'kafkajs';
import { withoutSecrets } from '../../domain/credentials';
import type { KafkaSourceOptions } from '../options';

export type BrokerOptions = Pick<KafkaSourceOptions, 'brokers' | 'ssl' | 'sasl'>;

interface KafkaError extends Error {
  readonly code?: unknown;
  readonly type?: unknown;
  readonly broker?: unknown;
}

/** The error and its causes, innermost last. */
function* chainOf(error: unknown): Generator<KafkaError> {
  let next: unknown = error;
  for (let depth = 0; next instanceof Error && depth < 10; depth += 1) {
    yield next;
    next = (next as { originalError?: unknown }).originalError ?? next.cause;
  }
}

function isLogin({ name, type }: KafkaError): boolean {
  return name === 'KafkaJSSASLAuthenticationError' || type === 'UNSUPPORTED_SASL_MECHANISM';
}

function refusedCredentials(message: string, sasl: BrokerOptions['sasl']): string {
  const mechanism = sasl?.mechanism ?? 'none';
  if (/not supported by the server|does not support the requested SASL mechanism/i.test(message)) {
    return `KAFKA_SASL_MECHANISM: the brokers do not offer ${mechanism} (${message})`;
  }
  const reason = withoutSecrets(message, [
    sasl !== undefined && 'password' in sasl ? sasl.password : undefined,
  ]);
  return `KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD: the brokers refuse them (${reason})`;
}

/** The certificate problem as a sentence, or null. `prefix` of the setting names, e.g. `KAFKA_SSL`. */
export function refusedCertificate(text: string, prefix: string): string | null {
  if (/SELF_SIGNED|UNABLE_TO|self.signed|unable to (?:get|verify)/i.test(text)) {
    return `${prefix}_CA_FILE: the server's certificate is not trusted; give the certificate authority that signed it`;
  }
  if (
    /alert (?:number 116|certificate required|bad certificate|unknown ca)|CERTIFICATE_REQUIRED/i.test(text)
  ) {
    return `${prefix}_CERT_FILE, ${prefix}_KEY_FILE: the server asks for a client certificate that it trusts`;
  }
  if (/ALTNAME|altnames/.test(text))
    return 'the host name is not in the certificate; connect by a name that it contains';
  return null;
}

function refusedTls(text: string, { ssl }: BrokerOptions): string | null {
  if (/wrong version number|WRONG_VERSION|packet length|before secure TLS/i.test(text) && ssl) {
    return 'KAFKA_SSL: the brokers do not use TLS on this port; use the port of their TLS listener, or turn TLS off';
  }
  return refusedCertificate(text, 'KAFKA_SSL');
}

/** An address that cannot be reached. Clients are given it by the brokers, who may know themselves by another name. */
function unreachable(error: KafkaError, text: string, brokers: readonly string[]): string | null {
  const isUnknownName = /ENOTFOUND|EAI_AGAIN/.test(text);
  const broker = typeof error.broker === 'string' ? error.broker : null;
  if (broker === null || brokers.includes(broker)) {
    return isUnknownName
      ? `KAFKA_BROKERS: the name of ${broker ?? 'a broker'} cannot be resolved from here`
      : null;
  }
  const advertised = `${broker}, which cannot be ${isUnknownName ? 'resolved' : 'reached'} from here: it is the broker's advertised listener`;
  if (isUnknownName) {
    return `the brokers name ${advertised}; change advertised.listeners there, or let the bridge resolve the name`;
  }
  return /ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|Connection timeout/.test(text)
    ? `the brokers name ${advertised}; change advertised.listeners there to an address that the bridge reaches, or start the broker if it is down`
    : null;
}

/** Why the brokers could not be reached or refused the login, as a sentence that names the setting to change. */
export function connectionRefusal(error: unknown, brokerOptions: BrokerOptions): string {
  for (const each of chainOf(error)) {
    const text = `${String(each.code)} ${each.message}`;
    if (each.name === 'LoginError') return each.message;
    const found =
      (isLogin(each) ? refusedCredentials(each.message, brokerOptions.sasl) : null) ??
      refusedTls(text, brokerOptions) ??
      (each instanceof kafkajs.KafkaJSConnectionError
        ? unreachable(each, text, brokerOptions.brokers)
        : null);
    if (found !== null) return found;
  }
  return (error as Error).message;
}
