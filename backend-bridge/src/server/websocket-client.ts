import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import { MessageRate } from './message-rate';
import { refusalFor } from './refusals';
import type { Principal } from './access';
import { holderOf } from './holder';
import { hasScope } from './tokens';
import { MalformedMessage, type ClientMessage } from './websocket-messages';
import { historicalData } from './websocket-history';
import { SendQueue, type SendQueueOwner } from './websocket-send-queue';
import type { WebSocketDependencies } from './websocket-dependencies';
import { WebSocketSubscriptions, type SubscriptionsOwner } from './websocket-subscriptions';
import { RequestError } from '../domain/errors';
import type { Filter, Selection } from '../domain/selection';
import type { OriginalSubscription } from '../live/original-feed';
import { isoTime } from '../live/original-point';

/** Queued messages per client; further ones stay in the socket. */
const MAX_WAITING = 32;
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

/** A subscription to be made again, by its id: the definition of its metric has changed. */
interface Renewal {
  readonly type: 'renewal';
  readonly id: string;
}

/** One connection: handles the client's messages in order and owns its subscriptions. */
export class WebSocketClient implements SendQueueOwner, SubscriptionsOwner {
  readonly sendQueue: SendQueue;
  principal: Principal | null = null;
  /** True when the last ping was answered. */
  alive = true;
  /** True once the client has used the extended protocol. */
  extended = false;
  private original: OriginalSubscription | null = null;
  private readonly subscriptions: WebSocketSubscriptions;
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
    this.subscriptions = new WebSocketSubscriptions(this, dependencies);
  }

  /** Budget key of the connection. */
  get holder(): string {
    return holderOf(this.dependencies.access, this.principal!, this.remoteAddress);
  }

  get tenant(): readonly Filter[] {
    return this.principal?.tenant ?? [];
  }

  get subscribed(): number {
    return this.subscriptions.size;
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

  /** Pings and pongs, which ws handles, count as messages. */
  onControlFrame(): void {
    if (!this.ended) this.checkRate();
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
    return this.subscriptions.metrics();
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
    this.subscriptions.end();
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
    while (!this.ended && this.sendQueue.writable) {
      const message = this.waiting?.[0];
      if (message === undefined || !this.isDue(message)) break;
      this.waiting!.shift();
      try {
        await this.handle(message);
      } catch (error) {
        const refusal = refusalFor(error);
        if (refusal.code === 'internal') this.dependencies.log.error({ err: error }, 'a message failed');
        this.refuse(refusal, requestId(message));
      }
    }
    this.working = false;
    if (this.waiting?.length === 0) this.waiting = null;
    if (this.paused && (this.waiting?.length ?? 0) < MAX_WAITING / 2 && this.sendQueue.writable)
      this.unpause();
  }

  /** Only the original protocol begins with current_state; before the store has ever answered, all wait for the try. */
  private isDue(message: ClientMessage | Renewal): boolean {
    if (this.stateSent) return true;
    if (requestId(message) === undefined) return false;
    try {
      this.dependencies.store.epoch();
      return true;
    } catch {
      return false;
    }
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
    this.subscriptions.forget(id);
    this.refuse(refusalFor(error), id);
  }

  /** Messages that are lost if the client is closed now. */
  get unsent(): number {
    return this.sendQueue.unsent + (this.original?.unsent ?? 0) + this.subscriptions.unsent;
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
      await this.subscriptions.renew(message.id);
      return;
    }
    if (message.type === 'subscribe_metric') {
      if (message.id !== undefined) {
        this.extended = true;
        await this.subscriptions.subscribe(message);
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

  private unsubscribe(id: string | undefined, metric: string | undefined): void {
    if (id !== undefined) {
      this.subscriptions.unsubscribe(id);
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

  /** Sends current_state once the store can be read; messages without an id wait for the first attempt. */
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
    return this.dependencies.engine.plan(selection, this.tenant);
  }

  private pong(id: string | undefined): void {
    this.send({ type: 'pong', ...(id !== undefined && { id }), server_time_ms: this.dependencies.clock() });
  }

  private refuse(refusal: RequestError, id: string | undefined): void {
    const { code, message, retryable, details } = refusal;
    const extra = Object.keys(details).length > 0 && { details };
    this.send({ type: 'error', ...(id !== undefined && { id }), code, message, retryable, ...extra });
  }

  stopOriginalUpdates(): void {
    this.original?.only(null);
  }

  send(message: object): void {
    if (!this.ended) this.sendQueue.sendText(JSON.stringify(message));
    if (!this.sendQueue.writable && !this.paused && !this.ended) this.pause();
  }
}

/** Messages of the original protocol have none; one that is present is not validated. */
function requestId(message: ClientMessage | Renewal): string | undefined {
  return 'id' in message && typeof message.id === 'string' ? message.id : undefined;
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
