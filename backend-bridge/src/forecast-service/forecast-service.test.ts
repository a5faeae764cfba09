import { at, codeOf, NOW, setup, T0 } from '../../../tests/support/engine-on-memory';
import { InlineFits } from '../../../tests/support/inline-fits';
import { DAY, MINUTE } from '../../../tests/support/sample-metrics';
import { RequestError } from '../domain/errors';
import type { ForecastAnswer, ForecastQuery } from '../domain/forecasting';
import type { Metric } from '../domain/metric';
import { UNBOUNDED } from '../domain/request-scope';
import type { StoreListener } from '../domain/store';
import { shopCounts } from '../forecast/series.test-support';
import { DirectReader, type ClosedReader } from './closed-reader';
import { ClosedStepsCache } from './closed-steps-cache';
import { ForecastService, type ForecastLimits } from './forecast-service';

const HOUR = 60 * MINUTE;
const HOURLY: Partial<Metric> = {
  window: { type: 'tumbling', sizeMs: HOUR, advanceMs: HOUR, gapMs: 0, graceMs: 0 },
  retentionMs: 100 * DAY,
};
const DAYS = 30;
/** The first hour that has not closed. */
const OPEN = T0 + 6 * HOUR;

/** A bridge over `store`, with an empty cache of fits. */
function bridge(
  base: ReturnType<typeof setup>,
  limits: Partial<ForecastLimits> = {},
  reader: ClosedReader = new DirectReader(base.engine),
) {
  const fits = new InlineFits();
  const service = new ForecastService(
    base.engine,
    reader,
    fits,
    { maxSeries: 50, cacheBytes: 0, ...limits },
    () => base.clock.now,
  );
  const forecast = (over: Partial<ForecastQuery> = {}): Promise<ForecastAnswer> =>
    service.forecast({ metric: 'm', fromMs: OPEN - DAY, toMs: OPEN, ...over }, [], UNBOUNDED);
  return { fits, service, forecast };
}

/** Thirty days of hourly counts of gold in one shop, up to the first open hour, and that one too. */
function shop(days = DAYS) {
  const base = setup(HOURLY);
  const startMs = OPEN - days * DAY;
  const steps = shopCounts({ stepMs: HOUR, days, startMs, level: 400 });
  Array.from(steps.values).forEach((value, index) => {
    base.store.put(['gold', 'a'], startMs + index * HOUR, startMs + (index + 1) * HOUR, row(value));
  });
  base.store.put(['gold', 'a'], OPEN, OPEN + HOUR, row(77));
  return { ...base, startMs, values: Array.from(steps.values) };
}

const row = (value: number): (number | undefined)[] => [value, ...Array<undefined>(7).fill(undefined)];

async function refused(action: () => Promise<unknown>): Promise<RequestError> {
  const error: unknown = await action().then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof RequestError) return error;
  throw new Error(`expected a refusal, not ${String(error)}`);
}

describe('a forecast of what /query answers', () => {
  it('has the closed steps of the range as /query has them, then the steps ahead', async () => {
    const base = shop();
    const { series, ...head } = await bridge(base).forecast();
    const asked = await base.query({ fromMs: OPEN - DAY, toMs: OPEN });
    expect(head).toMatchObject({
      metric: 'm',
      measure: 'value',
      stepMs: HOUR,
      storeEpoch: 'epoch-1',
      closedBeforeMs: OPEN - HOUR + 1,
      interval: 0.95,
      timeZone: 'UTC',
    });
    expect(series).toHaveLength(1);
    const [one] = series;
    expect(one).toMatchObject({
      labels: { segment: 'gold', site: 'a' },
      state: 'ready',
      message: null,
      startMs: OPEN - DAY,
      closed: 24,
      valuesKind: 'count',
      seasons: ['day', 'week'],
    });
    expect(Array.from(one!.actual.subarray(0, 24))).toEqual(asked.series[0]!.values);
    expect(one!.actual).toHaveLength(48);
    expect(one!.actual.subarray(24).every(Number.isNaN)).toBe(true);
    expect(one!.score.subarray(24).every(Number.isNaN)).toBe(true);
    for (const column of [one!.expected, one!.lower, one!.upper])
      expect(column.some(Number.isNaN)).toBe(false);
    expect(one!.lower.every((lower, index) => lower <= one!.upper[index]!)).toBe(true);
  });

  it('is the same from a bridge that was asked before and one that was not, to the last bit', async () => {
    const base = shop();
    const warm = bridge(base);
    base.store.progressNow = { watermarkMs: OPEN - 3 * HOUR, finalBeforeMs: OPEN - 3 * HOUR };
    await warm.forecast();
    await warm.forecast({ fromMs: OPEN - 9 * DAY });
    base.store.progressNow = { watermarkMs: OPEN, finalBeforeMs: OPEN };
    const later = await warm.forecast();
    expect(later).toEqual(await bridge(base).forecast());
    expect(await warm.forecast()).toEqual(later);
  });

  it('follows a correction, a removal and a late step, and goes back with them', async () => {
    const base = shop();
    const warm = bridge(base);
    const before = await warm.forecast();
    const when = OPEN - 5 * HOUR;
    const index = base.values.length - 5;
    base.store.put(['gold', 'a'], when, when + HOUR, row(base.values[index]! + 5_000));
    const corrected = await warm.forecast();
    expect(corrected).toEqual(await bridge(base).forecast());
    expect(corrected.series[0]!.score[19]).toBeGreaterThan(1);
    expect(corrected.series[0]!.fingerprint).not.toBe(before.series[0]!.fingerprint);
    base.store.remove(['gold', 'a'], when);
    const removed = await warm.forecast();
    expect(removed).toEqual(await bridge(base).forecast());
    expect(removed.series[0]!.actual[19]).toBeNaN();
    expect(removed.series[0]!.score[19]).toBeNaN();
    base.store.put(['gold', 'a'], when, when + HOUR, row(base.values[index]!));
    expect(await warm.forecast()).toEqual(before);
  });

  it('is not fitted again before a step has closed or was corrected', async () => {
    const base = shop();
    const listeners: StoreListener[] = [];
    const store = {
      epoch: () => 'epoch-1',
      subscribe: (listener: StoreListener) => {
        listeners.push(listener);
        return () => undefined;
      },
    };
    const { forecast, fits } = bridge(
      base,
      { cacheBytes: 1e6 },
      new ClosedStepsCache(base.engine, store, 1e6),
    );
    const fitted = async (over: Partial<ForecastQuery> = {}): Promise<number> => {
      const before = fits.jobs.length;
      expect(await forecast(over)).toEqual(await bridge(base).forecast(over));
      return fits.jobs.length - before;
    };
    const up = { direction: 'up' } as const;
    expect(await fitted({ fromMs: OPEN - DAY - MINUTE })).toBe(1);
    expect(await fitted({ fromMs: OPEN - DAY - 1 })).toBe(0);
    expect(await fitted()).toBe(0);
    expect(await fitted(up)).toBe(1);
    expect(await fitted({ ...up, minChange: 10 })).toBe(1);
    expect(await fitted(up)).toBe(0);
    expect(await fitted({ fromMs: OPEN - 2 * DAY })).toBe(1);
    base.store.progressNow = { watermarkMs: OPEN + HOUR, finalBeforeMs: OPEN + HOUR };
    expect(await fitted({ toMs: OPEN + HOUR })).toBe(1);
    base.store.put(['gold', 'a'], OPEN - 5 * HOUR, OPEN - 4 * HOUR, row(5_000));
    for (const listener of listeners) listener.onEpoch('epoch-1');
    expect(await fitted({ toMs: OPEN + HOUR })).toBe(1);
    expect(await fitted({ toMs: OPEN + HOUR })).toBe(0);
  });

  it('scores by direction and by the smallest change that matters', async () => {
    const base = shop();
    const when = OPEN - 5 * HOUR;
    base.store.put(['gold', 'a'], when, when + HOUR, row(5_000));
    const { forecast } = bridge(base);
    const scoreOf = async (over: Partial<ForecastQuery>): Promise<number> =>
      (await forecast(over)).series[0]!.score[19]!;
    expect(await scoreOf({})).toBeGreaterThan(1);
    expect(await scoreOf({ direction: 'up' })).toBeGreaterThan(1);
    expect(await scoreOf({ direction: 'down' })).toBe(0);
    expect(await scoreOf({ minChange: 10_000 })).toBe(0);
  });

  it('ends with the range where that ends before the open step: nothing is ahead', async () => {
    const { series } = await bridge(shop()).forecast({ fromMs: OPEN - 9 * DAY, toMs: OPEN - 8 * DAY });
    expect(series[0]).toMatchObject({ startMs: OPEN - 9 * DAY, closed: 24 });
    expect(series[0]!.actual).toHaveLength(24);
  });

  it('of a range that lies ahead: the same steps ahead', async () => {
    const base = shop();
    const ahead = await bridge(base).forecast({ fromMs: OPEN + 100 * DAY, toMs: OPEN + 101 * DAY });
    const usual = await bridge(base).forecast();
    expect(ahead.series[0]).toMatchObject({ startMs: OPEN, closed: 0 });
    expect(ahead.series[0]!.upper).toEqual(usual.series[0]!.upper.slice(24));
  });

  it('of groups: what the combined series would be expected to be', async () => {
    const base = shop();
    for (let index = 0; index < DAYS * 24; index += 1) {
      const when = base.startMs + index * HOUR;
      base.store.put(['silver', 'a'], when, when + HOUR, row(1_000));
    }
    const { forecast } = bridge(base);
    expect((await forecast({ groupBy: ['segment'] })).series.map(({ labels }) => labels)).toEqual([
      { segment: 'gold' },
      { segment: 'silver' },
    ]);
    const [both] = (await forecast({ groupBy: [] })).series;
    expect(both!.actual[0]).toBe(base.values.at(-24)! + 1_000);
    const silver = { dimension: 'segment', op: '=', values: ['silver'] } as const;
    const [flat] = (await forecast({ filters: [silver] })).series;
    for (const expected of flat!.expected) expect(expected).toBeCloseTo(1_000, 3);
  });
});

describe('a series of which too little is known', () => {
  it('says how much is there and how much is needed, and expects nothing', async () => {
    const { series } = await bridge(shop(1.25)).forecast();
    expect(series[0]).toMatchObject({
      state: 'learning',
      message: 'Learning: 30 h of closed steps are there, 48 h are needed.',
      trainedFromMs: OPEN - 30 * HOUR,
    });
    for (const column of ['expected', 'lower', 'upper', 'score'] as const) {
      expect(series[0]![column].every(Number.isNaN)).toBe(true);
    }
    expect(series[0]!.actual[0]).toBeGreaterThan(0);
  });

  it('that has no step, or only an open one: is absent', async () => {
    const base = setup(HOURLY);
    expect((await bridge(base).forecast()).series).toEqual([]);
    base.store.put(['gold', 'a'], OPEN, OPEN + HOUR, row(5));
    expect((await bridge(base).forecast({ toMs: OPEN + DAY })).series).toEqual([]);
    base.store.progressNow = { watermarkMs: null, finalBeforeMs: null };
    expect(await bridge(base).forecast()).toMatchObject({ series: [], closedBeforeMs: null });
  });

  it.each([
    ['one step', [4]],
    ['constant', Array<number>(24 * 15).fill(7)],
    ['all zero', Array<number>(24 * 15).fill(0)],
    ['not a number, but for one', [3, ...Array<number>(24 * 15).fill(Number.NaN)]],
    [
      'with a gap of five days',
      Array.from({ length: 24 * 15 }, (_, i) => (i > 100 && i < 220 ? NaN : i % 24)),
    ],
  ])('%s: a bounded answer', async (_, values) => {
    const base = setup(HOURLY);
    values.forEach((value, index) => {
      const when = OPEN - (values.length - index) * HOUR;
      base.store.put(['gold', 'a'], when, when + HOUR, row(value));
    });
    const { series } = await bridge(base).forecast();
    for (const column of ['expected', 'lower', 'upper', 'score'] as const) {
      expect(
        Array.from(series[0]![column]).every((value) => Number.isNaN(value) || Math.abs(value) < 100),
      ).toBe(true);
    }
  });

  it('learns from whole kept days only, so that two bridges begin at the same step', async () => {
    const base = shop();
    const short = { ...base, ...setup({ ...HOURLY, retentionMs: 10 * DAY }) };
    base.values.forEach((value, index) => {
      const when = base.startMs + index * HOUR;
      short.store.put(['gold', 'a'], when, when + HOUR, row(value));
    });
    const first = await bridge(short).forecast();
    expect(first.series[0]!.trainedFromMs! % DAY).toBe(0);
    short.clock.now += 3 * HOUR;
    const later = await bridge(short).forecast();
    expect(later.series[0]!.fingerprint).toBe(first.series[0]!.fingerprint);
  });
});

describe('a step that is not named', () => {
  it.each([
    ['windows, where two weeks of them are kept', { retentionMs: 20 * DAY }, MINUTE],
    ['windows, where nothing else is kept', { retentionMs: DAY }, MINUTE],
    [
      'the tier of which two weeks are kept',
      { history: [{ stepMs: 5 * MINUTE, keepMs: 35 * DAY }] },
      5 * MINUTE,
    ],
    [
      'the longer tier, where the shorter is too short',
      {
        history: [
          { stepMs: 5 * MINUTE, keepMs: 3 * DAY },
          { stepMs: 60 * MINUTE, keepMs: 400 * DAY },
        ],
      },
      60 * MINUTE,
    ],
    [
      'a minute of windows of ten seconds',
      {
        window: { type: 'tumbling', sizeMs: 10_000, advanceMs: 10_000, gapMs: 0, graceMs: 0 },
        retentionMs: 20 * DAY,
      },
      100_000,
    ],
  ] as [string, Partial<Metric>, number][])('is %s', async (_, over, stepMs) => {
    expect((await bridge(setup(over)).forecast()).stepMs).toBe(stepMs);
  });
});

describe('the warning that a range is not kept', () => {
  const history = [
    { stepMs: 2 * HOUR, keepMs: 35 * DAY },
    { stepMs: 24 * HOUR, keepMs: 400 * DAY },
  ];
  it.each([
    ['is left out where only the training would reach further back', OPEN - DAY, []],
    ['is there where the range itself does', OPEN - 200 * DAY, ['range_not_kept']],
  ])('%s', async (_, fromMs, codes) => {
    const base = setup({ ...HOURLY, retentionMs: 20 * DAY, history });
    base.store.put(['gold', 'a'], OPEN - HOUR, OPEN, row(1));
    const { warnings } = await bridge(base).forecast({ fromMs, stepMs: HOUR });
    expect(warnings.map(({ code }) => code)).toEqual(codes);
  });
});

describe('what no forecast can be made of', () => {
  it.each([
    [{ interval: 0 }, 'Interval must be from 0.5 to 0.999; 0 is not.'],
    [{ interval: 1 }, 'Interval must be from 0.5 to 0.999; 1 is not.'],
    [
      { horizonMs: 365 * DAY },
      'A forecast reaches at most 14 days ahead; horizon 31536000000 ms does not fit.',
    ],
    [{ timeZone: 'Berlin' }, 'Time zone "Berlin" is not known; use an IANA name such as Europe/Berlin.'],
    [{ holidays: ['24.12.'] }, 'A holiday is a date as 2026-12-24; "24.12." is not.'],
    [{ stepMs: 360 * HOUR }, 'A forecast needs steps of 1 minute to 1 day; 1296000000 ms is not one.'],
  ])('%j: a sentence', async (over, sentence) => {
    const error = await refused(() => bridge(shop(1)).forecast(over));
    expect(error).toMatchObject({ code: 'invalid_forecast', message: sentence });
  });

  it('sessions: a sentence', async () => {
    const window = { type: 'session', sizeMs: 0, advanceMs: 0, gapMs: MINUTE, graceMs: 0 } as const;
    const error = await refused(() => bridge(setup({ window })).forecast());
    expect(error.message).toBe(
      'Sessions of "m" have no steps, and without steps there is no forecast. Take a metric with tumbling or hopping windows.',
    );
  });

  it('10,000 series: a sentence, before any point is read', async () => {
    const base = setup(HOURLY);
    for (let index = 0; index < 10_000; index += 1) {
      base.store.put([`user-${index}`, 'a'], at(0), at(60), row(1));
    }
    const error = await refused(() => bridge(base).forecast());
    expect(error).toMatchObject({
      code: 'range_too_large',
      message:
        'This selects 10000 series of "m"; one forecast takes at most 50. Filter them, or combine them with group_by.',
    });
    expect(base.store.reads).toEqual([]);
  });

  it('what /query refuses as well', async () => {
    const { forecast } = bridge(shop(1));
    const unknown = await refused(() => forecast({ measure: 'no_such' }));
    expect(unknown.code).toBe('unknown_measure');
    const reversed = await refused(() => forecast({ fromMs: NOW, toMs: T0 }));
    expect(reversed.code).toBe(
      codeOf(() => shop(1).engine.plan({ metric: 'm' }, [], { fromMs: NOW, toMs: T0 })),
    );
  });
});

describe('a backtest', () => {
  it('judges the range and says when a rule would have fired', async () => {
    const base = shop();
    const outage = [OPEN - 40 * HOUR, OPEN - 39 * HOUR, OPEN - 38 * HOUR];
    for (const when of outage) base.store.put(['gold', 'a'], when, when + HOUR, row(0));
    const { service } = bridge(base);
    const range = { metric: 'm', fromMs: OPEN - 7 * DAY, toMs: OPEN };
    const down = await service.backtest({ ...range, direction: 'down', forSteps: 2 }, [], UNBOUNDED);
    expect(down.series[0]).toMatchObject({ steps: 7 * 24, state: 'ready' });
    expect(down.series[0]!.alarms).toMatchObject([{ fromMs: outage[1], toMs: outage[2]! + HOUR }]);
    expect(down.series[0]!.alarmsPerDay).toBe(1 / 7);
    expect(down.series[0]!.coverage).toBeGreaterThan(0.85);
    const up = await service.backtest({ ...range, direction: 'up', forSteps: 2 }, [], UNBOUNDED);
    expect(up.series[0]!.alarms).toEqual([]);
  });

  it('without a step that was expected: no figures', async () => {
    const { service } = bridge(shop(1));
    const { series } = await service.backtest({ metric: 'm', fromMs: OPEN - DAY, toMs: OPEN }, [], UNBOUNDED);
    expect(series[0]).toMatchObject({ state: 'learning', steps: 0, alarms: [], alarmsPerDay: 0 });
    expect(series[0]!.mase).toBeNaN();
  });
});
