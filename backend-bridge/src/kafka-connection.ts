import type { Settings } from './config/settings';
import type { ClientCredentials } from './kafka/login/access-token';
import type { KafkaSasl } from './kafka/login/sasl';
import type { KafkaSourceOptions } from './kafka/options';
import { pemText, tlsTexts } from './pem-files';

/** How the brokers and the Schema Registry are reached, from the settings and the files that they name. */

type Kafka = Settings['kafka'];

function credentialsOf(oauth: Kafka['schema_registry']['oauth'], section: string): ClientCredentials {
  return {
    // loadSettings has seen that these are there.
    tokenUrl: oauth.token_url!,
    clientId: oauth.client_id!,
    clientSecret: oauth.client_secret!,
    scope: oauth.scope,
    audience: oauth.audience,
    ca: pemText(`${section}.ca_file`, oauth.ca_file),
  };
}

function saslOf(kafka: Kafka): KafkaSasl | undefined {
  const { sasl_mechanism: mechanism, oauth } = kafka;
  switch (mechanism) {
    case undefined:
      return undefined;
    case 'oauthbearer':
      return { mechanism, credentials: credentialsOf(oauth, 'kafka.oauth'), extensions: oauth.extensions };
    case 'aws-msk-iam':
      return { mechanism, region: kafka.aws_region! };
    case 'plain':
    case 'scram-sha-256':
    case 'scram-sha-512':
      return { mechanism, username: kafka.sasl_username!, password: kafka.sasl_password! };
  }
}

/** TLS and login to the brokers. Throws StartRefusedError for a file that cannot be read. */
export function brokerOptions(kafka: Kafka): Pick<KafkaSourceOptions, 'brokers' | 'ssl' | 'sasl'> {
  const tls = tlsTexts('kafka', kafka);
  const sasl = saslOf(kafka);
  return {
    brokers: kafka.brokers,
    ssl: kafka.ssl ? (Object.keys(tls).length > 0 ? tls : true) : false,
    ...(sasl === undefined ? {} : { sasl }),
  };
}

/** The Schema Registry's; undefined where none is set. Throws StartRefusedError for a file that cannot be read. */
export function registryOptions(kafka: Kafka): KafkaSourceOptions['schemaRegistry'] {
  const { schema_registry_url: url, schema_registry: registry } = kafka;
  if (url === undefined) return undefined;
  const isOAuth = registry.oauth.token_url !== undefined;
  return {
    url,
    username: kafka.schema_registry_username,
    password: kafka.schema_registry_password,
    token: registry.token,
    oauth: isOAuth ? credentialsOf(registry.oauth, 'kafka.schema_registry.oauth') : undefined,
    tls: tlsTexts('kafka.schema_registry', registry),
  };
}
