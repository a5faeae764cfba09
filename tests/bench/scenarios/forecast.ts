import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { forecastSeries, type ClosedSteps } from '../../../backend-bridge/src/forecast/closed-steps';
import { forecastModel, type ForecastModel } from '../../../backend-bridge/src/forecast/model';
import { WarmForecast } from '../../../backend-bridge/src/forecast/warm-forecast';
import { createRandom } from '../../support/seeded-random';
import type { HistoryTimes } from '../generators/history-load';
import { startForecastBridge } from '../rig/forecast-bridge';
import { startGenerator } from '../rig/generator';
import {
  median,
  percentile,
  processorMs,
  round,
  say,
  type Endings,
  type Measurement,
  type Scenario,
} from '../scenario';
import { residentMemory } from '../surroundings';

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

function timed(work: () => void): number {
  const before = processorMs();
  work();
  return processorMs() - before;
}

function fitAndBand(model: ForecastModel, runs: number): Measurement {
  const series = steps(WEEKS * 7, 1);
  const untilMs = START_MS + WEEKS * 7 * DAY_MS;
  const times = Array.from({ length: runs }, () =>
    timed(() => void forecastSeries(model, series, untilMs, DAY_MS)),
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
      const taken = timed(() => {
        for (let index = from; index < from + PER_DAY; index++) warm.append(all.values[index]!);
      });
      stepTimes.push((1_000 * taken) / PER_DAY);
      dayTimes.push(taken + timed(() => void warm.band(PER_DAY)));
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
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const held = (): number => {
    collect();
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

/** What a dashboard waits for: a day and the day ahead of each series, asked for before and asked for again. */
async function overHttp(
  { series, rate, seconds }: Record<'series' | 'rate' | 'seconds', number>,
  endings: Endings,
): Promise<Measurement[]> {
  const { url, metric, openMs } = await startForecastBridge(series, endings);
  const body = JSON.stringify({ metric, from_ms: openMs - DAY_MS, to_ms: openMs + STEP_MS });
  const address = `${url}/api/v1/forecast`;
  const began = performance.now();
  const headers = { 'content-type': 'application/json' };
  const first = await (await fetch(address, { method: 'POST', headers, body })).text();
  const firstMs = performance.now() - began;
  const answer = JSON.parse(first) as { series?: { state: string; times: number[] }[] };
  const steps = answer.series?.map(({ state, times }) => (state === 'ready' ? times.length : 0));
  if (steps?.length !== series || steps.some((count) => count !== 2 * PER_DAY)) {
    throw new Error(`not an answer of ${series} series: ${first.slice(0, 300)}`);
  }
  const generator = startGenerator('history-load', endings);
  const usedBefore = processorMs();
  const found = await generator.call<HistoryTimes>('run', { url: address, bodies: [body], rate, seconds });
  const used = processorMs() - usedBefore;
  if (found.failed > 0) throw new Error(`${found.failed} requests failed: ${found.sample.slice(0, 300)}`);
  const p99 = percentile(found.times, 0.99);
  return [
    {
      what: `POST /api/v1/forecast, ${series} series over a day of 5-minute steps and the day ahead, asked for before`,
      n: found.times.length,
      rate,
      p50_ms: round(percentile(found.times, 0.5)),
      p99_ms: round(p99),
      processor_ms: round(used / found.times.length),
      answer_bytes: found.bytes,
      memory: residentMemory(process.pid),
      target: 'p99 at most 50 ms',
      met: p99 <= 50,
    },
    {
      what: 'the same, asked for the first time: weeks are read, and fitted twice for each series',
      n: 1,
      p50_ms: round(firstMs),
      series_per_second: round((1_000 * series) / firstMs),
    },
  ];
}

/** Forecasts of one series on one core without a store or a network, then of many over HTTP. */
export const forecast: Scenario = {
  name: 'forecast',
  title: 'forecasts: a fit from nothing, one more day or step, memory of warm series, ms over HTTP',
  options: { runs: 30, series: 200, asked: 20, rate: 5, seconds: 40 },
  async run(options, endings) {
    const model = forecastModel({ stepMs: STEP_MS, values: 'count', timeZone: 'Europe/Berlin' });
    fitAndBand(model, 5);
    say('forecast: compiled, measuring');
    const results = [
      fitAndBand(model, options.get('runs')),
      ...nextDays(model, Math.max(1, Math.round(options.get('runs') / 6))),
      warmMemory(model, options.get('series')),
    ];
    say('forecast: over HTTP');
    const load = {
      series: options.get('asked'),
      rate: options.get('rate'),
      seconds: options.get('seconds'),
    };
    return [...results, ...(await overHttp(load, endings))];
  },
};
