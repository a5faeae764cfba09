import Ajv2020, { type ErrorObject } from 'ajv/dist/2020';
import websocket from '../../api/websocket.yaml';
import { RequestError, type RequestErrorCode } from '../domain/errors';
import type { OverTime } from '../domain/metric';
import type { Filter } from '../domain/selection';

/** Validation of client messages by the schemas of api/websocket.yaml. */

export interface SubscribeOriginal {
  readonly type: 'subscribe_metric';
  readonly id?: undefined;
  readonly metric_name: string;
}

export interface SubscribeSelection {
  readonly type: 'subscribe_metric';
  readonly id: string;
  readonly metric_name?: string;
  readonly metric?: string;
  readonly measure?: string;
  readonly filters?: readonly Filter[];
  readonly group_by?: readonly string[];
  readonly step_ms?: number;
  readonly over_time?: OverTime;
  readonly include_open?: boolean;
  readonly from_ms?: number;
  readonly events?: boolean;
  readonly forecast?: ForecastOptions;
}

export interface ForecastOptions {
  readonly fill?: 'none' | 'zero';
  readonly interval?: number;
  readonly seasons?: 'auto' | 'day' | 'week';
  readonly time_zone?: string;
  readonly holidays?: readonly string[];
  readonly direction?: 'up' | 'down' | 'both';
  readonly min_change?: number;
  readonly horizon_ms?: number;
}

export type ClientMessage =
  | SubscribeOriginal
  | SubscribeSelection
  | { readonly type: 'unsubscribe_metric'; readonly id?: string; readonly metric_name?: string }
  | { readonly type: 'get_historical_data'; readonly metric_name: string; readonly time_range?: number }
  | { readonly type: 'authenticate'; readonly token: string }
  | { readonly type: 'ping'; readonly id?: string };

/** An unreadable frame, which closes the connection with 4400. */
export class MalformedMessage extends RequestError {
  constructor(message: string) {
    super('malformed_json', message);
    this.name = 'MalformedMessage';
  }
}

interface SchemaNode {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly allOf?: readonly SchemaNode[];
  readonly 'x-error-code'?: RequestErrorCode;
}

const DOCUMENT = 'websocket';
const SCHEMA_OF: Readonly<Record<ClientMessage['type'], string>> = {
  subscribe_metric: 'SubscribeMetric',
  unsubscribe_metric: 'UnsubscribeMetric',
  get_historical_data: 'GetHistoricalData',
  authenticate: 'Authenticate',
  ping: 'Ping',
};

/** Parses and validates client messages. */
export class ClientMessages {
  private readonly schemas: Readonly<Record<string, SchemaNode>>;
  private readonly ajv = new Ajv2020({
    strict: true,
    strictTypes: false,
    strictRequired: false,
    // The tests check the schemas themselves.
    meta: false,
    validateSchema: false,
  });

  constructor() {
    const { components } = websocket as { components: { schemas: Record<string, SchemaNode> } };
    this.schemas = components.schemas;
    this.ajv.addVocabulary(['x-error-code', 'components']);
    this.ajv.addSchema({ components }, DOCUMENT);
  }

  /** Throws MalformedMessage, or RequestError that names the invalid field. */
  read(data: Buffer): ClientMessage {
    const message = parseObject(data);
    const { type } = message;
    if (typeof type !== 'string' || !Object.hasOwn(SCHEMA_OF, type)) {
      throw new RequestError(
        'unknown_type',
        `${typeof type === 'string' ? `"${type.slice(0, 100)}" is not a message type` : 'The message has no "type"'}; use one of ${Object.keys(SCHEMA_OF).join(', ')}`,
      );
    }
    const extended = type === 'subscribe_metric' && message.id !== undefined;
    const schema = extended ? 'SubscribeSelection' : SCHEMA_OF[type as ClientMessage['type']];
    // Compiled on first use and kept by ajv.
    const validate = this.ajv.getSchema(`${DOCUMENT}#/components/schemas/${schema}`)!;
    if (!validate(message)) throw this.refusal(schema, validate.errors?.[0]);
    return message as unknown as ClientMessage;
  }

  private refusal(schema: string, error: ErrorObject | undefined): RequestError {
    if (error === undefined)
      return new RequestError('bad_request', 'The message does not match the API schema');
    const field = error.instancePath.split('/')[1];
    const node = field === undefined ? undefined : this.schemas[schema]?.properties?.[field];
    const place =
      error.instancePath === '' ? 'The message' : error.instancePath.slice(1).replaceAll('/', '.');
    return new RequestError(this.codeOf(node) ?? 'bad_request', `${place} ${fault(error)}`, {
      path: error.instancePath || '/',
    });
  }

  private codeOf(node: SchemaNode | undefined): RequestErrorCode | undefined {
    if (node === undefined) return undefined;
    const name = (node.$ref ?? node.allOf?.[0]?.$ref)?.split('/').at(-1);
    return node['x-error-code'] ?? (name === undefined ? undefined : this.schemas[name]?.['x-error-code']);
  }
}

function parseObject(data: Buffer): Record<string, unknown> {
  let message: unknown;
  try {
    message = JSON.parse(data.toString('utf8'));
  } catch (error) {
    throw new MalformedMessage(`The message is not valid JSON: ${(error as Error).message.slice(0, 200)}`);
  }
  if (typeof message !== 'object' || message === null || Array.isArray(message)) {
    throw new MalformedMessage('The message is not a JSON object; send {"type": ...}');
  }
  return message as Record<string, unknown>;
}

function fault(error: ErrorObject): string {
  const params = error.params as Record<string, unknown>;
  if (error.keyword === 'additionalProperties') {
    return `has the unknown field ${JSON.stringify(String(params.additionalProperty).slice(0, 100))}; remove it or correct its name`;
  }
  if (error.keyword === 'enum') {
    return `must be one of ${(params.allowedValues as unknown[]).map((value) => JSON.stringify(value)).join(', ')}`;
  }
  if (error.keyword === 'oneOf') return 'needs either "id" or "metric_name"';
  return error.message ?? 'does not match the API schema';
}
