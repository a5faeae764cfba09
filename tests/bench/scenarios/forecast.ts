import { forecastSeries, type ClosedSteps } from '../../../backend-bridge/src/forecast/closed-steps';
import { forecastModel, type ForecastModel } from '../../../backend-bridge/src/forecast/model';
import { WarmForecast } from '../../../backend-bridge/src/forecast/warm-forecast';
import { createRandom } from '../../support/seeded-random';
import { median, round, say, type Measurement, type Scenario } from '../scenario';

const STEP_MS = 300_000;
const PER_DAY = 288;
const DAY_MS = 86_400_000;
/** A Monday, 0:00 UTC. */
const START_MS = Date.UTC(2026, 0, 5);
const WEEKS = 6;

/** Counts with a daily and a weekly pattern. */
function steps(days: number, seed: number): ClosedSteps {
  const random = createRandom(seed);
  const values = Float64Array.from({ length: days * PER_DAY }, (_, index) => {
    const weekend = Math.floor(index / PER_DAY) % 7 > 4 ? 0.6 : 1;
    const rate = 100 * weekend * (1.2 + Math.sin((2 * Math.PI * index) / PER_DAY));
    return Math.round(rate + 4 * Math.sqrt(rate) * (random() + random() - 1));
  });
  return { startMs: START_MS, values };
}

/** Processor time of this process: other work on the machine counts for less than by the clock. */
function processorMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const used = process.cpuUsage(before);
  return (used.user + used.system) / 1_000;
}

function fitAndBand(model: ForecastModel, runs: number): Measurement {
  const series = steps(WEEKS * 7, 1);
  const untilMs = START_MS + WEEKS * 7 * DAY_MS;
  const times = Array.from({ length: runs }, () =>
    processorMs(() => void forecastSeries(model, series, untilMs, DAY_MS)),
  );
  const typical = median(times);
  return {
    what: 'ms of processor: six weeks of 5-minute steps from nothing, and a day of band',
    n: runs,
    p50_ms: round(typical),
    target: 'at most 60 ms',
    met: typical <= 60,
  };
}

function nextDays(model: ForecastModel, days: number): Measurement[] {
  // Six days of a week: its end is a new fit, measured above.
  const all = steps(WEEKS * 7 + 6 * days, 2);
  const stepTimes: number[] = [];
  const dayTimes: number[] = [];
  for (let run = 0; run < days; run++) {
    const warm = new WarmForecast(model, {
      startMs: START_MS,
      values: Float64Array.from(all.values).subarray(0, WEEKS * 7 * PER_DAY),
    });
    for (let day = 0; day < 6; day++) {
      const from = (WEEKS * 7 + day) * PER_DAY;
      const taken = processorMs(() => {
        for (let index = from; index < from + PER_DAY; index++) warm.append(all.values[index]!);
      });
      stepTimes.push((1_000 * taken) / PER_DAY);
      dayTimes.push(taken + processorMs(() => void warm.band(PER_DAY)));
    }
  }
  const day = median(dayTimes);
  const step = median(stepTimes);
  return [
    {
      what: 'ms of processor: one more day of steps and its band',
      n: dayTimes.length,
      p50_ms: round(day),
      target: 'at most 5 ms',
      met: day <= 5,
    },
    {
      what: 'us of processor: one more step',
      n: stepTimes.length * PER_DAY,
      p50_us: round(step),
      target: 'at most 20 us',
      met: step <= 20,
    },
  ];
}

function warmMemory(model: ForecastModel, series: number): Measurement {
  const held = (): number => {
    globalThis.gc?.();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const before = held();
  const warm = Array.from({ length: series }, (_, seed) => new WarmForecast(model, steps(WEEKS * 7, seed)));
  const each = (held() - before) / warm.length;
  return {
    what: 'bytes of a series of six weeks of 5-minute steps that is kept warm',
    n: series,
    bytes_per_series: Math.round(each),
    memory: { of_1000_series: Math.round(1_000 * each) },
    target: 'at most 300 MB for 1,000 series',
    met: each <= 300_000,
  };
}

/** Forecasts of one series on one core: no store, no network. */
export const forecast: Scenario = {
  name: 'forecast',
  title: 'forecasts: a fit from nothing, one more day, one more step, memory of series kept warm',
  options: { runs: 30, series: 200 },
  run(options) {
    const model = forecastModel({ stepMs: STEP_MS, values: 'count', timeZone: 'Europe/Berlin' });
    fitAndBand(model, 5);
    say('forecast: compiled, measuring');
    return Promise.resolve([
      fitAndBand(model, options.get('runs')),
      ...nextDays(model, Math.max(1, Math.round(options.get('runs') / 6))),
      warmMemory(model, options.get('series')),
    ]);
  },
};
