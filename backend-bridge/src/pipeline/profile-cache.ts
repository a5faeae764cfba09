import type { Profile } from './raw-event';

const MAX_CACHED = 50_000;

/** Profiles as seen by the current batch: its own changes, then the cache, then the disk. */
export class ProfileCache {
  private readonly cached = new Map<string, Profile | undefined>();
  private readonly pending = new Map<string, Profile | null>();

  constructor(private readonly read: (userId: string) => Profile | undefined) {}

  get(userId: string): Profile | undefined {
    const pending = this.pending.get(userId);
    if (pending !== undefined) return pending ?? undefined;
    const known = this.cached.get(userId);
    if (known !== undefined || this.cached.has(userId)) return known;
    const profile = this.read(userId);
    this.remember(userId, profile);
    return profile;
  }

  set(userId: string, profile: Profile | null): void {
    this.pending.set(userId, profile);
  }

  /** The batch's changes, to be committed with it. */
  changed(): ReadonlyMap<string, Profile | null> {
    return this.pending;
  }

  /** Called when the batch is on disk. */
  settled(): void {
    for (const [userId, profile] of this.pending) this.remember(userId, profile ?? undefined);
    this.pending.clear();
  }

  clear(): void {
    this.cached.clear();
    this.pending.clear();
  }

  private remember(userId: string, profile: Profile | undefined): void {
    if (this.cached.size >= MAX_CACHED && !this.cached.has(userId)) {
      const [oldest] = this.cached.keys();
      if (oldest !== undefined) this.cached.delete(oldest);
    }
    this.cached.set(userId, profile);
  }
}
