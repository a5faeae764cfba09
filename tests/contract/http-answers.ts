import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020';
import { parse } from 'yaml';

/** Calls a bridge over a real socket, and holds every answer to api/openapi.yaml. */

interface Node {
  [key: string]: unknown;
}
interface Document extends Node {
  paths: Record<string, Record<string, { responses: Record<string, Node> }>>;
  components: { schemas: Record<string, Node>; responses: Record<string, Node> };
}

const document = parse(
  readFileSync(join(__dirname, '../../backend-bridge/api/openapi.yaml'), 'utf8'),
) as Document;

/** Schemas that others are built on with allOf; these are closed where they are put together. */
const OPEN = new Set(['QueryHead', 'HopState', 'ForecastHead', 'ForecastBasis']);

/** Answers are open for clients, but here a field that the contract does not name is a fault. */
function close(node: unknown, inAllOf = false): void {
  if (Array.isArray(node)) {
    for (const item of node) close(item);
  } else if (typeof node === 'object' && node !== null) {
    const schema = node as Node;
    if (Array.isArray(schema.allOf)) {
      schema.unevaluatedProperties = false;
      for (const member of schema.allOf) close(member, true);
    } else if (schema.properties && schema.additionalProperties === undefined && !inAllOf) {
      schema.additionalProperties = false;
    }
    for (const [key, child] of Object.entries(schema)) if (key !== 'allOf') close(child);
  }
}
for (const [name, schema] of Object.entries(document.components.schemas)) close(schema, OPEN.has(name));

const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addSchema(document, 'openapi');
const validators = new Map<string, ValidateFunction>();

function validatorFor(schema: Node): ValidateFunction {
  const pointer = String(schema.$ref);
  const found = validators.get(pointer) ?? ajv.compile({ $ref: `openapi${pointer}` });
  validators.set(pointer, found);
  return found;
}

function responseFor(method: string, path: string, status: number): Node {
  const error = document.components.responses.Error!;
  for (const [template, item] of Object.entries(document.paths)) {
    if (!new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`).test(path)) continue;
    const responses = item[method.toLowerCase()]?.responses;
    const response = responses?.[String(status)] ?? responses?.default ?? error;
    return typeof response.$ref === 'string' ? error : response;
  }
  return error;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The parsed JSON; undefined when there is none. */
  readonly json: unknown;
}

export interface CallOptions {
  /** Sent as JSON; a string or bytes go as they are. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string;
}

/** Sends one request, and fails when the answer does not match the API schema. */
export async function call(
  url: string,
  method: string,
  path: string,
  options: CallOptions = {},
): Promise<Answer> {
  const raw = typeof options.body === 'string' || options.body instanceof Uint8Array;
  const body = options.body === undefined || raw ? options.body : JSON.stringify(options.body);
  const answer = await new Promise<Answer>((resolve, reject) => {
    const headers: Record<string, string> = {
      ...(body === undefined
        ? {}
        : {
            'content-type': 'application/json',
            'content-length': String(Buffer.byteLength(body)),
          }),
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      ...options.headers,
    };
    const sent = httpRequest(`${url}${path}`, { method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const isJson =
          response.headers['content-type']?.startsWith('application/json') === true && text !== '';
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          json: isJson ? (JSON.parse(text) as unknown) : undefined,
        });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
  holdToContract(method, path, answer);
  return answer;
}

function holdToContract(method: string, path: string, answer: Answer): void {
  if (method === 'HEAD' || method === 'OPTIONS') return;
  const content = responseFor(method, path.split('?')[0]!, answer.status).content as
    Record<string, { schema: Node }> | undefined;
  if (!content) {
    expect(answer.text).toBe('');
    return;
  }
  const [type, { schema }] = Object.entries(content)[0]!;
  expect(answer.headers['content-type']?.split(';')[0]).toBe(type);
  if (type !== 'application/json') return;
  const validate = validatorFor(schema);
  if (!validate(answer.json)) {
    throw new Error(
      `${method} ${path} -> ${answer.status}: not as the contract says: ${ajv.errorsText(validate.errors)}\n${answer.text.slice(0, 2_000)}`,
    );
  }
}

/** `401 unauthenticated`: what tests of refusals compare. */
export function refusal(answer: Answer): string {
  const { error } = answer.json as { error: { code: string } };
  return `${answer.status} ${error.code}`;
}
