import Ajv2020, { type ErrorObject, type ValidateFunction } from 'ajv/dist/2020';
import { parse } from 'yaml';
import openapiText from '../../api/openapi.yaml';
import { RequestError, type RequestErrorCode } from '../domain/errors';

/** The contract's own file at work: requests are checked with the schemas of api/openapi.yaml. */

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

/** The place that a request's schema failed at, in the words of the refusal. */
export type Check = (value: unknown) => void;

export interface OperationChecks {
  /** Throws RequestError when the body is not as the contract says; fills in no defaults. */
  readonly body: Check;
  /** The same for path and query parameters; turns the text of numbers into numbers, in place. */
  readonly parameters: Check;
}

const DOCUMENT = 'openapi';

export function readApiDocument(): ApiDocument {
  return parse(openapiText) as ApiDocument;
}

/** Checks for each operation, by operationId. */
export class ApiContract {
  private readonly document = readApiDocument();
  private readonly checks = new Map<string, OperationChecks>();

  constructor() {
    const bodies = this.ajv(false);
    const parameters = this.ajv(true);
    for (const item of Object.values(this.document.paths)) {
      for (const operation of Object.values(item)) {
        this.checks.set(operation.operationId, {
          body: this.bodyCheck(bodies, operation),
          parameters: this.parameterCheck(parameters, operation),
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
    // allErrors stays off: the first fault is enough, and a huge wrong body would cost a list of all of them.
    const ajv = new Ajv2020({ coerceTypes, strict: true, strictTypes: false, strictRequired: false });
    ajv.addVocabulary([
      'x-error-code',
      'example',
      'openapi',
      'jsonSchemaDialect',
      'info',
      'servers',
      'security',
    ]);
    ajv.addVocabulary(['tags', 'paths', 'components']);
    ajv.addSchema(this.document, DOCUMENT);
    return ajv;
  }

  private bodyCheck(ajv: Ajv2020, operation: OperationNode): Check {
    const schema = operation.requestBody?.content['application/json'].schema;
    if (!schema) return () => {};
    const target = this.resolve(schema);
    const validate = ajv.compile(absolute(schema));
    return (value) => {
      if (!validate(value)) throw this.refusal(validate, 'body', target);
    };
  }

  private parameterCheck(ajv: Ajv2020, operation: OperationNode): Check {
    const parameters = operation.parameters ?? [];
    const properties = Object.fromEntries(parameters.map(({ name, schema }) => [name, schema]));
    const target: SchemaNode = { properties };
    const validate = ajv.compile({
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
    if (!error) return new RequestError('bad_request', `The ${what} is not as the contract says`);
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

/** A schema of the document as one that stands outside of it. */
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
  return error.message ?? 'is not as the contract says';
}
