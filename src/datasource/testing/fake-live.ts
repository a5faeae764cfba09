import {
  LiveChannelConnectionState,
  LiveChannelEventType,
  type LiveChannelEvent,
  type LiveChannelStatusEvent,
} from '@grafana/data';
import { Observable, type Subscriber } from 'rxjs';
import type { LiveAddress, LiveTransport } from '../live/ports';

type Status = Partial<Pick<LiveChannelStatusEvent, 'error' | 'message'>>;

/** One subscription to a channel. */
class FakeChannel {
  isConnected = false;

  constructor(
    readonly address: LiveAddress,
    private readonly subscriber: Subscriber<LiveChannelEvent<unknown>>,
  ) {}

  get isOpen(): boolean {
    return !this.subscriber.closed;
  }

  status(state: LiveChannelConnectionState, said: Status = {}): void {
    this.isConnected = state === LiveChannelConnectionState.Connected;
    this.subscriber.next({
      type: LiveChannelEventType.Status,
      id: 'ds/uid/path',
      timestamp: Date.now(),
      state,
      ...said,
    });
  }

  /** Grafana has subscribed; `hello` is the backend's initial data. */
  connect(hello?: object): void {
    this.status(LiveChannelConnectionState.Connected, { message: hello });
  }

  tell(message: unknown): void {
    this.subscriber.next({ type: LiveChannelEventType.Message, message });
  }

  end(): void {
    this.subscriber.complete();
  }

  fail(fault: unknown): void {
    this.subscriber.error(fault);
  }
}

/** Grafana Live and, behind it, one run of the backend's stream. */
export class FakeLive implements LiveTransport {
  /** Every subscription that there has been. */
  readonly channels: FakeChannel[] = [];
  reason: string | undefined;
  /** Every subscription fails. */
  refuses = false;
  /** New subscriptions are connected without a call of `connect`. */
  connectsAtOnce = false;
  stream = 'run-1';
  private seq = 0;

  unavailable(): string | undefined {
    return this.reason;
  }

  subscribe(address: LiveAddress): Observable<LiveChannelEvent<unknown>> {
    return new Observable((subscriber) => {
      if (this.refuses) {
        subscriber.error(new Error('permission denied'));
        return;
      }
      const channel = new FakeChannel(address, subscriber);
      this.channels.push(channel);
      if (this.connectsAtOnce) channel.connect({ v: 1, type: 'hello', active: true });
    });
  }

  get open(): FakeChannel[] {
    return this.channels.filter((channel) => channel.isOpen);
  }

  /** The one subscription that the page holds. */
  get channel(): FakeChannel {
    const [only, ...others] = this.open;
    if (only === undefined || others.length > 0) throw new Error(`${this.open.length} channels are open`);
    return only;
  }

  connect(active = true): void {
    for (const channel of this.open) channel.connect({ v: 1, type: 'hello', active });
  }

  lose(): void {
    for (const channel of this.open) channel.status(LiveChannelConnectionState.Connecting);
  }

  /** Sends the next message of the stream; clients that are not connected miss it. */
  send(body: { readonly type: string } & Record<string, unknown>): void {
    const message = this.number(body);
    for (const channel of this.open) if (channel.isConnected) channel.tell(message);
  }

  /** A message that is lost in transit. */
  skip(body: { readonly type: string } & Record<string, unknown> = { type: 'heartbeat' }): unknown {
    return this.number(body);
  }

  /** The stream was restarted: by another Grafana node, or after a restart of the backend. */
  restart(stream: string): void {
    this.stream = stream;
    this.seq = 0;
  }

  private number(body: object): object {
    this.seq += 1;
    return { v: 1, stream: this.stream, seq: this.seq, ...body };
  }
}
