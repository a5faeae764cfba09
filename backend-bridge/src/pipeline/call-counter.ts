import { enrich, type CountedEvent, type PendingEvent } from './enrichment';
import type { Call } from './ingest-queue';
import type { ProfileCache } from './profile-cache';
import type { Profile } from './raw-event';
import type { PipelineRules } from './rules';
import { OUTSIDE, type TenantFilter } from './tenant-filter';
import type { Topology } from './topology';

/** Counts the events of calls, in memory. */
export class CallCounter {
  /** `maxOpenEntries`: once the open windows hold this many users and segments, events of others are refused. */
  constructor(
    private readonly profiles: ProfileCache,
    private readonly rules: PipelineRules,
    private readonly maxOpenEntries: number,
  ) {}

  /** Counts into the topology, and notes in each call what was accepted and what was refused, with the reason. */
  count(
    topology: Topology,
    calls: readonly Call[],
  ): {
    events: CountedEvent[];
    profiles: ReadonlyMap<string, Profile | null>;
  } {
    const events: CountedEvent[] = [];
    for (const call of calls) {
      for (const item of call.items) {
        const outcome =
          item.kind === 'profile'
            ? this.setProfile(item.userId, item.profile, call.tenant)
            : this.countEvent(topology, item.event, call.tenant);
        if (typeof outcome === 'string') call.rejected.push({ index: item.index, reason: outcome });
        else {
          call.accepted += 1;
          if (outcome !== null) events.push(outcome);
        }
      }
    }
    return { events, profiles: this.profiles.changed() };
  }

  /** Returns the event as counted, or why it is not counted. */
  private countEvent(
    topology: Topology,
    pending: PendingEvent,
    tenant: TenantFilter | null,
  ): CountedEvent | string {
    const event = enrich(pending, this.profiles.get(pending.userId), this.rules);
    if (event === null) return 'the user has no profile';
    if (tenant?.allows(event.userId, event.segment) === false) return OUTSIDE;
    const { maxOpenEntries } = this;
    if (topology.entries >= maxOpenEntries && !topology.fitsWhenFull(event)) {
      return `the open windows hold ${maxOpenEntries} users and segments, which is the limit; send it again when they have closed`;
    }
    topology.apply(event);
    return event;
  }

  /** A tenant may neither move a user out of another tenant's segment nor into it. */
  private setProfile(userId: string, profile: Profile | null, tenant: TenantFilter | null): null | string {
    if (tenant !== null) {
      const before = this.profiles.get(userId);
      const { unknownSegment } = this.rules;
      if (before !== undefined && !tenant.allows(userId, before.segment ?? unknownSegment)) return OUTSIDE;
      if (!tenant.allows(userId, profile?.segment ?? unknownSegment)) return OUTSIDE;
    }
    this.profiles.set(userId, profile);
    return null;
  }
}
