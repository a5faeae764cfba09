import {
  channelOf,
  type ChannelListener,
  type ChannelRequest,
  type ChannelServer,
  type Subscription,
} from './live-channel';
import { LiveSession, type SessionOptions } from './live-session';
import { LiveStreams } from './live-streams';
import type { GrafanaUser, PluginContext } from './plugin-context';
import type { PluginHost } from './plugin-host';

/** Grafana's Live, server side, as far as the streams of a data source go; over the real backend. */

export interface LiveServerOptions {
  /** Default 5 s, as in Grafana: a stream is stopped some 15 s after its last subscriber left. */
  readonly checkMs?: number;
  /**
   * Time between the backend's answer to a subscription and the subscriber's first packet. What a stream sends in
   * between does not reach it: so it is in Grafana, where this time is short but not nothing.
   */
  readonly joinDelayMs?: () => number;
}

type ContextOf = (orgId: number, uid: string, user: GrafanaUser | null) => PluginContext | null;

const MAX_CHANNEL_LENGTH = 160;

export class LiveServer implements ChannelServer {
  private readonly listeners = new Map<string, Set<ChannelListener>>();
  private readonly streams: LiveStreams;
  private readonly sessions = new Set<LiveSession>();

  /** `contextOf`: the data sources of each organisation as they are saved now. */
  constructor(
    private readonly host: PluginHost,
    private readonly contextOf: ContextOf,
    private readonly options: LiveServerOptions = {},
  ) {
    this.streams = new LiveStreams({
      host,
      contextOf,
      checkMs: options.checkMs ?? 5_000,
      publish: (channel, packet) => {
        for (const listener of [...(this.listeners.get(channel) ?? [])]) listener.onPacket(packet);
      },
      subscribers: (channel) => this.listeners.get(channel)?.size ?? 0,
    });
  }

  /** A browser page of somebody. */
  session(options: SessionOptions = {}): LiveSession {
    const session = new LiveSession(this, options);
    this.sessions.add(session);
    return session;
  }

  /** Running streams by channel (`org/ds/uid/path`), with how often each was begun. */
  running(): ReadonlyMap<string, number> {
    return this.streams.running();
  }

  subscribers(channel: string): number {
    return this.listeners.get(channel)?.size ?? 0;
  }

  settingsChanged(orgId: number, uid: string): Promise<void> {
    return this.streams.settingsChanged(orgId, uid);
  }

  async subscribe(request: ChannelRequest, listener: ChannelListener): Promise<Subscription> {
    const { orgId, uid, path, user, data } = request;
    const channel = channelOf(request);
    if (channel.length > MAX_CHANNEL_LENGTH) return { kind: 'refused', reason: 'NOT_FOUND' };
    const context = this.contextOf(orgId, uid, user);
    if (context === null) return { kind: 'refused', reason: 'NOT_FOUND' };
    let answer;
    try {
      answer = await this.host.subscribeStream(context, path, data);
    } catch (error) {
      return { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
    }
    if (answer.status !== 'OK') return { kind: 'refused', reason: answer.status };
    this.streams.submit(channel, { orgId, uid, path, user, data, context });
    const delay = this.options.joinDelayMs?.() ?? 0;
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
    const listeners = this.listeners.get(channel) ?? new Set();
    this.listeners.set(channel, listeners.add(listener));
    return { kind: 'joined', data: answer.data };
  }

  leave(request: ChannelRequest, listener: ChannelListener): void {
    const channel = channelOf(request);
    const listeners = this.listeners.get(channel);
    listeners?.delete(listener);
    if (listeners?.size === 0) this.listeners.delete(channel);
  }

  /** Ends every page and every stream. */
  async close(): Promise<void> {
    for (const session of this.sessions) session.close();
    await this.streams.close();
  }
}
