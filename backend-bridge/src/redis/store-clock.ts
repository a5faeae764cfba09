import type { ClockGuard } from '../domain/trusted-clock';
import { clocksStep } from './redis-keys';
import type { RedisLink } from './redis-link';

const ASK_MS = 1_000;

/** Compares clocks once a second: Redis's with this bridge's, and both with those of the other bridges. */
export class StoreClock {
  private timer: NodeJS.Timeout | null = null;
  private closed = false;

  constructor(
    private readonly link: RedisLink,
    private readonly keyPrefix: string,
    private readonly bridgeName: string,
    private readonly guard: ClockGuard,
  ) {}

  /** Resolves when Redis has been asked once. Rejects with UnavailableError. */
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
      // The last answer still counts: what runs on meanwhile is the monotonic clock. The feed says that Redis is away.
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
