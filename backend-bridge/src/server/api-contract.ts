import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020';
import openapi from '../../api/openapi.yaml';
import type { RequestError } from '../domain/errors';
import { referenced, schemaRefusal, type SchemaNode, type SchemaNodes } from './schema-refusal';

/** Request validation by the schemas of api/openapi.yaml. */

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
  readonly components: { readonly schemas: SchemaNodes };
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
    const target = referenced(schema, this.document.components.schemas) ?? schema;
    const validate = this.bodies.compile(absolute(schema));
    return (value) => {
      if (!validate(value)) throw this.refusal(validate, 'The body', target);
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
      if (!validate(value)) throw this.refusal(validate, 'The parameter', target);
    };
  }

  private refusal({ errors }: ValidateFunction, whole: string, target: SchemaNode): RequestError {
    return schemaRefusal(errors?.[0], whole, target, this.document.components.schemas);
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
