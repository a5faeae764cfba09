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
}

const TIMEOUT_MS = 3_000;
const UNKNOWN_TRIES = 3;
const UNKNOWN_TRY_MS = 300;
/** A schema may still be registered later: an id that was unknown is asked for again after this. */
const UNKNOWN_KEPT_MS = 30_000;
const KEPT = 1_000;

/** A registry of Confluent's kind: `GET /schemas/ids/{id}`, nothing else. Schemas of an id never change. */
export function createSchemaRegistry(options: SchemaRegistryOptions): SchemaRegistry {
  const answers = new Map<number, { readonly answer: SchemaAnswer; readonly untilMs: number }>();
  const loading = new Map<number, Promise<SchemaAnswer>>();
  const base = options.url.replace(/\/+$/, '');
  const headers: Record<string, string> = {
    accept: 'application/vnd.schemaregistry.v1+json, application/json',
  };
  if (options.username !== undefined) {
    const credentials = `${options.username}:${options.password ?? ''}`;
    headers['authorization'] = `Basic ${Buffer.from(credentials).toString('base64')}`;
  }

  const unavailable = (id: number, why: string, cause?: unknown): UnavailableError =>
    new UnavailableError(
      'schema_registry',
      `the Schema Registry at ${new URL(base).host} does not give schema ${id}: ${why}`,
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
    if (response.status === 404) return { unknown: `the Schema Registry does not know schema ${id}` };
    if (!response.ok) throw unavailable(id, `it answers ${response.status}`);
    let parsed: { schema?: unknown; schemaType?: unknown };
    try {
      parsed = JSON.parse(body) as { schema?: unknown; schemaType?: unknown };
    } catch (error) {
      throw unavailable(id, 'its answer is not JSON', error);
    }
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

  return {
    known: (id) => {
      const kept = answers.get(id);
      if (kept === undefined) return undefined;
      if (kept.untilMs > performance.now()) return kept.answer;
      answers.delete(id);
      return undefined;
    },
    load: (id) => {
      const running = loading.get(id);
      if (running !== undefined) return running;
      const asking = askPatiently(id)
        .then((answer) => {
          const untilMs =
            'unknown' in answer ? performance.now() + UNKNOWN_KEPT_MS : Number.POSITIVE_INFINITY;
          if (answers.size >= KEPT) answers.delete(answers.keys().next().value!);
          answers.set(id, { answer, untilMs });
          return answer;
        })
        .finally(() => loading.delete(id));
      loading.set(id, asking);
      return asking;
    },
  };
}
