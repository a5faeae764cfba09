import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import { MessageRate } from './message-rate';
import { refusalFor } from './refusals';
import type { Principal } from './access';
import { holderOf } from './holder';
import { hasScope } from './tokens';
import { forecastOptionsOf } from './forecast-wire';
import { MalformedMessage, type ClientMessage, type SubscribeSelection } from './websocket-messages';
import { historicalData } from './websocket-history';
import { SendQueue, type SendQueueOwner } from './websocket-send-queue';
import type { WebSocketDependencies } from './websocket-dependencies';
import { RequestError } from '../domain/errors';
import type { Selection } from '../domain/selection';
import type { LiveSubscription } from '../live/hub';
import type { OriginalSubscription } from '../live/original-feed';
import { isoTime } from '../live/original-point';

/** Queued messages per client; further ones stay in the socket. */
const MAX_WAITING = 32;
const HOUR_MS = 3_600_000;
const STATE_RETRY_MS = 1_000;
/** Estimated bytes of a stored point with its measures and its position in the message. */
const HISTORY_POINT_BYTES = 128;

export const CLOSE = {
  goingAway: 1001,
  malformed: 4400,
  unauthenticated: 4401,
  refused: 4403,
  tooSlow: 4408,
  tooMany: 4429,
} as const;

interface Held {
  readonly metric: string;
  readonly subscription: LiveSubscription;
  /** With the time from which on it was asked for. */
  readonly message: SubscribeSelection & { readonly from_ms: number };
}

/** A subscription to be made again, by its id: the definition of its metric has changed. */
interface Renewal {
  readonly type: 'renewal';
  readonly id: string;
}

/** One connection: handles the client's messages in order and owns its subscriptions. */
export class WebSocketClient implements SendQueueOwner {
  readonly sendQueue: SendQueue;
  principal: Principal | null = null;
  /** True when the last ping was answered. */
  alive = true;
  /** True once the client has used the extended protocol. */
  extended = false;
  private original: OriginalSubscription | null = null;
  private subscriptions: Map<string, Held> | null = null;
  private waiting: (ClientMessage | Renewal)[] | null = null;
  private working = false;
  /** True while reading from the client is suspended: its send queue is full, or too many of its messages wait. */
  paused = false;
  private ended = false;
  private rate: MessageRate | null = null;
  private stateSent = false;
  private stateTimer: NodeJS.Timeout | null = null;
  /** Aborts when the connection closes. */
  private readonly over = new AbortController();
  private takenBytes = 0;
  private takenAt = 0;

  constructor(
    private readonly ws: WebSocket,
    private readonly socket: Socket,
    private readonly dependencies: WebSocketDependencies,
    readonly remoteAddress: string,
    /** Registers the client as served; false when there was no room and it was closed. */
    private readonly register: () => boolean,
  ) {
    this.sendQueue = new SendQueue(ws, socket, dependencies.options, dependencies.longMessages, this);
  }

  /** Budget key of the connection. */
  get holder(): string {
    return holderOf(this.dependencies.access, this.principal!, this.remoteAddress);
  }

  get subscribed(): number {
    return this.subscriptions?.size ?? 0;
  }

  /** Starts serving the authenticated client. */
  open(principal: Principal): void {
    this.principal = principal;
    if (!hasScope(principal, 'read')) {
      const refusal = new RequestError('forbidden', 'This token lacks the scope "read"');
      this.close(CLOSE.refused, refusal);
      return;
    }
    if (!this.register()) return;
    this.original = this.dependencies.hub.subscribeOriginal(principal.tenant, this.sendQueue, () =>
      this.sendState(),
    );
    this.sendState();
  }

  onMessage(data: RawData, isBinary: boolean): void {
    if (this.ended) return;
    const verdict = this.checkRate();
    if (verdict !== 'ok') return;
    try {
      if (isBinary) throw new MalformedMessage('The message is binary; send JSON in text frames');
      this.accept(this.dependencies.messages.read(data as Buffer));
    } catch (error) {
      const refusal = refusalFor(error);
      if (this.principal === null) {
        this.close(error instanceof MalformedMessage ? CLOSE.malformed : CLOSE.unauthenticated, refusal);
      } else if (error instanceof MalformedMessage) this.close(CLOSE.malformed, refusal);
      else this.refuse(refusal, idOf(data));
    }
  }

  /** Called once a second. True when the client has not read anything for too long. */
  isStalled(nowMs: number): boolean {
    const taken = this.socket.bytesWritten - this.socket.writableLength;
    if (this.socket.writableLength === 0 || taken !== this.takenBytes || this.takenAt === 0) {
      this.takenBytes = taken;
      this.takenAt = nowMs;
      return false;
    }
    return nowMs - this.takenAt >= this.dependencies.options.slowClientTimeoutMs;
  }

  /** Metrics of the client's extended subscriptions. */
  metrics(): ReadonlySet<string> {
    return new Set([...(this.subscriptions?.values() ?? [])].map((held) => held.metric));
  }

  close(code: number, refusal: RequestError | null): void {
    if (this.ended) return;
    if (refusal !== null) this.refuse(refusal, undefined);
    this.ws.close(code, refusal?.code ?? '');
    this.end();
  }

  /** Ends the connection and releases everything it holds. */
  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.over.abort();
    if (this.stateTimer !== null) clearTimeout(this.stateTimer);
    this.original?.end();
    for (const held of this.subscriptions?.values() ?? []) held.subscription.end();
    this.subscriptions = null;
    this.waiting = null;
    this.sendQueue.end();
    if (this.paused) this.ws.resume();
  }

  private checkRate(): 'ok' | 'refused' {
    const now = performance.now();
    this.rate ??= new MessageRate(this.dependencies.options, now);
    const verdict = this.rate.take(now);
    if (verdict === 'ok') return 'ok';
    const refusal = new RequestError('rate_limited', 'Too many messages; send them more slowly', {}, true);
    if (verdict === 'too_many') this.close(CLOSE.tooMany, refusal);
    else this.refuse(refusal, undefined);
    return 'refused';
  }

  private accept(message: ClientMessage): void {
    if (this.principal === null && message.type !== 'authenticate') {
      throw new RequestError('unauthenticated', 'The first message must be authenticate, with a token');
    }
    if (message.type === 'ping' || message.type === 'authenticate') {
      this.extended = true;
      if (message.type === 'ping') this.pong(message.id);
      else this.authenticate(message.token);
      return;
    }
    this.enqueue(message);
  }

  private enqueue(message: ClientMessage | Renewal): void {
    this.waiting ??= [];
    this.waiting.push(message);
    if (this.waiting.length >= MAX_WAITING && !this.paused) this.pause();
    void this.work();
  }

  /** Handles messages one at a time; long answers wait until the client has read the previous ones. */
  private async work(): Promise<void> {
    if (this.working) return;
    this.working = true;
    while (!this.ended && this.stateSent && this.sendQueue.writable) {
      const message = this.waiting?.shift();
      if (message === undefined) break;
      try {
        await this.handle(message);
      } catch (error) {
        const refusal = refusalFor(error);
        if (refusal.code === 'internal') this.dependencies.log.error({ err: error }, 'a message failed');
        // Messages of the original protocol have no id; one that is present is not validated.
        this.refuse(refusal, 'id' in message && typeof message.id === 'string' ? message.id : undefined);
      }
    }
    this.working = false;
    if (this.waiting?.length === 0) this.waiting = null;
    if (this.paused && (this.waiting?.length ?? 0) < MAX_WAITING / 2 && this.sendQueue.writable)
      this.unpause();
  }

  onWritable(): void {
    if (this.waiting !== null || this.paused) void this.work();
  }

  /** In the order of the client's own messages, and once it has room for the answer. */
  metricChanged(id: string): void {
    if (!this.ended) this.enqueue({ type: 'renewal', id });
  }

  /** Notifies the client that a live subscription failed; the connection stays open. */
  subscriptionFailed(id: string, error: unknown): void {
    this.subscriptions?.delete(id);
    this.refuse(refusalFor(error), id);
  }

  /** Messages that are lost if the client is closed now. */
  get unsent(): number {
    let pending = this.sendQueue.unsent + (this.original?.unsent ?? 0);
    for (const { subscription } of this.subscriptions?.values() ?? []) pending += subscription.unsent;
    return pending;
  }

  private pause(): void {
    this.paused = true;
    this.ws.pause();
  }

  private unpause(): void {
    this.paused = false;
    this.ws.resume();
  }

  private async handle(message: ClientMessage | Renewal): Promise<void> {
    if (message.type === 'renewal') {
      await this.renew(message.id);
      return;
    }
    if (message.type === 'subscribe_metric') {
      if (message.id !== undefined) {
        await this.subscribe(message);
        return;
      }
      this.plan({ metric: message.metric_name });
      this.original?.only(message.metric_name);
    } else if (message.type === 'unsubscribe_metric') {
      this.unsubscribe(message.id, message.metric_name);
    } else if (message.type === 'get_historical_data') {
      await this.sendHistory(message.metric_name, message.time_range ?? 3_600);
    }
  }

  private async subscribe(message: SubscribeSelection): Promise<void> {
    const { options } = this.dependencies;
    const { id } = message;
    this.extended = true;
    if (this.subscriptions?.has(id) === true) {
      throw new RequestError('duplicate_subscription', `The id "${id}" is in use; unsubscribe it first`);
    }
    if (this.subscribed >= options.maxSubscriptions) {
      throw new RequestError(
        'too_many_subscriptions',
        `A connection may hold ${options.maxSubscriptions} subscriptions; unsubscribe one first`,
        { limit: options.maxSubscriptions },
      );
    }
    const { from_ms: fromMs = Math.max(0, this.dependencies.clock() - HOUR_MS) } = message;
    await this.hold({ ...message, from_ms: fromMs });
  }

  private async hold(message: Held['message']): Promise<void> {
    const held = this.subscriptionOf(message);
    this.subscriptions ??= new Map();
    const { subscriptions } = this;
    subscriptions.set(message.id, held);
    this.original?.only(null);
    try {
      await held.subscription.ready;
    } catch (error) {
      subscriptions.delete(message.id);
      throw error;
    }
  }

  /** What the client asked for, by the definition that its metric has now. */
  private async renew(id: string): Promise<void> {
    const before = this.subscriptions?.get(id);
    if (before === undefined) return;
    this.subscriptions?.delete(id);
    this.send({ type: 'resync', id, reason: 'metric_changed' });
    await this.hold(before.message);
  }

  private subscriptionOf(message: Held['message']): Held {
    const { hub, forecasts } = this.dependencies;
    const { id, from_ms: fromMs } = message;
    const selection = selectionOf(message);
    if (message.forecast !== undefined) {
      const query = { ...selection, ...forecastOptionsOf(message.forecast) };
      const prepared = forecasts.prepare(query, this.principal?.tenant ?? []);
      const { name } = prepared.plan.metric;
      const subscription = hub.subscribeForecast(prepared, id, fromMs, this.sendQueue);
      return { metric: name, subscription, message };
    }
    const plan = this.plan(selection);
    const { name, kind } = plan.metric;
    if (message.events === true && kind !== 'event') {
      throw new RequestError('not_an_event_metric', `"${name}" has windows, not events; leave "events" out`, {
        metric: name,
      });
    }
    const form = message.events === true ? 'events' : 'series';
    return { metric: name, subscription: hub.subscribe(form, plan, id, fromMs, this.sendQueue), message };
  }

  private unsubscribe(id: string | undefined, metric: string | undefined): void {
    if (id !== undefined) {
      const held = this.subscriptions?.get(id);
      if (held === undefined) throw new RequestError('unknown_subscription', `No subscription "${id}"`);
      held.subscription.end();
      this.subscriptions?.delete(id);
      this.send({ type: 'unsubscribed', id });
    } else if (metric !== undefined) {
      if (this.original?.drop(metric) !== true) {
        throw new RequestError('unknown_subscription', `"${metric}" was not subscribed to without an id`);
      }
      this.send({ type: 'unsubscribed', metric_name: metric });
    }
  }

  private async sendHistory(name: string, timeRange: number): Promise<void> {
    const { hub, store, clock, options } = this.dependencies;
    const { metric, selects } = this.plan({ metric: name });
    const { queries, memory } = this.dependencies.budgets;
    const hold = memory.open([this.holder]);
    try {
      const pieces = await queries.run(this.holder, this.over.signal, () =>
        historicalData(store, {
          metric,
          selects,
          timeRange,
          maxPoints: options.maxHistoryPoints,
          nowMs: clock(),
          progress: hub.progressOf(metric.name),
          signal: this.over.signal,
          reserve: (points) => hold.reserve(points * HISTORY_POINT_BYTES),
        }),
      );
      this.sendQueue.sendPieces(pieces, () => hold.free());
    } catch (error) {
      hold.free();
      if (!this.ended) throw error;
    }
  }

  private authenticate(token: string): void {
    const found = this.dependencies.access.required
      ? this.dependencies.access.fromToken(token, this.remoteAddress)
      : this.principal!;
    if ('code' in found) {
      const code = found.code === 'rate_limited' ? CLOSE.tooMany : CLOSE.unauthenticated;
      this.close(code, new RequestError(found.code, found.message, {}, found.code === 'rate_limited'));
      return;
    }
    if (this.principal !== null && this.principal.name !== found.name) {
      throw new RequestError('bad_request', 'This connection has another token already; open a new one');
    }
    this.send({ type: 'authenticated', name: found.name, scopes: [...found.scopes] });
    if (this.principal === null) this.open(found);
  }

  /** Sends current_state once the store can be read; the client's messages wait for the first attempt. */
  private sendState(): void {
    const { hub, clock, log } = this.dependencies;
    const { original, principal } = this;
    if (original === null || principal === null || this.ended) return;
    original.stateBegins();
    hub.aggregators(principal.tenant).then(
      (data) => {
        if (this.ended) return;
        if (original.stateSent()) {
          this.send({ type: 'current_state', data, timestamp: isoTime(clock()) });
          this.begin();
        } else {
          this.sendStateLater();
        }
      },
      (error: unknown) => {
        if (this.ended) return;
        const refusal = refusalFor(error);
        if (refusal.code === 'internal') log.error({ err: error }, 'aggregators failed');
        if (!this.stateSent) this.refuse(refusal, undefined);
        this.begin();
        this.sendStateLater();
      },
    );
  }

  private begin(): void {
    this.stateSent = true;
    if (this.waiting !== null) void this.work();
  }

  private sendStateLater(): void {
    if (this.stateTimer !== null) clearTimeout(this.stateTimer);
    this.stateTimer = setTimeout(() => this.sendState(), STATE_RETRY_MS * (0.5 + Math.random()));
    this.stateTimer.unref();
  }

  private plan(selection: Selection): ReturnType<WebSocketDependencies['engine']['plan']> {
    return this.dependencies.engine.plan(selection, this.principal?.tenant ?? []);
  }

  private pong(id: string | undefined): void {
    this.send({ type: 'pong', ...(id !== undefined && { id }), server_time_ms: this.dependencies.clock() });
  }

  private refuse(refusal: RequestError, id: string | undefined): void {
    const { code, message, retryable, details } = refusal;
    const extra = Object.keys(details).length > 0 && { details };
    this.send({ type: 'error', ...(id !== undefined && { id }), code, message, retryable, ...extra });
  }

  private send(message: object): void {
    if (!this.ended) this.sendQueue.sendText(JSON.stringify(message));
    if (!this.sendQueue.writable && !this.paused && !this.ended) this.pause();
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

/** The id of an otherwise invalid message, for the error response. */
function idOf(data: RawData): string | undefined {
  try {
    const { id } = JSON.parse((data as Buffer).toString('utf8')) as { id?: unknown };
    return typeof id === 'string' ? id.slice(0, 128) : undefined;
  } catch {
    return undefined;
  }
}
