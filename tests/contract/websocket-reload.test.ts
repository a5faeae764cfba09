import type { Metric } from '../../backend-bridge/src/domain/metric';
import { MINUTE } from '../support/sample-metrics';
import { SelectionCopy } from '../support/selection-copy';
import { ALERTS, EVENTS, METRICS, REVENUE, startLiveBridge, type LiveBridge } from './websocket-bridge';

/** Another metrics file while clients are connected: no connection ends, and each subscription continues or is refused. */
describe('subscriptions when the metrics change', () => {
  const base = Math.floor(Date.now() / MINUTE) * MINUTE - 10 * MINUTE;
  const point = (value: number, startMs = base) => ({ values: ['gold'], startMs, measures: [value] });
  let bridge: LiveBridge;
  beforeEach(async () => {
    bridge = await startLiveBridge();
  });
  afterEach(() => bridge.close());

  /** As app.ts does it: the store, the engine, then the hub. */
  const define = async (metrics: readonly Metric[], ...changed: string[]): Promise<void> => {
    await bridge.store.useMetrics(metrics);
    bridge.engine.useMetrics(metrics);
    bridge.hub.useMetrics(metrics, new Set(changed));
  };
  const others = (metric: Metric): Metric[] => METRICS.filter((one) => one !== metric);
  const withUnit = (unit: string): Metric => ({
    ...EVENTS,
    title: 'Events',
    measures: EVENTS.measures.map((measure) => ({ ...measure, unit })),
  });

  test('of a changed metric begin again by its new definition, and miss nothing', async () => {
    await bridge.feeder.write(EVENTS, [point(1)]);
    const client = await bridge.connect();
    const copy = new SelectionCopy('s');
    client.send({ type: 'subscribe_metric', id: 's', metric_name: EVENTS.name, from_ms: base });
    client.send({ type: 'subscribe_metric', id: 'r', metric_name: REVENUE.name, from_ms: base });
    await client.next('subscribed', ({ id }) => id === 's');
    await client.next('subscribed', ({ id }) => id === 'r');
    for (const [i, unit] of ['short', 'percent', 'ms'].entries()) {
      const renamed = withUnit(unit);
      await Promise.all([
        bridge.feeder.write(EVENTS, [point(10 + i)]),
        define([renamed, ...others(EVENTS)], EVENTS.name),
        bridge.feeder.write(EVENTS, [point(20 + i, base + MINUTE)]),
      ]);
      expect(await client.next('resync', ({ id }) => id === 's')).toMatchObject({ reason: 'metric_changed' });
      expect(await client.next('subscribed', ({ id }) => id === 's')).toMatchObject({ unit });
    }
    await bridge.feeder.write(EVENTS, [point(99)]);
    await client.until(() => {
      for (const message of client.messages.splice(0)) copy.apply(message);
      return JSON.stringify(copy.points()).includes('99');
    }, 'the newest value');
    expect(copy.faults).toEqual([]);
    expect(copy.points()).toEqual({
      [JSON.stringify({ segment: 'gold' })]: [
        [base, 99, 5],
        [base + MINUTE, 22, 3],
      ],
    });
    expect(client.closed).toBeNull();
  });

  test('of a removed metric end with unknown_metric; they can be made again once it is back', async () => {
    await bridge.feeder.write(EVENTS, [point(1)]);
    const client = await bridge.connect();
    const subscribe = { type: 'subscribe_metric', id: 's', metric_name: EVENTS.name, from_ms: base };
    client.send(subscribe);
    client.send({ type: 'subscribe_metric', id: 'e', metric_name: ALERTS.name, events: true });
    await client.next('events_snapshot');
    await define(others(EVENTS), EVENTS.name);
    expect(await client.next('error')).toMatchObject({ id: 's', code: 'unknown_metric', retryable: false });
    client.send(subscribe);
    expect(await client.next('error')).toMatchObject({ id: 's', code: 'unknown_metric' });
    await define(METRICS, EVENTS.name);
    client.send(subscribe);
    expect(await client.next('subscribed')).toMatchObject({ series: [{ values: [1] }] });
    expect(client.closed).toBeNull();
  });

  test('that the new definition no longer allows are refused, and the others continue', async () => {
    await bridge.feeder.write(EVENTS, [point(1)]);
    const client = await bridge.connect();
    const subscribe = { type: 'subscribe_metric', metric_name: EVENTS.name, from_ms: base };
    client.send({ ...subscribe, id: 'all', group_by: [] });
    client.send({ ...subscribe, id: 'each' });
    await client.next('subscribed', ({ id }) => id === 'all');
    await client.next('subscribed', ({ id }) => id === 'each');
    const measures = EVENTS.measures.map((measure) => ({ ...measure, combine: 'none' as const }));
    await define([{ ...EVENTS, measures }, ...others(EVENTS)], EVENTS.name);
    expect(await client.next('error')).toMatchObject({ id: 'all', code: 'not_combinable' });
    await client.until(
      () => client.messages.filter(({ type, id }) => type === 'subscribed' && id === 'each').length === 2,
      'the other one again',
    );
  });

  test('clients of the original protocol get new metrics, and no more of removed ones', async () => {
    const client = await bridge.connect();
    await client.next('current_state');
    await define(others(EVENTS), EVENTS.name);
    await define(METRICS, EVENTS.name);
    await bridge.feeder.write(EVENTS, [point(7)]);
    expect(await client.next('metric_update')).toMatchObject({
      data: { metric_name: EVENTS.name, value: 7 },
    });
    const later = await bridge.connect();
    expect(await later.next('current_state')).toMatchObject({
      data: { [`${EVENTS.name}:aggregator`]: { count: 1, sum: 7 } },
    });
  });
});
