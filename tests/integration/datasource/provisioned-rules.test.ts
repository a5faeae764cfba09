import { startBridge, type BridgeProcess } from '../../support/bridge-process';
import { evaluateRule, type Ask, type Instance } from '../../support/alerting/rule-evaluation';
import { ingest, metricsWithoutIdling, temporaryFolder } from '../../support/embedded-bridge';
import { pluginContext } from '../../support/plugin-host/plugin-context';
import { startPluginHost, type PluginHost } from '../../support/plugin-host/plugin-host';
import { readRuleGroups, ruleByUid } from '../../support/provisioned';
import { alteredBridge, type AlteredBridge } from './altered-bridge';

/**
 * Every provisioned rule on seeded events: its condition becomes true, and false again. Events are of some hours ago and
 * windows close by event time alone, so that each moment of the evaluation is the test's own.
 */

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** A whole hour, so that windows of five minutes begin here. */
const T0 = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 4 * HOUR_MS;
const minute = (count: number): number => T0 + count * MINUTE_MS;

const seen = new Set<string>();

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

  /** As Grafana's alerting asks: no user, no panel's width. */
  const ask: Ask = async (query, range) => {
    const context = pluginContext({ dataSource: { uid: 'streamkpi', url: altered.url }, user: null });
    const answers = await host.queryData(context, {
      ...range,
      queries: { [query.refId]: query.model },
      maxDataPoints: 43_200,
      intervalMs: 1_000,
      headers: { FromAlert: 'true' },
    });
    return answers.get(query.refId)!;
  };
  const evaluated = async (uid: string, atMs: number): Promise<readonly Instance[]> => {
    const instances = await evaluateRule(ruleByUid(uid), atMs, ask);
    for (const { state } of instances) seen.add(`${uid} ${state}`);
    return instances;
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

  test('every rule was seen in both states', () => {
    for (const { uid } of readRuleGroups().flatMap(({ rules }) => rules)) {
      expect([...seen]).toEqual(expect.arrayContaining([`${uid} Alerting`, `${uid} Normal`]));
    }
  });
});
