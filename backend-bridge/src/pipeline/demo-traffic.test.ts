import { createTraffic, DEFAULT_TRAFFIC, trafficProfiles } from './demo-traffic';
import { readEvent, type RawEvent } from './raw-event';

const HOUR = 3_600_000;
const T0 = 1_736_935_200_000;
const hours = (count: number, seed = 1) => [
  ...createTraffic({ ...DEFAULT_TRAFFIC, seed })(T0, T0 + count * HOUR),
];

describe('demo traffic', () => {
  const arrivals = hours(3);
  const read = arrivals.map(({ event }) => readEvent(event, Number.MAX_SAFE_INTEGER));
  const events = read.filter((event): event is RawEvent => typeof event !== 'string');

  it('is the same for the same seed, however the span is cut', () => {
    const traffic = createTraffic(DEFAULT_TRAFFIC);
    const pieces = [];
    for (let from = T0; from < T0 + HOUR; from += 7_777) {
      pieces.push(...traffic(from, Math.min(from + 7_777, T0 + HOUR)));
    }
    expect(pieces).toEqual(hours(1));
    expect(hours(1, 2)).not.toEqual(hours(1));
  });

  it('arrives in order, at about the rate', () => {
    const backwards = arrivals.filter(({ arrivalMs }, i) => i > 0 && arrivalMs < arrivals[i - 1]!.arrivalMs);
    expect(backwards).toEqual([]);
    const week = createTraffic(DEFAULT_TRAFFIC);
    let count = 0;
    for (let from = T0; from < T0 + 7 * 24 * HOUR; from += 2 * HOUR) {
      for (const _ of week(from, from + 60_000)) count += 1;
    }
    const rate = count / (84 * 60);
    expect(rate).toBeGreaterThan(DEFAULT_TRAFFIC.rate * 0.95);
    expect(rate).toBeLessThan(DEFAULT_TRAFFIC.rate * 1.15);
  });

  it('has late events inside and past grace, bad events, and purchases with and without an amount', () => {
    const lateness = arrivals.flatMap(({ arrivalMs }, i) => {
      const event = read[i]!;
      return typeof event === 'string' ? [] : [arrivalMs - event.timestampMs];
    });
    expect(lateness.every((ms) => ms >= 0)).toBe(true);
    expect(lateness.filter((ms) => ms > 0 && ms <= 20_000).length).toBeGreaterThan(500);
    expect(lateness.filter((ms) => ms >= 100_000).length).toBeGreaterThan(50);
    expect(read.filter((event) => typeof event === 'string').length).toBeGreaterThan(50);
    const amounts = events
      .filter(({ eventType }) => eventType === 'purchase')
      .map(({ properties }) => properties!['amount']);
    expect(amounts.length).toBeGreaterThan(1_000);
    expect(
      amounts.filter((amount) => amount === null || !/^\d+\.\d\d$/.test(amount as string)).length,
    ).toBeGreaterThan(0);
  });

  it('lets a few users an hour go past 100 events in five minutes, and only in bursts', () => {
    const counts = new Map<string, number>();
    for (const { userId, timestampMs } of events) {
      const key = `${userId} ${Math.floor(timestampMs / 300_000)}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const busy = [...counts.values()].filter((count) => count > 100).length;
    expect(busy / 3).toBeGreaterThanOrEqual(3);
    expect(busy / 3).toBeLessThanOrEqual(12);
  });

  it('has three segments and users without a profile', () => {
    const profiles = trafficProfiles(DEFAULT_TRAFFIC);
    expect(new Set(profiles.map(({ profile }) => profile.segment))).toEqual(
      new Set(['premium', 'standard', 'basic']),
    );
    expect(profiles.length).toBeLessThan(DEFAULT_TRAFFIC.users);
    expect(profiles.length).toBeGreaterThan(DEFAULT_TRAFFIC.users * 0.85);
  });
});
