import { join } from 'node:path';
import { readMetricsFile } from '../../../backend-bridge/src/config/metrics-file';
import type { Metric } from '../../../backend-bridge/src/domain/metric';
import { startBridge, type BridgeProcess } from '../../support/bridge-process';
import { evaluateRule, type Instance } from '../../support/alerting/rule-evaluation';
import { ingest, metricsWithoutIdling, temporaryFolder } from '../../support/embedded-bridge';
import { startFedBridge, type FedBridge } from '../../support/fed-bridge/fed-bridge';
import { pluginContext, type PluginContext } from '../../support/plugin-host/plugin-context';
import { startPluginHost, type PluginHost } from '../../support/plugin-host/plugin-host';
import { readRuleGroups, ruleByUid } from '../../support/provisioned';
import { createRandom } from '../../support/seeded-random';
import { alteredBridge, type AlteredBridge } from './altered-bridge';

/**
 * Every provisioned rule on seeded events: its condition becomes true, and false again. Events are of some hours ago and
 * windows close by event time alone, so that each moment of the evaluation is the test's own.
 */

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DEFAULT_METRICS = join(__dirname, '../../../backend-bridge/metrics.yaml');
/** A whole hour, so that windows of five minutes begin here. */
const T0 = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 4 * HOUR_MS;
const minute = (count: number): number => T0 + count * MINUTE_MS;

const seen = new Set<string>();

/** As Grafana's alerting asks: no user, no panel's width. */
async function evaluatedBy(
  host: PluginHost,
  context: PluginContext,
  uid: string,
  atMs: number,
): Promise<readonly Instance[]> {
  const instances = await evaluateRule(ruleByUid(uid), atMs, async (query, range) => {
    const answers = await host.queryData(context, {
      ...range,
      queries: { [query.refId]: query.model },
      maxDataPoints: 43_200,
      intervalMs: 1_000,
      headers: { FromAlert: 'true' },
    });
    return answers.get(query.refId)!;
  });
  for (const { state } of instances) seen.add(`${uid} ${state}`);
  return instances;
}

describe('the alert rules on seeded events', () => {
  const folder = temporaryFolder();
  const environment = {
    STORE_PATH: `${folder.path}/data`,
    METRICS_FILE: folder.file('metrics.yaml', metricsWithoutIdling()),
    DEMO: 'off',
  };
  let bridge: BridgeProcess;
  let altered: AlteredBridge;
  let host: PluginHost;

  beforeAll(async () => {
    [bridge, host] = await Promise.all([startBridge(environment), startPluginHost()]);
    await bridge.ready(60_000);
    altered = await alteredBridge(bridge.url);
  });
  afterAll(async () => {
    await host.stop();
    await altered.close();
    await bridge.kill9();
    folder.remove();
  });

  const evaluated = async (uid: string, atMs: number): Promise<readonly Instance[]> => {
    const context = pluginContext({ dataSource: { uid: 'streamkpi', url: altered.url }, user: null });
    return evaluatedBy(host, context, uid, atMs);
  };
  const states = async (uid: string, atMs: number): Promise<string[]> =>
    (await evaluated(uid, atMs)).map(({ state }) => state);

  const happened = async (events: readonly object[]): Promise<void> => {
    const answer = await ingest(bridge, events);
    expect(answer).toEqual({ accepted: events.length, rejected: [] });
  };
  const event = (atMs: number, userId = 'somebody'): object => ({
    user_id: userId,
    event_type: 'view',
    timestamp: atMs,
    properties: {},
  });
  /** Purchases of `amount` in each of the minutes. */
  const purchases = (from: number, to: number, amount: number): object[] =>
    Array.from({ length: to - from }, (_, i) => ({
      user_id: `buyer-${(from + i) % 7}`,
      event_type: 'purchase',
      timestamp: minute(from + i) + 5_000,
      properties: { amount },
    }));

  test('revenue drops against the hour before, down to nothing, and comes back', async () => {
    const uid = 'streamkpi-revenue-drop';
    // Nothing an hour ago: nothing to compare with.
    await happened(purchases(0, 77, 100));
    expect(await states(uid, minute(20))).toEqual(['Normal']);
    expect(await evaluated(uid, minute(80))).toEqual([{ labels: {}, state: 'Normal' }]);

    await happened(purchases(77, 92, 20));
    expect(await states(uid, minute(95))).toEqual(['Alerting']);

    // Half an hour earlier it was as low; an hour earlier it was not.
    await happened(purchases(92, 122, 20));
    expect(await states(uid, minute(125))).toEqual(['Alerting']);

    // Not one purchase in the newest quarter, while other things happen: that is no lack of data.
    await happened([event(minute(130)), event(minute(136))]);
    expect(await evaluated(uid, minute(142))).toEqual([{ labels: {}, state: 'Alerting' }]);

    await happened(purchases(137, 154, 100));
    expect(await states(uid, minute(157))).toEqual(['Normal']);
  });

  test('no events for ten minutes, and then some again', async () => {
    const uid = 'streamkpi-no-events';
    await happened([event(minute(155)), event(minute(156)), event(minute(158))]);
    expect(await evaluated(uid, minute(159))).toEqual([{ labels: {}, state: 'Normal' }]);
    expect(await states(uid, minute(165))).toEqual(['Normal']);
    // The last closed window begins at minute 156; the one of minute 158 is still open, and does not count.
    expect(await states(uid, minute(167))).toEqual(['Alerting']);
    await happened([event(minute(168)), event(minute(170))]);
    expect(await states(uid, minute(171))).toEqual(['Normal']);
  });

  test('a user is unusually active, until the window is final', async () => {
    const uid = 'streamkpi-high-activity';
    const burst = (userId: string, count: number): object[] =>
      Array.from({ length: count }, (_, i) => event(minute(190) + i * 1_000, userId));
    expect(await states(uid, minute(190))).toEqual(['Normal']);
    await happened([...burst('busy', 101), ...burst('at-the-limit', 100)]);
    expect(await evaluated(uid, minute(193))).toEqual([{ labels: { user_id: 'busy' }, state: 'Alerting' }]);
    await happened([...burst('late-riser', 130)]);
    const both = await evaluated(uid, minute(193));
    expect(both.map(({ labels, state }) => [labels['user_id'], state]).sort()).toEqual([
      ['busy', 'Alerting'],
      ['late-riser', 'Alerting'],
    ]);
    await happened([event(minute(197))]);
    expect(await states(uid, minute(198))).toEqual(['Normal']);
  });

  test('the pipeline is not fresh, and is again', async () => {
    const uid = 'streamkpi-freshness';
    const metric = { metric: 'events_per_minute' };
    // Everything so far is of some time ago. Of the one metric only: a rare one may be old.
    expect(await evaluated(uid, Date.now())).toEqual([{ labels: metric, state: 'Alerting' }]);
    await happened([event(Date.now())]);
    expect(await evaluated(uid, Date.now())).toEqual([{ labels: metric, state: 'Normal' }]);
  });

  test('one topic lags, and catches up', async () => {
    const uid = 'streamkpi-lag';
    const lagging = (lag: number): void =>
      altered.status((status) => ({
        ...status,
        source: {
          ...status.source,
          topics: status.source.topics.map((topic) =>
            topic.topic === 'revenue_per_minute' ? { ...topic, lag } : topic,
          ),
        },
      }));
    lagging(10_001);
    const instances = await evaluated(uid, Date.now());
    expect(instances).toHaveLength(4);
    expect(instances.filter(({ state }) => state !== 'Normal')).toEqual([
      { labels: { topic: 'revenue_per_minute', metric: 'revenue_per_minute' }, state: 'Alerting' },
    ]);
    lagging(10_000);
    expect(new Set(await states(uid, Date.now()))).toEqual(new Set(['Normal']));
    altered.status((status) => status);
  });

  test('a hop fails; the bridge is gone; it is back', async () => {
    const uid = 'streamkpi-not-ready';
    expect(new Set(await states(uid, Date.now()))).toEqual(new Set(['Normal']));
    altered.status((status) => ({
      ...status,
      ready: false,
      store: { ...status.store, state: 'failing', message: 'The store does not answer' },
    }));
    const failing = (await evaluated(uid, Date.now())).filter(({ state }) => state !== 'Normal');
    expect(failing).toEqual([{ labels: { hop: 'store' }, state: 'Alerting' }]);
    altered.status((status) => status);

    await bridge.stop();
    const [gone] = await evaluated(uid, Date.now());
    expect(gone).toMatchObject({ labels: {}, state: 'Alerting' });
    expect(gone!.because).not.toBe('');
    // The others could not ask either, take it for no empty answer, and keep their state.
    for (const rule of readRuleGroups().flatMap(({ rules }) => rules)) {
      if (rule.uid === uid) continue;
      expect([rule.uid, await states(rule.uid, minute(159))]).toEqual([rule.uid, ['KeepLast']]);
    }
    bridge = await startBridge({ ...environment, BRIDGE_PORT: String(bridge.port) });
    await bridge.ready(60_000);
    expect(new Set(await states(uid, Date.now()))).toEqual(new Set(['Normal']));
  });
});

describe('the alert rules on forecasts, over a fortnight of steps', () => {
  const [EVENTS, REVENUE] = readMetricsFile(DEFAULT_METRICS).map(
    // Written in seconds, not in days: no window is to become a step meanwhile.
    ({ metric }): Metric => ({ ...metric, retentionMs: 30 * DAY_MS, history: [] }),
  ) as [Metric, Metric];
  const STEP_MS = 5 * MINUTE_MS;
  const random = createRandom(3);
  let bridge: FedBridge;
  let host: PluginHost;

  /** One window a step, of this multiple of the usual value; 0: none. Then the steps close. */
  const happened = async (metric: Metric, from: number, factors: readonly number[]): Promise<void> => {
    const points = factors.flatMap((factor, row) => {
      const startMs = T0 + (from + row) * STEP_MS;
      const usual = 400 - 200 * Math.cos((2 * Math.PI * (startMs % DAY_MS)) / DAY_MS) + 40 * random();
      return factor === 0 ? [] : [{ values: ['basic'], startMs, measures: [Math.round(factor * usual)] }];
    });
    const endMs = T0 + (from + factors.length) * STEP_MS;
    await bridge.write(metric, points, endMs + metric.window.graceMs);
  };
  /** A minute after the first `count` steps from T0 on have closed. */
  const states = async (uid: string, count: number): Promise<string[]> => {
    const context = pluginContext({ dataSource: { uid: 'streamkpi', url: bridge.url }, user: null });
    const instances = await evaluatedBy(host, context, uid, T0 + count * STEP_MS + MINUTE_MS);
    return instances.map(({ state }) => state);
  };

  beforeAll(async () => {
    [bridge, host] = await Promise.all([startFedBridge({ metrics: [EVENTS, REVENUE] }), startPluginHost()]);
    const before = (14 * DAY_MS) / STEP_MS;
    const asUsual = Array.from({ length: before }, () => 1);
    for (const metric of [EVENTS, REVENUE]) await happened(metric, -before, asUsual);
  });
  afterAll(async () => {
    await host.stop();
    await bridge.close();
    expect(bridge.faults).toEqual([]);
  });

  test('events are more than expected, as expected, and none at all', async () => {
    const uid = 'streamkpi-events-unusual';
    expect(await states(uid, 0)).toEqual(['Normal']);
    await happened(EVENTS, 0, [4]);
    expect(await states(uid, 1)).toEqual(['Alerting']);
    await happened(EVENTS, 1, [1]);
    expect(await states(uid, 2)).toEqual(['Normal']);
    await happened(EVENTS, 2, [0]);
    expect(await states(uid, 3)).toEqual(['Alerting']);
    await happened(EVENTS, 3, [1]);
    expect(await states(uid, 4)).toEqual(['Normal']);
    // Nothing has closed for longer than the range: that says nothing.
    expect(await states(uid, 8)).toEqual(['KeepLast']);
  });

  test('revenue is more than expected, which is no fault, and less', async () => {
    const uid = 'streamkpi-revenue-low';
    expect(await states(uid, 0)).toEqual(['Normal']);
    await happened(REVENUE, 0, [4]);
    expect(await states(uid, 1)).toEqual(['Normal']);
    await happened(REVENUE, 1, [1, 0.2]);
    expect(await states(uid, 3)).toEqual(['Alerting']);
    await happened(REVENUE, 3, [1]);
    expect(await states(uid, 4)).toEqual(['Normal']);
  });
});

describe('the alert rules', () => {
  test('every one was seen in both states', () => {
    for (const { uid } of readRuleGroups().flatMap(({ rules }) => rules)) {
      expect([...seen]).toEqual(expect.arrayContaining([`${uid} Alerting`, `${uid} Normal`]));
    }
  });
});
