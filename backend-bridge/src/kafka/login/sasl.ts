import type { KafkaConfig, Mechanism } from 'kafkajs';
import { cachedTokens, createTokenSource, type ClientCredentials } from './access-token';
import { oauthBearer } from './oauth-bearer';

export type KafkaSasl =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
      readonly username: string;
      readonly password: string;
    }
  | {
      readonly mechanism: 'oauthbearer';
      readonly credentials: ClientCredentials;
      readonly extensions: Readonly<Record<string, string>>;
    }
  | { readonly mechanism: 'aws-msk-iam'; readonly region: string };

/** Lifetime of an MSK token: 15 minutes. */
const MSK_LIFETIME_MS = 900_000;

/** MSK IAM tokens, signed with the credentials that the AWS SDK finds: variables, profile, instance role. */
function mskIam(region: string): Mechanism {
  const token = cachedTokens(async () => {
    const { generateAuthToken } = await import('aws-msk-iam-sasl-signer-js');
    try {
      const { token: value } = await generateAuthToken({ region });
      return { value, lifetimeMs: MSK_LIFETIME_MS };
    } catch (error) {
      throw new Error(
        `KAFKA_SASL_MECHANISM: no AWS credentials for aws-msk-iam (${(error as Error).message}); give the bridge a role, a profile or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`,
        { cause: error },
      );
    }
  });
  return oauthBearer(
    async () => ({ value: await token() }),
    'KAFKA_AWS_REGION, and what the AWS role may do on this cluster',
  );
}

/** The kafkajs SASL configuration; one for all clients of a source, which share its tokens. */
export function saslFor(sasl: KafkaSasl): NonNullable<KafkaConfig['sasl']> {
  switch (sasl.mechanism) {
    case 'plain':
      return { ...sasl, mechanism: 'plain' };
    case 'scram-sha-256':
      return { ...sasl, mechanism: 'scram-sha-256' };
    case 'scram-sha-512':
      return { ...sasl, mechanism: 'scram-sha-512' };
    case 'oauthbearer': {
      const { credentials, extensions } = sasl;
      const token = createTokenSource(credentials, 'KAFKA_OAUTH');
      return oauthBearer(
        async () => ({ value: await token(), extensions }),
        'KAFKA_OAUTH_CLIENT_ID, KAFKA_OAUTH_SCOPE, KAFKA_OAUTH_AUDIENCE',
      );
    }
    case 'aws-msk-iam':
      return mskIam(sasl.region);
  }
}
