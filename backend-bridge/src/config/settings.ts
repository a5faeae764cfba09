import { readFileSync } from 'node:fs';
import { YAMLError } from 'yaml';
import { z } from 'zod';
import { withoutCredentials } from '../domain/credentials';
import { StartRefusedError } from '../domain/errors';
import { fileText } from '../domain/file-text';
import { ENVIRONMENT, overlayEnvironment, variableFor } from './environment-variables';
import { loginProblems } from './login-problems';
import { documentProblems, problemsOf } from './problems';
import { settingsSchema, type Settings } from './settings-schema';
import { parseYaml } from './yaml-document';

export type { Settings } from './settings-schema';

type Tree = Record<string, unknown>;

const SHORTEST_MASKED = 6;

function readSettingsFile(file: string): Tree {
  let document: unknown;
  try {
    document = parseYaml(fileText(readFileSync(file)));
  } catch (error) {
    throw new StartRefusedError(`BRIDGE_CONFIG: cannot read ${file}: ${fileFault(error)}`, { cause: error });
  }
  if (document === null) return {};
  if (typeof document !== 'object' || Array.isArray(document)) {
    throw new StartRefusedError(`BRIDGE_CONFIG: ${file} must hold settings by name, e.g. \`port: 8765\``);
  }
  return document as Tree;
}

/** The parser's message quotes the lines around the error, which may contain a password. */
function fileFault(error: unknown): string {
  if (error instanceof ReferenceError)
    return 'an alias has no anchor; put a text that begins with * in quotes';
  if (!(error instanceof YAMLError)) return (error as Error).message;
  const at = error.linePos?.[0];
  return `not YAML${at === undefined ? '' : `, line ${at.line}, column ${at.col}`} (${error.code})`;
}

/** Moves user and password of the registry's URL to their own settings, as requests need them. */
function splitRegistryUrl(settings: Settings, problems: string[]): Settings {
  const { kafka } = settings;
  const url = new URL(kafka.schema_registry_url ?? 'http://none');
  if (url.username === '' && url.password === '') return settings;
  if (kafka.schema_registry_username !== undefined || kafka.schema_registry_password !== undefined) {
    problems.push(
      'SCHEMA_REGISTRY_URL: it has a user, and so have SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD; give it once',
    );
    return settings;
  }
  let username: string;
  let password: string;
  try {
    username = decodeURIComponent(url.username);
    password = decodeURIComponent(url.password);
  } catch {
    problems.push('SCHEMA_REGISTRY_URL: its user or password is not URL-encoded; write %25 for %');
    return settings;
  }
  url.username = '';
  url.password = '';
  return {
    ...settings,
    kafka: {
      ...kafka,
      schema_registry_url: url.href,
      schema_registry_username: username,
      schema_registry_password: password,
    },
  };
}

function crossProblems(settings: Settings): string[] {
  const problems: string[] = [];
  const { kafka, redis } = settings;
  if ((settings.tls_cert_file === undefined) !== (settings.tls_key_file === undefined)) {
    problems.push('tls_cert_file, tls_key_file: give both or neither');
  }
  problems.push(...loginProblems(kafka));
  const together = (a: string, b: string, given: readonly unknown[]): void => {
    if ((given[0] === undefined) !== (given[1] === undefined))
      problems.push(`${a}, ${b}: give both or neither`);
  };
  together('kafka.cert_file', 'kafka.key_file', [kafka.cert_file, kafka.key_file]);
  together('redis.cert_file', 'redis.key_file', [redis.cert_file, redis.key_file]);
  if (!kafka.ssl && (kafka.ca_file ?? kafka.cert_file) !== undefined) {
    problems.push(
      'KAFKA_SSL: certificates for Kafka are given, but TLS is off; set it to true, or remove them',
    );
  }
  if ((redis.ca_file ?? redis.cert_file) !== undefined && redis.url?.startsWith('rediss:') !== true) {
    problems.push('REDIS_URL: certificates for Redis are given, but TLS is off; begin it with rediss://');
  }
  if (kafka.brokers.length === 0 && (kafka.sasl_mechanism !== undefined || kafka.ssl)) {
    problems.push(
      'KAFKA_BROKERS: settings for Kafka are given, but no broker; write host:port, or remove them',
    );
  }
  return problems;
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(freeze);
    Object.freeze(value);
  }
  return value;
}

/**
 * Settings from the file named by BRIDGE_CONFIG, overridden by the environment, overridden by flags. Frozen. Throws a
 * StartRefusedError that lists every problem.
 */
export function loadSettings(environment: NodeJS.ProcessEnv, flags: { insecure?: boolean } = {}): Settings {
  const file = environment['BRIDGE_CONFIG'] ?? '';
  const problems: string[] = [];
  const tree = overlayEnvironment(file === '' ? {} : readSettingsFile(file), environment, problems);
  if (flags.insecure === true) tree['insecure'] = true;
  problems.push(...documentProblems(tree));
  const parsed = settingsSchema.safeParse(tree);
  if (parsed.success) {
    problems.push(...crossProblems(parsed.data));
    const settings = splitRegistryUrl(parsed.data, problems);
    if (problems.length === 0) return freeze(settings);
  } else {
    for (const issue of parsed.error.issues) {
      const variable = variableFor(issue.path);
      const given = variable === undefined ? '' : (environment[variable] ?? '');
      if (variable !== undefined && given !== '') problems.push(`${variable}: ${issue.message}`);
      else problems.push(...problemsOf(new z.ZodError([issue]), tree));
    }
  }
  throw new StartRefusedError(`The settings cannot be used:\n  ${problems.join('\n  ')}`);
}

function secretPaths(schema: z.ZodType, path: readonly string[] = []): string[][] {
  if (schema.meta()?.['secret'] === true) return [[...path]];
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional) {
    return secretPaths(schema.unwrap() as z.ZodType, path);
  }
  if (schema instanceof z.ZodObject) {
    return Object.entries(schema.shape as Record<string, z.ZodType>).flatMap(([key, inner]) =>
      secretPaths(inner, [...path, key]),
    );
  }
  return [];
}

/**
 * The values of the secret settings, to be masked in logs; of an address the password, since its host is worth reading.
 * Short ones are left out, as a sentence may contain them by chance.
 */
export function secretValues(settings: Settings): string[] {
  return secretPaths(settingsSchema)
    .map((path) => path.reduce<unknown>((tree, name) => (tree as Tree | undefined)?.[name], settings))
    .filter((value) => typeof value === 'string')
    .map((value) => (value === settings.redis.url ? passwordOf(value) : value))
    .filter((value) => value.length >= SHORTEST_MASKED);
}

/** The password in a Redis address as servers see it; empty where there is none. */
function passwordOf(address: string): string {
  const written = /^\w+:\/\/[^@/]*?:([^@/]*)@/.exec(address)?.[1] ?? '';
  try {
    return decodeURIComponent(written);
  } catch {
    return written;
  }
}

/** The effective settings with secrets masked and their variables, for --print-config. */
export function printableSettings(settings: Settings): string {
  const secrets = new Set(secretPaths(settingsSchema).map((path) => path.join('.')));
  const lines: string[] = [];
  const walk = (value: unknown, path: readonly string[]): void => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [key, inner] of Object.entries(value)) walk(inner, [...path, key]);
      return;
    }
    const key = path.join('.');
    const variable = ENVIRONMENT.find((entry) => entry.path.join('.') === key)?.name;
    const masked = secrets.has(key) && value !== undefined;
    const shown = masked ? '"********"' : withoutCredentials(JSON.stringify(value ?? null));
    lines.push(`${key}: ${shown}${variable === undefined ? '' : `   # ${variable}`}`);
  };
  walk(settings, []);
  return lines.join('\n');
}
