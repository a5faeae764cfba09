import { UnavailableError } from '../../domain/errors';
import { parseAvroSchema, type AvroSchema } from './avro-schema';

export interface SchemaRegistryOptions {
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

/** The registry's answer for one id: the schema, or why there will be none. */
export type SchemaAnswer = AvroSchema | { readonly unknown: string };

export interface SchemaRegistry {
  /** What is known already; `undefined`: ask with load(). */
  known(id: number): SchemaAnswer | undefined;
  /** Asks the registry once per id at a time. Rejects with UnavailableError when it does not answer. */
  load(id: number): Promise<SchemaAnswer>;
  /** The same for several ids, a few at once: bytes that are no Avro may name any of them. */
  loadAll(ids: readonly number[]): Promise<void>;
}

const TIMEOUT_MS = 3_000;
const UNKNOWN_TRIES = 3;
const UNKNOWN_TRY_MS = 300;
/** A schema may still be registered later: an id that was unknown is asked for again after this. */
const UNKNOWN_KEPT_MS = 30_000;
const KEPT = 1_000;
/** More than all slices under way can name, so that none is asked for twice in one of them. */
const UNKNOWN_KEPT = 20_000;
const AT_ONCE = 32;
/** `Schema not found`, the registry's own word; a 404 without it is another server's, or another path. */
const SCHEMA_NOT_FOUND = 40_403;

interface RegistryBody {
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

/** The address without its credentials, which belong into no message, and the header made of them. */
function addressOf(options: SchemaRegistryOptions): { base: string; authorization: string | null } {
  const url = new URL(options.url);
  const username = options.username ?? decodeURIComponent(url.username);
  const password = options.password ?? decodeURIComponent(url.password);
  url.username = '';
  url.password = '';
  return {
    base: url.href.replace(/\/+$/, ''),
    authorization:
      username === '' ? null : `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
  };
}

/** A registry of Confluent's kind: `GET /schemas/ids/{id}`, nothing else. Schemas of an id never change. */
export function createSchemaRegistry(options: SchemaRegistryOptions): SchemaRegistry {
  const schemas = new Map<number, SchemaAnswer>();
  const unknown = new Map<number, { readonly answer: SchemaAnswer; readonly untilMs: number }>();
  const loading = new Map<number, Promise<SchemaAnswer>>();
  const { base, authorization } = addressOf(options);
  const headers: Record<string, string> = {
    accept: 'application/vnd.schemaregistry.v1+json, application/json',
  };
  if (authorization !== null) headers['authorization'] = authorization;

  const unavailable = (id: number, why: string, cause?: unknown): UnavailableError =>
    new UnavailableError(
      'schema_registry',
      `the Schema Registry at ${base} does not give schema ${id}: ${why}`,
      { cause },
    );

  const ask = async (id: number): Promise<SchemaAnswer> => {
    let response: Response;
    let body: string;
    try {
      response = await fetch(`${base}/schemas/ids/${id}`, {
        headers,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      body = await response.text();
    } catch (error) {
      const { message, cause } = error as Error;
      throw unavailable(id, cause instanceof Error ? cause.message : message, error);
    }
    const parsed = parseBody(body);
    if (response.status === 404 && parsed?.error_code === SCHEMA_NOT_FOUND) {
      return { unknown: `the Schema Registry does not know schema ${id}` };
    }
    if (!response.ok) throw unavailable(id, `it answers ${response.status}; is this the registry's address?`);
    if (parsed === null) throw unavailable(id, "its answer is not a registry's JSON");
    if (parsed.schemaType !== undefined && parsed.schemaType !== 'AVRO') {
      return { unknown: `schema ${id} is ${JSON.stringify(parsed.schemaType)}, not Avro` };
    }
    if (typeof parsed.schema !== 'string') throw unavailable(id, 'its answer holds no schema');
    try {
      return parseAvroSchema(parsed.schema);
    } catch (error) {
      return { unknown: `schema ${id} cannot be used: ${(error as Error).message}` };
    }
  };

  /** Registries behind a balancer may lag behind each other, so "unknown" is believed after a few tries. */
  const askPatiently = async (id: number): Promise<SchemaAnswer> => {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await ask(id);
      if (!('unknown' in answer) || attempt === UNKNOWN_TRIES) return answer;
      await new Promise((resolve) => setTimeout(resolve, UNKNOWN_TRY_MS));
    }
  };

  const keep = (id: number, answer: SchemaAnswer): void => {
    const isUnknown = 'unknown' in answer;
    const kept = isUnknown ? unknown : schemas;
    if (kept.size >= (isUnknown ? UNKNOWN_KEPT : KEPT)) kept.delete(kept.keys().next().value!);
    if (isUnknown) unknown.set(id, { answer, untilMs: performance.now() + UNKNOWN_KEPT_MS });
    else schemas.set(id, answer);
  };

  const load = (id: number): Promise<SchemaAnswer> => {
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
