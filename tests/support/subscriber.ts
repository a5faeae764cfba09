import { setTimeout as sleep } from 'node:timers/promises';
import { EventsCopy, SelectionCopy } from './selection-copy';
import { WsClient, type Message } from './ws-client';
import type { Random } from './raw-events';

/** Subscribers of many selections at once, staying connected or coming and going, with a copy of each. */

export interface SelectionToWatch {
  readonly name: string;
  readonly metric: string;
  /** Selectors as in /query; `events: true` for whole events. */
  readonly selectors: Readonly<Record<string, unknown>>;
}

export const isEvents = (selection: SelectionToWatch): boolean => selection.selectors['events'] === true;

export class Subscriber {
  readonly series = new Map<string, SelectionCopy>();
  readonly events = new Map<string, EventsCopy>();
  connections = 0;
  readonly errors: string[] = [];
  private client: WsClient | null = null;
  private going: Promise<void> = Promise.resolve();
  private settling = false;
  private readonly settled = new AbortController();

  constructor(
    readonly name: string,
    private readonly url: () => string,
    private readonly selections: readonly SelectionToWatch[],
    private readonly fromMs: number,
    /** Null: stays connected, and comes back only when the bridge has gone. */
    private readonly restless: Random | null,
  ) {
    for (const selection of selections) {
      if (isEvents(selection)) this.events.set(selection.name, new EventsCopy());
      else this.series.set(selection.name, new SelectionCopy());
    }
  }

  start(): void {
    this.going = this.run();
  }

  /** Stays connected from now on. */
  settle(): void {
    this.settling = true;
  }

  async end(): Promise<void> {
    this.settled.abort();
    this.client?.drop();
    await this.going;
  }

  faults(): string[] {
    const copies = [...this.series, ...this.events];
    return [
      ...this.errors,
      ...copies.flatMap(([name, copy]) => copy.faults.map((fault) => `${this.name}, ${name}: ${fault}`)),
    ];
  }

  private async run(): Promise<void> {
    while (!this.settled.signal.aborted) {
      try {
        await this.connect();
      } catch {
        await sleep(50);
        continue;
      }
      const client = this.client!;
      const leaveAt =
        this.restless === null ? Number.POSITIVE_INFINITY : Date.now() + 100 + this.restless() * 1_400;
      while (client.closed === null && (this.settling || Date.now() < leaveAt)) await sleep(20);
      if (client.closed === null) {
        // Half of them say good-bye.
        if (this.restless!() < 0.5) await client.close();
        else client.drop();
      }
      this.client = null;
      for (const copy of this.series.values()) copy.disconnected();
      if (this.restless !== null) await sleep(this.restless() * 300);
    }
  }

  private async connect(): Promise<void> {
    this.connections += 1;
    const connection = this.connections;
    const client = await WsClient.open(this.url(), {
      keep: false,
      onMessage: (message) => {
        // What still comes by an older connection is no longer this subscriber's.
        if (connection === this.connections) this.hand(message, connection);
      },
    });
    this.client = client;
    for (const { name, metric, selectors } of this.selections) {
      client.send({
        type: 'subscribe_metric',
        id: `${name}#${connection}`,
        metric,
        from_ms: this.fromMs,
        ...selectors,
      });
    }
  }

  private hand(message: Message, connection: number): void {
    if (message.type === 'error') this.errors.push(`${this.name}: ${JSON.stringify(message)}`);
    const id = message['id'];
    if (typeof id !== 'string') return;
    const [name, number] = id.split('#') as [string, string];
    if (Number(number) !== connection) this.errors.push(`${this.name}: a message for ${id}`);
    this.series.get(name)?.apply(message);
    this.events.get(name)?.apply(message);
  }
}
