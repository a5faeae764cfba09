import {
  LiveChannelConnectionState,
  LiveChannelEventType,
  LiveChannelScope,
  type LiveChannelAddress,
  type LiveChannelEvent,
  type LiveChannelStatusEvent,
} from '@grafana/data';
import type { GrafanaLiveSrv } from '@grafana/runtime';
import { BehaviorSubject, Observable, Subject } from 'rxjs';
import { channelOf, type ChannelListener, type ChannelRequest, type ChannelServer } from './live-channel';
import { VIEWER, type GrafanaUser } from './plugin-context';

export interface SessionOptions {
  readonly orgId?: number;
  /** Null: nobody is logged in. */
  readonly user?: GrafanaUser | null;
  /** Wait before a subscription that failed is tried again; Grafana's client begins at about half a second. */
  readonly retryMs?: number;
  /** A channel without listeners is left after this time. */
  readonly lingerMs?: number;
}

/**
 * One browser page's connection to Live: what `getGrafanaLiveSrv()` gives there. All panels of a page share a
 * channel; its `data` is that of the first one, and it is left only some time after the last.
 */
export class LiveSession implements Pick<GrafanaLiveSrv, 'getStream' | 'getConnectionState'> {
  private readonly connected = new BehaviorSubject(true);
  private readonly channels = new Map<string, PageChannel>();
  readonly orgId: number;
  readonly user: GrafanaUser | null;
  private readonly retryMs: number;
  private readonly lingerMs: number;

  constructor(
    private readonly server: ChannelServer,
    options: SessionOptions,
  ) {
    this.orgId = options.orgId ?? 1;
    this.user = options.user === undefined ? VIEWER : options.user;
    this.retryMs = options.retryMs ?? 500;
    this.lingerMs = options.lingerMs ?? 250;
  }

  getConnectionState(): Observable<boolean> {
    return this.connected.asObservable();
  }

  getStream<T>(address: LiveChannelAddress): Observable<LiveChannelEvent<T>> {
    if (address.scope !== LiveChannelScope.DataSource) {
      throw new Error(`no channel but of data sources here: ${address.scope}`);
    }
    // Grafana before 12.4 reads `namespace`, later ones `stream`: an address must name both.
    const names: { readonly namespace?: string; readonly stream?: string } = address;
    if (names.namespace === undefined || names.namespace !== names.stream) {
      throw new Error('the address must have the same uid in `namespace` and in `stream`');
    }
    const { stream: uid, path, data } = address;
    const id = channelOf({ orgId: this.orgId, uid, path });
    let channel = this.channels.get(id);
    if (channel === undefined) {
      const request = { orgId: this.orgId, user: this.user, uid, path, data };
      channel = new PageChannel(id, request, this.server, this.retryMs, this.lingerMs, () =>
        this.channels.delete(id),
      );
      this.channels.set(id, channel);
      const fresh = channel;
      queueMicrotask(() => {
        if (this.connected.value) fresh.regained();
      });
    }
    return channel.events<T>();
  }

  /** The connection breaks: what is published from now on does not reach this page. */
  cut(): void {
    if (!this.connected.value) return;
    this.connected.next(false);
    for (const channel of this.channels.values()) channel.lost();
  }

  reconnect(): void {
    if (this.connected.value) return;
    this.connected.next(true);
    for (const channel of this.channels.values()) channel.regained();
  }

  /** Channels that this page is on. */
  open(): string[] {
    return [...this.channels.keys()];
  }

  close(): void {
    for (const channel of [...this.channels.values()]) channel.shutdown();
  }
}

class PageChannel {
  private readonly stream = new Subject<LiveChannelEvent>();
  private status: LiveChannelStatusEvent;
  /** Of the newest attempt to subscribe; what comes for an older one is no longer wanted. */
  private listener: ChannelListener | null = null;
  private retry: ReturnType<typeof setTimeout> | undefined;

  constructor(
    id: string,
    private readonly request: ChannelRequest,
    private readonly server: ChannelServer,
    private readonly retryMs: number,
    private readonly lingerMs: number,
    private readonly forget: () => void,
  ) {
    this.status = {
      type: LiveChannelEventType.Status,
      id,
      timestamp: Date.now(),
      state: LiveChannelConnectionState.Pending,
    };
  }

  events<T>(): Observable<LiveChannelEvent<T>> {
    return new Observable((subscriber) => {
      subscriber.next({ ...this.status });
      const subscription = this.stream.subscribe(subscriber);
      return () => {
        subscription.unsubscribe();
        setTimeout(() => {
          if (!this.stream.observed) this.shutdown();
        }, this.lingerMs);
      };
    });
  }

  subscribe(): void {
    const listener: ChannelListener = {
      onPacket: (packet) => {
        if (this.listener !== listener) return;
        const message: unknown = JSON.parse(packet);
        this.stream.next({ type: LiveChannelEventType.Message, message });
      },
    };
    this.listener = listener;
    this.tell(LiveChannelConnectionState.Connecting);
    void this.server.subscribe(this.request, listener).then((outcome) => {
      if (this.listener !== listener) {
        this.server.leave(this.request, listener);
      } else if (outcome.kind === 'joined') {
        const { error: _, ...status } = this.status;
        this.status = status;
        this.tell(LiveChannelConnectionState.Connected, outcome.data);
      } else if (outcome.kind === 'refused') {
        this.tell(LiveChannelConnectionState.Disconnected);
      } else {
        this.status = { ...this.status, error: outcome.message };
        this.tell(this.status.state);
        this.retry = setTimeout(() => this.subscribe(), this.retryMs);
      }
    });
  }

  /** The connection is there again. */
  regained(): void {
    const { state } = this.status;
    const ended =
      state === LiveChannelConnectionState.Disconnected || state === LiveChannelConnectionState.Shutdown;
    if (!ended) this.subscribe();
  }

  /** The connection is gone. */
  lost(): void {
    if (this.status.state === LiveChannelConnectionState.Disconnected) return;
    this.leave();
    this.tell(LiveChannelConnectionState.Connecting);
  }

  shutdown(): void {
    if (this.status.state === LiveChannelConnectionState.Shutdown) return;
    this.leave();
    this.tell(LiveChannelConnectionState.Shutdown);
    this.stream.complete();
    this.forget();
  }

  private leave(): void {
    clearTimeout(this.retry);
    if (this.listener !== null) this.server.leave(this.request, this.listener);
    this.listener = null;
  }

  private tell(state: LiveChannelConnectionState, message?: unknown): void {
    this.status = { ...this.status, state, timestamp: Date.now() };
    this.stream.next({ ...this.status, ...(message ? { message } : {}) });
  }
}
