import kafkajs, { type Mechanism } from 'kafkajs';
import { withoutSecrets } from '../../domain/credentials';

export interface BearerToken {
  readonly value: string;
  /** SASL extensions, e.g. `logicalCluster` and `identityPoolId` of Confluent Cloud. */
  readonly extensions?: Readonly<Record<string, string>>;
}

/** A refused login, as a sentence that names the setting. Not retried by kafkajs. */
class LoginError extends kafkajs.KafkaJSNonRetriableError {
  override readonly name = 'LoginError';
}

/** Separator in the client's message (RFC 7628). */
const SEPARATOR = '\u0001';

/** The client's first message, length-prefixed as kafkajs expects it. */
function firstMessage({ value, extensions = {} }: BearerToken): Buffer {
  const pairs = Object.entries(extensions).map(([name, text]) => `${name}=${text}${SEPARATOR}`);
  const message = Buffer.from(`n,,${SEPARATOR}auth=Bearer ${value}${SEPARATOR}${pairs.join('')}${SEPARATOR}`);
  const size = Buffer.alloc(4);
  size.writeInt32BE(message.length);
  return Buffer.concat([size, message]);
}

/**
 * SASL OAUTHBEARER for kafkajs. The built-in one mistakes a refusal, which brokers send as a JSON challenge, for
 * success, and the connection then closes without a reason. `setting` names what a refused token depends on.
 */
export function oauthBearer(token: () => Promise<BearerToken>, setting: string): Mechanism {
  return {
    mechanism: 'oauthbearer',
    authenticationProvider: ({ saslAuthenticate }) => ({
      authenticate: async () => {
        let message: Buffer;
        let value: string;
        try {
          const given = await token();
          value = given.value;
          message = firstMessage(given);
        } catch (error) {
          throw new LoginError((error as Error).message);
        }
        const challenge = await saslAuthenticate({
          request: { encode: () => message },
          response: { decode: (bytes) => bytes.subarray(4), parse: (bytes) => bytes.toString('utf8') },
        }).catch((error: unknown) => (error as Error).message);
        // An empty challenge means success.
        if (typeof challenge === 'string' && challenge !== '') {
          const reason = withoutSecrets(challenge, [value]);
          throw new LoginError(`${setting}: the brokers refused the token (${reason})`);
        }
      },
    }),
  };
}
