import Ajv2020, { type ErrorObject, type ValidateFunction } from 'ajv/dist/2020';
import openapi from '../../api/openapi.yaml';
import { RequestError, type RequestErrorCode } from '../domain/errors';

/** Request validation by the schemas of api/openapi.yaml. */

interface SchemaNode {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly 'x-error-code'?: RequestErrorCode;
}
interface ParameterNode {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required?: boolean;
  readonly schema: SchemaNode;
}
interface OperationNode {
  readonly operationId: string;
  readonly parameters?: readonly ParameterNode[];
  readonly requestBody?: {
    readonly content: { readonly 'application/json': { readonly schema: SchemaNode } };
  };
}
export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationNode>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, SchemaNode>> };
}

/** Which part of a request a schema checks, as named in the error. */
export type Check = (value: unknown) => void;

export interface OperationChecks {
  /** Throws RequestError for a body that does not match its schema. Applies no defaults. */
  readonly body: Check;
  /** The same for path and query parameters. Converts numeric strings to numbers in place. */
  readonly parameters: Check;
}

const DOCUMENT = 'openapi';

export function readApiDocument(): ApiDocument {
  return openapi as ApiDocument;
}

/** Checks for each operation, by operationId. */
export class ApiContract {
  private readonly document = readApiDocument();
  private readonly bodies = this.ajv(false);
  private readonly parameters = this.ajv(true);
  private readonly checks = new Map<string, OperationChecks>();

  constructor() {
    for (const item of Object.values(this.document.paths)) {
      for (const operation of Object.values(item)) {
        this.checks.set(operation.operationId, {
          body: onFirstUse(() => this.bodyCheck(operation)),
          parameters: onFirstUse(() => this.parameterCheck(operation)),
        });
      }
    }
  }

  of(operationId: string): OperationChecks {
    const checks = this.checks.get(operationId);
    if (!checks) throw new Error(`api/openapi.yaml has no operation ${operationId}`);
    return checks;
  }

  private ajv(coerceTypes: boolean): Ajv2020 {
    // allErrors stays off: one error is enough, and a large invalid body would produce a long list.
    const ajv = new Ajv2020({
      coerceTypes,
      strict: true,
      strictTypes: false,
      strictRequired: false,
      // The tests check the schemas themselves.
      meta: false,
      validateSchema: false,
    });
    ajv.addVocabulary(['x-error-code', 'example', 'components']);
    ajv.addSchema({ components: { schemas: this.document.components.schemas } }, DOCUMENT);
    return ajv;
  }

  private bodyCheck(operation: OperationNode): Check {
    const schema = operation.requestBody?.content['application/json'].schema;
    if (!schema) return () => {};
    const target = this.resolve(schema);
    const validate = this.bodies.compile(absolute(schema));
    return (value) => {
      if (!validate(value)) throw this.refusal(validate, 'body', target);
    };
  }

  private parameterCheck(operation: OperationNode): Check {
    const parameters = operation.parameters ?? [];
    const properties = Object.fromEntries(parameters.map(({ name, schema }) => [name, schema]));
    const target: SchemaNode = { properties };
    const validate = this.parameters.compile({
      type: 'object',
      additionalProperties: false,
      required: parameters.filter((parameter) => parameter.required).map((parameter) => parameter.name),
      properties: Object.fromEntries(parameters.map(({ name, schema }) => [name, absolute(schema)])),
    });
    return (value) => {
      if (!validate(value)) throw this.refusal(validate, 'parameter', target);
    };
  }

  private refusal(validate: ValidateFunction, what: 'body' | 'parameter', target: SchemaNode): RequestError {
    const error = validate.errors?.[0];
    if (!error) return new RequestError('bad_request', `The ${what} does not match the API schema`);
    const field = error.instancePath.split('/')[1];
    const node = field === undefined ? undefined : target.properties?.[field];
    const code = (node && this.resolve(node)['x-error-code']) ?? 'bad_request';
    const place =
      error.instancePath === '' ? `The ${what}` : error.instancePath.slice(1).replaceAll('/', '.');
    return new RequestError(code, `${place} ${fault(error)}`, { path: error.instancePath || '/' });
  }

  private resolve(schema: SchemaNode): SchemaNode {
    const name = schema.$ref?.split('/').at(-1);
    return name === undefined ? schema : (this.document.components.schemas[name] ?? schema);
  }
}

/** Compiling takes tens of milliseconds a schema, which a start has no use for. */
function onFirstUse(compile: () => Check): Check {
  let check: Check | undefined;
  return (value) => {
    check ??= compile();
    check(value);
  };
}

/** The schema with its $refs made absolute, so that it can be compiled outside its document. */
function absolute(schema: SchemaNode): object {
  return schema.$ref === undefined ? schema : { $ref: `${DOCUMENT}${schema.$ref}` };
}

function fault(error: ErrorObject): string {
  const params = error.params as Record<string, unknown>;
  if (error.keyword === 'additionalProperties') {
    return `has the unknown field ${JSON.stringify(String(params.additionalProperty).slice(0, 100))}; remove it or correct its name`;
  }
  if (error.keyword === 'enum') {
    return `must be one of ${(params.allowedValues as unknown[]).map((value) => JSON.stringify(value)).join(', ')}`;
  }
  return error.message ?? 'does not match the API schema';
}
