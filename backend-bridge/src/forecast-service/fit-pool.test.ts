import { writeFileSync } from 'node:fs';
import { join, dirname } from 'node:path';
import { buildForecastWorker } from '../../../tests/support/forecast-worker';
import { FairGate } from '../domain/fair-gate';
import { UNBOUNDED, type RequestScope } from '../domain/request-scope';
import { forecastModel } from '../forecast/model';
import { DAY, HOUR, shopCounts } from '../forecast/series.test-support';
import { fitSeries, type FitJob, type FittedSeries } from './fit';
import { FitPool } from './fit-pool';
import type { WeekForecast } from '../forecast/week-forecast';
import { BoundedCache } from './bounded-cache';

const { values: _, ...model } = forecastModel({ stepMs: HOUR });
const steps = shopCounts({ stepMs: HOUR, days: 30 });
const job: FitJob = {
  model,
  unknownKind: 'amount',
  steps: { startMs: steps.startMs, values: Float64Array.from(steps.values) },
  learnFromMs: 0,
  fillZero: false,
  fromMs: steps.startMs + 20 * DAY,
  horizonMs: DAY,
};
const scopeOf = (holder: string, signal = new AbortController().signal): RequestScope => ({
  ...UNBOUNDED,
  holder,
  signal,
});

describe('fits in worker threads', () => {
  let built: Awaited<ReturnType<typeof buildForecastWorker>>;
  let pool: FitPool;
  beforeAll(async () => {
    built = await buildForecastWorker();
  });
  afterAll(() => built.remove());
  const start = (workerFile = built.file, workers = 2): FitPool => {
    const gate = new FairGate({ places: workers, setting: 'limits.forecast_workers' });
    pool = new FitPool({ workerFile, workers, cacheBytes: 8 * 1_048_576 }, gate);
    return pool;
  };
  afterEach(() => pool.close());
  const fitOne = async (series: string, own: FitJob, scope: RequestScope): Promise<FittedSeries> =>
    (await pool.fit([{ series, job: own }], scope))[0]!;

  it('have the bits that they have in this thread, from a cold and from a warm one', async () => {
    const here = fitSeries(job, new BoundedCache<WeekForecast>(0), () => false);
    start();
    const series = ['a', 'b', 'c', 'd', 'e'];
    for (let round = 0; round < 2; round += 1) {
      const fitted = await Promise.all(series.map((name) => fitOne(name, job, scopeOf(name))));
      for (const one of fitted) expect(one).toEqual(here);
    }
  });

  it('of many series come in order, in as many turns as they need', async () => {
    start();
    const jobs = Array.from({ length: 12 }, (_, index) => ({
      series: `s${index}`,
      job: { ...job, fromMs: job.fromMs + index * DAY },
    }));
    const right = jobs.map((one) => fitSeries(one.job, new BoundedCache<WeekForecast>(0), () => false));
    for (let round = 0; round < 2; round += 1) {
      expect(await pool.fit(jobs, scopeOf('a'))).toEqual(right);
    }
    expect(await pool.fit([], scopeOf('a'))).toEqual([]);
  });

  it('end for a caller that is gone, whether they wait or run, and the next one is served', async () => {
    start(built.file, 1);
    const gone = new AbortController();
    const mine = Array.from({ length: 4 }, () => fitOne('a', job, scopeOf('gone', gone.signal)));
    gone.abort(new Error('nobody listens'));
    for (const result of await Promise.allSettled(mine)) {
      expect(result).toMatchObject({ status: 'rejected', reason: { message: 'nobody listens' } });
    }
    expect((await fitOne('a', job, scopeOf('other'))).closed).toBe(10 * 24);
  });

  it('of one that asks for many leave a turn to the next one', async () => {
    start(built.file, 1);
    const order: string[] = [];
    const fit = async (holder: string): Promise<void> => {
      await fitOne('a', job, scopeOf(holder));
      order.push(holder);
    };
    await Promise.all([...Array<string>(6).fill('greedy'), 'other'].map(fit));
    expect(order.indexOf('other')).toBeLessThan(3);
  });

  it('are refused once the pool is closed, also those that wait', async () => {
    start(built.file, 1);
    const fits = ['a', 'b', 'c'].map((holder) => fitOne('a', job, scopeOf(holder)));
    const results = Promise.allSettled(fits);
    await pool.close();
    for (const result of await results) expect(result).toMatchObject({ status: 'rejected' });
    await expect(fitOne('a', job, scopeOf('a'))).rejects.toThrow('The bridge is stopping');
    expect(pool.threadCount).toBe(0);
  });

  it('fail with what the thread says, and the next ones run in another thread', async () => {
    const file = join(dirname(built.file), 'faulty.js');
    writeFileSync(
      file,
      `const { parentPort } = require('node:worker_threads');
       parentPort.on('message', ({ id, jobs: [job] }) => {
         if (job.fromMs === 0) process.exit(3);
         if (job.fromMs === 1) throw new Error('out of order');
         parentPort.postMessage({ id, fault: 'cannot do it' });
       });`,
    );
    start(file, 1);
    const fit = (fromMs: number): Promise<unknown> => fitOne('a', { ...job, fromMs }, scopeOf('a'));
    await expect(fit(2)).rejects.toThrow('cannot do it');
    await expect(fit(0)).rejects.toThrow('the forecast worker has ended');
    await expect(fit(1)).rejects.toThrow('out of order');
    await expect(fit(2)).rejects.toThrow('cannot do it');
  });
});
