import type { Log } from '../domain/telemetry';
import { difference, type TrustedClock } from '../domain/trusted-clock';

const LOOK_MS = 1_000;

/**
 * Logs when the clock of this bridge, or of another one on the same store, becomes wrong, and when it is right again.
 */
export class ClockWatch {
  private timer: NodeJS.Timeout | undefined;
  private wrong = false;
  private skewed = new Set<string>();

  constructor(
    private readonly clock: Pick<TrustedClock, 'fault' | 'skewedBridges'>,
    private readonly log: Log,
  ) {}

  start(): void {
    this.timer = setInterval(() => this.look(), LOOK_MS);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    const fault = this.clock.fault();
    if (fault !== null && !this.wrong) this.log.error({ hop: 'clock' }, fault);
    if (fault === null && this.wrong)
      this.log.info({ hop: 'clock' }, 'the clock of this bridge is right again');
    this.wrong = fault !== null;
    const others = this.clock.skewedBridges();
    for (const { bridge, aheadMs } of others) {
      if (this.skewed.has(bridge)) continue;
      const message = `the clock of the bridge ${bridge} is ${difference(aheadMs)} the clock of Redis; set it by NTP`;
      this.log.warn({ hop: 'clock', bridge, aheadMs }, message);
    }
    this.skewed = new Set(others.map(({ bridge }) => bridge));
  }
}
