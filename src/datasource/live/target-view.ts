import {
  CoreApp,
  type DataFrame,
  type DataQueryError,
  type DataQueryResponse,
  type QueryResultMetaNotice,
} from '@grafana/data';
import { defer, finalize, map, takeLast, type Observable } from 'rxjs';
import { frameMeta, withFrameMeta, type LiveMeta } from '../../frames/frame-meta';
import { QUERY_SCHEMA, type StreamKpiQuery } from '../query';
import { t } from '../../locales/translate';
import { Refetcher, type Outcome } from './refetcher';
import { EventFrames } from './event-frames';
import { answerTo, mayPass, pointsOf, sentenceOf, type TargetAnswer } from './history-answer';
import type { ChannelViewer, LiveChannel } from './live-channel';
import type { LiveState } from './live-connection';
import { hasChannel, type LiveHub } from './live-hub';
import type { Span } from './point-store';
import type { History, LiveRequest } from './ports';
import { SeriesFrames, isSameFrameStatus, type FrameStatus } from './series-frames';
import { msPerPoint, rangeNow, spanOf } from './visible-range';

const FIRST_POLL_MS = 5_000;
/** After this long without an answer the panel says so: the bridge may hang. */
export const SLOW_MS = 4_000;
const notAnswered = (): string =>
  t('live.not-answered', 'The data source has not answered for {{seconds}} s.', { seconds: SLOW_MS / 1_000 });

export interface ViewContext {
  readonly hub: LiveHub;
  readonly history: History;
  readonly uid: string;
  /** The whole request of the panel. */
  readonly request: LiveRequest;
  /** There is something new to show. */
  readonly onNews: () => void;
}

/**
 * One query of a panel, kept up to date after its first answer: from a channel's points, or by a new query when
 * the channel says so, or from time to time.
 */
export class TargetView implements ChannelViewer {
  readonly request: LiveRequest;
  private frames: readonly DataFrame[] = [];
  private live: LiveMeta | undefined;
  private error: DataQueryError | undefined;
  /** Why a later question has failed. */
  private problem: string | undefined;
  private channel: LiveChannel | undefined;
  private readonly series: SeriesFrames;
  private readonly events: EventFrames;
  private readonly refetcher: Refetcher;
  private readonly question: string;
  private cancelPoll: (() => void) | undefined;
  private readonly endHold: () => void;
  /** It was resumed from an answer to the same query with the same step. */
  private isOfSameStep = false;
  /** Its question has not been answered for a while. */
  private isSlow = false;
  private asked = 0;
  /** Which of its questions the newest answer is of; the panel's first one is 0. */
  private answered = -1;
  private drawn:
    { answered: readonly DataFrame[]; frameStatus: FrameStatus; frames: readonly DataFrame[] } | undefined;
  private closed = false;

  constructor(
    readonly target: StreamKpiQuery,
    private readonly context: ViewContext,
  ) {
    this.request = { ...context.request, targets: [target] };
    this.question = questionOf(context.uid, target);
    this.series = new SeriesFrames(target);
    this.events = new EventFrames(target);
    const { clock, page, rounds } = context.hub;
    this.refetcher = new Refetcher(
      clock,
      page,
      () => this.askAgain(),
      () => rounds,
    );
    // During a refresh no other panel may hold the cached answer: hold it until the new one arrives.
    const known = context.hub.recall(this.question, msPerPoint(context.request));
    this.endHold = context.hub.polled.hold(this.question);
    const polled = context.hub.polled.get(this.question);
    this.isOfSameStep = known?.msPerPoint === msPerPoint(context.request);
    if (known !== undefined) this.resume(known.frames, known.channel);
    else if (polled !== undefined) this.resume(polled);
  }

  /** Something keeps it up to date, or is still trying to. */
  get isLive(): boolean {
    return this.channel !== undefined || this.live !== undefined || this.refetcher.isBusy;
  }

  /** It has something to show. */
  get isKnown(): boolean {
    return this.frames.length > 0 || this.channel !== undefined;
  }

  /** Its first query is slow: cached data is shown until the answer arrives. */
  onSlow(): void {
    this.isSlow = true;
  }

  span(): Span {
    return spanOf(this.rangeNow());
  }

  onNews(): void {
    this.context.onNews();
  }

  onBack(): void {
    this.refetcher.onBack();
  }

  onAskAgain(delayMs: number): void {
    this.refetcher.request(delayMs);
  }

  onAnswer(frames: readonly DataFrame[], own: boolean): void {
    this.series.learn(frames, own);
    this.events.learn(frames, own);
    this.problem = undefined;
  }

  /**
   * Takes the answer to its own query, sent for that span at that logical time. `question` numbers the queries: a slow
   * answer to an earlier one does not replace the answer to a later one.
   */
  adopt(answer: TargetAnswer, span: Span, askedAt: number, question = 0): Outcome {
    if (this.closed) return 'refused';
    this.isSlow = false;
    if (question < this.answered) return 'answered';
    if (answer.error !== undefined) return this.adoptError(answer.error);
    this.answered = question;
    this.error = this.problem = undefined;
    this.frames = answer.frames;
    this.live = answer.meta?.live;
    this.moveTo(answer, span, askedAt);
    this.series.learn(answer.frames, true);
    this.events.learn(answer.frames, true);
    this.planPoll();
    return 'answered';
  }

  /** Its first query failed with a retryable error. A retry also catches up with what its channel holds. */
  retryLater(): void {
    const { channel } = this;
    if (channel !== undefined && channel.isStored && this.isOfSameStep) channel.wantHistory();
    else this.refetcher.request(FIRST_POLL_MS);
  }

  render(): { readonly frames: readonly DataFrame[]; readonly error: DataQueryError | undefined } {
    const { channel } = this;
    if (this.error !== undefined) return { frames: [], error: this.error };
    if (channel === undefined || channel.mode === 'changed')
      return { frames: this.renderAsked(), error: undefined };
    const frameStatus: FrameStatus = {
      head: channel.head,
      state: this.state(channel),
      notices: this.notices(),
    };
    if (channel.mode === 'events') {
      return { frames: this.events.render(channel.events, this.span(), frameStatus), error: undefined };
    }
    const frames = this.series.render(channel.points, this.span(), frameStatus);
    if (this.series.hasNoModel && channel.points.size > 0) channel.wantHistory();
    return { frames, error: undefined };
  }

  /** Nothing runs after it. */
  close(): void {
    this.closed = true;
    this.cancelPoll?.();
    this.endHold();
    this.refetcher.stop();
    this.channel?.leave(this);
    this.channel = undefined;
  }

  private rangeNow() {
    return rangeNow(this.context.request.range, this.context.request.timezone);
  }

  private resume(frames: readonly DataFrame[], channel?: LiveChannel): void {
    this.frames = frames;
    const [first] = frames;
    this.live = first === undefined ? undefined : frameMeta(first)?.live;
    this.series.learn(frames, true);
    this.events.learn(frames, true);
    this.enter(channel);
  }

  private adoptError(error: DataQueryError): Outcome {
    if (this.isKnown) this.problem = sentenceOf(error);
    else this.error = error;
    this.planPoll();
    if (this.target.live === false) return 'refused';
    return mayPass(error) ? 'failed' : 'refused';
  }

  /** Joins the channel that carries the answer's updates. */
  private moveTo(answer: TargetAnswer, span: Span, askedAt: number): void {
    const { live } = this;
    this.context.hub.polled.set(this.question, live?.mode === 'poll' ? answer.frames : undefined);
    const mergeable = live?.mode !== 'points' || pointsOf(answer.frames) !== undefined;
    if (!hasChannel(live) || !mergeable) {
      this.enter(undefined);
      return;
    }
    const { hub, uid, history } = this.context;
    const channel = hub.channel(uid, live, history);
    channel.merge(answer, this.target, span, askedAt);
    this.enter(channel);
    // This view joined after the change was announced.
    if (channel.hasChangedSince(askedAt)) this.refetcher.request();
    hub.remember(this.question, { channel, msPerPoint: msPerPoint(this.request), frames: answer.frames });
  }

  private enter(channel: LiveChannel | undefined): void {
    if (channel === this.channel) return;
    const before = this.channel;
    this.channel = channel;
    channel?.join(this);
    before?.leave(this);
  }

  private askAgain(): Observable<Outcome> {
    return defer(() => {
      this.asked += 1;
      const range = this.rangeNow();
      const askedAt = this.context.hub.logicalClock.now;
      const question = this.asked;
      const request: LiveRequest = {
        ...this.request,
        range,
        requestId: `${this.request.requestId}-${this.target.refId}-again-${question}`,
        hideFromInspector: true,
      };
      const cancelSlow = this.context.hub.clock.after(SLOW_MS, () => {
        this.isSlow = true;
        this.context.onNews();
      });
      const { hub, history, uid } = this.context;
      const isShared = isSmall(this.target) || (isForecast(this.target) && this.refetcher.failures > 0);
      const answer = isShared ? hub.batches.ask(uid, history, request) : history(request);
      return answer.pipe(
        takeLast(1),
        map((response) => this.takeAgain(response, spanOf(range), askedAt, question)),
        finalize(cancelSlow),
      );
    });
  }

  private takeAgain(response: DataQueryResponse, span: Span, askedAt: number, question: number): Outcome {
    const outcome = this.adopt(answerTo(this.target.refId, response), span, askedAt, question);
    this.context.onNews();
    return outcome;
  }

  private planPoll(): void {
    this.cancelPoll?.();
    this.cancelPoll = undefined;
    if (this.live === undefined || this.channel !== undefined) return;
    const { clock } = this.context.hub;
    const everyMs = this.live.poll_ms ?? FIRST_POLL_MS;
    this.cancelPoll = clock.after(everyMs * (0.95 + clock.random() / 10), () => this.refetcher.request());
  }

  private state(channel: LiveChannel | undefined): LiveState {
    if (channel === undefined) {
      if (this.live === undefined) return { state: 'static', message: undefined };
      if (this.problem === undefined && this.isSlow) return { state: 'disconnected', message: notAnswered() };
      // Also where a retry cannot help, as with a revoked token.
      return this.problem !== undefined || this.refetcher.failures > 0
        ? { state: 'disconnected', message: this.problem }
        : { state: 'polling', message: undefined };
    }
    const { state, message } = channel.state;
    if (this.problem === undefined || state === 'reconnecting') return { state, message };
    return { state: 'disconnected', message: this.problem };
  }

  private notices(): QueryResultMetaNotice[] {
    if (this.problem === undefined) {
      // A channel reports by itself whether its data is up to date.
      const trouble = this.channel === undefined ? this.slowness : this.channel.trouble;
      return trouble === undefined
        ? []
        : [
            {
              severity: 'warning',
              text: t('live.out-of-date', 'The data may be out of date: {{reason}}', {
                reason: trouble,
              }),
            },
          ];
    }
    return [
      {
        // Explore shows the warnings of frames, not their errors.
        severity: this.request.app === (CoreApp.Explore as string) ? 'warning' : 'error',
        text: t('live.not-brought-up', 'The data could not be updated: {{reason}}', {
          reason: this.problem,
        }),
      },
    ];
  }

  private get slowness(): string | undefined {
    return this.isSlow ? notAnswered() : undefined;
  }

  /** Frames of the last answer; while nothing in them changes they stay the same objects. */
  private renderAsked(): readonly DataFrame[] {
    const [first] = this.frames;
    const meta = first === undefined ? undefined : frameMeta(first);
    const head = this.channel?.head ?? { watermarkMs: null, asOfMs: 0 };
    const frameStatus: FrameStatus = {
      head: {
        watermarkMs: head.watermarkMs ?? meta?.watermark_ms ?? null,
        asOfMs: Math.max(head.asOfMs, meta?.as_of_ms ?? 0),
      },
      state: this.state(this.channel),
      notices: this.notices(),
    };
    const known = this.drawn;
    if (known?.answered === this.frames && isSameFrameStatus(known.frameStatus, frameStatus))
      return known.frames;
    const frames = withoutEmptied(this.frames).map((frame, index) => stated(frame, frameStatus, index === 0));
    this.drawn = { answered: this.frames, frameStatus, frames };
    return frames;
  }
}

/**
 * Without the series that an answer has only for the points that were removed from them; one frame without fields
 * where none is left, as the backend answers then.
 */
function withoutEmptied(frames: readonly DataFrame[]): readonly DataFrame[] {
  const shown = frames.filter(
    (frame) => frame.fields.length === 0 || frame.length > 0 || frameMeta(frame)?.kind !== 'series',
  );
  const [first] = frames;
  return shown.length > 0 || first === undefined ? shown : [{ ...first, fields: [], length: 0 }];
}

function stated(frame: DataFrame, { head, state, notices }: FrameStatus, isFirst: boolean): DataFrame {
  const own = withFrameMeta(frame, {
    state: state.state,
    as_of_ms: head.asOfMs,
    watermark_ms: head.watermarkMs,
    ...(state.message === undefined ? {} : { state_message: state.message }),
  });
  if (!isFirst || notices.length === 0) return own;
  return { ...own, meta: { ...own.meta, notices: [...(own.meta?.notices ?? []), ...notices] } };
}

/**
 * Its answer is one table or a few numbers, quickly read, and is not merged with a stream: it may wait for others of
 * the kind.
 */
const isSmall = ({ kind, eventsAs = QUERY_SCHEMA.eventsAs.default }: StreamKpiQuery): boolean =>
  kind === 'summary' || kind === 'status' || (kind === 'events' && eventsAs !== 'table');

/** Of the same steps for panels of every width. After a failure, what is asked with a slow one waits for it once. */
const isForecast = ({ kind }: StreamKpiQuery): boolean => kind === 'forecast';

/** Key of a query that stays the same when it is sent again, e.g. by a refresh; without range and width. */
function questionOf(uid: string, target: StreamKpiQuery): string {
  const { refId: _, datasource: _source, hide: _hide, key: _key, ...asked } = target;
  return JSON.stringify([uid, Object.entries(asked).sort(([a], [b]) => (a < b ? -1 : 1))]);
}
