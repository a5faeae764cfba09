import type { Redis } from 'ioredis';
import type { Log } from '../domain/telemetry';
import { decodeMessage, MESSAGE_VERSION, type ChangeMessage } from './change-message';
import type { MetricEntry } from './point-reader';
import { reconnectDelay, type RedisLink } from './redis-link';
import type { StoreEpoch } from './store-epoch';
import { unavailable } from './store-errors';

const POLL_MS = 1000;

export interface ChangeListener {
  onMessage(entry: MetricEntry, message: ChangeMessage): void;
  /** Messages of the metric may have been missed. */
  onGap(entry: MetricEntry, reason: string): void;
  /** The metric is under another epoch. */
  onForeignEpoch(): void;
}

/** Where the reading of one metric's channel is. */
interface ChannelState {
  readonly entry: MetricEntry;
  /**
   * Why messages may have been missed, or null. Messages are dropped until Redis was asked: it may have lost changes
   * that this bridge has seen, and then what it says next does not fit them.
   */
  suspended: string | null;
  /** Number of the newest message; null while any number may come next. */
  last: number | null;
  /** The number that Redis told a poll ago: messages up to it have had a second to arrive. */
  told: number | null;
  /** A newer bridge has written messages that this one cannot read, since the last poll. */
  unreadable: boolean;
  warned: boolean;
}

/**
 * Change messages of every metric, over a connection of its own. Each message is numbered; Redis is asked
 * each second for the newest number, so that a hole, a silent stop and a lost connection are all noticed.
 */
export class ChangeSubscriber {
  private readonly states = new Map<string, ChannelState>();
  private connection: Redis | null = null;
  private reconnectTimer: NodeJS.Timeout | null = null;
  private pollTimer: NodeJS.Timeout | null = null;
  private attempts = 0;
  private closed = false;

  constructor(
    private readonly link: RedisLink,
    private readonly epoch: StoreEpoch,
    entries: readonly MetricEntry[],
    private readonly listener: ChangeListener,
    private readonly log: Log,
  ) {
    for (const entry of entries)
      this.states.set(entry.keys.channel, {
        entry,
        suspended: null,
        last: null,
        told: null,
        unreadable: false,
        warned: false,
      });
  }

  /** Resolves when the subscription stands; from then on it is kept up. Rejects with UnavailableError. */
  async start(): Promise<void> {
    if (this.connection === null) await this.open();
    for (const state of this.states.values()) state.suspended = null;
    this.pollTimer ??= setTimeout(() => void this.poll(), POLL_MS);
  }

  /** Another epoch was entered: any number may come next. */
  reset(): void {
    for (const state of this.states.values()) {
      state.suspended = null;
      state.last = null;
      state.told = null;
    }
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
    // Only from here on: a connection that never stood is tried again by whoever opened it.
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
        () => this.reconnectLater(),
      );
    }, reconnectDelay(this.attempts));
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

  /** What such messages say is read from the store instead, about once a second. */
  private noteNewer(state: ChannelState, version: number): void {
    state.unreadable = true;
    if (state.warned) return;
    state.warned = true;
    this.log.warn(
      { metric: state.entry.metric.name, version, known: MESSAGE_VERSION },
      'a newer bridge writes changes that this one cannot read; it reads the store every second instead: update it',
    );
  }

  private suspend(state: ChannelState, reason: string): void {
    state.suspended = reason;
    state.last = null;
    state.told = null;
    void this.compare(state);
  }

  private async poll(): Promise<void> {
    // Answered by the same socket timeout as any command: a server that hangs ends the subscription.
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

  /** Asks Redis for the newest number, and whether everything seen is there. */
  private async compare(state: ChannelState): Promise<void> {
    const before = this.connection;
    const { suspended } = state;
    let now: number;
    try {
      // Names of series may have been missed too; the next message speaks of their ids.
      if (suspended !== null) {
        state.entry.index.invalidate();
        await state.entry.index.upToDate();
      }
      now = (await this.epoch.confirm(state.entry)).stored.number;
    } catch {
      // Redis does not answer, or another epoch was entered: nothing that was told before counts.
      state.told = null;
      return;
    }
    if (this.closed || before === null || before !== this.connection) return;
    // Suspended meanwhile: the comparison that belongs to it reads the names first.
    if (state.suspended !== suspended) return;
    if (suspended !== null) {
      state.suspended = null;
      state.last = null;
      state.told = null;
      this.listener.onGap(state.entry, suspended);
    }
    const due = state.told;
    state.told = now;
    if (due === null) return;
    if (state.last === null) state.last = due;
    else if (due > state.last) this.suspend(state, 'missed_messages');
  }
}
