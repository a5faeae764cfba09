import type { Clock, MonotonicClock } from './telemetry';

/**
 * The time of day, guarded. Wall clocks are set by people, NTP and hypervisors, and a wrong one would expire points and
 * close windows for ever. So a process compares its wall clock with the time it has counted itself, and with the clock
 * of the store where that has one of its own; what two of them agree on is the time.
 */

/** A wall clock that has stood somewhere else for so long is believed where no store can be asked. */
export const SETTLE_MS = 3_600_000;

export interface ClockSources {
  readonly wall: Clock;
  readonly monotonic: MonotonicClock;
  /** Milliseconds since the machine was started, the time that it slept included, which `monotonic` may leave out. */
  readonly uptime: MonotonicClock;
  /** The same until the machine is started again; null where the system does not tell. */
  readonly bootId: string | null;
}

/** What an embedded store keeps, so that a restart does not make a wrong clock right. */
export interface PersistedTime {
  readonly timeMs: number;
  readonly uptimeMs: number;
  readonly bootId: string | null;
}

/** The clock of another bridge, and how far it is ahead of the store's, in milliseconds. */
export interface BridgeClock {
  readonly bridge: string;
  readonly aheadMs: number;
}

/** What the stores need of the guarded clock. */
export interface ClockGuard {
  /** The time by this process alone: its wall clock, or what it counted on where that was set elsewhere. */
  own(): number;
  /** The wall clock as it is. */
  wall(): number;
  /** False while clocks disagree and none can be called wrong: nothing becomes final or expires then. */
  certain(): boolean;
  /** How far the clocks that are compared may differ, in milliseconds. */
  readonly toleranceMs: number;
  /** The store's clock read `storeMs` at some moment between the two times of the monotonic clock. */
  observeStore(storeMs: number, sentMs: number, receivedMs: number): void;
  /** Other bridges whose clocks differ from the store's by more than the tolerance. */
  observeBridges(others: readonly BridgeClock[]): void;
  /** What to keep; for a store without a clock of its own. */
  persistable(): PersistedTime;
  /** Before anything else, with what was kept last; undefined: nothing was. */
  restore(kept: PersistedTime | undefined): void;
}

/** All offsets here are of a time of day to the monotonic clock, in milliseconds. */
export class TrustedClock implements ClockGuard {
  private ownOffset: number;
  private storeOffset: number | null = null;
  /** Whether `ownOffset` once agreed with the store: when they differ later, it is known that the store's clock was set. */
  private verified = false;
  /** Where the wall clock went, and since when it has stood there; null while it is where it belongs. */
  private moved: { readonly offset: number; readonly sinceMs: number } | null = null;
  /** After a start of the machine `ownOffset` is only a time that has passed for certain. */
  private atLeast = false;
  private asleepMs: number;
  private others: readonly BridgeClock[] = [];

  constructor(
    private readonly sources: ClockSources,
    readonly toleranceMs: number,
  ) {
    this.ownOffset = sources.wall() - sources.monotonic();
    this.asleepMs = sources.uptime() - sources.monotonic();
  }

  /** The time of day to go by, in integer milliseconds UTC. */
  now(): number {
    const monotonicMs = this.follow();
    const byStore =
      this.storeOffset !== null && !(this.verified && !this.near(this.ownOffset, this.storeOffset));
    return Math.round((byStore ? this.storeOffset! : this.ownOffset) + monotonicMs);
  }

  own(): number {
    const monotonicMs = this.follow();
    return Math.round(this.ownOffset + monotonicMs);
  }

  wall(): number {
    return this.sources.wall();
  }

  certain(): boolean {
    this.follow();
    return this.storeOffset === null ? this.moved === null : this.near(this.ownOffset, this.storeOffset);
  }

  /** What is wrong, in a sentence for operators; null: nothing. */
  fault(): string | null {
    const monotonicMs = this.follow();
    const wall = this.sources.wall() - monotonicMs;
    if (this.storeOffset !== null) {
      if (this.near(wall, this.storeOffset)) return null;
      const remedy = this.near(this.ownOffset, this.storeOffset)
        ? 'set it by NTP: until then this bridge goes by the clock of Redis'
        : 'set the wrong one by NTP: until they agree, no window becomes final by this bridge';
      return `the clock of this bridge is ${difference(wall - this.storeOffset)} the clock of Redis; ${remedy}`;
    }
    if (this.moved === null) return null;
    const leftMs = Math.max(0, SETTLE_MS - (monotonicMs - this.moved.sinceMs));
    return (
      `the clock of this bridge is ${difference(wall - this.ownOffset)} the time that it has counted; set it by NTP: ` +
      'until it is back nothing expires and no window becomes final. ' +
      `If it is right now, it is believed in ${Math.ceil(leftMs / 60_000)} min`
    );
  }

  observeStore(storeMs: number, sentMs: number, receivedMs: number): void {
    const [low, high] = [storeMs - receivedMs, storeMs - sentMs];
    if (this.storeOffset === null || this.storeOffset < low || this.storeOffset > high)
      this.storeOffset = (low + high) / 2;
    this.follow();
    if (this.near(this.ownOffset, this.storeOffset)) this.verified = true;
  }

  observeBridges(others: readonly BridgeClock[]): void {
    this.others = others;
  }

  /** Other bridges that write to the same store by a wrong clock. */
  skewedBridges(): readonly BridgeClock[] {
    return this.others;
  }

  persistable(): PersistedTime {
    return { timeMs: this.own(), uptimeMs: this.sources.uptime(), bootId: this.sources.bootId };
  }

  restore(kept: PersistedTime | undefined): void {
    if (kept === undefined) return;
    const { wall, monotonic, uptime, bootId } = this.sources;
    const stayedUp = bootId !== null && bootId === kept.bootId && uptime() >= kept.uptimeMs;
    const expected = kept.timeMs + (stayedUp ? uptime() - kept.uptimeMs : 0);
    const byWall = stayedUp ? this.near(wall(), expected) : wall() >= expected - this.toleranceMs;
    this.ownOffset = (byWall ? wall() : expected) - monotonic();
    this.atLeast = !stayedUp && !byWall;
  }

  private near(a: number, b: number): boolean {
    return Math.abs(a - b) <= this.toleranceMs;
  }

  /** Takes the wall clock over where it may be; returns the monotonic time. */
  private follow(): number {
    const { sources } = this;
    const monotonicMs = sources.monotonic();
    const wall = sources.wall() - monotonicMs;
    if (!this.near(wall, this.ownOffset)) this.countSleep(monotonicMs);
    const believed =
      this.near(wall, this.ownOffset) ||
      (this.storeOffset !== null && this.near(wall, this.storeOffset)) ||
      (this.atLeast && wall > this.ownOffset) ||
      this.hasSettled(wall, monotonicMs);
    if (believed) {
      this.ownOffset = wall;
      this.moved = null;
      this.atLeast = false;
    }
    return monotonicMs;
  }

  /** A machine that slept comes back with another wall clock, and rightly so. */
  private countSleep(monotonicMs: number): void {
    const asleepMs = this.sources.uptime() - monotonicMs;
    const slept = asleepMs - this.asleepMs;
    this.asleepMs = asleepMs;
    this.ownOffset += slept;
    if (this.storeOffset !== null) this.storeOffset += slept;
  }

  private hasSettled(wall: number, monotonicMs: number): boolean {
    if (this.moved === null || !this.near(wall, this.moved.offset)) {
      this.moved = { offset: wall, sinceMs: monotonicMs };
    }
    return this.storeOffset === null && monotonicMs - this.moved.sinceMs >= SETTLE_MS;
  }
}

/** A guard for a clock that is right by definition, as in tests where it stands still. */
export function unguarded(clock: Clock): ClockGuard {
  return {
    own: clock,
    wall: clock,
    certain: () => true,
    toleranceMs: Number.MAX_SAFE_INTEGER,
    observeStore: () => undefined,
    observeBridges: () => undefined,
    persistable: () => ({ timeMs: clock(), uptimeMs: 0, bootId: null }),
    restore: () => undefined,
  };
}

/** `26 h ahead of`, `90 s behind`. */
export function difference(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1_000);
  const size =
    seconds < 120
      ? `${seconds} s`
      : seconds < 7_200
        ? `${Math.round(seconds / 60)} min`
        : `${(seconds / 3_600).toFixed(1).replace('.0', '')} h`;
  return ms > 0 ? `${size} ahead of` : `${size} behind`;
}
