import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020';
import { WebSocket, type ClientOptions } from 'ws';
import { parse } from 'yaml';

/** A client that holds every message of the bridge to the schema of its type. */

export type Message = { readonly type: string } & Record<string, unknown>;

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

export class TestClient {
  readonly messages: Message[] = [];
  readonly faults: string[] = [];
  closed: { code: number; reason: string } | null = null;
  private readonly waiting = new Set<() => void>();
  private read = 0;

  private constructor(readonly ws: WebSocket) {
    ws.on('message', (data: Buffer, isBinary) => {
      const message = JSON.parse(data.toString()) as Message;
      const validate = validators.get(message.type);
      if (isBinary || validate?.(message) !== true) {
        this.faults.push(
          `${message.type}: ${JSON.stringify(validate?.errors)} ${data.toString().slice(0, 500)}`,
        );
      }
      this.messages.push(message);
      this.wake();
    });
    ws.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.wake();
    });
    ws.on('error', () => {});
  }

  static async open(url: string, options: ClientOptions = {}): Promise<TestClient> {
    const client = new TestClient(new WebSocket(url, { perMessageDeflate: false, ...options }));
    await client.until(() => client.ws.readyState >= WebSocket.OPEN, 'open');
    return client;
  }

  send(message: unknown): void {
    this.ws.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message));
  }

  /** The next message, from where the last call stopped, of this type and kind; skips others. */
  async next(
    type: string,
    fits: (message: Message) => boolean = () => true,
    withinMs = 60_000,
  ): Promise<Message> {
    let found: Message | undefined;
    await this.until(
      () => {
        while (this.read < this.messages.length && found === undefined) {
          const message = this.messages[this.read]!;
          this.read += 1;
          if (message.type === type && fits(message)) found = message;
        }
        return found !== undefined;
      },
      type,
      withinMs,
    );
    return found!;
  }

  async code(withinMs = 60_000): Promise<number> {
    await this.until(() => this.closed !== null, 'close', withinMs);
    return this.closed!.code;
  }

  async until(condition: () => boolean, what: string, withinMs = 60_000): Promise<void> {
    const end = Date.now() + withinMs;
    while (!condition()) {
      const left = end - Date.now();
      if (left <= 0) {
        const last = JSON.stringify(this.messages.slice(-3)).slice(0, 1_500);
        throw new Error(
          `waited for ${what} in vain; closed ${JSON.stringify(this.closed)}; last were ${last}`,
        );
      }
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          this.waiting.delete(done);
          resolve();
        };
        const timer = setTimeout(done, Math.min(left, 50));
        this.waiting.add(done);
      });
    }
  }

  close(): void {
    this.ws.terminate();
  }

  private wake(): void {
    for (const done of [...this.waiting]) done();
  }
}
