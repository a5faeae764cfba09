import type { FieldPath } from '../domain/mapping';
import { base64Decimal } from './decimal';
import { CONNECT_INSTANTS, instantOf } from './instant';

/** Kafka Connect's JSON with schemas: `{"schema": ..., "payload": ...}`, as its JsonConverter writes by default. */

interface ConnectSchema {
  readonly type?: unknown;
  readonly name?: unknown;
  readonly field?: unknown;
  readonly fields?: unknown;
  readonly parameters?: { readonly scale?: unknown } | null;
}

const DECIMAL = 'org.apache.kafka.connect.data.Decimal';
const VARIABLE_DECIMAL = 'io.debezium.data.VariableScaleDecimal';
/** Mapped fields are never nested deeper. */
const MAX_DEPTH = 32;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/**
 * The payload with logical types converted to numbers and times. Only structs are traversed, as mappings name fields.
 */
function converted(schema: unknown, payload: unknown, depth: number): unknown {
  if (!isObject(schema) || payload === null || depth > MAX_DEPTH) return payload;
  const { name, type, fields, parameters } = schema as ConnectSchema;
  if (typeof name === 'string') {
    if (name === DECIMAL && typeof payload === 'string')
      return base64Decimal(payload, Number(parameters?.scale ?? 0));
    const unit = CONNECT_INSTANTS.get(name);
    if (unit !== undefined && typeof payload === 'number') return instantOf(payload, unit);
    if (name === VARIABLE_DECIMAL && isObject(payload) && typeof payload['value'] === 'string') {
      return base64Decimal(payload['value'], Number(payload['scale'] ?? 0));
    }
  }
  if (type !== 'struct' || !Array.isArray(fields) || !isObject(payload)) return payload;
  const content = payload as Record<string, unknown>;
  for (const field of fields as readonly ConnectSchema[]) {
    const key = field.field;
    if (typeof key === 'string' && Object.hasOwn(content, key) && key !== '__proto__') {
      content[key] = converted(field, content[key], depth + 1);
    }
  }
  return content;
}

/**
 * Returns a function that unwraps Connect's envelope. Other content, or content whose `schema` or `payload` is mapped,
 * is returned unchanged.
 */
export function createConnectReader(paths: readonly FieldPath[]): (content: unknown) => unknown {
  const named = paths.some(([first]) => /^(?:schema|payload)$/i.test(first ?? ''));
  if (named) return (content) => content;
  return (content) => {
    if (!isObject(content) || !('schema' in content) || !('payload' in content)) return content;
    if (Object.keys(content).length !== 2) return content;
    return converted(content['schema'], content['payload'], 0);
  };
}
