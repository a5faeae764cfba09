import { WebSocket, type ClientOptions } from 'ws';

/** A message of the bridge, as it came. */
export type Message = { readonly type: string } & Readonly<Record<string, unknown>>;

export interface WsOptions extends ClientOptions {
  /** Called with each message before anything waits for it. */
  readonly onMessage?: (message: Message) => void;
  /** False: messages are given to onMessage and forgotten. */
  readonly keep?: boolean;
}

/** A plain WebSocket client for tests: keeps every message, and waits for conditions on them. */
export class WsClient {
  readonly messages: Message[] = [];
  closed: { readonly code: number; readonly reason: string } | null = null;
  private readonly waiting = new Set<() => void>();

  constructor(
    readonly ws: WebSocket,
    options: WsOptions,
  ) {
    ws.on('message', (data: Buffer, isBinary) => {
      const message = JSON.parse(data.toString()) as Message;
      this.check(message, isBinary);
      options.onMessage?.(message);
      if (options.keep !== false) this.messages.push(message);
      this.wake();
    });
    ws.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.wake();
    });
    ws.on('error', () => this.wake());
  }

  /** Rejects when there is no connection to be had. */
  static async open<C extends WsClient>(
    this: new (ws: WebSocket, options: WsOptions) => C,
    url: string,
    options: WsOptions = {},
  ): Promise<C> {
    const client = new this(new WebSocket(url, { perMessageDeflate: false, ...options }), options);
    await client.until(() => client.ws.readyState >= WebSocket.OPEN || undefined, 'the connection');
    if (client.ws.readyState > WebSocket.OPEN && client.closed === null) {
      await client.until(() => client.closed ?? undefined, 'the end of the connection');
    }
    if (client.closed?.code === 1006) throw new Error(`no connection to ${url}`);
    return client;
  }

  /** Sends an object as JSON; text and bytes as they are. */
  send(message: unknown): void {
    this.ws.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message));
  }

  /** The first message, old or new, that fits. */
  first(type: string, fits: (message: Message) => boolean = () => true, withinMs = 60_000): Promise<Message> {
    return this.until(
      () => this.messages.find((message) => message.type === type && fits(message)),
      type,
      withinMs,
    );
  }

  /** Resolves with the code the connection was closed with. */
  closeCode(withinMs = 60_000): Promise<number> {
    return this.until(() => this.closed?.code, 'the close', withinMs);
  }

  /** Calls `find` after each message, and every 50 ms, until it returns a result: neither undefined nor false. */
  async until<T>(find: () => T | undefined | false, what: string, withinMs = 60_000): Promise<T> {
    const end = Date.now() + withinMs;
    for (;;) {
      const found = find();
      if (found !== undefined && found !== false) return found;
      if (Date.now() >= end) {
        const last = JSON.stringify(this.messages.slice(-3)).slice(0, 800);
        throw new Error(`waited for ${what} in vain; closed: ${JSON.stringify(this.closed)}; last: ${last}`);
      }
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          this.waiting.delete(done);
          resolve();
        };
        const timer = setTimeout(done, 50);
        this.waiting.add(done);
      });
    }
  }

  /** Closes as a client should, and waits until it is over. */
  async close(): Promise<void> {
    this.ws.close();
    await this.closeCode();
  }

  /** Ends the connection without a close frame, as when the network breaks. */
  drop(): void {
    this.ws.terminate();
  }

  /** Called with every message before anything waits for it. */
  protected check(_message: Message, _isBinary: boolean): void {}

  private wake(): void {
    for (const done of [...this.waiting]) done();
  }
}
