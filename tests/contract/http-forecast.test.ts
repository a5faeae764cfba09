import { DirectReader } from '../../backend-bridge/src/forecast-service/closed-reader';
import type { Fits } from '../../backend-bridge/src/forecast-service/fit-pool';
import { ForecastService } from '../../backend-bridge/src/forecast-service/forecast-service';
import { shopCounts } from '../../backend-bridge/src/forecast/series.test-support';
import type { components } from '../../backend-bridge/src/server/api-types';
import { setup, T0 } from '../support/engine-on-memory';
import { inlineForecasts } from '../support/inline-fits';
import { DAY, MINUTE } from '../support/sample-metrics';
import { refusal } from './http-answers';
import { startBridge, type Bridge } from './http-bridge';
import { eventually } from '../support/waiting';

type Schemas = components['schemas'];

const HOUR = 60 * MINUTE;
const OPEN = T0 + 6 * HOUR;
const range = { metric: 'm', from_ms: OPEN - DAY, to_ms: OPEN };

/** Thirty days of hourly counts of two segments, of which one begins late. */
function shops() {
  const window = { type: 'tumbling', sizeMs: HOUR, advanceMs: HOUR, gapMs: 0, graceMs: 0 } as const;
  const base = setup({ window, retentionMs: 100 * DAY });
  for (const [segment, days] of [
    ['gold', 30],
    ['silver', 1],
  ] as const) {
    const startMs = OPEN - days * DAY;
    const steps = shopCounts({ stepMs: HOUR, days, startMs, level: 400 });
    Array.from(steps.values).forEach((value, index) => {
      const rest = Array<undefined>(7).fill(undefined);
      base.store.put([segment, 'a'], startMs + index * HOUR, startMs + (index + 1) * HOUR, [value, ...rest]);
    });
  }
  return base;
}

describe('forecasts over HTTP', () => {
  let base: ReturnType<typeof shops>;
  let bridge: Bridge;
  let other: Bridge;
  const start = (): Promise<Bridge> =>
    startBridge({
      engine: base.engine,
      store: base.store,
      forecasts: inlineForecasts(base.engine, () => base.clock.now),
      tokens: [
        { name: 'all', token: 'a', scopes: ['read'] },
        {
          name: 'silver',
          token: 's',
          scopes: ['read'],
          filters: { segment: ['silver'] },
        },
        { name: 'writer', token: 'w', scopes: ['ingest'] },
      ],
    });
  beforeAll(async () => {
    base = shops();
    [bridge, other] = await Promise.all([start(), start()]);
  });
  afterAll(() => Promise.all([bridge.close(), other.close()]));

  it('POST /api/v1/forecast: what was expected, scores, and the day ahead', async () => {
    const answer = await bridge.post('/api/v1/forecast', range, 'a');
    expect(answer.status).toBe(200);
    const { series, ...head } = answer.json as Schemas['ForecastAnswer'];
    expect(head).toMatchObject({
      measure: 'value',
      unit: 'short',
      step_ms: HOUR,
      interval: 0.95,
      time_zone: 'UTC',
    });
    const [gold, silver] = series;
    expect(gold).toMatchObject({
      labels: { segment: 'gold', site: 'a' },
      state: 'ready',
      message: null,
      seasons: ['day', 'week'],
      values_kind: 'count',
      open_from_ms: OPEN,
    });
    expect(gold!.times).toEqual(Array.from({ length: 48 }, (_, index) => OPEN - DAY + index * HOUR));
    for (const name of ['actual', 'expected', 'lower', 'upper', 'score'] as const) {
      expect([name, gold![name].length]).toEqual([name, 48]);
    }
    expect(gold!.expected).not.toContain(null);
    expect(gold!.actual.indexOf(null)).toBe(24);
    expect(gold!.score.indexOf(null)).toBe(24);
    expect(silver).toMatchObject({
      state: 'learning',
      message: 'Learning: 24 h of closed steps are there, 48 h are needed.',
      trained_from_ms: OPEN - DAY,
    });
    expect(silver!.expected).toEqual(Array<null>(48).fill(null));
  });

  it('has the numbers of /query', async () => {
    const query = (await bridge.post('/api/v1/query', { ...range, include_open: false }, 'a'))
      .json as Schemas['QueryAnswer'];
    const forecast = (await bridge.post('/api/v1/forecast', { ...range, horizon_ms: 0 }, 'a'))
      .json as Schemas['ForecastAnswer'];
    expect(forecast.series.map(({ labels, times, actual }) => ({ labels, times, values: actual }))).toEqual(
      query.series.map(({ labels, times, values }) => ({ labels, times, values })),
    );
  });

  it('two bridges, one that was asked before and one that was not: equal bytes', async () => {
    await bridge.post('/api/v1/forecast', { ...range, from_ms: OPEN - 10 * DAY }, 'a');
    const [warm, cold] = await Promise.all(
      [bridge, other].map((one) => one.post('/api/v1/forecast', range, 'a')),
    );
    expect(cold!.text).toBe(warm!.text);
  });

  it('a caller that goes ends the work for it', async () => {
    const begun: AbortSignal[] = [];
    const fits: Fits = {
      fit: (_jobs, { signal }) => {
        begun.push(signal);
        return new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
        });
      },
      close: async () => {},
    };
    const { engine, store, clock } = base;
    const reader = new DirectReader(engine);
    const forecasts = new ForecastService(
      engine,
      reader,
      fits,
      { maxSeries: 50, cacheBytes: 0 },
      () => clock.now,
    );
    const own = await startBridge({ engine, store, forecasts });
    const gone = new AbortController();
    const headers = { 'content-type': 'application/json' };
    const asked = fetch(`${own.url}/api/v1/forecast`, {
      ...{ method: 'POST', headers, body: JSON.stringify(range), signal: gone.signal },
    }).catch((error: unknown) => error);
    await eventually(() => begun.length === 1, 'the fits');
    gone.abort();
    await asked;
    await eventually(() => begun.every((signal) => signal.aborted), 'the end of the work');
    await own.close();
    expect(own.faults).toEqual([]);
  });

  it('POST /api/v1/backtest: figures, and when a rule would have fired', async () => {
    const body = { ...range, from_ms: OPEN - 7 * DAY, direction: 'down', min_change: 1_000_000 };
    const answer = await bridge.post('/api/v1/backtest', body, 'a');
    expect(answer.status).toBe(200);
    const [gold, silver] = (answer.json as Schemas['BacktestAnswer']).series;
    expect(gold).toMatchObject({ steps: 168, alarm_count: 0, alarms: [], alarms_per_day: 0 });
    expect(gold!.mase).toBeLessThan(1.2);
    expect(gold!.coverage).toBeGreaterThan(0.85);
    expect(silver).toMatchObject({ steps: 0, mase: null, coverage: null, interval_score: null });
  });

  it('a tenant sees its own series', async () => {
    const answer = await bridge.post('/api/v1/forecast', { ...range, group_by: ['segment'] }, 's');
    expect((answer.json as Schemas['ForecastAnswer']).series.map(({ labels }) => labels)).toEqual([
      { segment: 'silver' },
    ]);
    expect(refusal(await bridge.post('/api/v1/forecast', range, 'w'))).toBe('403 forbidden');
  });

  it.each([
    [{ metric: 'no_such' }, '404 unknown_metric'],
    [{ measure: 'no_such' }, '422 unknown_measure'],
    [{ group_by: ['no_such'] }, '422 unknown_dimension'],
    [{ group_by: [], measure: 'gauge' }, '422 not_combinable'],
    [{ to_ms: range.from_ms - 1 }, '422 invalid_range'],
    [{ step_ms: 0 }, '422 invalid_step'],
    [{ step_ms: 60 * DAY }, '422 invalid_forecast'],
    [{ interval: 0 }, '422 invalid_forecast'],
    [{ interval: 1 }, '422 invalid_forecast'],
    [{ interval: '0.95' }, '422 invalid_forecast'],
    [{ seasons: 'year' }, '422 invalid_forecast'],
    [{ time_zone: 'Mars/Olympus' }, '422 invalid_forecast'],
    [{ holidays: ['Christmas'] }, '422 invalid_forecast'],
    [{ direction: 'sideways' }, '422 invalid_forecast'],
    [{ min_change: -1 }, '422 invalid_forecast'],
    [{ fill: 'null' }, '400 bad_request'],
    [{ include_open: true }, '400 bad_request'],
  ])('%j is refused by both calls: %s', async (body, code) => {
    for (const path of ['/api/v1/forecast', '/api/v1/backtest']) {
      expect(refusal(await bridge.post(path, { ...range, ...body }, 'a'))).toBe(code);
    }
    expect(bridge.faults).toEqual([]);
  });

  it.each([
    ['/api/v1/forecast', { horizon_ms: 365 * DAY }, '422 invalid_forecast'],
    ['/api/v1/forecast', { horizon_ms: -1 }, '422 invalid_forecast'],
    ['/api/v1/forecast', { for_steps: 2 }, '400 bad_request'],
    ['/api/v1/backtest', { for_steps: 0 }, '422 invalid_forecast'],
    ['/api/v1/backtest', { horizon_ms: DAY }, '400 bad_request'],
  ])('%s with %j: %s', async (path, body, code) => {
    expect(refusal(await bridge.post(path, { ...range, ...body }, 'a'))).toBe(code);
  });
});
