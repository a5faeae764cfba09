import type { Settings } from './settings-schema';

type Kafka = Settings['kafka'];
type OAuth = Kafka['schema_registry']['oauth'];

const isGiven = (values: readonly unknown[]): boolean => values.some((value) => value !== undefined);

/** @param prefix of the client's variables */
function oauthProblems({ token_url, client_id, client_secret }: OAuth, prefix: string): string[] {
  const required = { TOKEN_URL: token_url, CLIENT_ID: client_id, CLIENT_SECRET: client_secret };
  const missing = Object.entries(required).filter(([, value]) => value === undefined);
  if (missing.length === 0) return [];
  return [`${missing.map(([name]) => `${prefix}_${name}`).join(', ')}: not set, and OAuth needs it`];
}

function brokerProblems(kafka: Kafka): string[] {
  const { sasl_mechanism: mechanism, sasl_username, sasl_password, aws_region, oauth, ssl } = kafka;
  const isUserGiven = isGiven([sasl_username, sasl_password]);
  const { extensions: _extensions, ...client } = oauth;
  const isClientGiven = isGiven(Object.values(client));
  switch (mechanism) {
    case undefined:
      if (isClientGiven) return ['KAFKA_SASL_MECHANISM: set it to oauthbearer; settings of OAuth are given'];
      if (aws_region !== undefined)
        return ['KAFKA_SASL_MECHANISM: set it to aws-msk-iam; an AWS region is given'];
      return isUserGiven
        ? ['KAFKA_SASL_MECHANISM: say plain, scram-sha-256 or scram-sha-512; a user or password is set']
        : [];
    case 'oauthbearer':
      return oauthProblems(oauth, 'KAFKA_OAUTH');
    case 'aws-msk-iam':
      if (aws_region === undefined) return ['KAFKA_AWS_REGION: not set, and aws-msk-iam needs it'];
      return ssl ? [] : ['KAFKA_SSL: MSK takes aws-msk-iam by TLS only; set it to true'];
    case 'plain':
    case 'scram-sha-256':
    case 'scram-sha-512':
      return sasl_username === undefined || sasl_password === undefined
        ? [
            'KAFKA_SASL_MECHANISM: needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD (or KAFKA_SASL_PASSWORD_FILE)',
          ]
        : [];
  }
}

function registryProblems(kafka: Kafka): string[] {
  const {
    schema_registry_url: url,
    schema_registry_username: user,
    schema_registry_password: password,
  } = kafka;
  const { token, oauth, ca_file, cert_file, key_file } = kafka.schema_registry;
  const problems: string[] = [];
  const isOAuth = isGiven(Object.values(oauth));
  if (user === undefined && password !== undefined) {
    problems.push('SCHEMA_REGISTRY_PASSWORD: needs SCHEMA_REGISTRY_USERNAME');
  }
  if (isOAuth) problems.push(...oauthProblems(oauth, 'SCHEMA_REGISTRY_OAUTH'));
  const given = {
    SCHEMA_REGISTRY_USERNAME: user !== undefined,
    SCHEMA_REGISTRY_TOKEN: token !== undefined,
    SCHEMA_REGISTRY_OAUTH_TOKEN_URL: isOAuth,
  };
  const logins = Object.entries(given).flatMap(([name, isSet]) => (isSet ? [name] : []));
  if (logins.length > 1) problems.push(`${logins.join(', ')}: give one of them`);
  if (logins.length > 0 && url === undefined) problems.push(`${logins[0]}: needs SCHEMA_REGISTRY_URL`);
  if ((cert_file === undefined) !== (key_file === undefined)) {
    problems.push('SCHEMA_REGISTRY_CERT_FILE, SCHEMA_REGISTRY_KEY_FILE: give both or neither');
  }
  if (isGiven([ca_file, cert_file]) && url?.startsWith('https:') !== true) {
    problems.push('SCHEMA_REGISTRY_URL: certificates for the registry are given; begin it with https://');
  }
  return problems;
}

/** Missing and conflicting settings of the logins to brokers and Schema Registry. */
export function loginProblems(kafka: Kafka): string[] {
  return [...brokerProblems(kafka), ...registryProblems(kafka)];
}
