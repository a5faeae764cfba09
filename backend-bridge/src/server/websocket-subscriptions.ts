import { forecastOptionsOf } from './forecast-wire';
import type { WebSocketDependencies } from './websocket-dependencies';
import type { SubscribeSelection } from './websocket-messages';
import { RequestError } from '../domain/errors';
import type { Filter, Selection } from '../domain/selection';
import type { LiveSubscription } from '../live/hub';
import type { LiveSink } from '../live/live-sink';

const HOUR_MS = 3_600_000;

interface Held {
  readonly metric: string;
  readonly subscription: LiveSubscription;
  /** With the time from which on it was asked for. */
  readonly message: SubscribeSelection & { readonly from_ms: number };
}

export interface SubscriptionsOwner {
  readonly tenant: readonly Filter[];
  readonly sendQueue: LiveSink;
  send(message: object): void;
  /** Called before the first answer to a subscription with an id. */
  stopOriginalUpdates(): void;
}

/** The subscriptions of one connection that have an id. Throws RequestError for what cannot be subscribed to. */
export class WebSocketSubscriptions {
  private held: Map<string, Held> | null = null;

  constructor(
    private readonly owner: SubscriptionsOwner,
    private readonly dependencies: WebSocketDependencies,
  ) {}

  get size(): number {
    return this.held?.size ?? 0;
  }

  /** Changes that wait for the client. */
  get unsent(): number {
    let pending = 0;
    for (const { subscription } of this.held?.values() ?? []) pending += subscription.unsent;
    return pending;
  }

  metrics(): ReadonlySet<string> {
    return new Set([...(this.held?.values() ?? [])].map((one) => one.metric));
  }

  /** Resolves once the snapshot is queued. */
  async subscribe(message: SubscribeSelection): Promise<void> {
    const { options, clock } = this.dependencies;
    const { id } = message;
    if (this.held?.has(id) === true) {
      throw new RequestError('duplicate_subscription', `The id "${id}" is in use; unsubscribe it first`);
    }
    if (this.size >= options.maxSubscriptions) {
      throw new RequestError(
        'too_many_subscriptions',
        `A connection may hold ${options.maxSubscriptions} subscriptions; unsubscribe one first`,
        { limit: options.maxSubscriptions },
      );
    }
    const { from_ms: fromMs = Math.max(0, clock() - HOUR_MS) } = message;
    await this.hold({ ...message, from_ms: fromMs });
  }

  /** Subscribes again to what the client asked for, by the definition that its metric has now. */
  async renew(id: string): Promise<void> {
    const before = this.held?.get(id);
    if (before === undefined) return;
    this.held?.delete(id);
    this.owner.send({ type: 'resync', id, reason: 'metric_changed' });
    await this.hold(before.message);
  }

  unsubscribe(id: string): void {
    const one = this.held?.get(id);
    if (one === undefined) throw new RequestError('unknown_subscription', `No subscription "${id}"`);
    one.subscription.end();
    this.held?.delete(id);
  }

  /** Forgets a subscription that has ended by itself. */
  forget(id: string): void {
    this.held?.delete(id);
  }

  end(): void {
    for (const { subscription } of this.held?.values() ?? []) subscription.end();
    this.held = null;
  }

  private async hold(message: Held['message']): Promise<void> {
    const one = this.subscriptionOf(message);
    this.held ??= new Map();
    const { held } = this;
    held.set(message.id, one);
    this.owner.stopOriginalUpdates();
    try {
      await one.subscription.ready;
    } catch (error) {
      held.delete(message.id);
      throw error;
    }
  }

  private subscriptionOf(message: Held['message']): Held {
    const { hub, forecasts, engine } = this.dependencies;
    const { tenant, sendQueue } = this.owner;
    const { id, from_ms: fromMs } = message;
    const selection = selectionOf(message);
    if (message.forecast !== undefined) {
      const query = { ...selection, ...forecastOptionsOf(message.forecast) };
      const prepared = forecasts.prepare(query, tenant);
      const subscription = hub.subscribeForecast(prepared, id, fromMs, sendQueue);
      return { metric: prepared.plan.metric.name, subscription, message };
    }
    const plan = engine.plan(selection, tenant);
    const { name, kind } = plan.metric;
    if (message.events === true && kind !== 'event') {
      throw new RequestError('not_an_event_metric', `"${name}" has windows, not events; leave "events" out`, {
        metric: name,
      });
    }
    const form = message.events === true ? 'events' : 'series';
    return { metric: name, subscription: hub.subscribe(form, plan, id, fromMs, sendQueue), message };
  }
}

function selectionOf(message: SubscribeSelection): Selection {
  const metric = message.metric_name ?? message.metric;
  if (metric === undefined || (message.metric !== undefined && message.metric !== metric)) {
    throw new RequestError(
      'bad_request',
      'The message needs "metric_name" (or "metric", with the same value)',
    );
  }
  if (message.events === true) {
    refuseBeside(message, 'events', [
      'measure',
      'group_by',
      'step_ms',
      'over_time',
      'include_open',
      'forecast',
    ]);
    return { metric, filters: message.filters };
  }
  if (message.forecast !== undefined) refuseBeside(message, 'forecast', ['include_open']);
  return {
    metric,
    measure: message.measure,
    filters: message.filters,
    groupBy: message.group_by,
    stepMs: message.step_ms,
    overTime: message.over_time,
    includeOpen: message.include_open,
  };
}

function refuseBeside(
  message: SubscribeSelection,
  form: 'events' | 'forecast',
  fields: readonly (keyof SubscribeSelection)[],
): void {
  const unfit = fields.find((name) => message[name] !== undefined);
  if (unfit === undefined) return;
  throw new RequestError('bad_request', `"${unfit}" cannot be combined with "${form}"; remove it`, {
    path: `/${unfit}`,
  });
}
