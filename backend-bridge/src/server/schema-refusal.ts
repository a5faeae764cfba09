import type { ErrorObject } from 'ajv/dist/2020';
import { RequestError, type RequestErrorCode } from '../domain/errors';

/** What refusals need of a JSON Schema. */
export interface SchemaNode {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly allOf?: readonly SchemaNode[];
  readonly 'x-error-code'?: RequestErrorCode;
}

export type SchemaNodes = Readonly<Record<string, SchemaNode>>;

/**
 * The refusal of a value that does not match its schema, by the field's own code where the schema has one.
 * @param whole what the value is called in the sentence, e.g. `The body`
 * @param schemas where the fields' $refs lead
 */
export function schemaRefusal(
  error: ErrorObject | undefined,
  whole: string,
  schema: SchemaNode | undefined,
  schemas: SchemaNodes,
): RequestError {
  if (error === undefined) return new RequestError('bad_request', `${whole} does not match the API schema`);
  const field = error.instancePath.split('/')[1];
  const code = field === undefined ? undefined : codeOf(schema?.properties?.[field], schemas);
  const place = error.instancePath === '' ? whole : error.instancePath.slice(1).replaceAll('/', '.');
  return new RequestError(code ?? 'bad_request', `${place} ${fault(error)}`, {
    path: error.instancePath || '/',
  });
}

/** The schema that a $ref names. */
export const referenced = (node: SchemaNode, schemas: SchemaNodes): SchemaNode | undefined =>
  schemas[node.$ref?.split('/').at(-1) ?? ''];

function codeOf(node: SchemaNode | undefined, schemas: SchemaNodes): RequestErrorCode | undefined {
  if (node === undefined) return undefined;
  return node['x-error-code'] ?? referenced(node.allOf?.[0] ?? node, schemas)?.['x-error-code'];
}

function fault(error: ErrorObject): string {
  const params = error.params as Record<string, unknown>;
  if (error.keyword === 'additionalProperties') {
    return `has the unknown field ${JSON.stringify(String(params.additionalProperty).slice(0, 100))}; remove it or correct its name`;
  }
  if (error.keyword === 'enum') {
    return `must be one of ${(params.allowedValues as unknown[]).map((value) => JSON.stringify(value)).join(', ')}`;
  }
  // The only choice between schemas in what clients send.
  if (error.keyword === 'oneOf') return 'needs either "id" or "metric_name"';
  return error.message ?? 'does not match the API schema';
}
