import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { evaluateSet, type EvaluationSet, type LabelledStep } from './measures';
import { ReplayedSeries, type SetMeta } from './replayed-series';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function fixture(name: string): EvaluationSet {
  const file = join(__dirname, '../../../../tests/fixtures/forecast', name);
  const lines = readFileSync(`${file}.csv`, 'utf8').trim().split('\n').slice(1);
  const steps = lines.map((line) => {
    const [timeMs, value, label] = line.split(',').map(Number);
    return { timeMs: timeMs!, value: value!, label: label! };
  });
  return { meta: JSON.parse(readFileSync(`${file}.json`, 'utf8')) as SetMeta, steps };
}

// What the engine reaches, with some room; seasonal naive and the others are far behind (docs/guides).
describe.each([
  ['metro_traffic_1h', { day: [1.42, 15.5], hour: [0.94, 9.9], F1: 0.55 }],
  ['nyc_departures_15m', { day: [0.82, 5.1], hour: [0.88, 5.5], F1: 0.6 }],
])('%s', (name, limits) => {
  it('is forecast as well as it was', () => {
    const set = fixture(name);
    const { day, hour, flag } = evaluateSet(set, new ReplayedSeries(set.meta));
    expect(day.MASE).toBeLessThan(limits.day[0]!);
    expect(day.IS95).toBeLessThan(limits.day[1]!);
    expect(hour.MASE).toBeLessThan(limits.hour[0]!);
    expect(hour.IS95).toBeLessThan(limits.hour[1]!);
    for (const { cov95 } of [day, hour]) {
      expect(cov95).toBeGreaterThan(92);
      expect(cov95).toBeLessThan(99);
    }
    expect(flag!.F1).toBeGreaterThan(limits.F1);
    expect(flag!.faPerDay).toBeLessThan(0.3);
  });
});

describe('the replay', () => {
  const start = Date.UTC(2026, 0, 5);
  const meta: SetMeta = {
    name: 'replayed',
    step_ms: HOUR,
    season_ms: [DAY],
    test_start_ms: start + 2 * DAY,
    // Counted as 5 at first; the CSV's 50 came three and a half hours after the window had closed.
    corrections: [[start + 2 * DAY + HOUR, 5, start + 2 * DAY + 5.5 * HOUR]],
  };
  const labels = new Map([
    [50, 1],
    [51, 1],
    [60, 2],
  ]);
  const steps: LabelledStep[] = Array.from({ length: 72 }, (_, index) => ({
    timeMs: start + index * HOUR,
    value: index === 49 ? 50 : index % 24,
    label: labels.get(index) ?? 0,
  }));

  it('shows a step when it has closed, a correction when it came, and never a label', () => {
    let known = start;
    let correctedAt = Number.NaN;
    const flagged = new Set([51, 53, 60, 61]);
    const result = evaluateSet(
      { meta, steps },
      {
        update(timeMs, value) {
          if (timeMs === start + 49 * HOUR && value === 50) correctedAt = known;
          else if (timeMs === start + 49 * HOUR) expect(value).toBe(5);
          known = Math.max(known, timeMs + HOUR);
        },
        forecast(originMs, timesMs) {
          expect(known).toBe(originMs);
          expect(timesMs[0]).toBe(originMs);
          return {
            yhat: timesMs.map(() => 10),
            lower: timesMs.map(() => 0),
            upper: timesMs.map(() => 24),
          };
        },
        score(timeMs) {
          expect(known).toBe(timeMs);
          return flagged.has((timeMs - start) / HOUR) ? 1 : 0;
        },
      },
    );
    expect(correctedAt).toBe(start + 53 * HOUR);
    // Of the day's 24 steps two are anomalies and one, 50, lies 26 above the band of 24.
    expect(result.day.cov95).toBeCloseTo((100 * 21) / 22, 6);
    // Steps 53 and 61 are two false alarms; step 60 is not judged.
    expect(result.flag).toMatchObject({ events: 1, found: 1, falseAlarms: 2, F1: 0.5 });
  });
});
