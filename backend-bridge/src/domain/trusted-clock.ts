import type { Clock, MonotonicClock } from './telemetry';

/**
 * A guarded time of day. Wall clocks are set by people, NTP and hypervisors, and a wrong one would expire points and
 * close windows irreversibly. So the process compares its wall clock with its monotonic clock and with the clock of the
 * store, if it has one; the time is what two of them agree on.
 */

/** After this time a changed wall clock is accepted when there is no store clock to compare with. */
export const SETTLE_MS = 3_600_000;

export interface ClockSources {
  readonly wall: Clock;
  readonly monotonic: MonotonicClock;
  /** Milliseconds since boot including sleep, which `monotonic` may exclude. */
  readonly uptime: MonotonicClock;
  /** Constant until the machine reboots; null when unknown. */
  readonly bootId: string | null;
}

/** State kept by an embedded store, so that a restart does not make a wrong clock trusted. */
export interface PersistedTime {
  readonly timeMs: number;
  readonly uptimeMs: number;
  readonly bootId: string | null;
}

/** Another bridge's clock, with its lead over the store's clock in milliseconds. */
export interface BridgeClock {
  readonly bridge: string;
  readonly aheadMs: number;
}

/** The guarded clock as the stores use it. */
export interface ClockGuard {
  /**
   * The time by this process alone: its wall clock, or the continued monotonic time after the wall clock was changed.
   */
  own(): number;
  /** The wall clock as it is. */
  wall(): number;
  /** False while clocks disagree and it is unknown which is wrong: nothing becomes final or expires then. */
  certain(): boolean;
  /** How far the clocks that are compared may differ, in milliseconds. */
  readonly toleranceMs: number;
  /** The store's clock read `storeMs` at some moment between the two times of the monotonic clock. */
  observeStore(storeMs: number, sentMs: number, receivedMs: number): void;
  /** Other bridges whose clocks differ from the store's by more than the tolerance. */
  observeBridges(others: readonly BridgeClock[]): void;
  /** The state to persist, for a store without its own clock. */
  persistable(): PersistedTime;
  /** Restores the persisted state before any other call; undefined: none. */
  restore(kept: PersistedTime | undefined): void;
}

/** All offsets here are of a time of day to the monotonic clock, in milliseconds. */
export class TrustedClock implements ClockGuard {
  private ownOffset: number;
  private storeOffset: number | null = null;
  /** True once `ownOffset` agreed with the store: a later difference then means that the store's clock was changed. */
  private verified = false;
  /** The changed wall clock offset and since when; null while the wall clock is unchanged. */
  private moved: { readonly offset: number; readonly sinceMs: number } | null = null;
  /** True after a reboot: `ownOffset` is then only a lower bound of the time. */
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

  /** The trusted time of day in integer milliseconds UTC. */
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

  /** The clock fault as a sentence for operators; null: none. */
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

  /** Other bridges with wrong clocks that write to the same store. */
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

  /** Accepts the wall clock when allowed; returns the monotonic time. */
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

  /** After sleep the wall clock has legitimately jumped. */
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

/** A guard that trusts its clock, for tests with a fixed clock. */
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
