import type { LiveChannelEvent } from '@grafana/data';
import { LiveChannelScope } from '@grafana/data';
import type { Subscription } from 'rxjs';
import type { LiveSession } from '../../support/plugin-host/live-session';
import { VIEWER, type PluginContext } from '../../support/plugin-host/plugin-context';
import type { DataSources } from '../../support/plugin-host/data-sources';
import type { PluginHost } from '../../support/plugin-host/plugin-host';
import { ask, metaOf } from './datasource-rig';
import { eventually } from '../../support/waiting';

/** A live query as a browser has it after its first answer. */
export interface LivePath {
  readonly path: string;
  readonly query: string;
}

const HOUR_MS = 3_600_000;

/** Asks over the last hour, and gives where the answer says that its updates are. */
export async function livePath(
  host: PluginHost,
  sources: DataSources,
  uid: string,
  query: object,
  orgId = 1,
): Promise<LivePath> {
  const now = Date.now();
  const frames = await ask(host, contextOf(sources, uid, orgId), query, { fromMs: now - HOUR_MS, toMs: now });
  const { path, query: canonical } = metaOf(frames[0]!).live ?? {};
  if (path === undefined || canonical === undefined) throw new Error('the answer has no live channel');
  return { path, query: canonical };
}

export function contextOf(sources: DataSources, uid: string, orgId = 1): PluginContext {
  const context = sources.contextOf(orgId, uid, VIEWER);
  if (context === null) throw new Error(`organisation ${orgId} has no data source ${uid}`);
  return context;
}

export interface StreamMessage {
  readonly v: number;
  readonly type: string;
  readonly stream?: string;
  readonly seq?: number;
  readonly [field: string]: unknown;
}

/** A listener on a channel that keeps the messages. */
export class Listener {
  readonly states: string[] = [];
  readonly hellos: StreamMessage[] = [];
  readonly messages: StreamMessage[] = [];
  private readonly subscription: Subscription;

  constructor(session: LiveSession, uid: string, live: LivePath, fromMs = Date.now() - HOUR_MS) {
    const address = {
      scope: LiveChannelScope.DataSource,
      namespace: uid,
      stream: uid,
      path: live.path,
      data: { query: live.query, from_ms: fromMs },
    };
    this.subscription = session.getStream<StreamMessage>(address).subscribe((event) => this.take(event));
  }

  /** The newest state of the channel: `connected`, `disconnected` and so on. */
  get state(): string {
    return this.states.at(-1) ?? '';
  }

  of(type: string): StreamMessage[] {
    return this.messages.filter((message) => message.type === type);
  }

  /** Waits until so many messages of a type have come; gives the last. */
  async next(type: string, count = 1, withinMs = 60_000): Promise<StreamMessage> {
    const told = (): string =>
      `${count} × ${type}; told: ${this.messages.map((message) => message.type).join(', ')}, ${this.state}`;
    await eventually(() => this.of(type).length >= count, told(), withinMs).catch(() => {
      throw new Error(`waited for ${told()}`);
    });
    return this.of(type)[count - 1]!;
  }

  leave(): void {
    this.subscription.unsubscribe();
  }

  private take(event: LiveChannelEvent<StreamMessage>): void {
    if ('state' in event) {
      this.states.push(event.state);
      if (event.message !== undefined) this.hellos.push(event.message as StreamMessage);
    } else if ('message' in event) this.messages.push(event.message);
  }
}
