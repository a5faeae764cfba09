import { setTimeout as sleep } from 'node:timers/promises';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { startBridge, type BridgeProcess } from '../../support/bridge-process';
import { query, runToEnd, summary, temporaryFolder, type QueryAnswer } from '../../support/embedded-bridge';
import { OriginalDashboard } from '../../support/original-dashboard';
import { comparedAnswer } from '../../support/selection-copy';
import { WsClient } from '../../support/ws-client';
import { eventually } from '../../support/waiting';

/** A newcomer's first minutes: nothing but Node, an empty folder, the demo, a client of the original protocol. */

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const METRICS = ['events_per_minute', 'revenue_per_minute', 'high_activity_alert', 'active_users_per_minute'];

const everything = (bridge: BridgeProcess, metric: string): Promise<QueryAnswer> => {
  const now = Date.now();
  return query(bridge, { metric, from_ms: now - DAY_MS, to_ms: now + HOUR_MS });
};

describe('a fresh start with the demo', () => {
  const folder = temporaryFolder();
  const environment = { STORE_PATH: `${folder.path}/data` };
  let bridge: BridgeProcess;

  beforeAll(async () => {
    bridge = await startBridge(environment);
    await bridge.ready(60_000);
  });
  afterAll(async () => {
    await bridge.kill9();
    folder.remove();
  });

  test('has the last hour at once, and numbers that move', async () => {
    const now = Date.now();
    const body = { metric: 'events_per_minute', from_ms: now - HOUR_MS, to_ms: now + 60_000, group_by: [] };
    const lastHour = async (): Promise<QueryAnswer> => query(bridge, body);
    // The history is filled in right after the bridge is ready.
    const first = await eventually(async () => {
      const answer = await lastHour();
      return (answer.series[0]?.times.length ?? 0) >= 59 && answer;
    }, 'the last hour');
    expect(first.series).toHaveLength(1);
    const { times, values } = first.series[0]!;
    expect(times.length).toBeGreaterThanOrEqual(59);
    expect(values.every((value) => value !== null && value > 0)).toBe(true);
    times.slice(1).forEach((time, i) => expect(time - times[i]!).toBe(60_000));

    const second = await eventually(async () => {
      const now = await lastHour();
      const isSame = isDeepStrictEqual(comparedAnswer(now.series), comparedAnswer(first.series));
      return !isSame && now.watermark_ms! > first.watermark_ms! && now;
    }, 'the numbers move');
    expect(Date.now() - second.watermark_ms!).toBeLessThan(60_000);
  });

  test('has three weeks by the hour, which follow the time of the day', async () => {
    const now = Date.now();
    // The weeks are filled in beside live traffic.
    const { times, values } = await eventually(async () => {
      const { series } = await query(bridge, {
        metric: 'events_per_minute',
        from_ms: now - 21 * DAY_MS,
        to_ms: now,
        step_ms: HOUR_MS,
        over_time: 'sum',
        group_by: [],
        include_open: false,
      });
      const [found] = series;
      return found !== undefined && found.times.length >= 21 * 24 - 2 && found;
    }, 'the weeks are there');
    times.slice(1).forEach((time, i) => expect(time - times[i]!).toBe(HOUR_MS));
    const at = (hour: number): number => {
      const own = values.filter((_, i) => new Date(times[i]!).getUTCHours() === hour) as number[];
      return own.reduce((sum, value) => sum + value, 0) / own.length;
    };
    expect(at(15)).toBeGreaterThan(2 * at(3));
  });

  test('a client of the original protocol works as it is', async () => {
    const dashboard = await OriginalDashboard.open(bridge.wsUrl);
    const { client } = dashboard;
    await client.first('historical_data');
    expect(client.messages[0]!.type).toBe('current_state');
    expect(Object.keys(dashboard.metrics).sort()).toEqual(METRICS.map((name) => `${name}:aggregator`).sort());
    for (const aggregator of Object.values(dashboard.metrics)) {
      const { count, sum, min, max, avg, last_value, last_update } = aggregator;
      expect(count).toBeGreaterThan(0);
      expect(avg).toBeCloseTo(sum! / count!, 9);
      expect(min!).toBeLessThanOrEqual(last_value!);
      expect(max!).toBeGreaterThanOrEqual(last_value!);
      expect(Number.isNaN(Date.parse(last_update!))).toBe(false);
    }
    const history = (await client.first('historical_data'))['data'] as { timestamp: string }[];
    expect(history.length).toBeGreaterThanOrEqual(100);
    const times = history.map(({ timestamp }) => Date.parse(timestamp));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times[0]!).toBeGreaterThanOrEqual(Date.now() - HOUR_MS - 60_000);

    dashboard.ask('revenue_per_minute');
    await client.first('historical_data', (message) => message['metric_name'] === 'revenue_per_minute');
    await client.until(
      () => new Set(dashboard.updates.map(({ metric_name }) => metric_name)).size >= 3,
      'updates of several metrics',
    );
    // The first one may be of a window that has just closed.
    const update = await client.until(
      () =>
        dashboard.updates.find(
          ({ metric_name, metadata }) => metric_name === 'revenue_per_minute' && metadata['open'] === true,
        ),
      'revenue of an open window',
    );
    expect(typeof update.metadata['transaction_count']).toBe('number');
    expect(dashboard.unknown).toEqual([]);
    await client.close();
  });

  test('subscribe_metric tells only what was subscribed', async () => {
    const client = await WsClient.open(bridge.wsUrl);
    await client.first('current_state');
    client.send({ type: 'subscribe_metric', metric_name: 'active_users_per_minute' });
    await sleep(500);
    const before = client.messages.length;
    await client.until(
      () =>
        client.messages.slice(before).filter(({ type }) => type === 'metric_update').length >= 3 || undefined,
      'updates of the metric',
    );
    const names = client.messages
      .slice(before)
      .map(({ data }) => (data as { metric_name: string }).metric_name);
    expect(new Set(names)).toEqual(new Set(['active_users_per_minute']));
    await client.close();
  });

  test('SIGTERM drains; the next start finds history, aggregators and open windows as they were', async () => {
    const client = await WsClient.open(bridge.wsUrl);
    await client.first('current_state');
    const before = new Map<string, QueryAnswer>();
    for (const metric of METRICS) before.set(metric, await everything(bridge, metric));

    const began = Date.now();
    expect(await bridge.stop()).toBe(0);
    expect(Date.now() - began).toBeLessThan(30_000);
    expect(await client.closeCode()).toBe(1001);

    // Without traffic everything stands still, and can be compared to the digit.
    bridge = await startBridge({ ...environment, DEMO: 'off' });
    await bridge.ready();
    const standing = new Map<string, QueryAnswer>();
    const again = await WsClient.open(bridge.wsUrl);
    const state = (await again.first('current_state'))['data'] as Record<string, Record<string, number>>;
    for (const metric of METRICS) {
      const now = await everything(bridge, metric);
      standing.set(metric, now);
      expect(now.store_epoch).toBe(before.get(metric)!.store_epoch);
      const found = new Map(comparedAnswer(now.series).map((series) => [series.labels, series]));
      for (const old of comparedAnswer(before.get(metric)!.series)) {
        const points = new Map(found.get(old.labels)!.points.map((point) => [point[0], point]));
        for (const [time, value, revision] of old.points) {
          const [, valueNow, revisionNow] = points.get(time)!;
          expect(revisionNow).toBeGreaterThanOrEqual(revision);
          if (revisionNow === revision) expect(valueNow).toBe(value);
        }
      }

      // Every window of every series once, with its newest value: recounted from the query.
      const values = now.series.flatMap((series) => series.values as number[]);
      const aggregator = state[`${metric}:aggregator`]!;
      expect(aggregator['count']).toBe(values.length);
      expect(aggregator['min']).toBe(Math.min(...values));
      expect(aggregator['max']).toBe(Math.max(...values));
      expect(aggregator['sum']).toBeCloseTo(
        values.reduce((sum, value) => sum + value, 0),
        6,
      );
    }
    // The aggregator counts windows; the demo's steps lie before them.
    const windows = standing.get('revenue_per_minute')!.series.map(({ times }) => times[0]!);
    const total = await summary(bridge, {
      metric: 'revenue_per_minute',
      from_ms: Math.min(...windows),
      to_ms: Date.now() + HOUR_MS,
      group_by: [],
      include_open: true,
    });
    expect(state['revenue_per_minute:aggregator']!['sum']).toBe(total.series[0]!.sum);
    await again.close();
    expect(await bridge.stop()).toBe(0);

    // With traffic again the open windows continue from where they were: no count starts again.
    bridge = await startBridge(environment);
    await bridge.ready();
    await sleep(1_500);
    for (const metric of METRICS) {
      const now = await everything(bridge, metric);
      const found = new Map(comparedAnswer(now.series).map((series) => [series.labels, series]));
      for (const old of comparedAnswer(standing.get(metric)!.series)) {
        const points = new Map(found.get(old.labels)!.points.map((point) => [point[0], point]));
        for (const [time, value, revision] of old.points) {
          const [, valueNow, revisionNow] = points.get(time)!;
          expect(revisionNow).toBeGreaterThanOrEqual(revision);
          // Counts and revenue only grow.
          expect(valueNow!).toBeGreaterThanOrEqual(value!);
        }
      }
    }
    expect(await bridge.stop()).toBe(0);
  });
});

describe('a start that is refused', () => {
  const folder = temporaryFolder();
  const environment = { STORE_PATH: `${folder.path}/data`, DEMO: 'off', BRIDGE_PORT: '0' };
  afterAll(() => folder.remove());

  test('the port is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const run = await runToEnd({ ...environment, BRIDGE_PORT: String(port) });
    other.close();
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(new RegExp(`${port}`));
    expect(run.stderr).toMatch(/in use/i);
    expect(run.stderr).not.toMatch(/\n\s+at /);
  });

  test('another bridge holds the folder', async () => {
    const first = await startBridge({ STORE_PATH: `${folder.path}/shared`, DEMO: 'off' });
    await first.ready();
    const run = await runToEnd({ ...environment, STORE_PATH: `${folder.path}/shared` });
    expect(await first.stop()).toBe(0);
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(/shared/);
  });
});
