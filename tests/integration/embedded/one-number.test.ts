import { setTimeout as sleep } from 'node:timers/promises';
import { startBridge, type BridgeProcess } from '../../support/bridge-process';
import {
  ingest,
  putProfiles,
  query,
  queryEvents,
  summary,
  temporaryFolder,
  type QueryBody,
} from '../../support/embedded-bridge';
import { plainSum } from '../../support/history-windows';
import { OriginalDashboard } from '../../support/original-dashboard';
import { eventsAround, MINUTE_MS, recount, type RawEvent } from '../../support/raw-events';
import { comparedAnswer, EventsCopy, SelectionCopy, type SeriesMessage } from '../../support/selection-copy';
import { WsClient, type Message } from '../../support/ws-client';
import { eventually } from '../../support/waiting';
import { createRandom } from '../../support/seeded-random';

/**
 * One query, one number: at one standing watermark every way to ask gives the same digits. A fixed set of events
 * is ingested, the windows become final, and then nothing moves any more.
 */

const SEGMENTS: Readonly<Record<string, string>> = {
  ann: 'gold',
  ben: 'gold',
  cid: 'silver',
  dee: 'basic',
  eve: 'bronze',
};
const TRAFFIC = { users: [...Object.keys(SEGMENTS), 'gus'], busyUser: 'hal', tooLate: 0.02 };
const segmentOf = (user: string): string => SEGMENTS[user] ?? 'unknown';
const REVENUE = 'revenue_per_minute';
const MEASURES = ['value', 'transaction_count', 'avg_transaction_value', 'amount_count'];

/** What `subscribe_metric` is asked with before a single event is there. */
const LIVE: Readonly<Record<string, object>> = {
  each: { metric: REVENUE },
  one: { metric: REVENUE, group_by: [] },
  steps: { metric: REVENUE, group_by: [], step_ms: 5 * MINUTE_MS, over_time: 'sum' },
  average: { metric: REVENUE, group_by: [], measure: 'avg_transaction_value', step_ms: 10 * MINUTE_MS },
  closed: { metric: REVENUE, group_by: [], include_open: false },
  alerts: { metric: 'high_activity_alert', events: true },
};

interface HistoricalPoint {
  readonly timestamp: string;
  readonly value: number | null;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

describe('at one standing watermark', () => {
  const folder = temporaryFolder();
  const sent: RawEvent[] = [];
  const copies = new Map(Object.keys(LIVE).map((name) => [name, new SelectionCopy()]));
  const alerts = new EventsCopy();
  let bridge: BridgeProcess;
  let live: WsClient;
  let fromMs: number;
  let toMs: number;

  const range = (metric: string, more: object = {}): QueryBody => ({
    metric,
    from_ms: fromMs,
    to_ms: toMs,
    ...more,
  });
  const answer = async (metric: string, more: object = {}): Promise<readonly SeriesMessage[]> =>
    (await query(bridge, range(metric, more))).series;

  beforeAll(async () => {
    bridge = await startBridge({ STORE_PATH: `${folder.path}/data`, DEMO: 'off' });
    await bridge.ready();
    await putProfiles(bridge, SEGMENTS);
    // Half an hour, an hour ago: all of it closes by the clock soon after it was read.
    fromMs = Math.floor((Date.now() - 5_400_000) / (30 * MINUTE_MS)) * 30 * MINUTE_MS;
    toMs = fromMs + 40 * MINUTE_MS;
    const take = (message: Message): void => {
      copies.get(message['id'] as string)?.apply(message);
      if (message['id'] === 'alerts') alerts.apply(message);
    };
    live = await WsClient.open(bridge.wsUrl, { onMessage: take });
    for (const [id, selection] of Object.entries(LIVE)) {
      live.send({ type: 'subscribe_metric', id, from_ms: fromMs, ...selection });
    }
    const random = createRandom(7);
    for (let now = fromMs + 30_000; now < fromMs + 30 * MINUTE_MS; now += 10_000) {
      const batch = eventsAround(now, 20, TRAFFIC, random);
      sent.push(...batch);
      expect((await ingest(bridge, batch)).accepted).toBe(batch.length);
      if (now % MINUTE_MS !== 0) continue;
      // Aggregators are read while windows still change: no revision may count again.
      const visitor = await WsClient.open(bridge.wsUrl);
      await visitor.first('current_state');
      visitor.drop();
    }
    for (const metric of [REVENUE, 'high_activity_alert', 'events_per_minute', 'active_users_per_minute']) {
      await eventually(async () => {
        const series = await answer(metric);
        return series.length > 0 && series.every(({ open_from_ms }) => open_from_ms === undefined);
      }, `all of ${metric} to be final`);
    }
    // What has just become final is sent to subscribers too.
    await sleep(1_500);
  });
  afterAll(async () => {
    live.drop();
    await bridge.kill9();
    folder.remove();
  });

  test('the numbers are those of a plain recount', async () => {
    const expected = recount(sent, segmentOf);
    const points = async (metric: string, label: string, measure = 'value'): Promise<Map<string, number>> =>
      new Map(
        (await answer(metric, { measure })).flatMap(({ labels, times, values }) =>
          times.map((time, i): [string, number] => [`${labels[label] ?? ''}|${time}`, values[i]!]),
        ),
      );
    expect(await points('events_per_minute', 'segment')).toEqual(expected.events);
    expect(await points(REVENUE, 'segment')).toEqual(expected.revenue);
    expect(await points(REVENUE, 'segment', 'transaction_count')).toEqual(expected.transactions);
    expect(await points(REVENUE, 'segment', 'amount_count')).toEqual(expected.amounts);
    expect(await points('active_users_per_minute', '')).toEqual(expected.activeUsers);
    expect(await points('high_activity_alert', 'user_id')).toEqual(expected.highActivity);
    expect(expected.highActivity.size).toBeGreaterThan(0);
  });

  test('a live subscription holds what a query answers', async () => {
    for (const [name, { metric, ...selectors }] of Object.entries(LIVE) as [string, { metric: string }][]) {
      if (name === 'alerts') continue;
      const copy = copies.get(name)!;
      expect(copy.faults).toEqual([]);
      expect(copy.updates).toBeGreaterThan(10);
      expect({ name, series: copy.compared() }).toEqual({
        name,
        series: comparedAnswer(await answer(metric, selectors)),
      });
    }
    const { events } = await queryEvents(bridge, range('high_activity_alert'));
    expect(alerts.faults).toEqual([]);
    expect(alerts.events()).toEqual(events);
    expect(events.length).toBeGreaterThan(0);
  });

  test('a fresh snapshot holds the same', async () => {
    const client = await WsClient.open(bridge.wsUrl);
    for (const [id, selection] of Object.entries(LIVE)) {
      client.send({ type: 'subscribe_metric', id, from_ms: fromMs, ...selection });
    }
    for (const id of Object.keys(LIVE)) {
      if (id === 'alerts') continue;
      const message = await client.first('subscribed', (one) => one['id'] === id);
      expect(comparedAnswer(message['series'] as SeriesMessage[])).toEqual(copies.get(id)!.compared());
    }
    const snapshot = await client.first('events_snapshot');
    expect(snapshot['events']).toEqual(alerts.events());
    await client.close();
  });

  test('events are the points of their metric', async () => {
    const points = (await answer('high_activity_alert')).flatMap(({ labels, times, values, revisions }) =>
      times.map((time_ms, i) => ({ labels, time_ms, value: values[i], revision: revisions[i] })),
    );
    const { events } = await queryEvents(bridge, range('high_activity_alert'));
    const byTime = (a: { time_ms: number }, b: { time_ms: number }): number => b.time_ms - a.time_ms;
    expect(
      events.map(({ labels, time_ms, value, revision }) => ({ labels, time_ms, value, revision })),
    ).toEqual([...points].sort(byTime));
    expect(events.every(({ state }) => state === 'resolved')).toBe(true);
  });

  test('a summary is that of the points', async () => {
    for (const more of [
      {},
      { group_by: [] },
      { filters: [{ dimension: 'segment', op: '=', values: ['gold'] }] },
    ]) {
      const asked = await answer(REVENUE, more);
      const { series } = await summary(bridge, range(REVENUE, more));
      expect(series.map(({ labels }) => labels)).toEqual(asked.map(({ labels }) => labels));
      series.forEach((one, i) => {
        const times = asked[i]!.times;
        const values = asked[i]!.values as number[];
        const sum = plainSum(values);
        const last = values.at(-1)!;
        const previous = times.at(-1)! - times.at(-2)! === MINUTE_MS ? values.at(-2)! : null;
        expect(one).toMatchObject({
          last,
          last_time_ms: times.at(-1),
          previous,
          delta: previous === null ? null : last - previous,
          min: Math.min(...values),
          max: Math.max(...values),
          sum,
          avg: sum / values.length,
          count: values.length,
        });
      });
    }
    // The average over the range is the same as one step over it: never an average of averages.
    const [whole] = (
      await summary(
        bridge,
        range(REVENUE, { measure: 'avg_transaction_value', group_by: [], to_ms: fromMs + 30 * MINUTE_MS }),
      )
    ).series;
    const [step] = await answer(REVENUE, {
      measure: 'avg_transaction_value',
      group_by: [],
      step_ms: 30 * MINUTE_MS,
    });
    expect(whole!.avg).toBe(step!.values[0]);
    const [revenue] = (await summary(bridge, range(REVENUE, { group_by: [] }))).series;
    const [amounts] = (await summary(bridge, range(REVENUE, { group_by: [], measure: 'amount_count' })))
      .series;
    const [all] = (await summary(bridge, range(REVENUE, { group_by: [], measure: 'avg_transaction_value' })))
      .series;
    expect(all!.avg).toBe(revenue!.sum! / amounts!.sum!);
  });

  test('historical_data has the same points, with all their measures', async () => {
    const dashboard = await OriginalDashboard.open(bridge.wsUrl);
    dashboard.ask(REVENUE, 3 * 3_600);
    const message = await dashboard.client.first('historical_data', (one) => one['metric_name'] === REVENUE);
    const expected = new Map<string, HistoricalPoint>();
    for (const measure of MEASURES) {
      for (const { labels, times, values, revisions } of await answer(REVENUE, { measure })) {
        times.forEach((time, i) => {
          const timestamp = new Date(time).toISOString();
          const key = `${timestamp} ${labels['segment']!}`;
          const known = expected.get(key);
          const value = measure === 'value' ? values[i]! : known!.value;
          const own = measure === 'value' ? {} : { [measure]: values[i] };
          const metadata = {
            ...known?.metadata,
            ...own,
            revision: revisions[i],
            open: false,
            window_end: new Date(time + MINUTE_MS).toISOString(),
          };
          expected.set(key, { timestamp, value, dimensions: labels, metadata });
        });
      }
    }
    const inOrder = [...expected].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, point]) => point);
    expect(message['data']).toEqual(inOrder);
    expect(inOrder.length).toBeGreaterThan(100);
    await dashboard.client.close();
  });

  test('current_state counts every point once', async () => {
    const client = await WsClient.open(bridge.wsUrl);
    const state = (await client.first('current_state'))['data'] as Record<string, Record<string, number>>;
    for (const metric of [REVENUE, 'events_per_minute', 'high_activity_alert', 'active_users_per_minute']) {
      const series = await answer(metric);
      const values = series.flatMap((one) => one.values as number[]);
      // First across the series, window by window, then over time: the same bits everywhere.
      const [total] =
        metric === 'active_users_per_minute'
          ? (await summary(bridge, range(metric))).series
          : (await summary(bridge, range(metric, { group_by: [] }))).series;
      const sum = metric === 'active_users_per_minute' ? values.reduce((a, b) => a + b, 0) : total!.sum!;
      expect({ metric, ...state[`${metric}:aggregator`] }).toMatchObject({
        metric,
        count: values.length,
        sum,
        min: Math.min(...values),
        max: Math.max(...values),
        avg: sum / values.length,
      });
    }
    await client.close();
  });

  test('and the same after a restart', async () => {
    const before = await Promise.all(
      Object.values(LIVE)
        .slice(0, 5)
        .map((selection) => answer(REVENUE, { ...selection })),
    );
    const events = await queryEvents(bridge, range('high_activity_alert'));
    await bridge.kill9();
    bridge = await startBridge({ STORE_PATH: `${folder.path}/data`, DEMO: 'off' });
    await bridge.ready();
    const after = await Promise.all(
      Object.values(LIVE)
        .slice(0, 5)
        .map((selection) => answer(REVENUE, { ...selection })),
    );
    expect(after).toEqual(before);
    expect((await queryEvents(bridge, range('high_activity_alert'))).events).toEqual(events.events);
  });
});
