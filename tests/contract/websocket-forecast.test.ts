import { MAX_TIME_MS } from '../../backend-bridge/src/domain/ladder';
import { UNBOUNDED } from '../../backend-bridge/src/domain/request-scope';
import { inlineForecasts } from '../support/inline-fits';
import { DAY, measureOf, metricOf, MINUTE } from '../support/sample-metrics';
import { createRandom } from '../support/seeded-random';
import { startLiveBridge, type LiveBridge } from './websocket-bridge';
import type { Message, TestClient } from './websocket-client';

const HOUR = 60 * MINUTE;
const HOURLY = metricOf({
  name: 'orders_per_hour',
  topic: 'orders',
  window: { type: 'tumbling', sizeMs: HOUR, advanceMs: HOUR, gapMs: 0, graceMs: 0 },
  dimensions: [{ name: 'segment', title: 'Segment', description: '' }],
  measures: [measureOf('value')],
  retentionMs: 60 * DAY,
});
const VISITS = metricOf({
  name: 'visits',
  topic: 'visits',
  window: { type: 'session', sizeMs: 0, advanceMs: 0, gapMs: MINUTE, graceMs: 0 },
});

interface Series {
  readonly from_ms: number;
  readonly times: readonly number[];
  readonly actual: readonly (number | null)[];
  readonly expected: readonly (number | null)[];
  readonly score: readonly (number | null)[];
}
const seriesOf = (message: Message): Series => (message.series as Series[])[0]!;

describe('subscriptions of forecasts', () => {
  /** The first hour that has not closed. */
  const open = Math.floor(Date.now() / HOUR) * HOUR - 2 * HOUR;
  let bridge: LiveBridge;
  let client: TestClient;
  beforeAll(async () => {
    bridge = await startLiveBridge({ metrics: [HOURLY, VISITS] });
    const random = createRandom(5);
    const points = Array.from({ length: 20 * 24 }, (_, index) => {
      const startMs = open - (20 * 24 - index) * HOUR;
      const usual = 400 - 300 * Math.cos((2 * Math.PI * (startMs % DAY)) / DAY);
      return { values: ['gold'], startMs, measures: [Math.round(usual + 40 * random())] };
    });
    await bridge.feeder.write(HOURLY, points, open);
  });
  afterAll(() => bridge.close());
  beforeEach(async () => {
    client = await bridge.connect();
  });
  const next = (type: string): Promise<Message> => client.next(type, undefined, 60_000);
  const subscribe = (over: object = {}): void =>
    client.send({
      type: 'subscribe_metric',
      id: 'f',
      metric: HOURLY.name,
      from_ms: open - DAY,
      forecast: {},
      ...over,
    });

  test('a snapshot, then an update for a correction and for an hour that closes', async () => {
    subscribe();
    const snapshot = await next('forecast_snapshot');
    expect(snapshot).toMatchObject({ id: 'f', step_ms: HOUR, interval: 0.95, time_zone: 'UTC' });
    const before = seriesOf(snapshot);
    expect(before.times).toEqual(Array.from({ length: 48 }, (_, index) => open - DAY + index * HOUR));
    const corrected = { values: ['gold'], startMs: open - 3 * HOUR, measures: [5_000] };
    await bridge.feeder.write(HOURLY, [corrected], open);
    const correction = await next('forecast_update');
    expect(correction).toMatchObject({ id: 'f', seq: 1, series: [{ from_ms: open - 3 * HOUR }] });
    expect(seriesOf(correction).actual[0]).toBe(5_000);
    expect(seriesOf(correction).score[0]).toBeGreaterThan(1);
    await bridge.feeder.write(HOURLY, [{ values: ['gold'], startMs: open, measures: [321] }], open + HOUR);
    const closed = await next('forecast_update');
    expect(closed).toMatchObject({ seq: 2, series: [{ from_ms: open, open_from_ms: open + HOUR }] });
    expect(seriesOf(closed).actual[0]).toBe(321);
    const query = { metric: HOURLY.name, fromMs: open, toMs: MAX_TIME_MS };
    const asked = await inlineForecasts(bridge.engine, Date.now).forecast(query, [], UNBOUNDED);
    expect(seriesOf(closed).expected).toEqual(Array.from(asked.series[0]!.expected));
  });

  test.each([
    ['an interval of 1', { forecast: { interval: 1 } }, 'invalid_forecast'],
    ['a horizon of a year', { forecast: { horizon_ms: 365 * DAY } }, 'invalid_forecast'],
    ['an unknown option', { forecast: { model: 'best' } }, 'invalid_forecast'],
    ['sessions', { metric: 'visits' }, 'invalid_forecast'],
    ['an unknown measure', { measure: 'no_such' }, 'unknown_measure'],
    ['open windows', { include_open: true }, 'bad_request'],
    ['events as well', { events: true }, 'bad_request'],
  ])('%s is refused, and the connection stays', async (_, over, code) => {
    subscribe(over);
    expect(await next('error')).toMatchObject({ id: 'f', code });
    subscribe({ from_ms: open });
    await next('forecast_snapshot');
  });
});
