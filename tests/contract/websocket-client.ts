import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020';
import { parse } from 'yaml';
import { WsClient, type Message } from '../support/ws-client';

/** A client that holds every message of the bridge to the schema of its type. */

export type { Message } from '../support/ws-client';

const document = parse(readFileSync(join(__dirname, '../../backend-bridge/api/websocket.yaml'), 'utf8')) as {
  channels: { root: { messages: Record<string, { payload: { $ref: string } }> } };
  operations: { toClient: { messages: { $ref: string }[] } };
  components: object;
};
const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false });
ajv.addVocabulary(['x-error-code', 'components']);
ajv.addSchema({ components: document.components }, 'websocket');
const validators = new Map<string, ValidateFunction>(
  document.operations.toClient.messages.map(({ $ref }) => {
    const name = $ref.split('/').at(-1)!;
    return [name, ajv.compile({ $ref: `websocket${document.channels.root.messages[name]!.payload.$ref}` })];
  }),
);
export const serverMessageTypes = [...validators.keys()];

export class TestClient extends WsClient {
  readonly faults: string[] = [];
  private read = 0;

  /** The next message, from where the last call stopped, of this type that fits; skips others. */
  next(type: string, fits: (message: Message) => boolean = () => true, withinMs = 60_000): Promise<Message> {
    return this.until(
      () => {
        while (this.read < this.messages.length) {
          const message = this.messages[this.read]!;
          this.read += 1;
          if (message.type === type && fits(message)) return message;
        }
        return undefined;
      },
      type,
      withinMs,
    );
  }

  protected override check(message: Message, isBinary: boolean): void {
    const validate = validators.get(message.type);
    if (isBinary || validate?.(message) !== true) {
      const text = JSON.stringify(message).slice(0, 500);
      this.faults.push(`${message.type}: ${JSON.stringify(validate?.errors)} ${text}`);
    }
  }
}
