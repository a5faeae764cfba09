import type { ClockGuard } from '../domain/trusted-clock';
import { clocksStep } from './redis-keys';
import type { RedisLink } from './redis-link';

const ASK_MS = 1_000;

/** Compares the clocks of Redis, this bridge and the other bridges once a second. */
export class StoreClock {
  private timer: NodeJS.Timeout | null = null;
  private closed = false;

  constructor(
    private readonly link: RedisLink,
    private readonly keyPrefix: string,
    private readonly bridgeName: string,
    private readonly guard: ClockGuard,
  ) {}

  /** Resolves after the first comparison. Rejects with UnavailableError. */
  async start(): Promise<void> {
    if (this.timer !== null) return;
    await this.ask();
    this.askLater();
  }

  stop(): void {
    this.closed = true;
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private askLater(): void {
    if (this.closed) return;
    this.timer = setTimeout(() => {
      // The last result stays valid, extended by the monotonic clock. The change subscriber reports that Redis is down.
      this.ask()
        .catch(() => undefined)
        .finally(() => this.askLater());
    }, ASK_MS);
  }

  private async ask(): Promise<void> {
    const { guard } = this;
    const sentMs = performance.now();
    const reply = (await this.link.call(
      'clock',
      clocksStep(this.keyPrefix),
      this.bridgeName,
      guard.wall(),
      guard.toleranceMs,
    )) as string[];
    guard.observeStore(Number(reply[0]), sentMs, performance.now());
    const others = Array.from({ length: (reply.length - 1) / 2 }, (_, i) => ({
      bridge: reply[2 * i + 1]!,
      aheadMs: Number(reply[2 * i + 2]),
    }));
    guard.observeBridges(others);
  }
}
