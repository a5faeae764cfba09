import type { DataFrame, DataQueryResponse } from '@grafana/data';
import { defer, map, takeLast, type Observable } from 'rxjs';
import type { LiveMeta } from '../../frames/frame-meta';
import type { StreamKpiQuery } from '../query';
import { t } from '../../locales/translate';
import type { AskRounds } from './ask-rounds';
import { Refetcher, type Outcome } from './refetcher';
import { conditionsOf } from './event-conditions';
import { EventStore } from './event-store';
import { answerTo, eventsOf, mayPass, pointsOf, sentenceOf, type TargetAnswer } from './history-answer';
import { LiveConnection, type LiveState } from './live-connection';
import { PointStore, type LogicalClock, type Span } from './point-store';
import type { Clock, History, LiveAddress, LiveRequest, LiveTransport, PageVisibility } from './ports';
import type { QuestionBatches } from './question-batches';
import { MOMENT_MS, reachBack } from './reach';
import type { StreamMessage } from './stream-message';
import { rangeOver, union } from './visible-range';

/** A panel's query that is kept up to date by a channel. */
export interface ChannelViewer {
  /** The panel's original request, reduced to this query. */
  readonly request: LiveRequest;
  readonly target: StreamKpiQuery;
  /** The visible time range. */
  span(): Span;
  /** There is something to show: points, the clock, the state of the connection. */
  onNews(): void;
  /** Its query must be sent again: its answers cannot be merged, or the channel has ended. */
  onAskAgain(delayMs: number): void;
  /** The bridge can be reached again. */
  onBack(): void;
  /** An answer to an equal query; `own` if it was sent with its own target. */
  onAnswer(frames: readonly DataFrame[], own: boolean): void;
}

/** The metric's clock and watermark, as last reported. */
export interface LiveHead {
  readonly watermarkMs: number | null;
  readonly asOfMs: number;
}

export interface ChannelWorld {
  readonly clock: Clock;
  readonly page: PageVisibility;
  readonly transport: LiveTransport;
  readonly logicalClock: LogicalClock;
  readonly rounds: AskRounds;
  readonly batches: QuestionBatches;
}

/** A channel without a viewer is left after LEAVE_AFTER_MS; its points are kept until FORGET_AFTER_MS. */
const LEAVE_AFTER_MS = 2_000;
export const FORGET_AFTER_MS = 10_000;
/** A clock that steps back further is another clock; less is an answer that came late. */
const LATE_ANSWER_MS = 60_000;

const BETWEEN_TRIMS_MS = 2_000;
/** A stream that restarts at once is not reported; the backend repeats a lasting fault every 5 s. */
const TROUBLE_AFTER_MS = 3_000;

const MINUTE_MS = 60_000;
const floorMinute = (ms: number): number => Math.floor(ms / MINUTE_MS) * MINUTE_MS;

type StoredMode = 'points' | 'events';

/**
 * One live query of the page: its channel, its points and the panels that show it. All its panels share one
 * subscription and one catch-up query when something may have been missed.
 */
export class LiveChannel {
  readonly points: PointStore;
  readonly events: EventStore;
  readonly connection: LiveConnection;
  private readonly viewers = new Set<ChannelViewer>();
  private readonly refetcher: Refetcher;
  private epoch: string | undefined;
  /** Logical time of the last epoch change: requests sent before it were answered by the earlier store. */
  private epochSince = 0;
  /** Logical time of the last change that cannot be merged. */
  private changedAt = 0;
  private knownHead: LiveHead = { watermarkMs: null, asOfMs: 0 };
  private askFault: string | undefined;
  /** Everything from this time on is in the store. */
  private completeFromMs = Infinity;
  /** How far before its clock the backend replays when it restarts the stream. */
  private openedReachMs = 0;
  private asked = 0;
  private cancelLeaving: (() => void) | undefined;
  private cancelForgetting: (() => void) | undefined;
  private cancelReturn: (() => void) | undefined;
  private trimmedMs = -Infinity;
  private lostSinceMs: number | undefined;

  constructor(
    private readonly uid: string,
    private readonly live: LiveMeta & { readonly path: string; readonly query: string },
    private readonly world: ChannelWorld,
    private readonly history: History,
    private readonly onForgotten: () => void,
  ) {
    this.points = new PointStore(world.logicalClock);
    this.events = new EventStore(world.logicalClock);
    this.connection = new LiveConnection(() => this.address(), world.transport, world.clock, {
      onMessage: (message) => this.onMessage(message),
      onMissed: (delayMs) => this.onMissed(delayMs),
      onBack: () => this.onBack(),
      onState: () => this.tellViewers(),
    });
    // Missed changes are read at once; while that fails, or without a stream, together with the page's other queries.
    this.refetcher = new Refetcher(
      world.clock,
      world.page,
      () => this.catchUp(),
      () => (this.askFault !== undefined || !this.connection.isConnected ? world.rounds : undefined),
    );
  }

  get path(): string {
    return this.live.path;
  }

  get mode(): LiveMeta['mode'] {
    return this.live.mode;
  }

  get head(): LiveHead {
    return this.knownHead;
  }

  get state(): LiveState {
    const { state, message } = this.connection.state;
    if (this.askFault === undefined) return { state, message };
    if (state === 'connected') {
      return {
        state: 'reconnecting',
        message: t('live.missed', 'Missed changes could not be read: {{reason}}', {
          reason: this.askFault,
        }),
      };
    }
    return { state: 'disconnected', message: this.askFault };
  }

  /** Why the data may be out of date, once that has lasted for a moment; undefined if it is up to date. */
  get trouble(): string | undefined {
    const { lostSinceMs } = this;
    if (lostSinceMs === undefined) return undefined;
    const isShort = this.world.clock.now() - lostSinceMs < TROUBLE_AFTER_MS;
    return isShort && !this.connection.isSilent ? undefined : this.state.message;
  }

  join(viewer: ChannelViewer): void {
    this.cancelLeaving?.();
    this.cancelForgetting?.();
    this.cancelLeaving = this.cancelForgetting = undefined;
    this.viewers.add(viewer);
    const { fromMs } = viewer.span();
    if (!this.connection.isOpen) this.connection.open();
    else if (!this.reaches(fromMs)) this.connection.reopen();
    else if (this.isStored && this.connection.isConnected && fromMs < this.completeFromMs)
      this.refetcher.request();
  }

  leave(viewer: ChannelViewer): void {
    if (!this.viewers.delete(viewer) || this.viewers.size > 0) return;
    const { clock } = this.world;
    this.cancelLeaving = clock.after(LEAVE_AFTER_MS, () => this.connection.close());
    this.cancelForgetting = clock.after(FORGET_AFTER_MS, () => this.forget());
  }

  /** Whether a change that cannot be merged came after that logical time, so that an answer requested then may lack it. */
  hasChangedSince(askedAt: number): boolean {
    return !this.isStored && askedAt < this.changedAt;
  }

  /** Requests history again. */
  wantHistory(): void {
    this.onMissed(0);
  }

  /** Merges the answer to a query sent at that logical time; false if it belongs to an earlier store. */
  merge(answer: TargetAnswer, target: StreamKpiQuery, span: Span, askedAt: number): boolean {
    const { meta, frames } = answer;
    if (meta === undefined) return false;
    if (!this.takeEpochOfAnswer(meta.store_epoch, askedAt)) {
      this.onMissed(0);
      return false;
    }
    if (this.mode === 'points') this.points.merge(pointsOf(frames) ?? [], span, askedAt);
    if (this.mode === 'events') this.events.merge(eventsOf(frames), span, askedAt, conditionsOf(target));
    const isLate =
      meta.as_of_ms < this.knownHead.asOfMs && meta.as_of_ms > this.knownHead.asOfMs - LATE_ANSWER_MS;
    this.takeHead(meta.watermark_ms, isLate ? this.knownHead.asOfMs : meta.as_of_ms);
    return true;
  }

  /** Its points or events are held here. */
  get isStored(): boolean {
    return isStored(this.mode);
  }

  private address(): LiveAddress {
    const now = this.world.clock.now();
    const from = union([...this.viewers].map((viewer) => viewer.span()))?.fromMs ?? now;
    const fromMs = reachBack(from, now);
    this.noteReach(fromMs);
    return { uid: this.uid, path: this.live.path, query: this.live.query, fromMs };
  }

  /**
   * After a restart of the backend Grafana restarts the stream with the first viewer's request, which may reach back
   * less far than the others show: they query again.
   */
  private noteReach(fromMs: number): void {
    this.openedReachMs = fromMs === 0 ? Infinity : this.world.clock.now() - fromMs;
  }

  /** A fixed start, as of an absolute range or of today, moves out of reach after a while. */
  private reaches(fromMs: number): boolean {
    return fromMs >= this.world.clock.now() - this.openedReachMs - MOMENT_MS;
  }

  private onMessage({ head, body }: StreamMessage): void {
    this.takeEpochOfStream(head.storeEpoch);
    if (head.serverTimeMs !== undefined) {
      this.takeHead(head.watermarkMs ?? this.knownHead.watermarkMs, head.serverTimeMs);
    }
    if (body.type === 'update') {
      if (this.mode === 'points') this.points.apply(body.series);
      if (this.mode === 'events') this.events.apply(body.events);
    }
    if (body.type === 'gap' && body.fromMs !== undefined) this.noteReach(body.fromMs);
    if (body.type === 'changed') this.onChanged(0);
    if (body.type === 'ended') this.onEnded();
    this.trim();
    this.tellViewers();
  }

  private onEnded(): void {
    this.moveOn();
    // Viewers that remain have the same path as before, so the stream must be restarted.
    this.cancelReturn?.();
    this.cancelReturn = this.world.clock.after(2 * LEAVE_AFTER_MS, () => {
      if (this.viewers.size > 0) this.connection.reopen();
    });
  }

  private onMissed(delayMs: number): void {
    if (this.isStored) this.refetcher.request(delayMs);
    else this.onChanged(delayMs);
  }

  private onChanged(delayMs: number): void {
    this.changedAt = this.world.logicalClock.next();
    for (const viewer of this.viewers) viewer.onAskAgain(delayMs);
  }

  private onBack(): void {
    this.refetcher.onBack();
    for (const viewer of this.viewers) viewer.onBack();
  }

  /** The path no longer matches the query. Each viewer queries again and joins the channel of the answer. */
  private moveOn(): void {
    for (const viewer of this.viewers) viewer.onAskAgain(this.world.clock.random() * LEAVE_AFTER_MS);
  }

  private catchUp(): Observable<Outcome> {
    return defer(() => {
      const viewers = [...this.viewers];
      const all = union(viewers.map((viewer) => viewer.span()));
      const [first] = viewers;
      if (first === undefined || all === undefined) return [];
      // Whole minutes, so that channels of one dashboard query the same range.
      const span = { fromMs: floorMinute(all.fromMs), toMs: floorMinute(all.toMs + MINUTE_MS - 1) };
      this.asked += 1;
      const target = this.catchUpTarget(first.target);
      const request: LiveRequest = {
        ...first.request,
        targets: [target],
        range: rangeOver(span),
        requestId: `${first.request.requestId}-${first.target.refId}-missed-${this.asked}`,
        hideFromInspector: true,
      };
      const askedAt = this.world.logicalClock.now;
      return this.world.batches.ask(this.uid, this.history, request).pipe(
        takeLast(1),
        map((response) => this.takeCatchUp(response, first, target, span, askedAt)),
      );
    });
  }

  /**
   * A question whose answer serves every viewer of the channel: the step is the channel's whatever the span, and
   * what some viewers leave out by themselves is in it.
   */
  private catchUpTarget(target: StreamKpiQuery): StreamKpiQuery {
    if (this.mode === 'points') {
      const stepMs = stepOf(this.live.query);
      return stepMs === undefined ? target : { ...target, step: `${stepMs}ms` };
    }
    const { severities: _, eventState: _state, openWindows: _open, ...rest } = target;
    const reads = [...this.viewers].map((viewer) => conditionsOf(viewer.target).reads);
    return { ...rest, limit: Math.max(...reads) };
  }

  private takeCatchUp(
    response: DataQueryResponse,
    first: ChannelViewer,
    target: StreamKpiQuery,
    span: Span,
    askedAt: number,
  ): Outcome {
    const answer = answerTo(first.target.refId, response);
    if (answer.error !== undefined || answer.meta === undefined) {
      this.askFault =
        answer.error === undefined ? t('live.empty', 'The answer was empty.') : sentenceOf(answer.error);
      this.tellViewers();
      return answer.error === undefined || mayPass(answer.error) ? 'failed' : 'refused';
    }
    this.askFault = undefined;
    if (answer.meta.live?.path !== this.path) {
      this.moveOn();
      return 'answered';
    }
    if (!this.merge(answer, target, span, askedAt)) return 'answered';
    this.events.dropForgotten();
    if (this.connection.isConnected) this.completeFromMs = Math.min(this.completeFromMs, span.fromMs);
    for (const viewer of this.viewers) viewer.onAnswer(answer.frames, viewer === first);
    this.tellViewers();
    return 'answered';
  }

  private takeHead(watermarkMs: number | null, asOfMs: number): void {
    const known = this.knownHead.watermarkMs;
    const highest = known === null ? watermarkMs : Math.max(known, watermarkMs ?? known);
    this.knownHead = { watermarkMs: highest, asOfMs };
  }

  private takeEpochOfStream(epoch: string | undefined): void {
    if (epoch === undefined || epoch === this.epoch) return;
    if (this.epoch !== undefined) this.changeEpoch();
    this.epoch = epoch;
  }

  private takeEpochOfAnswer(epoch: string | undefined, askedAt: number): boolean {
    if (epoch === undefined || epoch === this.epoch) return true;
    if (this.epoch !== undefined) {
      if (askedAt < this.epochSince) return false;
      this.changeEpoch();
    }
    this.epoch = epoch;
    return true;
  }

  /** The earlier store's data is dropped with the next answer that covers the visible range. */
  private changeEpoch(): void {
    this.epochSince = this.world.logicalClock.next();
    this.onMissed(0);
    this.points.forgetRevisions();
    this.events.forgetRevisions();
    this.knownHead = { ...this.knownHead, watermarkMs: null };
  }

  /** Only what some panel can show is kept. */
  private trim(): void {
    const now = this.world.clock.now();
    if (now - this.trimmedMs < BETWEEN_TRIMS_MS) return;
    this.trimmedMs = now;
    const span = union([...this.viewers].map((viewer) => viewer.span()));
    if (span === undefined) return;
    this.points.trim(span.fromMs);
    this.events.trim(span.fromMs);
    if (span.fromMs > this.completeFromMs) this.completeFromMs = span.fromMs;
    if (!this.reaches(span.fromMs)) this.connection.reopen();
  }

  private tellViewers(): void {
    const isLost = this.connection.isLost || this.askFault !== undefined;
    this.lostSinceMs = isLost ? (this.lostSinceMs ?? this.world.clock.now()) : undefined;
    for (const viewer of this.viewers) viewer.onNews();
  }

  private forget(): void {
    this.cancelReturn?.();
    this.connection.close();
    this.refetcher.stop();
    this.onForgotten();
  }
}

const isStored = (mode: LiveMeta['mode']): mode is StoredMode => mode === 'points' || mode === 'events';

/** The step in a canonical query; undefined for sessions, which have none. */
function stepOf(query: string): number | undefined {
  const read: unknown = JSON.parse(query);
  const stepMs = typeof read === 'object' && read !== null && 'step_ms' in read ? read.step_ms : undefined;
  return typeof stepMs === 'number' && stepMs > 0 ? stepMs : undefined;
}
