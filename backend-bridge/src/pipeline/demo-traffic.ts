import { RandomNumbers } from './random-numbers';

/**
 * Synthetic traffic of a small shop: a pure function of seed and time span. A span yields the same events however it is
 * split.
 */

export interface TrafficOptions {
  readonly seed: number;
  readonly users: number;
  /** Events per second, bursts apart; averaged over a week when it follows the time of the week. */
  readonly rate: number;
  /** Bursts per hour, in which one user sends more than 100 events in five minutes. */
  readonly burstsPerHour: number;
  /** Whether the rate follows the hour, between half and one and a half of it, and is lower at weekends. */
  readonly dayCurve: boolean;
}

export const DEFAULT_TRAFFIC: TrafficOptions = Object.freeze({
  seed: 1,
  users: 400,
  rate: 8,
  burstsPerHour: 6,
  dayCurve: true,
});

/** An arrival: mostly a raw event, occasionally something invalid. */
export interface Arrival {
  readonly arrivalMs: number;
  readonly event: unknown;
}

export interface TrafficProfile {
  readonly userId: string;
  readonly profile: {
    readonly segment: string;
    readonly registration_date: number;
    readonly total_value: number;
  };
}

const SECOND_MS = 1_000;
export const BURST_BLOCK_MS = 300_000;
const BLOCKS_PER_HOUR = 12;

/** Random streams by use. */
const STREAM = { users: 1, seconds: 2, bursts: 3 } as const;

/** Some users come more often than others: their number is a random one to this power. */
const USER_EXPONENT = 1.3;

const LATE_IN_GRACE = 0.015;
const LATE_PAST_GRACE = 0.003;
/** No event comes later than this. */
export const LATEST_MS = 400_000;
const BAD = 0.002;
const WITHOUT_PROFILE = 0.08;
const WITHOUT_AMOUNT = 0.01;
/** Of the logarithm. */
const AMOUNT_SPREAD = 0.6;

const SEGMENTS = [
  { segment: 'premium', upTo: 0.15, buys: 0.06, medianAmount: 90 },
  { segment: 'standard', upTo: 0.55, buys: 0.04, medianAmount: 42 },
  { segment: 'basic', upTo: 1, buys: 0.025, medianAmount: 18 },
] as const;

interface User {
  readonly id: string;
  readonly kind: (typeof SEGMENTS)[number];
  readonly profile: TrafficProfile['profile'] | null;
}

function user({ seed }: TrafficOptions, index: number): User {
  const random = new RandomNumbers(seed, STREAM.users, index);
  const share = random.next();
  const kind = SEGMENTS.find(({ upTo }) => share < upTo)!;
  const profile = {
    segment: kind.segment,
    registration_date: 1_600_000_000_000 + random.integer(0, 1_500) * 86_400_000,
    total_value: Math.round(kind.medianAmount * random.integer(1, 80) * 100) / 100,
  };
  return {
    id: `user-${String(index + 1).padStart(4, '0')}`,
    kind,
    profile: random.chance(WITHOUT_PROFILE) ? null : profile,
  };
}

/** How one user takes part, on average. */
export interface UserShare {
  /** Null: without a profile. */
  readonly segment: string | null;
  /** Of the events that count, bursts apart; together a little less than 1, for bad and too late ones. */
  readonly events: number;
  /** Of these that are purchases; with an amount, and its mean and deviation. */
  readonly buys: number;
  readonly withAmount: number;
  readonly amountMean: number;
  readonly amountDeviation: number;
}

export function userShares(options: TrafficOptions): UserShare[] {
  const spread = AMOUNT_SPREAD ** 2;
  return Array.from({ length: options.users }, (_, i) => {
    const { kind, profile } = user(options, i);
    const upTo = (index: number): number => (index / options.users) ** (1 / USER_EXPONENT);
    const amountMean = kind.medianAmount * Math.exp(spread / 2);
    return {
      segment: profile?.segment ?? null,
      events: (upTo(i + 1) - upTo(i)) * (1 - LATE_PAST_GRACE - BAD),
      buys: kind.buys,
      withAmount: 1 - WITHOUT_AMOUNT,
      amountMean,
      amountDeviation: amountMean * Math.sqrt(Math.exp(spread) - 1),
    };
  });
}

/** Users with a profile. */
export function trafficProfiles(options: TrafficOptions): TrafficProfile[] {
  const profiles: TrafficProfile[] = [];
  for (let i = 0; i < options.users; i += 1) {
    const { id, profile } = user(options, i);
    if (profile !== null) profiles.push({ userId: id, profile });
  }
  return profiles;
}

/** From Sunday. */
const WEEKDAYS = [0.75, 1.07, 1.07, 1.07, 1.07, 1.07, 0.9];

/** Quietest at four in the morning UTC and on Sundays, busiest at four in the afternoon; 1 on average. */
function weekCurve(ms: number): number {
  // The epoch began on a Thursday.
  const day = WEEKDAYS[(Math.floor(ms / 86_400_000) + 4) % 7]!;
  return day * (1 - 0.5 * Math.cos((2 * Math.PI * (ms / 3_600_000 - 4)) / 24));
}

/** Events per second at a time, bursts apart. */
export function rateAt({ rate, dayCurve }: TrafficOptions, ms: number): number {
  return dayCurve ? rate * weekCurve(ms) : rate;
}

/** One user who sends many events within five minutes. */
export interface Burst {
  readonly user: number;
  readonly fromMs: number;
  readonly lastsMs: number;
  readonly count: number;
}

/** Bursts within one five-minute window. */
export function burstsAt({ seed, burstsPerHour, users }: TrafficOptions, startMs: number): Burst[] {
  const random = new RandomNumbers(seed, STREAM.bursts, startMs / BURST_BLOCK_MS);
  const bursts: Burst[] = [];
  for (let expected = burstsPerHour / BLOCKS_PER_HOUR; expected > 0; expected -= 1) {
    if (!random.chance(Math.min(1, expected))) continue;
    bursts.push({
      user: random.integer(0, users - 1),
      fromMs: startMs + random.integer(0, 100_000),
      lastsMs: random.integer(40_000, 160_000),
      count: random.integer(115, 260),
    });
  }
  return bursts;
}

const BAD_EVENTS: readonly ((userId: string, ms: number) => unknown)[] = [
  (userId) => ({ user_id: userId, event_type: 'page_view', properties: {} }),
  (_userId, ms) => ({ user_id: null, event_type: 'page_view', timestamp: ms, properties: {} }),
  (userId, ms) => ({
    user_id: userId,
    event_type: 'click',
    timestamp: new Date(ms).toISOString(),
    properties: {},
  }),
  (userId, ms) => [userId, ms],
];

/** Occasionally a purchase has no usable amount, as in real shops. */
function amountText(random: RandomNumbers, median: number): string | null {
  if (random.chance(WITHOUT_AMOUNT)) return random.pick([null, 'n/a', '']);
  return Math.max(0.5, median * Math.exp(AMOUNT_SPREAD * random.normal())).toFixed(2);
}

class Traffic {
  private readonly users = new Map<number, User>();
  /** Bursts of the last requested five-minute window, by second. */
  private block: { startMs: number; seconds: Map<number, Arrival[]> } | null = null;

  constructor(private readonly options: TrafficOptions) {}

  private user(index: number): User {
    let known = this.users.get(index);
    if (known === undefined) this.users.set(index, (known = user(this.options, index)));
    return known;
  }

  private event(random: RandomNumbers, who: User, arrivalMs: number): unknown {
    let timestamp = arrivalMs;
    const luck = random.next();
    if (luck < LATE_PAST_GRACE) timestamp -= random.integer(100_000, LATEST_MS);
    else if (luck < LATE_PAST_GRACE + LATE_IN_GRACE) timestamp -= random.integer(1_000, 20_000);
    else if (luck > 1 - BAD) return random.pick(BAD_EVENTS)(who.id, timestamp);
    const device = random.pick(['web', 'web', 'ios', 'android']);
    if (random.chance(who.kind.buys)) {
      const properties = {
        amount: amountText(random, who.kind.medianAmount),
        currency: 'USD',
        sku: `sku-${random.integer(1, 60)}`,
      };
      return { user_id: who.id, event_type: 'purchase', timestamp, properties };
    }
    const kind = random.pick(['page_view', 'page_view', 'page_view', 'click', 'add_to_cart']);
    const properties = { page: `/p/${random.integer(1, 60)}`, device };
    return { user_id: who.id, event_type: kind, timestamp, properties };
  }

  /** Arrivals of one second, without bursts. */
  private second(startMs: number): Arrival[] {
    const random = new RandomNumbers(this.options.seed, STREAM.seconds, startMs / SECOND_MS);
    const mean = rateAt(this.options, startMs);
    const exact = Math.max(0, mean + Math.sqrt(mean) * random.normal());
    const count = Math.floor(exact) + (random.chance(exact % 1) ? 1 : 0);
    const arrivals: Arrival[] = [];
    for (let i = 0; i < count; i += 1) {
      const arrivalMs = startMs + random.integer(0, SECOND_MS - 1);
      const who = this.user(Math.floor(this.options.users * random.next() ** USER_EXPONENT));
      arrivals.push({ arrivalMs, event: this.event(random, who, arrivalMs) });
    }
    return arrivals;
  }

  private bursts(startMs: number): ReadonlyMap<number, readonly Arrival[]> {
    if (this.block?.startMs === startMs) return this.block.seconds;
    const seconds = new Map<number, Arrival[]>();
    for (const { user: index, fromMs, lastsMs, count } of burstsAt(this.options, startMs)) {
      const who = this.user(index);
      for (let i = 0; i < count; i += 1) {
        const arrivalMs = fromMs + Math.floor((i * lastsMs) / count);
        const properties = { page: `/p/${(i % 5) + 1}`, device: 'web' };
        const event = { user_id: who.id, event_type: 'page_view', timestamp: arrivalMs, properties };
        const second = arrivalMs - (arrivalMs % SECOND_MS);
        const before = seconds.get(second);
        if (before === undefined) seconds.set(second, [{ arrivalMs, event }]);
        else before.push({ arrivalMs, event });
      }
    }
    this.block = { startMs, seconds };
    return seconds;
  }

  *between(fromMs: number, toMs: number): Generator<Arrival, void, undefined> {
    for (let second = fromMs - (fromMs % SECOND_MS); second < toMs; second += SECOND_MS) {
      const bursts = this.bursts(second - (second % BURST_BLOCK_MS)).get(second) ?? [];
      const arrivals = [...this.second(second), ...bursts];
      arrivals.sort((a, b) => a.arrivalMs - b.arrivalMs);
      for (const arrival of arrivals) {
        if (arrival.arrivalMs >= fromMs && arrival.arrivalMs < toMs) yield arrival;
      }
    }
  }
}

/** A generator of arrivals in [fromMs, toMs), in order. Reuse it: it caches users. */
export function createTraffic(
  options: TrafficOptions,
): (fromMs: number, toMs: number) => Generator<Arrival, void, undefined> {
  const traffic = new Traffic(options);
  return (fromMs, toMs) => traffic.between(fromMs, toMs);
}
