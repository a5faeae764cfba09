import ipaddr from 'ipaddr.js';
import type { MonotonicClock } from '../domain/telemetry';

const BURST = 10;
const REFILL_MS = 6_000;
const MAX_ADDRESSES = 10_000;
const MAX_TRUSTED = 10_000;

/**
 * Counts failed authentications by address: ten at once, then one every six seconds. Both lists are bounded;
 * the oldest entry goes first. A token that this address has used well before is let in even while the address
 * is limited: behind a proxy many share one address, and one wrong token must not lock the others out.
 */
export class FailedAttempts {
  private readonly spent = new Map<string, { failures: number; sinceMs: number }>();
  private readonly trusted = new Set<string>();
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

  succeeded(remoteAddress: string, token: string): void {
    const key = `${this.group(remoteAddress)} ${token}`;
    if (this.trusted.has(key)) return;
    this.trusted.add(key);
    dropOldest(this.trusted, MAX_TRUSTED);
  }

  knows(remoteAddress: string, token: string): boolean {
    return this.trusted.has(`${this.group(remoteAddress)} ${token}`);
  }

  /** Remembered, since parsing an address costs more than the rest of a check. */
  private group(remoteAddress: string): string {
    const known = this.groups.get(remoteAddress);
    if (known !== undefined) return known;
    const group = groupOf(remoteAddress);
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

function dropOldest(entries: Map<string, unknown> | Set<string>, limit: number): void {
  if (entries.size <= limit) return;
  const oldest = entries.keys().next();
  if (!oldest.done) entries.delete(oldest.value);
}

/** An IPv4 address itself; of IPv6 the /64, of which one host has every address to spare. */
function groupOf(remoteAddress: string): string {
  const bare = remoteAddress.split('%')[0]!;
  if (!ipaddr.isValid(bare)) return 'unknown';
  const address = ipaddr.process(bare);
  if (address instanceof ipaddr.IPv6) {
    return address.parts
      .slice(0, 4)
      .map((part) => part.toString(16))
      .join(':');
  }
  return address.toString();
}
