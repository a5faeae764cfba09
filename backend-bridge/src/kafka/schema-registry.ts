import type { RegisteredSchema, SchemaAnswer, SchemaId, SchemaSource } from '../decoding/format';
import { withoutSecrets } from '../domain/credentials';
import { UnavailableError } from '../domain/errors';
import { createTokenSource, type ClientCredentials } from './login/access-token';
import { refusedCertificate } from './login/connection-refusal';
import { createHttpClient, type HttpAnswer, type HttpTls } from './login/http-client';

export interface SchemaRegistryOptions {
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** A bearer token or its OAuth source, in place of a user. */
  readonly token?: string | undefined;
  readonly oauth?: ClientCredentials | undefined;
  readonly tls?: HttpTls | undefined;
}

export interface SchemaRegistry extends SchemaSource {
  /**
   * Loads a schema, with one request per id at a time. Rejects with UnavailableError when the registry does not answer.
   */
  load(id: SchemaId): Promise<SchemaAnswer>;
  /** Loads several ids, a few at once: damaged bytes may name any number of them. */
  loadAll(ids: readonly SchemaId[]): Promise<void>;
}

const UNKNOWN_TRIES = 3;
const UNKNOWN_TRY_MS = 300;
/** How long an unknown id is cached, as the schema may be registered later. */
const UNKNOWN_KEPT_MS = 30_000;
const KEPT = 1_000;
/** More than all slices in progress can reference, so that no id is requested twice for one slice. */
const UNKNOWN_KEPT = 20_000;
const AT_ONCE = 32;
const LOGIN =
  'check SCHEMA_REGISTRY_USERNAME and its password, SCHEMA_REGISTRY_TOKEN or SCHEMA_REGISTRY_OAUTH_CLIENT_ID';
/** Error codes of `Schema`, `Subject` and `Version not found`; a 404 without one is from another server or path. */
const NOT_FOUND: readonly unknown[] = [40_401, 40_402, 40_403];
/** Most schemas that one schema may reference, directly or transitively. */
const MOST_REFERENCES = 200;

interface Reference {
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

interface RegistryBody {
  readonly references?: unknown;
  readonly schema?: unknown;
  readonly schemaType?: unknown;
  readonly error_code?: unknown;
}

function parseBody(text: string): RegistryBody | null {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? body : null;
  } catch {
    return null;
  }
}

function referencesOf({ references }: RegistryBody): readonly Reference[] {
  const isReference = (one: unknown): one is Reference => {
    const { name, subject, version } = (one ?? {}) as Partial<Reference>;
    return typeof name === 'string' && typeof subject === 'string' && typeof version === 'number';
  };
  return Array.isArray(references) ? references.filter(isReference) : [];
}

function unreached({ message, cause }: Error, { url, tls }: SchemaRegistryOptions): string {
  const code = (cause as { code?: string } | undefined)?.code;
  const certificate = refusedCertificate(`${code} ${message}`, 'SCHEMA_REGISTRY');
  if (certificate !== null) return certificate;
  // TLS 1.3 does not report the reason.
  return url.startsWith('https:') && tls?.cert === undefined && /other side closed|ECONNRESET/.test(message)
    ? `${message}; if it asks for a client certificate, set SCHEMA_REGISTRY_CERT_FILE and SCHEMA_REGISTRY_KEY_FILE`
    : message;
}

/** The base URL without credentials, which must not appear in messages, and the source of the Authorization header. */
function addressOf(options: SchemaRegistryOptions): {
  base: string;
  authorize: () => Promise<string | null>;
} {
  const url = new URL(options.url);
  const username = options.username ?? decodeURIComponent(url.username);
  const password = options.password ?? decodeURIComponent(url.password);
  url.username = '';
  url.password = '';
  const { token, oauth } = options;
  const basic = username === '' ? null : `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const fixed = token === undefined ? basic : `Bearer ${token}`;
  const tokens = oauth === undefined ? null : createTokenSource(oauth, 'SCHEMA_REGISTRY_OAUTH');
  return {
    base: url.href.replace(/\/+$/, ''),
    authorize: async () => (tokens === null ? fixed : `Bearer ${await tokens()}`),
  };
}

/**
 * A registry with Confluent's API: `GET /schemas/ids/{id}` or `/schemas/guids/{guid}`, and
 * `/subjects/{subject}/versions/{version}` for references. Schemas are immutable by id.
 */
export function createSchemaRegistry(options: SchemaRegistryOptions): SchemaRegistry {
  const schemas = new Map<SchemaId, SchemaAnswer>();
  const unknown = new Map<SchemaId, { readonly answer: SchemaAnswer; readonly untilMs: number }>();
  const loading = new Map<SchemaId, Promise<SchemaAnswer>>();
  const { base, authorize } = addressOf(options);
  const http = createHttpClient(options.tls);
  const accept = 'application/vnd.schemaregistry.v1+json, application/json';

  /** The response to one request; null: the registry has no such schema. */
  const get = async (path: string, what: string): Promise<RegistryBody | null> => {
    const unavailable = (why: string): UnavailableError =>
      new UnavailableError(
        'schema_registry',
        `the Schema Registry at ${base} did not return ${what}: ${why}`,
      );
    let answer: HttpAnswer;
    let authorization: string | null = null;
    try {
      authorization = await authorize();
      const headers = authorization === null ? { accept } : { accept, authorization };
      answer = await http(`${base}${path}`, { headers });
    } catch (error) {
      // A header that cannot be sent is quoted, so the error itself must not be logged as the cause.
      const reason = withoutSecrets(unreached(error as Error, options), [
        authorization?.replace(/^\w+ /, ''),
      ]);
      throw unavailable(reason);
    }
    const { status } = answer;
    const body = parseBody(answer.text);
    if (status === 404 && NOT_FOUND.includes(body?.error_code)) return null;
    if (status === 401 || status === 403) throw unavailable(`it refuses the login (${status}); ${LOGIN}`);
    if (status < 200 || status > 299)
      throw unavailable(`it answers ${status}; is this the registry's address?`);
    if (body === null) throw unavailable("its answer is not a registry's JSON");
    if (typeof body.schema !== 'string' || typeof (body.schemaType ?? '') !== 'string')
      throw unavailable('its answer holds no schema');
    return body;
  };

  /** Adds the references of a schema, dependencies first. */
  const addReferences = async (
    body: RegistryBody,
    found: Map<string, { readonly name: string; readonly text: string }>,
    asked: Set<string>,
  ): Promise<void> => {
    for (const { name, subject, version } of referencesOf(body)) {
      if (asked.has(name)) continue;
      asked.add(name);
      if (asked.size > MOST_REFERENCES)
        throw new RangeError(`it references more than ${MOST_REFERENCES} schemas`);
      const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}`;
      const answer = await get(path, `version ${version} of ${subject}`);
      if (answer === null)
        throw new RangeError(`the registry does not know version ${version} of ${subject}`);
      await addReferences(answer, found, asked);
      found.set(name, { name, text: answer.schema as string });
    }
  };

  const ask = async (id: SchemaId): Promise<SchemaAnswer> => {
    const path = typeof id === 'number' ? `/schemas/ids/${id}` : `/schemas/guids/${id}`;
    const body = await get(path, `schema ${id}`);
    if (body === null) return { unknown: `the Schema Registry does not know schema ${id}` };
    const references = new Map<string, { readonly name: string; readonly text: string }>();
    try {
      await addReferences(body, references, new Set());
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return { unknown: `schema ${id} cannot be used: ${error.message}` };
    }
    return {
      // Registries omit the type for Avro.
      type: ((body.schemaType ?? 'AVRO') as string).toUpperCase() as RegisteredSchema['type'],
      text: body.schema as string,
      references: [...references.values()],
    };
  };

  /** Loads an id, retrying "unknown" a few times, as registries behind a load balancer may lag behind each other. */
  const askPatiently = async (id: SchemaId): Promise<SchemaAnswer> => {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await ask(id);
      if (!('unknown' in answer) || attempt === UNKNOWN_TRIES) return answer;
      await new Promise((resolve) => setTimeout(resolve, UNKNOWN_TRY_MS));
    }
  };

  const keep = (id: SchemaId, answer: SchemaAnswer): void => {
    const isUnknown = 'unknown' in answer;
    const kept = isUnknown ? unknown : schemas;
    if (kept.size >= (isUnknown ? UNKNOWN_KEPT : KEPT)) kept.delete(kept.keys().next().value!);
    if (isUnknown) unknown.set(id, { answer, untilMs: performance.now() + UNKNOWN_KEPT_MS });
    else schemas.set(id, answer);
  };

  const load = (id: SchemaId): Promise<SchemaAnswer> => {
    const running = loading.get(id);
    if (running !== undefined) return running;
    const asking = askPatiently(id)
      .then((answer) => {
        keep(id, answer);
        return answer;
      })
      .finally(() => loading.delete(id));
    loading.set(id, asking);
    return asking;
  };

  return {
    known: (id) => {
      const schema = schemas.get(id);
      if (schema !== undefined) return schema;
      const kept = unknown.get(id);
      if (kept === undefined || kept.untilMs > performance.now()) return kept?.answer;
      unknown.delete(id);
      return undefined;
    },
    load,
    loadAll: async (ids) => {
      for (let from = 0; from < ids.length; from += AT_ONCE) {
        await Promise.all(ids.slice(from, from + AT_ONCE).map(load));
      }
    },
  };
}
