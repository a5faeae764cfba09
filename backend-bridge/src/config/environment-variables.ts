import { readFileSync } from 'node:fs';
import { fileText } from '../domain/file-text';
import { editDistance } from '../domain/similar-name';

/** Environment variables, which override the settings file. */

type Reader = (text: string) => unknown;

export interface EnvironmentVariable {
  readonly name: string;
  readonly path: readonly string[];
  readonly read: Reader;
}

const asText: Reader = (text) => text;
const asList: Reader = (text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
const asNumber: Reader = (text) => (/^-?\d+$/.test(text.trim()) ? Number(text) : text);
const asSwitch: Reader = (text) => {
  const word = text.trim().toLowerCase();
  if (['true', '1', 'on', 'yes'].includes(word)) return true;
  if (['false', '0', 'off', 'no'].includes(word)) return false;
  return text;
};
const asLower: Reader = (text) => text.toLowerCase();
/** Comma-separated `name=value` pairs; other texts are refused by the schema. */
const asPairs: Reader = (text) => {
  const pairs = text.split(',').map((part) => /^\s*([^=]+)=(.*)$/.exec(part.trim()));
  return pairs.every((pair) => pair !== null)
    ? Object.fromEntries(pairs.map((pair) => [pair[1]!, pair[2]!]))
    : text;
};

/** Every environment variable of the bridge, with its setting. */
export const ENVIRONMENT: readonly EnvironmentVariable[] = [
  { name: 'BRIDGE_HOST', path: ['host'], read: asText },
  { name: 'BRIDGE_PORT', path: ['port'], read: asNumber },
  { name: 'BRIDGE_TOKENS_FILE', path: ['tokens_file'], read: asText },
  { name: 'BRIDGE_ALLOWED_ORIGINS', path: ['allowed_origins'], read: asList },
  { name: 'BRIDGE_ALLOWED_HOSTS', path: ['allowed_hosts'], read: asList },
  { name: 'BRIDGE_TLS_CERT_FILE', path: ['tls_cert_file'], read: asText },
  { name: 'BRIDGE_TLS_KEY_FILE', path: ['tls_key_file'], read: asText },
  { name: 'METRICS_FILE', path: ['metrics_file'], read: asText },
  { name: 'STORE_PATH', path: ['store_path'], read: asText },
  { name: 'LOG_LEVEL', path: ['log_level'], read: asLower },
  { name: 'DEMO', path: ['demo', 'enabled'], read: asSwitch },
  { name: 'KAFKA_BROKERS', path: ['kafka', 'brokers'], read: asList },
  { name: 'KAFKA_GROUP_ID', path: ['kafka', 'group_id'], read: asText },
  { name: 'KAFKA_SSL', path: ['kafka', 'ssl'], read: asSwitch },
  { name: 'KAFKA_SSL_CA_FILE', path: ['kafka', 'ca_file'], read: asText },
  { name: 'KAFKA_SSL_CERT_FILE', path: ['kafka', 'cert_file'], read: asText },
  { name: 'KAFKA_SSL_KEY_FILE', path: ['kafka', 'key_file'], read: asText },
  { name: 'KAFKA_SASL_MECHANISM', path: ['kafka', 'sasl_mechanism'], read: asLower },
  { name: 'KAFKA_SASL_USERNAME', path: ['kafka', 'sasl_username'], read: asText },
  { name: 'KAFKA_SASL_PASSWORD', path: ['kafka', 'sasl_password'], read: asText },
  { name: 'KAFKA_OAUTH_TOKEN_URL', path: ['kafka', 'oauth', 'token_url'], read: asText },
  { name: 'KAFKA_OAUTH_CLIENT_ID', path: ['kafka', 'oauth', 'client_id'], read: asText },
  { name: 'KAFKA_OAUTH_CLIENT_SECRET', path: ['kafka', 'oauth', 'client_secret'], read: asText },
  { name: 'KAFKA_OAUTH_SCOPE', path: ['kafka', 'oauth', 'scope'], read: asText },
  { name: 'KAFKA_OAUTH_AUDIENCE', path: ['kafka', 'oauth', 'audience'], read: asText },
  { name: 'KAFKA_OAUTH_CA_FILE', path: ['kafka', 'oauth', 'ca_file'], read: asText },
  { name: 'KAFKA_OAUTH_EXTENSIONS', path: ['kafka', 'oauth', 'extensions'], read: asPairs },
  { name: 'KAFKA_AWS_REGION', path: ['kafka', 'aws_region'], read: asText },
  { name: 'KAFKA_DEAD_LETTER_TOPIC', path: ['kafka', 'dead_letter_topic'], read: asText },
  { name: 'SCHEMA_REGISTRY_URL', path: ['kafka', 'schema_registry_url'], read: asText },
  { name: 'SCHEMA_REGISTRY_USERNAME', path: ['kafka', 'schema_registry_username'], read: asText },
  { name: 'SCHEMA_REGISTRY_PASSWORD', path: ['kafka', 'schema_registry_password'], read: asText },
  { name: 'SCHEMA_REGISTRY_TOKEN', path: ['kafka', 'schema_registry', 'token'], read: asText },
  { name: 'SCHEMA_REGISTRY_CA_FILE', path: ['kafka', 'schema_registry', 'ca_file'], read: asText },
  { name: 'SCHEMA_REGISTRY_CERT_FILE', path: ['kafka', 'schema_registry', 'cert_file'], read: asText },
  { name: 'SCHEMA_REGISTRY_KEY_FILE', path: ['kafka', 'schema_registry', 'key_file'], read: asText },
  {
    name: 'SCHEMA_REGISTRY_OAUTH_TOKEN_URL',
    path: ['kafka', 'schema_registry', 'oauth', 'token_url'],
    read: asText,
  },
  {
    name: 'SCHEMA_REGISTRY_OAUTH_CLIENT_ID',
    path: ['kafka', 'schema_registry', 'oauth', 'client_id'],
    read: asText,
  },
  {
    name: 'SCHEMA_REGISTRY_OAUTH_CLIENT_SECRET',
    path: ['kafka', 'schema_registry', 'oauth', 'client_secret'],
    read: asText,
  },
  { name: 'SCHEMA_REGISTRY_OAUTH_SCOPE', path: ['kafka', 'schema_registry', 'oauth', 'scope'], read: asText },
  {
    name: 'SCHEMA_REGISTRY_OAUTH_AUDIENCE',
    path: ['kafka', 'schema_registry', 'oauth', 'audience'],
    read: asText,
  },
  {
    name: 'SCHEMA_REGISTRY_OAUTH_CA_FILE',
    path: ['kafka', 'schema_registry', 'oauth', 'ca_file'],
    read: asText,
  },
  { name: 'REDIS_URL', path: ['redis', 'url'], read: asText },
  { name: 'REDIS_CA_FILE', path: ['redis', 'ca_file'], read: asText },
];

const SECRETS = new Set([
  'KAFKA_SASL_PASSWORD',
  'KAFKA_OAUTH_CLIENT_SECRET',
  'SCHEMA_REGISTRY_PASSWORD',
  'SCHEMA_REGISTRY_TOKEN',
  'SCHEMA_REGISTRY_OAUTH_CLIENT_SECRET',
  'REDIS_URL',
]);
/** BRIDGE_CONFIG names the settings file, and has no setting in it. */
const SETTINGS_FILE = 'BRIDGE_CONFIG';
/** Variables that Kubernetes sets in every container for a service named `bridge`. */
const KUBERNETES = /_(SERVICE_(HOST|PORT)(_|$)|PORT_\d+_(TCP|UDP))/;

type Tree = Record<string, unknown>;

function put(tree: Tree, path: readonly string[], value: unknown): void {
  const [head, ...rest] = path as [string, ...string[]];
  if (rest.length === 0) {
    tree[head] = value;
    return;
  }
  const child = tree[head];
  const inner: Tree =
    typeof child === 'object' && child !== null && !Array.isArray(child) ? { ...(child as Tree) } : {};
  put(inner, rest, value);
  tree[head] = inner;
}

/**
 * The file's settings, overridden by the environment. An empty variable counts as unset. Adds a sentence to `problems`
 * for each invalid variable.
 */
export function overlayEnvironment(file: Tree, environment: NodeJS.ProcessEnv, problems: string[]): Tree {
  const tree: Tree = { ...file };
  for (const { name, path, read } of ENVIRONMENT) {
    const direct = environment[name] ?? '';
    const fromFile = SECRETS.has(name) ? (environment[`${name}_FILE`] ?? '') : '';
    if (direct !== '' && fromFile !== '') {
      problems.push(`${name}: set it or ${name}_FILE, not both`);
      continue;
    }
    if (fromFile !== '') {
      try {
        put(tree, path, read(fileText(readFileSync(fromFile)).trim()));
      } catch (error) {
        // The path is not repeated: it may be the secret itself.
        const reason = (error as NodeJS.ErrnoException).code ?? 'not UTF-8 text';
        problems.push(
          `${name}_FILE: cannot read the file that it names (${reason}); give the path of a readable file in UTF-8`,
        );
      }
    } else if (direct !== '') {
      put(tree, path, read(direct));
    }
  }
  const known = new Set<string>([
    SETTINGS_FILE,
    ...ENVIRONMENT.map((variable) => variable.name),
    ...[...SECRETS].map((name) => `${name}_FILE`),
  ]);
  for (const name of Object.keys(environment)) {
    if (known.has(name) || KUBERNETES.test(name)) continue;
    const meant = intended(name);
    if (meant !== undefined) problems.push(`${name}: unknown setting; ${meant}`);
    else if (name.startsWith('BRIDGE_'))
      problems.push(`${name}: unknown setting; remove it or correct its name`);
  }
  return tree;
}

/**
 * A suggestion for an unknown variable. Variables with other prefixes may be for other programs in the container, so
 * besides BRIDGE_ only one or two wrong characters count, and `_FILE` after a known name.
 */
function intended(name: string): string | undefined {
  const plain = name.replace(/_FILE$/, '');
  if (plain !== name && ENVIRONMENT.some((variable) => variable.name === plain))
    return `only ${[...SECRETS].join(', ')} may come from a file; set ${plain} itself`;
  const near = [...ENVIRONMENT.map((variable) => variable.name), SETTINGS_FILE].filter(
    (other) =>
      other.includes('_') &&
      editDistance(name, other) <= (name.startsWith('BRIDGE_') || other.length > 12 ? 2 : 1),
  );
  return near.length === 0 ? undefined : `did you mean ${near.join(' or ')}?`;
}

/** The variable of a setting's path, for error messages. */
export function variableFor(path: readonly PropertyKey[]): string | undefined {
  const text = path.map(String);
  return ENVIRONMENT.find(
    (variable) =>
      variable.path.length <= text.length && variable.path.every((part, index) => part === text[index]),
  )?.name;
}
