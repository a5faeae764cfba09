import { historyMetric, MINUTE } from '../../../tests/support/history-windows';
import type { Metric } from '../domain/metric';
import { pendingEvent, enrich } from './enrichment';
import { demoHistory, type FilledMetric } from './demo-history';
import { createTraffic, DEFAULT_TRAFFIC, trafficProfiles } from './demo-traffic';
import { readEvent } from './raw-event';
import { DEFAULT_RULES } from './rules';
import { Topology } from './topology';

const DAY = 1_440 * MINUTE;
const MONDAY = Date.UTC(2026, 5, 1);

function metric(name: string, dimensions: readonly string[], measures: readonly string[]): Metric {
  const [first] = historyMetric().measures;
  return historyMetric({
    name,
    topic: name,
    window: { type: 'tumbling', sizeMs: MINUTE, advanceMs: MINUTE, gapMs: 0, graceMs: 30_000 },
    dimensions: dimensions.map((each) => ({ name: each, title: '', description: '' })),
    measures: measures.map((each) => ({ ...first!, name: each })),
    history: [{ stepMs: 5 * MINUTE, keepMs: 35 * DAY }],
  });
}

const METRICS = [
  metric('events_per_minute', ['segment'], ['value']),
  metric('revenue_per_minute', ['segment'], ['value', 'transaction_count', 'amount_count']),
  metric('active_users_per_minute', [], ['value']),
];

const history = (fromMs: number, toMs: number): Promise<FilledMetric[]> =>
  demoHistory(METRICS, DEFAULT_RULES, DEFAULT_TRAFFIC, fromMs, toMs);

/** The total of a measure for each series. */
function totals(filled: FilledMetric | undefined, measure: number): Record<string, number> {
  return Object.fromEntries(
    filled!.series.map(({ values, windows }) => [
      values.join(),
      windows.measures[measure]!.subarray(0, windows.length).reduce((sum, value) => sum + value, 0),
    ]),
  );
}

/** What the pipeline counts of the same hours of events. */
function counted(
  fromMs: number,
  toMs: number,
): { events: Record<string, number>; revenue: number; active: number } {
  const profiles = new Map(trafficProfiles(DEFAULT_TRAFFIC).map(({ userId, profile }) => [userId, profile]));
  const topology = new Topology(DEFAULT_RULES);
  const events: Record<string, number> = {};
  const active = new Map<number, Set<string>>();
  let revenue = 0;
  for (const { event } of createTraffic(DEFAULT_TRAFFIC)(fromMs, toMs)) {
    const read = readEvent(event, toMs);
    if (typeof read === 'string') continue;
    const known = profiles.get(read.userId);
    const full = enrich(
      pendingEvent(read, DEFAULT_RULES),
      known && { segment: known.segment, registrationDate: null, totalValue: null },
      DEFAULT_RULES,
    )!;
    topology.apply(full);
    events[full.segment!] = (events[full.segment!] ?? 0) + 1;
    revenue += full.amount ?? 0;
    const minute = Math.floor(full.timestampMs / MINUTE);
    active.set(minute, (active.get(minute) ?? new Set()).add(full.userId));
  }
  return { events, revenue, active: [...active.values()].reduce((sum, { size }) => sum + size, 0) };
}

describe('the weeks of demo traffic that were not sent', () => {
  const fromMs = MONDAY + 15 * 60 * MINUTE;
  const toMs = fromMs + 120 * MINUTE;

  it('continue where the events begin: the same level in every segment, revenue and number of users', async () => {
    const real = counted(fromMs, toMs);
    const [events, revenue, active] = await history(fromMs, toMs);
    const drawn = totals(events, 0);
    expect(Object.keys(drawn).sort()).toEqual(Object.keys(real.events).sort());
    for (const [segment, count] of Object.entries(drawn)) {
      expect(count / real.events[segment]!).toBeGreaterThan(0.93);
      expect(count / real.events[segment]!).toBeLessThan(1.07);
    }
    const sold = Object.values(totals(revenue, 0)).reduce((sum, value) => sum + value);
    expect(sold / real.revenue).toBeGreaterThan(0.9);
    expect(sold / real.revenue).toBeLessThan(1.1);
    // Late events put a few users more into windows of the real ones.
    expect(totals(active, 0)['']! / real.active).toBeGreaterThan(0.95);
    expect(totals(active, 0)['']! / real.active).toBeLessThan(1.05);
  });

  it('are the same however they are cut', async () => {
    const middle = fromMs + 35 * MINUTE;
    const [whole, first, second] = await Promise.all([
      history(fromMs, toMs),
      history(fromMs, middle),
      history(middle, toMs),
    ]);
    for (const [i, { series }] of whole.entries()) {
      for (const { values, windows } of series) {
        const parts = [first, second].flatMap((part) => {
          const own = part[i]!.series.find((other) => other.values.join() === values.join());
          return own === undefined
            ? []
            : Array.from({ length: own.windows.length }, (_, row) => own.windows.point(row));
        });
        expect(parts).toEqual(Array.from({ length: windows.length }, (_, row) => windows.point(row)));
      }
    }
  });

  it('are quiet at night and on Sundays', async () => {
    const level = async (day: number, hour: number): Promise<number> => {
      const begin = MONDAY + day * DAY + hour * 60 * MINUTE;
      const [events] = await history(begin, begin + 60 * MINUTE);
      return Object.values(totals(events, 0)).reduce((sum, value) => sum + value);
    };
    const [monday, night, sunday] = await Promise.all([level(0, 16), level(0, 4), level(6, 16)]);
    expect(night / monday).toBeLessThan(0.45);
    expect(sunday / monday).toBeLessThan(0.8);
  });
});
