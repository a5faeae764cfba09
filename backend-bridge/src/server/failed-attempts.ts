import type { MonotonicClock } from '../domain/telemetry';
import { addressGroup } from './holder';

const BURST = 10;
const REFILL_MS = 6_000;
const MAX_ADDRESSES = 10_000;

/**
 * Rate-limits failed authentications per address: a burst of ten, then one every six seconds. Bounded; evicts the
 * oldest entry.
 */
export class FailedAttempts {
  private readonly spent = new Map<string, { failures: number; sinceMs: number }>();
  private readonly groups = new Map<string, string>();

  constructor(private readonly monotonic: MonotonicClock) {}

  limited(remoteAddress: string): boolean {
    return BURST - this.current(this.group(remoteAddress)) < 1;
  }

  failed(remoteAddress: string): void {
    const address = this.group(remoteAddress);
    const failures = Math.min(BURST, this.current(address) + 1);
    this.spent.delete(address);
    this.spent.set(address, { failures, sinceMs: this.monotonic() });
    dropOldest(this.spent, MAX_ADDRESSES);
  }

  /** Cached: parsing an address costs more than the rest of a check. */
  private group(remoteAddress: string): string {
    const known = this.groups.get(remoteAddress);
    if (known !== undefined) return known;
    const group = addressGroup(remoteAddress);
    this.groups.set(remoteAddress, group);
    dropOldest(this.groups, MAX_ADDRESSES);
    return group;
  }

  private current(address: string): number {
    const entry = this.spent.get(address);
    if (!entry) return 0;
    return Math.max(0, entry.failures - (this.monotonic() - entry.sinceMs) / REFILL_MS);
  }
}

function dropOldest(entries: Map<string, unknown>, limit: number): void {
  if (entries.size <= limit) return;
  const oldest = entries.keys().next();
  if (!oldest.done) entries.delete(oldest.value);
}
