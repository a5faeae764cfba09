import type { WebSocket } from 'ws';
import { seriesBody, type EventBody, type FakeAnswers, type SeriesBody } from './fake-answers';
import type { FakePoints } from './fake-points';
import { evaluate, Refusal, selectionOf, type Selection } from './fake-selection';
import type { Misbehaviour } from './misbehaviour';

/** One WebSocket connection of the contract's extended level, over scripted points. */

export type Sent = Record<string, unknown>;
type Message = Readonly<Record<string, unknown>>;

interface Subscription {
  readonly id: string;
  readonly selection: Selection;
  readonly fromMs: number;
  readonly events: boolean;
  seq: number;
  /** What the client holds: of each series or event the text that it was sent. */
  held: Map<string, string>;
}

export interface FakeSocketParts {
  readonly points: FakePoints;
  readonly answers: FakeAnswers;
  readonly misbehaviour: Misbehaviour;
  readonly heartbeatMs: number;
  allowedToken(token: string): boolean;
  /** Told of every message of the client. */
  received(message: Message): void;
}

const HOUR_MS = 3_600_000;
/** Changes close to each other are told at once. */
const FLUSH_MS = 10;
const AUTHENTICATE_MS = 5_000;

export class FakeSocket {
  readonly subscriptions = new Map<string, Subscription>();
  private readonly ended: (() => void)[] = [];
  private flush: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly ws: WebSocket,
    private readonly parts: FakeSocketParts,
    private authenticated: boolean,
  ) {
    const heartbeat = setInterval(() => this.heartbeat(), parts.heartbeatMs);
    const stopListening = parts.points.onChange(() => {
      this.flush ??= setTimeout(() => this.tellChanges(), FLUSH_MS);
    });
    const late = setTimeout(() => {
      if (!this.authenticated) this.ws.close(4401, 'no valid token within 5 s');
    }, AUTHENTICATE_MS);
    this.ended.push(
      () => clearInterval(heartbeat),
      () => clearTimeout(late),
      () => clearTimeout(this.flush),
      stopListening,
    );
    ws.on('message', (data: Buffer) => this.take(data.toString()));
    ws.on('close', () => this.end());
    ws.on('error', () => this.end());
    if (authenticated) this.currentState();
  }

  /** Announces a gap with a resync, and sends everything again. */
  resync(reason: string): void {
    for (const subscription of this.subscriptions.values()) {
      this.send({ type: 'resync', id: subscription.id, reason });
      this.snapshot(subscription);
    }
  }

  send(message: Sent): void {
    if (!this.parts.misbehaviour.mute) this.ws.send(JSON.stringify(message));
  }

  private end(): void {
    for (const done of this.ended.splice(0)) done();
    this.subscriptions.clear();
  }

  private take(text: string): void {
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      message = null;
    }
    if (typeof message !== 'object' || message === null || Array.isArray(message)) {
      this.ws.close(4400, 'no JSON object');
      return;
    }
    const given = message as Message;
    this.parts.received(given);
    try {
      this.act(given);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const id = typeof given['id'] === 'string' ? { id: given['id'] } : {};
      this.send({ type: 'error', ...id, code: error.code, message: error.message, retryable: false });
    }
  }

  private act(message: Message): void {
    const id = message['id'] as string | undefined;
    if (message['type'] === 'authenticate') {
      this.authenticate(message['token'] as string);
      return;
    }
    if (!this.authenticated) throw new Refusal(401, 'unauthenticated', 'Authenticate first.');
    switch (message['type']) {
      case 'ping':
        this.send({ type: 'pong', ...(id === undefined ? {} : { id }), server_time_ms: Date.now() });
        return;
      case 'subscribe_metric':
        if (id === undefined) selectionOf(this.parts.points, message, 0);
        else this.subscribe(id, message);
        return;
      case 'unsubscribe_metric':
        if (id !== undefined && !this.subscriptions.delete(id)) {
          throw new Refusal(404, 'unknown_subscription', `There is no subscription ${id}.`);
        }
        this.send({ type: 'unsubscribed', ...(id === undefined ? {} : { id }) });
        return;
      default:
        throw new Refusal(400, 'unknown_type', `There is no message ${String(message['type'])}.`);
    }
  }

  private authenticate(token: string): void {
    if (!this.parts.allowedToken(token)) {
      const message = 'The token is not valid.';
      this.send({ type: 'error', code: 'unauthenticated', message, retryable: false });
      this.ws.close(4401, 'no valid token');
      return;
    }
    this.authenticated = true;
    this.send({ type: 'authenticated', name: 'fake', scopes: ['read'] });
    this.currentState();
  }

  private currentState(): void {
    // Aggregators are of the original level, which nobody uses here; without points there are none.
    this.send({ type: 'current_state', data: {}, timestamp: new Date().toISOString() });
  }

  private subscribe(id: string, message: Message): void {
    if (this.subscriptions.has(id)) {
      throw new Refusal(409, 'duplicate_subscription', `The id ${id} is in use.`);
    }
    const events = message['events'] === true;
    const { points, answers } = this.parts;
    const subscription: Subscription = {
      id,
      selection: events ? answers.eventSelection(message) : selectionOf(points, message, 0),
      fromMs: (message['from_ms'] as number | undefined) ?? Date.now() - HOUR_MS,
      events,
      seq: 0,
      held: new Map(),
    };
    this.subscriptions.set(id, subscription);
    this.snapshot(subscription);
  }

  private snapshot(subscription: Subscription): void {
    const { id, selection, fromMs, events } = subscription;
    const { answers } = this.parts;
    subscription.seq = 0;
    const head = { id, from_ms: fromMs };
    if (events) {
      const list = this.events(subscription);
      subscription.held = new Map(list.map((event) => [event.id, JSON.stringify(event)]));
      this.send({ type: 'events_snapshot', ...head, ...answers.eventsHead(selection), events: list });
      return;
    }
    const series = this.series(subscription);
    subscription.held = new Map(series.map((one) => [JSON.stringify(one.labels), JSON.stringify(one)]));
    this.send({
      type: 'subscribed',
      ...head,
      ...answers.head(selection),
      series,
      warnings: selection.warnings,
    });
  }

  private series({ selection, fromMs }: Subscription): SeriesBody[] {
    return evaluate(this.parts.points, selection, fromMs, Number.MAX_SAFE_INTEGER).map((one) =>
      seriesBody(one, true),
    );
  }

  private events({ selection, fromMs }: Subscription): EventBody[] {
    return this.parts.answers.eventList(selection, fromMs, Number.MAX_SAFE_INTEGER);
  }

  private tellChanges(): void {
    this.flush = undefined;
    for (const subscription of this.subscriptions.values()) {
      const { id, events, held, selection } = subscription;
      const now: readonly (EventBody | SeriesBody)[] = events
        ? this.events(subscription)
        : this.series(subscription);
      const changed = now.filter((one) => held.get(nameOf(one)) !== JSON.stringify(one));
      if (changed.length === 0) continue;
      subscription.seq += 1;
      const told = changed.map((one) => ('id' in one ? one : changesOf(one, held.get(nameOf(one)))));
      for (const one of changed) held.set(nameOf(one), JSON.stringify(one));
      const message: Sent = {
        type: events ? 'events_update' : 'series_update',
        id,
        seq: subscription.seq,
        watermark_ms: this.parts.points.watermark(selection.metric.name),
        server_time_ms: Date.now(),
        [events ? 'events' : 'series']: told,
      };
      this.send(this.parts.misbehaviour.update?.(message) ?? message);
    }
  }

  private heartbeat(): void {
    const names = new Set([...this.subscriptions.values()].map(({ selection }) => selection.metric.name));
    if (names.size === 0) return;
    const { points } = this.parts;
    const marks = Object.fromEntries([...names].map((name) => [name, points.watermark(name)]));
    const known = Object.values(marks).filter((mark) => mark !== null);
    this.send({
      type: 'heartbeat',
      watermark_ms: known.length < names.size ? null : Math.min(...known),
      watermarks_ms: marks,
      server_time_ms: Date.now(),
      store_epoch: points.storeEpoch,
    });
  }
}

const nameOf = (one: EventBody | SeriesBody): string => ('id' in one ? one.id : JSON.stringify(one.labels));

/** Of a series only the points that differ from what the client holds. */
function changesOf(one: SeriesBody, text: string | undefined): SeriesBody {
  if (text === undefined) return one;
  const before = JSON.parse(text) as SeriesBody;
  const known = new Map(before.times.map((time, i) => [time, before.revisions![i]]));
  const gone = new Map((before.removed ?? []).map((time, i) => [time, before.removed_revisions![i]]));
  const rows = one.times.map((_, i) => i).filter((i) => known.get(one.times[i]!) !== one.revisions![i]);
  const removed = (one.removed ?? [])
    .map((time, i) => [time, one.removed_revisions![i]!] as const)
    .filter(([time, revision]) => gone.get(time) !== revision);
  return {
    labels: one.labels,
    times: rows.map((i) => one.times[i]!),
    values: rows.map((i) => one.values[i]!),
    revisions: rows.map((i) => one.revisions![i]!),
    ...(removed.length > 0 && {
      removed: removed.map(([time]) => time),
      removed_revisions: removed.map(([, revision]) => revision),
    }),
    ...(one.open_from_ms !== undefined && { open_from_ms: one.open_from_ms }),
  };
}
