import {
  LiveChannelConnectionState,
  isLiveChannelMessageEvent,
  isLiveChannelStatusEvent,
  type LiveChannelEvent,
  type LiveChannelStatusEvent,
} from '@grafana/data';
import type { Subscription } from 'rxjs';
import type { ConnectionState } from '../../frames/frame-meta';
import { t } from '../../locales/translate';
import type { Clock, LiveAddress, LiveTransport } from './ports';
import { readMessage, type StreamMessage } from './stream-message';

/** How an answer is kept up to date at this moment, with a sentence where there is something to say. */
export interface LiveState {
  readonly state: ConnectionState;
  readonly message: string | undefined;
}

export interface ConnectionListener {
  /** In the order of the stream; each once. */
  onMessage(message: StreamMessage): void;
  /** Something may have been missed: history must be read again, after the delay. */
  onMissed(delayMs: number): void;
  /** The bridge can be reached again. */
  onBack(): void;
  onState(): void;
}

/** Without a connection for this long, the page polls instead. */
const CONNECT_TIMEOUT_MS = 5_000;
/** A new stream starts with a gap message; if it does not, history is read after this. */
const FIRST_GAP_MS = 2_000;
/** The bridge sends a sign of life every 4 s; 5 s are the most that its contract allows. */
const SILENCE_MS = 8_000;
/** The last part restarts in a page that was busy: pending messages are read first. */
const SECOND_LOOK_MS = 500;
/** Spreads the queries of pages that lost the same stream. */
const SPREAD_MS = 500;
const FIRST_RETRY_MS = 1_000;
/** With its jitter less than 20 s. */
const LONGEST_RETRY_MS = 15_000;
/** Polling interval while there is no stream. */
const POLL_MS = 10_000;

const SECONDS = 1_000;
const pollsInstead = (why: string): string =>
  `${why} ${t('live.polls', 'Polling every {{seconds}} s instead.', { seconds: POLL_MS / SECONDS })}`;

type Wire = 'connecting' | 'connected' | 'lost';

/**
 * One channel of Grafana Live: keeps it subscribed, checks its messages for gaps, and requests polling
 * while it does not work. The channel interprets the messages.
 */
export class LiveConnection {
  private wire: Wire = 'connecting';
  private hasBeenConnected = false;
  /** Neither connected nor expected to be soon: to Grafana, or from there to the bridge. */
  private polls = false;
  /** Left on purpose, to come back at once. */
  private isReopening = false;
  private wireFault: string | undefined;
  private upstream: LiveState | undefined;
  /** Without a message for this long, the bridge or a hop before it hangs. */
  private silent = false;
  private stream: string | undefined;
  private lastSeq: number | undefined;
  private retries = 0;
  private lastSignMs = 0;
  private subscription: Subscription | undefined;
  private readonly timers = new Map<string, () => void>();

  constructor(
    private readonly address: () => LiveAddress,
    private readonly transport: LiveTransport,
    private readonly clock: Clock,
    private readonly listener: ConnectionListener,
  ) {}

  get isOpen(): boolean {
    return this.subscription !== undefined || this.timers.size > 0;
  }

  get isConnected(): boolean {
    return this.wire === 'connected' && !this.polls;
  }

  /** It has been kept up to date and is not now: Grafana or the bridge is lost. */
  get isLost(): boolean {
    return this.upstream !== undefined || this.silent || (this.wire === 'lost' && !this.isReopening);
  }

  /** It is lost because nothing comes: that has lasted for a while already. */
  get isSilent(): boolean {
    return this.silent;
  }

  get state(): LiveState {
    const unavailable = this.transport.unavailable();
    if (unavailable !== undefined) return { state: 'polling', message: pollsInstead(unavailable) };
    if (this.polls) {
      const upstream = this.wire === 'connected' ? this.upstream?.message : undefined;
      const why =
        this.wireFault ?? upstream ?? t('live.not-working', 'The live connection to Grafana does not work.');
      return { state: 'polling', message: pollsInstead(why) };
    }
    if (this.wire === 'connected' || this.isReopening) {
      return this.upstream ?? { state: 'connected', message: undefined };
    }
    const message = this.hasBeenConnected
      ? (this.wireFault ?? t('live.lost', 'The live connection to Grafana was lost and is being restored.'))
      : t('live.connecting', 'Connecting to Grafana Live.');
    return { state: 'reconnecting', message };
  }

  open(): void {
    if (this.isOpen) return;
    if (this.transport.unavailable() !== undefined) {
      this.startPolls();
      return;
    }
    this.startConnectTimeout();
    this.subscribe();
  }

  /** Subscribes again, with what the address says now. */
  reopen(): void {
    if (this.subscription === undefined) return;
    this.isReopening = this.wire === 'connected' && !this.silent;
    this.leave();
    this.startConnectTimeout();
    // Grafana keeps a channel, with the data that it was opened with, for a moment after its last listener.
    this.after('retry', FIRST_RETRY_MS / 2, () => this.subscribe());
  }

  /** Nothing runs after it; it may be opened again. */
  close(): void {
    this.leave();
    for (const cancel of this.timers.values()) cancel();
    this.timers.clear();
    this.wire = 'connecting';
    this.polls = false;
    this.hasBeenConnected = false;
    this.isReopening = false;
    this.wireFault = undefined;
    this.retries = 0;
  }

  private subscribe(): void {
    const subscription = this.transport.subscribe(this.address()).subscribe({
      next: (event) => {
        this.onEvent(event);
      },
      error: (fault: unknown) => {
        this.onOver(fault instanceof Error ? fault.message : undefined);
      },
      complete: () => {
        this.onOver(undefined);
      },
    });
    if (!subscription.closed && !this.timers.has('retry')) this.subscription = subscription;
    else subscription.unsubscribe();
  }

  private leave(): void {
    this.subscription?.unsubscribe();
    this.subscription = undefined;
    this.upstream = undefined;
    this.silent = false;
    this.stream = undefined;
    this.lastSeq = undefined;
    this.wire = this.hasBeenConnected ? 'lost' : 'connecting';
    for (const name of ['first gap', 'silence', 'retry']) this.stop(name);
  }

  private onEvent(event: LiveChannelEvent<unknown>): void {
    if (isLiveChannelStatusEvent(event)) this.onStatus(event);
    else if (isLiveChannelMessageEvent(event)) this.onRaw(event.message);
  }

  private onStatus(event: LiveChannelStatusEvent): void {
    const said: unknown = event.error;
    const fault = typeof said === 'string' && said !== '' ? sentence(said) : undefined;
    switch (event.state) {
      case LiveChannelConnectionState.Connected:
        this.onConnected(event.message);
        break;
      case LiveChannelConnectionState.Pending:
      case LiveChannelConnectionState.Connecting:
        this.onLost(fault);
        break;
      case LiveChannelConnectionState.Disconnected:
      case LiveChannelConnectionState.Shutdown:
      case LiveChannelConnectionState.Invalid:
        this.onOver(fault);
        break;
    }
  }

  private onConnected(raw: unknown): void {
    const message = readMessage(raw);
    // Grafana repeats the state when an error has passed; only the first, and those with a hello, are a subscription.
    if (this.wire === 'connected' && message?.body.type !== 'hello') return;
    const again = this.hasBeenConnected;
    this.wire = 'connected';
    this.hasBeenConnected = true;
    this.isReopening = false;
    this.retries = 0;
    this.upstream = undefined;
    this.stream = message?.stream;
    this.lastSeq = undefined;
    this.stop('connect-timeout');
    this.endPolls();
    this.signOfLife();
    if (message !== undefined) this.listener.onMessage(message);
    const justBegun = message?.body.type === 'hello' && !message.body.active;
    if (justBegun) this.after('first gap', FIRST_GAP_MS, () => this.listener.onMissed(0));
    else this.listener.onMissed(again ? this.clock.random() * SPREAD_MS : 0);
    if (again) this.listener.onBack();
    this.listener.onState();
  }

  /** The subscription exists but is not connected; Grafana reconnects it by itself. */
  private onLost(fault: string | undefined): void {
    if (fault !== undefined) this.wireFault = fault;
    if (this.wire !== 'connected') return;
    this.wire = 'lost';
    this.stop('first gap');
    this.stop('silence');
    this.startConnectTimeout();
    this.listener.onState();
  }

  /** The subscription has ended for good: it was refused, or Grafana has shut the channel down. */
  private onOver(fault: string | undefined): void {
    this.leave();
    if (fault !== undefined) this.wireFault = fault;
    if (!this.timers.has('connect-timeout')) this.onConnectTimeout();
    const pauseMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.retries);
    this.retries += 1;
    this.after('retry', pauseMs * (0.75 + this.clock.random() / 2), () => this.subscribe());
    // The path may no longer match the query: the answer shows it.
    this.listener.onMissed(0);
    this.listener.onState();
  }

  private onRaw(raw: unknown): void {
    const message = readMessage(raw);
    if (message === undefined) return;
    this.signOfLife();
    const isNew = this.isInSequence(message);
    if (isNew) this.noteUpstream(message);
    if (this.polls) {
      this.wireFault = undefined;
      if (this.upstream === undefined) {
        this.endPolls();
        this.listener.onMissed(this.clock.random() * SPREAD_MS);
      }
      this.listener.onState();
    }
    if (!isNew) return;
    if (message.body.type === 'gap') {
      this.stop('first gap');
      this.listener.onMissed(this.clock.random() * SPREAD_MS);
    }
    this.listener.onMessage(message);
  }

  /** False if it was already reported. */
  private isInSequence({ stream, seq }: StreamMessage): boolean {
    if (stream === undefined || seq === undefined) return true;
    const sameStream = stream === this.stream;
    if (sameStream && this.lastSeq !== undefined && seq <= this.lastSeq) return false;
    const missed = sameStream
      ? this.lastSeq !== undefined && seq > this.lastSeq + 1
      : this.stream !== undefined || seq > 1;
    this.stream = stream;
    this.lastSeq = seq;
    if (missed) this.listener.onMissed(this.clock.random() * SPREAD_MS);
    return true;
  }

  private noteUpstream({ body }: StreamMessage): void {
    const before = this.upstream;
    if (body.type === 'state') {
      this.upstream =
        body.state === 'connected'
          ? undefined
          : {
              state: 'reconnecting',
              message:
                body.message || t('live.bridge-lost', 'The connection to the bridge is being restored.'),
            };
    } else if (body.type === 'error') {
      this.upstream = { state: body.retryable ? 'reconnecting' : 'disconnected', message: body.message };
    }
    if (before === this.upstream) return;
    if (this.upstream === undefined) this.listener.onBack();
    this.listener.onState();
    // While Grafana itself cannot be reached, the connect timeout counts for Grafana.
    if (this.wire !== 'connected') return;
    if (this.upstream === undefined) this.stop('connect-timeout');
    else if (!this.polls && !this.timers.has('connect-timeout')) this.startConnectTimeout();
  }

  /** Many per second: the silence timer is not restarted for each. */
  private signOfLife(): void {
    this.lastSignMs = this.clock.now();
    this.silent = false;
    if (!this.timers.has('silence')) this.watchSilence(SILENCE_MS - SECOND_LOOK_MS);
  }

  private watchSilence(ms: number): void {
    this.after('silence', ms, () => {
      const now = this.clock.now();
      // A clock that was set back does not make the silence longer.
      this.lastSignMs = Math.min(this.lastSignMs, now);
      const leftMs = this.lastSignMs + SILENCE_MS - SECOND_LOOK_MS - now;
      if (leftMs > 0) this.watchSilence(leftMs);
      else this.lookAgain(this.lastSignMs);
    });
  }

  private lookAgain(lastSignMs: number): void {
    this.after('silence', SECOND_LOOK_MS, () => {
      if (this.lastSignMs !== lastSignMs) {
        this.watchSilence(SILENCE_MS - SECOND_LOOK_MS);
        return;
      }
      this.silent = true;
      this.wireFault = t('live.silent', 'The live stream has been silent for {{seconds}} s.', {
        seconds: SILENCE_MS / SECONDS,
      });
      this.startPolls();
      this.listener.onState();
    });
  }

  private startConnectTimeout(): void {
    this.after('connect-timeout', CONNECT_TIMEOUT_MS, () => this.onConnectTimeout());
  }

  private onConnectTimeout(): void {
    this.stop('connect-timeout');
    this.isReopening = false;
    this.startPolls();
    this.listener.onState();
  }

  private startPolls(): void {
    this.polls = true;
    this.planPoll();
  }

  private planPoll(): void {
    this.after('poll', POLL_MS * (0.9 + this.clock.random() / 5), () => {
      this.listener.onMissed(0);
      // Grafana stops a stream whose last viewer has left; one who comes at that moment has a channel without a stream.
      if (this.silent) this.reopen();
      this.planPoll();
    });
  }

  private endPolls(): void {
    this.polls = false;
    this.wireFault = undefined;
    this.stop('poll');
  }

  private after(name: string, ms: number, run: () => void): void {
    this.stop(name);
    this.timers.set(
      name,
      this.clock.after(ms, () => {
        this.timers.delete(name);
        run();
      }),
    );
  }

  private stop(name: string): void {
    this.timers.get(name)?.();
    this.timers.delete(name);
  }
}

const sentence = (said: string): string =>
  t('live.refused', 'Grafana refuses the live channel ({{reason}}).', {
    reason: said.trim().replace(/\.$/, ''),
  });
