import type { Redis } from 'ioredis';
import type { UnavailableError } from '../domain/errors';
import type { Log } from '../domain/telemetry';
import { decodeMessage, MESSAGE_VERSION, type ChangeMessage } from './change-message';
import type { MetricEntry } from './point-reader';
import { reconnectDelay, type RedisLink } from './redis-link';
import type { StoreEpoch } from './store-epoch';
import { unavailable } from './store-errors';

const POLL_MS = 1000;

export interface ChangeListener {
  onMessage(entry: MetricEntry, message: ChangeMessage): void;
  /** Called when messages of the metric may have been missed. */
  onGap(entry: MetricEntry, reason: string): void;
  /** Called when the metric is in another epoch. */
  onForeignEpoch(): void;
}

/** State of one metric's channel. */
interface ChannelState {
  readonly entry: MetricEntry;
  /**
   * Why messages may have been missed, or null. While set, messages are dropped until Redis was queried: it may have
   * lost changes that this bridge has seen, and later messages would not match.
   */
  suspended: string | null;
  /** Number of the newest message; null while any number may come next. */
  last: number | null;
  /** The newest number at the last poll; messages up to it have had a second to arrive. */
  polledNumber: number | null;
  /** True when a newer bridge has written unreadable messages since the last poll. */
  unreadable: boolean;
  warned: boolean;
}

const notYetRead = (entry: MetricEntry): ChannelState => ({
  entry,
  suspended: null,
  last: null,
  polledNumber: null,
  unreadable: false,
  warned: false,
});

/**
 * Subscribes to the change messages of all metrics on a separate connection. Messages are numbered, and the newest
 * number is polled every second, so that gaps, a silent stop and a lost connection are all detected.
 */
export class ChangeSubscriber {
  private readonly states = new Map<string, ChannelState>();
  private connection: Redis | null = null;
  private reconnectTimer: NodeJS.Timeout | null = null;
  private pollTimer: NodeJS.Timeout | null = null;
  private attempts = 0;
  private closed = false;
  private refusal: UnavailableError | null = null;

  constructor(
    private readonly link: RedisLink,
    private readonly epoch: StoreEpoch,
    entries: readonly MetricEntry[],
    private readonly listener: ChangeListener,
    private readonly log: Log,
  ) {
    for (const entry of entries) this.states.set(entry.keys.channel, notYetRead(entry));
  }

  /** Follows one more metric. Rejects with UnavailableError where the connection fails; it is followed then as well. */
  async add(entry: MetricEntry): Promise<void> {
    this.states.set(entry.keys.channel, notYetRead(entry));
    // Without a connection it is subscribed to with all others once there is one.
    await this.connection?.subscribe(entry.keys.channel).catch((error: unknown) => {
      throw unavailable(error);
    });
  }

  remove(entry: MetricEntry): void {
    if (!this.states.delete(entry.keys.channel)) return;
    // A connection that fails is made again, without this channel.
    this.connection?.unsubscribe(entry.keys.channel).catch(() => undefined);
  }

  /** Resolves when subscribed; reconnects from then on. Rejects with UnavailableError. */
  async start(): Promise<void> {
    if (this.connection === null) await this.open();
    for (const state of this.states.values()) state.suspended = null;
    this.pollTimer ??= setTimeout(() => void this.poll(), POLL_MS);
  }

  /** Resets the state after another epoch was entered: any number may come next. */
  reset(): void {
    for (const state of this.states.values()) {
      state.suspended = null;
      state.last = null;
      state.polledNumber = null;
    }
  }

  /** Why Redis refuses the subscription; null while it is there, and after a loss until the first try fails. */
  get fault(): UnavailableError | null {
    return this.refusal;
  }

  stop(): void {
    this.closed = true;
    if (this.reconnectTimer !== null) clearTimeout(this.reconnectTimer);
    if (this.pollTimer !== null) clearTimeout(this.pollTimer);
    this.connection?.disconnect();
    this.connection = null;
  }

  private async open(): Promise<void> {
    const connection = this.link.subscriberConnection();
    const faults: Error[] = [];
    connection.on('error', (error: Error) => {
      faults[0] = error;
    });
    try {
      await connection.connect();
      connection.on('messageBuffer', (channel: Buffer, bytes: Buffer) => {
        if (connection === this.connection) this.receive(channel.toString(), bytes);
      });
      this.connection = connection;
      for (const state of this.states.values()) state.suspended ??= 'reconnected';
      if (this.states.size > 0) await connection.subscribe(...this.states.keys());
    } catch (error) {
      if (this.connection === connection) this.connection = null;
      connection.disconnect();
      throw unavailable(faults[0] ?? error);
    }
    this.attempts = 0;
    this.refusal = null;
    // Only from here on: a connection that never opened is retried by its caller.
    connection.once('end', () => {
      if (connection === this.connection) this.lost(faults[0]);
    });
    if (connection.status === 'end') this.lost(faults[0]);
  }

  private lost(fault: Error | undefined): void {
    this.connection = null;
    if (this.closed) return;
    this.log.warn({ reason: fault?.message }, 'lost the subscription to changes in Redis');
    this.reconnectLater();
  }

  private reconnectLater(): void {
    if (this.closed || this.reconnectTimer !== null) return;
    this.attempts += 1;
    this.reconnectTimer = setTimeout(() => {
      this.reconnectTimer = null;
      this.open().then(
        () => {
          if (this.closed) this.stop();
          else for (const state of this.states.values()) this.suspend(state, 'reconnected');
        },
        (error: unknown) => {
          this.refused(unavailable(error));
          this.reconnectLater();
        },
      );
    }, reconnectDelay(this.attempts));
  }

  private refused(error: UnavailableError): void {
    if (this.closed) return;
    if (this.refusal?.message !== error.message)
      this.log.warn({ reason: error.message }, 'cannot subscribe to changes in Redis; trying again');
    this.refusal = error;
  }

  private receive(channel: string, bytes: Buffer): void {
    const state = this.states.get(channel);
    if (state === undefined) return;
    const { entry } = state;
    let message: ChangeMessage;
    try {
      message = decodeMessage(bytes, entry.layout);
    } catch (error) {
      this.log.error({ err: error, metric: entry.metric.name }, 'a change message cannot be read');
      this.suspend(state, 'unreadable_message');
      return;
    }
    if (message.epoch !== this.epoch.current) {
      this.listener.onForeignEpoch();
      return;
    }
    if (state.suspended !== null || !this.epoch.holds) return;
    const next = state.last === null || message.number === state.last + 1;
    if (!next || !entry.changes.isOfRun(message.number)) {
      this.suspend(state, 'missed_messages');
      return;
    }
    state.last = message.number;
    entry.changes.see(message.number);
    if (message.version > MESSAGE_VERSION) this.noteNewer(state, message.version);
    else this.listener.onMessage(entry, message);
  }

  /** Handles unreadable messages: readers re-read the store about once a second instead. */
  private noteNewer(state: ChannelState, version: number): void {
    state.unreadable = true;
    if (state.warned) return;
    state.warned = true;
    this.log.warn(
      { metric: state.entry.metric.name, version, known: MESSAGE_VERSION },
      'a newer bridge writes changes that this one cannot read; reading the store every second instead: update this bridge',
    );
  }

  private suspend(state: ChannelState, reason: string): void {
    state.suspended = reason;
    state.last = null;
    state.polledNumber = null;
    void this.compare(state);
  }

  private async poll(): Promise<void> {
    // Subject to the socket timeout of all commands, so that a hanging server ends the subscription.
    this.connection?.ping().catch(() => undefined);
    await Promise.all([...this.states.values()].map((state) => this.compare(state)));
    for (const state of this.states.values()) {
      if (!state.unreadable) continue;
      state.unreadable = false;
      state.entry.index.invalidate();
      this.listener.onGap(state.entry, 'newer_version');
    }
    if (!this.closed) this.pollTimer = setTimeout(() => void this.poll(), POLL_MS);
  }

  /** Queries the newest number, and checks that everything seen is still there. */
  private async compare(state: ChannelState): Promise<void> {
    if (this.states.get(state.entry.keys.channel) !== state) return;
    const before = this.connection;
    const { suspended } = state;
    let now: number;
    try {
      // Series keys may have been missed too; the next message refers to their ids.
      if (suspended !== null) {
        state.entry.index.invalidate();
        await state.entry.index.upToDate();
      }
      now = (await this.epoch.confirm(state.entry)).stored.number;
    } catch {
      // Redis does not answer, or another epoch was entered: earlier numbers are invalid.
      state.polledNumber = null;
      return;
    }
    if (this.closed || before === null || before !== this.connection) return;
    // Suspended meanwhile: the next comparison reads the series first.
    if (state.suspended !== suspended) return;
    if (suspended !== null) {
      state.suspended = null;
      state.last = null;
      state.polledNumber = null;
      this.listener.onGap(state.entry, suspended);
    }
    const due = state.polledNumber;
    state.polledNumber = now;
    if (due === null) return;
    if (state.last === null) state.last = due;
    else if (due > state.last) this.suspend(state, 'missed_messages');
  }
}
