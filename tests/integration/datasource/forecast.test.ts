import type { DataFrame } from '@grafana/data';
import type { Metric } from '../../../backend-bridge/src/domain/metric';
import { frameMeta } from '../../../src/frames/frame-meta';
import { inOrder, readBySdk } from '../../support/alerting/sdk-reading';
import { valuesOf } from '../../support/alerting/values';
import { startFedBridge, type FedBridge } from '../../support/fed-bridge/fed-bridge';
import { LivePanel } from '../../support/live-schedule/live-panel';
import { openPage, type LivePage } from '../../support/live-schedule/live-page';
import { quickClock } from '../../support/live-schedule/quick-clock';
import { DataSources } from '../../support/plugin-host/data-sources';
import { fieldOf, type HostFrame } from '../../support/plugin-host/host-frame';
import { LiveServer } from '../../support/plugin-host/live-server';
import { pluginContext } from '../../support/plugin-host/plugin-context';
import { startPluginHost, type PluginHost } from '../../support/plugin-host/plugin-host';
import { DAY, measureOf, metricOf, MINUTE } from '../../support/sample-metrics';
import { createRandom } from '../../support/seeded-random';
import { answerTo, ask, bridgeAnswer, FROM_ALERT, metaOf, type Schemas } from './datasource-rig';
import { eventually } from '../../support/waiting';

/** Forecasts through a bridge with a real store and the real backend: panel, card, rule and annotation have one number. */

const HOUR = 60 * MINUTE;
const DAYS = 20;
const ORDERS: Metric = metricOf({
  name: 'orders_per_hour',
  title: 'Orders per hour',
  topic: 'orders',
  window: { type: 'tumbling', sizeMs: HOUR, advanceMs: HOUR, gapMs: 0, graceMs: 0 },
  dimensions: [{ name: 'segment', title: 'Segment', description: '' }],
  measures: [measureOf('value')],
  retentionMs: 60 * DAY,
});
const QUERY = { kind: 'forecast', metric: ORDERS.name };

describe('forecasts in the data source', () => {
  /** The first hour that has not closed. */
  const open = Math.floor(Date.now() / HOUR) * HOUR - 2 * HOUR;
  let bridge: FedBridge;
  let host: PluginHost;
  let page: LivePage;
  let live: LiveServer;
  const sources = new DataSources();
  const context = () => pluginContext({ dataSource: { uid: 'source', url: bridge.url }, user: null });
  const range = { fromMs: open - 2 * DAY, toMs: open + DAY };
  const put = (startMs: number, value: number, watermark = open): Promise<void> =>
    bridge.write(ORDERS, [{ values: ['gold'], startMs, measures: [value] }], watermark);

  beforeAll(async () => {
    [bridge, host] = await Promise.all([startFedBridge({ metrics: [ORDERS] }), startPluginHost()]);
    const random = createRandom(5);
    const points = Array.from({ length: DAYS * 24 }, (_, index) => {
      const startMs = open - (DAYS * 24 - index) * HOUR;
      const usual = 400 - 300 * Math.cos((2 * Math.PI * (startMs % DAY)) / DAY);
      return { values: ['gold'], startMs, measures: [Math.round(usual + 40 * random())] };
    });
    const late = { values: ['silver'], startMs: open - HOUR, measures: [7] };
    await bridge.write(ORDERS, [...points, late], open);
    sources.save(1, { uid: 'source', url: bridge.url });
    live = new LiveServer(host, sources.contextOf, { checkMs: 300 });
    const session = live.session({ retryMs: 50, lingerMs: 25 });
    page = openPage('source', { host, sources, session, clock: quickClock(createRandom(1)) });
  });
  afterAll(async () => {
    await live.close();
    await host.stop();
    await bridge.close();
    expect(bridge.faults).toEqual([]);
  });

  const COLUMNS = {
    Value: 'actual',
    Expected: 'expected',
    Lower: 'lower',
    Upper: 'upper',
    Score: 'score',
  } as const;
  const rowsOf = (frame: HostFrame | DataFrame): object =>
    Object.fromEntries(frame.fields.map(({ name, values }) => [name, [...(values as readonly unknown[])]]));
  const forecast = (over: object = {}): Promise<Schemas['ForecastAnswer']> => {
    const body = { metric: ORDERS.name, from_ms: range.fromMs, to_ms: range.toMs, ...over };
    return bridgeAnswer<Schemas['ForecastAnswer']>(bridge.url, '/api/v1/forecast', body);
  };

  test('a panel has the bits of the bridge, ready to be drawn, and the end of its range', async () => {
    const [gold, silver] = await ask(host, context(), QUERY, { ...range, maxDataPoints: 3 });
    const [bits] = (await forecast({ horizon_ms: DAY })).series;
    expect(fieldOf(gold!, 'Time').values).toEqual(bits!.times);
    expect(bits!.times).toHaveLength(72);
    for (const [name, column] of Object.entries(COLUMNS)) {
      expect([name, fieldOf(gold!, name).values]).toEqual([name, bits![column]]);
    }
    const upper = fieldOf(gold!, 'Upper').config as { custom: { fillBelowTo: string } };
    expect(upper.custom.fillBelowTo).toBe(fieldOf(gold!, 'Lower').config['displayNameFromDS']);
    expect(metaOf(gold!)).toMatchObject({ kind: 'forecast', open_from_ms: open, step_ms: HOUR });
    expect(gold!.meta.notices?.map(({ text }) => text)).toEqual([
      'Learning: 1 h of closed steps are there, 48 h are needed.',
    ]);
    expect(fieldOf(silver!, 'Expected').values.every((value) => value === null)).toBe(true);
  });

  test('a filter, a grouping and a time shift as for other kinds', async () => {
    const all = await ask(host, context(), { ...QUERY, groupBy: [] }, range);
    expect(all.map(({ fields }) => fields[1]!.labels)).toEqual([{}]);
    const filters = [{ dimension: 'segment', op: '=', values: ['gold'] }];
    const adhocFilters = [{ dimension: 'no_such', op: '=', values: ['x'] }];
    const shifted = { ...QUERY, filters, adhocFilters, timeShift: '1d' };
    const [later, ...others] = await ask(host, context(), shifted, range);
    expect(others).toEqual([]);
    const [bits] = (await forecast({ from_ms: range.fromMs - DAY, to_ms: range.toMs - DAY, filters })).series;
    expect(fieldOf(later!, 'Time').values[0]).toBe(bits!.times[0]! + DAY);
    expect(fieldOf(later!, 'Expected').values[0]).toBe(bits!.expected[0]);
    expect(later!.meta.notices?.[0]?.text).toContain('no_such');
  });

  test('a rule gets numbers of closed steps, which the SDK takes', async () => {
    const rule = { ...range, headers: FROM_ALERT };
    const { series } = await forecast({ horizon_ms: 0 });
    const answers = new Map(
      await Promise.all(
        ['score', 'expected', 'lower', 'upper', 'anomalous', 'anomalous_share', 'bands'].map(
          async (forecastAs) =>
            [forecastAs, await answerTo(host, context(), { ...QUERY, forecastAs }, rule)] as const,
        ),
      ),
    );
    const bySdk = readBySdk(new Map([...answers].map(([name, { arrow }]) => [name, arrow])));
    for (const [name, { frames, error }] of answers) {
      expect([name, error, frames.length]).toEqual([name, '', 1]);
      expect([name, bySdk.get(name)]).toEqual([name, { values: inOrder(valuesOf(frames)), error: '' }]);
    }
    // The series that is learning has none; bands are no number, so a rule gets the score.
    for (const name of ['score', 'bands']) {
      expect(fieldOf(answers.get(name)!.frames[0]!, 'Value').values).toEqual(series[0]!.score);
    }
  });

  test('a live panel follows a correction and a step that closes, and agrees with QueryData', async () => {
    const written = { epoch: 0, historyOf: () => [] };
    const { hub, runner, uid } = page;
    const query = { ...QUERY, filters: [{ dimension: 'segment', op: '=', values: ['gold'] }] } as never;
    const panel = new LivePanel('panel', { query, weight: 1 }, 'now-2d', 500, { hub, runner, uid, written });
    const valueAt = (time: number, name: string): unknown => {
      const [frame] = panel.frames;
      const row = (frame?.fields[0]?.values as number[] | undefined)?.indexOf(time) ?? -1;
      return frame?.fields.find((field) => field.name === name)?.values[row];
    };
    try {
      await eventually(() => panel.state === 'connected', 'the panel to be live', 60_000);
      await put(open - 3 * HOUR, 5_000);
      await eventually(() => valueAt(open - 3 * HOUR, 'Value') === 5_000, 'the correction', 60_000);
      expect(valueAt(open - 3 * HOUR, 'Score')).toBeGreaterThan(1);
      await put(open, 321, open + HOUR);
      await eventually(() => valueAt(open, 'Value') === 321, 'the step to close', 60_000);
      const [shown] = panel.frames;
      const times = shown!.fields[0]!.values as number[];
      const asked = await ask(host, context(), query, { fromMs: times[0]!, toMs: times.at(-1)! + 1 });
      expect(rowsOf(asked[0]!)).toEqual(rowsOf(shown!));
      expect(frameMeta(shown!)?.open_from_ms).toBe(open + HOUR);
    } finally {
      panel.close();
    }
  }, 180_000);

  test('the anomaly is an annotation, and the backtest counts it', async () => {
    const anomalies = await ask(host, context(), { ...QUERY, forecastAs: 'anomalies', live: false }, range);
    const row = fieldOf(anomalies[0]!, 'time').values.indexOf(open - 3 * HOUR);
    expect(row).toBeGreaterThanOrEqual(0);
    expect(fieldOf(anomalies[0]!, 'title').values[row]).toBe('Orders per hour');
    expect(fieldOf(anomalies[0]!, 'text').values[row]).toMatch(
      /^Higher than expected: 5000, where [\d.]+ \(\d+ to \d+\) was expected$/,
    );
    expect(fieldOf(anomalies[0]!, 'segment').values[row]).toBe('gold');
    const tested = { ...QUERY, forecastAs: 'backtest', direction: 'up' };
    const [table] = await ask(host, context(), tested, range);
    const bits = await bridgeAnswer<Schemas['BacktestAnswer']>(bridge.url, '/api/v1/backtest', {
      ...{ metric: ORDERS.name, from_ms: range.fromMs, to_ms: range.toMs, direction: 'up' },
    });
    expect(bits.series[0]!.alarm_count).toBeGreaterThan(0);
    expect(fieldOf(table!, 'segment').values).toEqual(['gold', 'silver']);
    expect(fieldOf(table!, 'alarms').values).toEqual(bits.series.map(({ alarm_count }) => alarm_count));
    expect(fieldOf(table!, 'coverage').values).toEqual(bits.series.map(({ coverage }) => coverage));
  });

  test.each([
    [{ timeZone: 'Mars/Olympus' }, 'Mars/Olympus'],
    [{ band: 1 }, '"band" is 1; it must be a number from 0.5 to 0.999'],
    [{ horizon: '365d' }, 'horizon'],
    [{ direction: 'sideways' }, 'known are up, down, both'],
  ])('%j is refused with a sentence', async (part, word) => {
    const { error, status } = await answerTo(host, context(), { ...QUERY, ...part }, range);
    expect(error).toContain(word);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
  });
});
