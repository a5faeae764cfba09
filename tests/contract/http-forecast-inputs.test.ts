import { shopCounts } from '../../backend-bridge/src/forecast/series.test-support';
import type { components } from '../../backend-bridge/src/server/api-types';
import { setup } from '../support/engine-on-memory';
import { inlineForecasts } from '../support/inline-fits';
import { DAY, MINUTE } from '../support/sample-metrics';
import type { Answer } from './http-answers';
import { startBridge, type Bridge } from './http-bridge';

type Schemas = components['schemas'];
type Series = Schemas['ForecastSeries'];

const HOUR = 60 * MINUTE;
/** A Wednesday, 6:00 UTC: the first hour that has not closed. */
const OPEN = Date.UTC(2026, 2, 25, 6);

/** What is made of an hour of the shop; undefined: no window. */
type Hours = (value: number, hoursBack: number) => number | undefined;

const SEGMENTS: Readonly<Record<string, Hours>> = {
  'one point': (value, back) => (back === 1 ? value : undefined),
  constant: (_, back) => (back === 2 ? 84 : 42),
  zeros: () => 0,
  'NaN now and then': (value, back) => (back % 5 === 0 ? Number.NaN : value),
  'only NaN': () => Number.NaN,
  'gaps of days': (value, back) =>
    (back > 300 && back < 400) || (back > 24 && back < 120) ? undefined : value,
  'ended days ago': (value, back) => (back < 100 ? undefined : value),
  'five days': (value, back) => (back <= 120 ? value : undefined),
  'near the largest double': (value) => value * 1e300,
};

/** Thirty days of an hourly shop that opens by a clock `aheadMs(time)` ahead of UTC. */
function shop(
  segments: Readonly<Record<string, Hours>>,
  openMs = OPEN,
  aheadMs: (time: number) => number = () => 0,
) {
  const window = { type: 'tumbling', sizeMs: HOUR, advanceMs: HOUR, gapMs: 0, graceMs: 0 } as const;
  const base = setup({ window, retentionMs: 100 * DAY });
  base.clock.now = openMs + 30 * MINUTE;
  base.store.progressNow = { watermarkMs: openMs, finalBeforeMs: openMs };
  const beginMs = openMs - 30 * DAY;
  const { values } = shopCounts({ stepMs: HOUR, days: 31, startMs: beginMs, level: 400 });
  for (const [segment, change] of Object.entries(segments)) {
    for (let startMs = beginMs; startMs < openMs; startMs += HOUR) {
      const local = (startMs - beginMs + aheadMs(startMs)) / HOUR;
      const value = change(values[local]!, (openMs - startMs) / HOUR);
      if (value === undefined) continue;
      base.store.put([segment, 'a'], startMs, startMs + HOUR, [
        value,
        ...Array<undefined>(7).fill(undefined),
      ]);
    }
  }
  return base;
}

function start({ engine, store, clock }: ReturnType<typeof shop>): Promise<Bridge> {
  return startBridge({ engine, store, forecasts: inlineForecasts(engine, () => clock.now) });
}

const only = (segment: string): object => ({
  filters: [{ dimension: 'segment', op: '=', values: [segment] }],
});
const body = { metric: 'm', from_ms: OPEN - DAY, to_ms: OPEN + 1 };

function forecastOf(answer: Answer): Schemas['ForecastAnswer'] {
  expect({ status: answer.status, text: answer.text }).toMatchObject({ status: 200 });
  return answer.json as Schemas['ForecastAnswer'];
}

/** One entry for each step, and bands around what is expected; whole numbers are rounded. */
function expectSound(series: Series): void {
  const { times, expected, lower, upper } = series;
  expect(times).toEqual(times.map((_, row) => times[0]! + row * HOUR));
  for (const name of ['actual', 'expected', 'lower', 'upper', 'score'] as const) {
    expect([name, series[name].length]).toEqual([name, times.length]);
  }
  times.forEach((_, row) => {
    const [middle, low, high] = [expected[row] ?? null, lower[row] ?? null, upper[row] ?? null];
    if (middle === null || low === null || high === null) {
      expect([middle, low, high]).toEqual([null, null, null]);
      return;
    }
    expect(low).toBeGreaterThanOrEqual(0);
    expect(low - 0.5).toBeLessThanOrEqual(middle);
    expect(middle).toBeLessThanOrEqual(high + 0.5);
  });
}

describe('forecasts of series that are hard to forecast', () => {
  let bridge: Bridge;
  beforeAll(async () => {
    bridge = await start(shop(SEGMENTS));
  });
  afterAll(async () => {
    expect(bridge.faults).toEqual([]);
    await bridge.close();
  });
  const ask = async (segment: string, over: object = {}): Promise<Schemas['ForecastAnswer']> => {
    const answer = forecastOf(await bridge.post('/api/v1/forecast', { ...body, ...only(segment), ...over }));
    answer.series.forEach(expectSound);
    return answer;
  };
  const learning = (have: number, need: number): object => ({
    state: 'learning',
    message: `Learning: ${have} h of closed steps are there, ${need} h are needed.`,
    have_ms: have * HOUR,
    needed_ms: need * HOUR,
    open_from_ms: OPEN,
  });
  /** What was expected and its upper limit, of the last hour and the first one ahead. */
  const known = ({ expected, upper }: Series): (number | null)[] =>
    [23, 24].flatMap((row) => [expected[row]!, upper[row]!]);

  it('one point: learning, and nothing is expected', async () => {
    const [series] = (await ask('one point')).series;
    expect(series).toMatchObject({ ...learning(1, 48), trained_from_ms: OPEN - HOUR });
    expect(new Set(series!.expected)).toEqual(new Set([null]));
  });

  it('a constant: itself, and any other value is unusual', async () => {
    const [series] = (await ask('constant')).series;
    expect(series).toMatchObject({ state: 'ready', values_kind: 'count' });
    expect(series!.expected[24]).toBeCloseTo(42, 3);
    expect([series!.lower[24], series!.upper[24]]).toEqual([42, 42]);
    expect(series!.score[22]).toBeGreaterThan(1);
    expect(Math.abs(series!.score[21]!)).toBeLessThan(0.01);
  });

  it('zeros: zero, and no zero is unusual', async () => {
    const [series] = (await ask('zeros')).series;
    expect(known(series!)).toEqual([0, 0, 0, 0]);
    expect(Math.max(...series!.score.map((score) => Math.abs(score ?? 0)))).toBeLessThan(0.01);
  });

  it('NaN now and then: those hours are gaps, and a warning counts them', async () => {
    const { series, warnings } = await ask('NaN now and then');
    expect(warnings).toMatchObject([{ code: 'values_unrepresentable', count: 144 }]);
    expect(series[0]).toMatchObject({ state: 'ready', have_ms: 24 * 24 * HOUR });
    expect([19, 20].map((row) => [series[0]!.actual[row], series[0]!.score[row]])).toEqual([
      [null, null],
      [expect.any(Number), expect.any(Number)],
    ]);
    expect(series[0]!.expected).not.toContain(null);
  });

  it('no value at all, or no window: no series', async () => {
    expect(await ask('only NaN')).toMatchObject({ series: [], warnings: [{ count: 720 }] });
    expect(await ask('never seen')).toMatchObject({
      series: [],
      warnings: [],
      closed_before_ms: OPEN - HOUR + 1,
    });
  });

  it.each(['gaps of days', 'ended days ago'])(
    '%s: what is expected does not fall towards zero',
    async (one) => {
      const [series] = (await ask(one)).series;
      const [whole] = (await ask('NaN now and then')).series;
      expect(series).toMatchObject({ state: 'ready', open_from_ms: OPEN });
      series!.expected.forEach((value, row) => {
        expect(value! / whole!.expected[row]!).toBeGreaterThan(0.7);
        expect(value! / whole!.expected[row]!).toBeLessThan(1.4);
      });
    },
  );

  it('with gaps that count as zeros: an hour without a window is unusual', async () => {
    const [series] = (await ask('ended days ago', { fill: 'zero', from_ms: OPEN - 5 * DAY })).series;
    const first = series!.actual.indexOf(0);
    expect(series!.times[first]).toBe(OPEN - 99 * HOUR);
    expect(Math.min(...series!.score.slice(first, first + 12).map(Number))).toBeLessThan(-1);
  });

  it('a season longer than the data: learning until it was seen twice', async () => {
    expect((await ask('five days')).series).toMatchObject([{ state: 'ready', seasons: ['day'] }]);
    expect((await ask('five days', { seasons: 'week' })).series).toMatchObject([learning(120, 336)]);
  });

  it('values past what a double holds: no number that JSON has not', async () => {
    const { series } = await ask('near the largest double');
    expect(series).toMatchObject([{ state: 'learning' }]);
    expect(new Set(series[0]!.expected)).toEqual(new Set([null]));
  });

  it.each([
    [{ interval: 0 }, 'Interval must be from 0.5 to 0.999; 0 is not.'],
    [{ interval: 1 }, 'Interval must be from 0.5 to 0.999; 1 is not.'],
    [
      { horizon_ms: 365 * DAY },
      'A forecast reaches at most 14 days ahead; horizon 31536000000 ms does not fit.',
    ],
    [{ step_ms: 60 * DAY }, 'A forecast needs steps of 1 minute to 1 day; 5184000000 ms is not one.'],
    [
      { time_zone: 'Mars/Olympus' },
      'Time zone "Mars/Olympus" is not known; use an IANA name such as Europe/Berlin.',
    ],
    [{ holidays: ['2026-02-30x'] }, 'A holiday is a date as 2026-12-24; "2026-02-30x" is not.'],
  ])('%j: a sentence that says what to change', async (over, message) => {
    const answer = await bridge.post('/api/v1/forecast', { ...body, ...over });
    expect(answer.status).toBe(422);
    expect(answer.json).toMatchObject({ error: { code: 'invalid_forecast', message, retryable: false } });
  });

  it('a backtest of each: figures or null', async () => {
    const answer = await bridge.post('/api/v1/backtest', body);
    const { series } = answer.json as Schemas['BacktestAnswer'];
    expect(series.map(({ labels, steps }) => [labels['segment'], steps])).toEqual([
      ['NaN now and then', 20],
      ['constant', 24],
      ['ended days ago', 0],
      ['five days', 24],
      ['gaps of days', 24],
      ['near the largest double', 0],
      ['one point', 0],
      ['zeros', 24],
    ]);
    expect(series.find(({ labels }) => labels['segment'] === 'zeros')).toMatchObject({
      mase: null,
      coverage: 1,
      alarm_count: 0,
    });
  });
});

describe('forecasts where something is out of the ordinary', () => {
  const withBridge = async (
    base: ReturnType<typeof shop>,
    use: (bridge: Bridge) => Promise<void>,
  ): Promise<void> => {
    const bridge = await start(base);
    try {
      await use(bridge);
      expect(bridge.faults).toEqual([]);
    } finally {
      await bridge.close();
    }
  };

  it('a topic without a record: no series, and nothing has closed', () => {
    const base = shop({});
    base.store.progressNow = { watermarkMs: null, finalBeforeMs: null };
    return withBridge(base, async (bridge) => {
      expect(forecastOf(await bridge.post('/api/v1/forecast', body))).toMatchObject({
        series: [],
        closed_before_ms: null,
        watermark_ms: null,
      });
    });
  });

  it('10,000 series: how many there are and how many one forecast takes, before a point is read', () => {
    const base = shop({});
    const value = [1, ...Array<undefined>(7).fill(undefined)];
    for (let index = 0; index < 10_000; index += 1) {
      base.store.put(['gold', `site ${index}`], OPEN - HOUR, OPEN, value);
    }
    return withBridge(base, async (bridge) => {
      for (const path of ['/api/v1/forecast', '/api/v1/backtest']) {
        const answer = await bridge.post(path, body);
        expect(answer.status).toBe(422);
        expect(answer.json).toMatchObject({
          error: {
            code: 'range_too_large',
            message:
              'This selects 10000 series of "m"; one forecast takes at most 50. Filter them, or combine them with group_by.',
            details: { series: 10_000, limit: 50 },
          },
        });
      }
      expect(base.store.reads).toEqual([]);
    });
  });

  // Clocks in Berlin went from 2:00 to 3:00 on 29 March 2026, and from 3:00 to 2:00 on 25 October.
  it.each([
    ['forward', Date.UTC(2026, 2, 29, 1), 1, 2],
    ['back', Date.UTC(2026, 9, 25, 1), 2, 1],
  ])(
    'clocks that go %s: every hour once, and the shop is expected by its own clock',
    (_, changeMs, before, after) => {
      const openMs = changeMs + 23 * HOUR;
      const base = shop(
        { gold: (value) => value },
        openMs,
        (time) => (time < changeMs ? before : after) * HOUR,
      );
      return withBridge(base, async (bridge) => {
        const day = { metric: 'm', from_ms: openMs - DAY, to_ms: openMs + 1 };
        const ask = async (time_zone: string): Promise<Series> => {
          const [series] = forecastOf(await bridge.post('/api/v1/forecast', { ...day, time_zone })).series;
          expectSound(series!);
          expect([series!.times[0], series!.times.length]).toEqual([openMs - DAY, 48]);
          return series!;
        };
        const off = ({ actual, expected }: Series): number =>
          actual
            .slice(2, 24)
            .reduce<number>((sum, value, row) => sum + Math.abs(value! - expected[row + 2]!), 0);
        const [local, utc] = [await ask('Europe/Berlin'), await ask('UTC')];
        expect(off(local)).toBeLessThan(off(utc));
      });
    },
  );
});
