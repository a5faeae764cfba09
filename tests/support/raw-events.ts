/** Reproducible raw events in simulated event time, and a plain recount of what they must come to. */

export interface RawEvent {
  readonly user_id: string;
  readonly event_type: string;
  readonly timestamp: number;
  readonly properties: Readonly<Record<string, unknown>> | null;
}

export type Random = () => number;

export const MINUTE_MS = 60_000;
/** Events may be so late and still be in time for every window: less than the grace of 30 s. */
const JITTER_MS = 15_000;
/** Later than this every window is closed: five minutes, a minute of grace, and room. */
const TOO_LATE_MS = 600_000;

export interface TrafficShape {
  readonly users: readonly string[];
  /** This user has a share of the events, and so more than 100 in five minutes. */
  readonly busyUser: string;
  /** Share of events that come after every window of theirs has closed. */
  readonly tooLate: number;
}

/** A batch around `nowMs` of event time: in disorder, some purchases without a usable amount, some far too late. */
export function eventsAround(nowMs: number, count: number, shape: TrafficShape, random: Random): RawEvent[] {
  const events: RawEvent[] = [];
  for (let i = 0; i < count; i += 1) {
    const late = random() < shape.tooLate;
    const timestamp = Math.floor(nowMs - random() * JITTER_MS - (late ? TOO_LATE_MS : 0));
    const user_id = random() < 0.2 ? shape.busyUser : shape.users[Math.floor(random() * shape.users.length)]!;
    if (random() >= 0.3) {
      events.push({ user_id, event_type: 'page_view', timestamp, properties: { page: '/' } });
      continue;
    }
    const amount = random() < 0.3 ? 'n/a' : Math.round(random() * 100_000) / 100;
    events.push({ user_id, event_type: 'purchase', timestamp, properties: { amount } });
  }
  // The newest moves event time on, whatever the others are.
  events[0] = {
    user_id: shape.users[0]!,
    event_type: 'purchase',
    timestamp: nowMs,
    properties: { amount: 1.25 },
  };
  return events;
}

/** Points as `label, start -> value`; keys are `label|start`. */
export interface Recount {
  readonly events: Map<string, number>;
  readonly revenue: Map<string, number>;
  readonly transactions: Map<string, number>;
  readonly amounts: Map<string, number>;
  readonly activeUsers: Map<string, number>;
  readonly highActivity: Map<string, number>;
}

/** Counted one by one, in the order given; an event whose window closed before it is left out. */
export function recount(events: readonly RawEvent[], segmentOf: (user: string) => string): Recount {
  const result: Recount = {
    events: new Map(),
    revenue: new Map(),
    transactions: new Map(),
    amounts: new Map(),
    activeUsers: new Map(),
    highActivity: new Map(),
  };
  const users = new Map<number, Set<string>>();
  const activity = new Map<string, number>();
  const add = (map: Map<string, number>, key: string, value: number): void =>
    void map.set(key, (map.get(key) ?? 0) + value);
  const late = lateness();
  for (const { user_id, event_type, timestamp, properties } of events) {
    const minute = timestamp - (timestamp % MINUTE_MS);
    const five = timestamp - (timestamp % (5 * MINUTE_MS));
    const key = `${segmentOf(user_id)}|${minute}`;
    if (!late('minutes', timestamp, minute + MINUTE_MS + 30_000)) {
      add(result.events, key, 1);
      const seen = users.get(minute) ?? new Set();
      users.set(minute, seen.add(user_id));
    }
    if (!late('activity', timestamp, five + 6 * MINUTE_MS)) add(activity, `${user_id}|${five}`, 1);
    if (event_type !== 'purchase' || late('purchases', timestamp, minute + MINUTE_MS + 30_000)) continue;
    const amount = properties?.['amount'];
    add(result.transactions, key, 1);
    add(result.amounts, key, typeof amount === 'number' ? 1 : 0);
    add(result.revenue, key, typeof amount === 'number' ? amount : 0);
  }
  for (const [minute, seen] of users) result.activeUsers.set(`|${minute}`, seen.size);
  for (const [key, count] of activity) if (count > 100) result.highActivity.set(key, count);
  return result;
}

/** Whether a window had closed when an event came, for each kind of window by itself. */
function lateness(): (kind: string, timestamp: number, closesMs: number) => boolean {
  const newest = new Map<string, number>();
  return (kind, timestamp, closesMs) => {
    const now = Math.max(newest.get(kind) ?? 0, timestamp);
    newest.set(kind, now);
    return closesMs <= now;
  };
}
