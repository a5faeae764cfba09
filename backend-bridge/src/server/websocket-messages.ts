import Ajv2020 from 'ajv/dist/2020';
import websocket from '../../api/websocket.yaml';
import { RequestError } from '../domain/errors';
import type { components } from './api-types';
import type { ForecastOptions } from './forecast-wire';
import { schemaRefusal, type SchemaNodes } from './schema-refusal';

/** Validation of client messages by the schemas of api/websocket.yaml. */

type Schemas = components['schemas'];

export interface SubscribeOriginal {
  readonly type: 'subscribe_metric';
  readonly id?: undefined;
  readonly metric_name: string;
}

export interface SubscribeSelection extends Pick<
  Schemas['QueryRequest'],
  'measure' | 'filters' | 'group_by' | 'step_ms' | 'over_time' | 'include_open'
> {
  readonly type: 'subscribe_metric';
  readonly id: string;
  readonly metric_name?: string;
  readonly metric?: string;
  readonly from_ms?: number;
  readonly events?: boolean;
  readonly forecast?: ForecastOptions;
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
  private readonly schemas: SchemaNodes;
  private readonly ajv = new Ajv2020({
    strict: true,
    strictTypes: false,
    strictRequired: false,
    // The tests check the schemas themselves.
    meta: false,
    validateSchema: false,
  });

  constructor() {
    const { components } = websocket as { components: { schemas: SchemaNodes } };
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
    if (!validate(message)) {
      throw schemaRefusal(validate.errors?.[0], 'The message', this.schemas[schema], this.schemas);
    }
    return message as unknown as ClientMessage;
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
