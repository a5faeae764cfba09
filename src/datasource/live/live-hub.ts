import type { DataFrame } from '@grafana/data';
import type { LiveMeta } from '../../frames/frame-meta';
import { CommitScheduler } from './commit-scheduler';
import { AskRounds } from './ask-rounds';
import { LastAnswers } from './last-answers';
import { FORGET_AFTER_MS, LiveChannel, type ChannelWorld } from './live-channel';
import { LogicalClock } from './point-store';
import type { Clock, History, LiveTransport, PageVisibility } from './ports';
import { QuestionBatches } from './question-batches';

export interface HubPorts {
  readonly clock: Clock;
  readonly page: PageVisibility;
  readonly transport: LiveTransport;
}

export type ChannelMeta = LiveMeta & { readonly path: string; readonly query: string };

export const hasChannel = (live: LiveMeta | undefined): live is ChannelMeta =>
  live !== undefined && live.mode !== 'poll' && live.path !== undefined && live.query !== undefined;

/** How a question was kept up to date, and the last answer to it. */
export interface CachedAnswer {
  readonly channel: LiveChannel;
  /** Of the request: equal steps where it is equal. */
  readonly msPerPoint: number;
  readonly frames: readonly DataFrame[];
}

/** Identity of a request's sender: a newer request of the same sender ends it. An object of the page, or a text alone. */
export interface Asks {
  readonly runner?: object;
  readonly part: string;
}

/** What all panels of a page share: the channels, the moments of showing, and what was known a moment ago. */
export class LiveHub implements ChannelWorld {
  readonly clock: Clock;
  readonly page: PageVisibility;
  readonly transport: LiveTransport;
  readonly logicalClock = new LogicalClock();
  readonly scheduler: CommitScheduler;
  readonly polled: LastAnswers;
  readonly rounds: AskRounds;
  readonly batches: QuestionBatches;
  private readonly channels = new Map<string, LiveChannel>();
  /** By question, the newest first: one for each channel. */
  private readonly remembered = new Map<string, readonly CachedAnswer[]>();

  private readonly turns = new Map<string, () => void>();
  private readonly turnsOfRunners = new WeakMap<object, Map<string, () => void>>();

  constructor({ clock, page, transport }: HubPorts) {
    this.clock = clock;
    this.page = page;
    this.transport = transport;
    this.scheduler = new CommitScheduler(clock, page);
    this.rounds = new AskRounds(clock);
    this.batches = new QuestionBatches(clock);
    this.polled = new LastAnswers(clock, FORGET_AFTER_MS);
  }

  /** How many channels are open or remembered. */
  get size(): number {
    return this.channels.size;
  }

  /** How many answers are remembered. */
  get answers(): number {
    return [...this.remembered.values()].flat().length + this.polled.size;
  }

  /** Ends the earlier request of the same refetcher; the function it returns ends this one's turn. */
  takeTurn(asks: Asks | undefined, onSuperseded: () => void): () => void {
    if (asks === undefined) return () => undefined;
    const turns = asks.runner === undefined ? this.turns : this.turnsOf(asks.runner);
    turns.get(asks.part)?.();
    turns.set(asks.part, onSuperseded);
    return () => {
      if (turns.get(asks.part) === onSuperseded) turns.delete(asks.part);
    };
  }

  private turnsOf(runner: object): Map<string, () => void> {
    const known = this.turnsOfRunners.get(runner);
    if (known !== undefined) return known;
    const fresh = new Map<string, () => void>();
    this.turnsOfRunners.set(runner, fresh);
    return fresh;
  }

  /** The page's channel for that path. Join it, or it stays for ever. */
  channel(uid: string, live: ChannelMeta, history: History): LiveChannel {
    const key = `${uid} ${live.path}`;
    const known = this.channels.get(key);
    if (known !== undefined) return known;
    const fresh = new LiveChannel(uid, live, this, history, () => this.forget(key, fresh));
    this.channels.set(key, fresh);
    return fresh;
  }

  /**
   * The cached answer to an equal query, up to about 10 s after its last viewer left; one of that step
   * is preferred.
   */
  recall(question: string, msPerPoint: number): CachedAnswer | undefined {
    const known = this.remembered.get(question) ?? [];
    return known.find((one) => one.msPerPoint === msPerPoint) ?? known[0];
  }

  /** Answers of one channel have one step, so the newest serves panels of every width. */
  remember(question: string, known: CachedAnswer): void {
    this.remembered.set(question, [known, ...this.fromOthers(question, known.channel)]);
  }

  private forget(key: string, channel: LiveChannel): void {
    this.channels.delete(key);
    for (const question of this.remembered.keys()) {
      const left = this.fromOthers(question, channel);
      if (left.length > 0) this.remembered.set(question, left);
      else this.remembered.delete(question);
    }
  }

  /** The cached answers of other channels to a query. */
  private fromOthers(question: string, than: LiveChannel): readonly CachedAnswer[] {
    return (this.remembered.get(question) ?? []).filter(({ channel }) => channel !== than);
  }
}
