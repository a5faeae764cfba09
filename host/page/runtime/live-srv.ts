import {
  isValidLiveChannelAddress,
  LiveChannelConnectionState,
  LiveChannelEventType,
  type DataQueryResponse,
  type LiveChannelAddress,
  type LiveChannelEvent,
  type LiveChannelPresenceStatus,
  type LiveChannelStatusEvent,
} from '@grafana/data';
import type { GrafanaLiveSrv } from '@grafana/runtime';
import { Observable, of, Subject, throwError } from 'rxjs';
import type { FromServer } from './live-messages';
import { delayAfter, LiveSocket } from './live-socket';

/** How long a channel without listeners is kept. */
const LINGER_MS = 250;

class Channel {
  readonly events = new Subject<LiveChannelEvent>();
  /** One object for the channel's life: who comes late gets it as it then is. */
  readonly status: LiveChannelStatusEvent;
  failures = 0;
  retry: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly id: string,
    readonly data: unknown,
  ) {
    this.status = {
      type: LiveChannelEventType.Status,
      id,
      timestamp: Date.now(),
      state: LiveChannelConnectionState.Pending,
    };
  }

  say(state: LiveChannelConnectionState, message?: unknown): void {
    this.status.timestamp = Date.now();
    this.status.state = state;
    if (state === LiveChannelConnectionState.Connected) delete this.status.error;
    this.events.next({ ...this.status, ...(message === undefined ? {} : { message }) });
  }
}

/** Grafana Live for channels that a data source's backend fills: one subscription per channel for all its listeners. */
export class HostLiveSrv implements GrafanaLiveSrv {
  private readonly channels = new Map<string, Channel>();
  private readonly socket: LiveSocket;
  private calls = 0;

  constructor(
    private readonly orgId: number,
    enabled: boolean,
  ) {
    this.socket = new LiveSocket((message) => this.receive(message));
    if (!enabled) return;
    this.socket.connect();
    this.socket.connected.subscribe((connected) => {
      for (const channel of this.channels.values()) {
        if (connected) this.subscribe(channel);
        else if (channel.status.state !== LiveChannelConnectionState.Pending) {
          channel.say(LiveChannelConnectionState.Connecting);
        }
      }
    });
  }

  getConnectionState(): Observable<boolean> {
    return this.socket.connected.asObservable();
  }

  getStream<T>(address: LiveChannelAddress): Observable<LiveChannelEvent<T>> {
    const id = `${this.orgId}/${address.scope}/${address.stream}/${address.path}`;
    if (!isValidLiveChannelAddress(address)) {
      return of({
        type: LiveChannelEventType.Status,
        id,
        timestamp: Date.now(),
        state: LiveChannelConnectionState.Invalid,
        error: 'invalid channel address',
      });
    }
    const channel = this.channels.get(id) ?? this.open(id, address.data);
    return new Observable((subscriber) => {
      subscriber.next({ ...channel.status });
      const listening = (channel.events as Subject<LiveChannelEvent<T>>).subscribe(subscriber);
      return () => {
        listening.unsubscribe();
        if (!channel.events.observed) setTimeout(() => this.closeUnheard(channel), LINGER_MS);
      };
    });
  }

  private open(id: string, data: unknown): Channel {
    const channel = new Channel(id, data);
    this.channels.set(id, channel);
    // Who asked hears the first state before anything else.
    queueMicrotask(() => {
      if (this.socket.connected.value) this.subscribe(channel);
    });
    return channel;
  }

  private subscribe(channel: Channel): void {
    clearTimeout(channel.retry);
    channel.say(LiveChannelConnectionState.Connecting);
    this.calls += 1;
    this.socket.send({ type: 'subscribe', id: this.calls, channel: channel.id, data: channel.data });
  }

  private closeUnheard(channel: Channel): void {
    if (channel.events.observed || this.channels.get(channel.id) !== channel) return;
    clearTimeout(channel.retry);
    this.channels.delete(channel.id);
    this.socket.send({ type: 'unsubscribe', channel: channel.id });
    channel.status.state = LiveChannelConnectionState.Shutdown;
    channel.events.complete();
  }

  private receive(message: FromServer): void {
    const channel = this.channels.get(message.channel);
    if (channel === undefined) return;
    switch (message.type) {
      case 'publication':
        channel.events.next({ type: LiveChannelEventType.Message, message: message.data });
        return;
      case 'subscribed':
        channel.failures = 0;
        channel.say(LiveChannelConnectionState.Connected, message.data ?? undefined);
        return;
      case 'refused':
        if (!message.temporary) {
          channel.say(LiveChannelConnectionState.Disconnected);
          return;
        }
        channel.status.error = message.message;
        channel.say(LiveChannelConnectionState.Connecting);
        channel.retry = setTimeout(() => this.subscribe(channel), delayAfter(channel.failures));
        channel.failures += 1;
    }
  }

  getDataStream(): Observable<DataQueryResponse> {
    return throwError(() => new Error('The host page has no frame streams: this data source makes its own'));
  }

  getPresence(): Promise<LiveChannelPresenceStatus> {
    return Promise.reject(new Error('The host page has no presence'));
  }

  publish(): Promise<unknown> {
    return Promise.reject(new Error('The host page publishes nothing'));
  }
}
