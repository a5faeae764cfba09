import { UnavailableError } from '../../backend-bridge/src/domain/errors';
import { EVENTS, METRICS, REVENUE, SESSIONS, startLiveBridge, type LiveBridge } from './websocket-bridge';
import type { Message, TestClient } from './websocket-client';
import { MINUTE } from '../support/sample-metrics';

/** The original protocol, for a client that knows nothing else. */
describe('original protocol', () => {
  const base = Math.floor(Date.now() / MINUTE) * MINUTE - 10 * MINUTE;
  const iso = (ms: number): string => new Date(ms).toISOString();
  let bridge: LiveBridge;
  const connect = (): Promise<TestClient> => bridge.connect();

  beforeEach(async () => {
    bridge = await startLiveBridge();
  });
  afterEach(() => bridge.close());

  test('who asks with an id does not wait for a slow current_state; who asks without one does', async () => {
    await bridge.feeder.write(EVENTS, [{ values: ['gold'], startMs: base, measures: [1] }]);
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    bridge.slow.before = ({ name }) => (name === EVENTS.name ? held : Promise.resolve());
    await bridge.feeder.write(EVENTS, [{ values: ['gold'], startMs: base, measures: [2] }]);
    const client = await connect();
    const types = (): string[] => client.messages.map(({ type }) => type);
    client.send({ type: 'subscribe_metric', id: 'a', metric_name: SESSIONS.name, from_ms: 0 });
    await client.next('subscribed');
    expect(types()).toEqual(['subscribed']);
    client.send({ type: 'get_historical_data', metric_name: SESSIONS.name });
    client.send({ type: 'ping', id: 'b' });
    await client.next('pong');
    release();
    await client.next('historical_data');
    expect(types()).toEqual(['subscribed', 'pong', 'current_state', 'historical_data']);
  });

  test('before the store has ever answered, who asks with an id waits for current_state too', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    await bridge.feeder.write(EVENTS, [{ values: ['gold'], startMs: base, measures: [1] }]);
    bridge.slow.before = () => held;
    bridge.slow.epoch = () => {
      throw new UnavailableError('store', 'Redis has not answered yet');
    };
    await bridge.feeder.write(EVENTS, [{ values: ['gold'], startMs: base, measures: [2] }]);
    const client = await connect();
    client.send({ type: 'subscribe_metric', id: 'a', metric_name: SESSIONS.name, from_ms: 0 });
    client.send({ type: 'ping', id: 'b' });
    await client.next('pong');
    delete bridge.slow.epoch;
    release();
    await client.next('subscribed');
    expect(client.messages.map(({ type }) => type)).toEqual(['pong', 'current_state', 'subscribed']);
  });

  test('current_state comes first: each point once with its newest value, metrics without points absent', async () => {
    await bridge.feeder.write(EVENTS, [
      { values: ['gold'], startMs: base, measures: [1] },
      { values: ['gold'], startMs: base, measures: [10] },
      { values: ['free'], startMs: base, measures: [4] },
      { values: ['gold'], startMs: base + MINUTE, measures: [1] },
    ]);
    const first = (await connect()).next('current_state');
    expect(await first).toEqual({
      type: 'current_state',
      data: {
        'events_per_minute:aggregator': {
          count: 3,
          sum: 15,
          min: 1,
          max: 10,
          avg: 5,
          last_update: iso(base + MINUTE),
          last_value: 1,
        },
      },
      timestamp: expect.any(String) as string,
    });
    await new Promise((resolve) => setTimeout(resolve, 5));
    await bridge.feeder.write(EVENTS, [{ values: ['free'], startMs: base, measures: [2] }]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await bridge.feeder.write(EVENTS, [{ values: ['gold'], startMs: base, removed: true }]);
    const again = await (await connect()).next('current_state');
    expect(again.data).toEqual({
      'events_per_minute:aggregator': {
        count: 2,
        sum: 3,
        min: 1,
        max: 2,
        avg: 1.5,
        last_update: iso(base),
        last_value: 2,
      },
    });
  });

  test('metric_update for every changed point, of all metrics until the first subscription', async () => {
    const client = await connect();
    const other = await connect();
    await client.next('current_state');
    await other.next('current_state');
    await bridge.feeder.write(REVENUE, [
      { values: ['gold', 'web'], startMs: base, measures: [12.5, 3] },
      { values: ['gold', 'app'], startMs: base, measures: [Number.NaN, 1] },
    ]);
    const isMetric = (name: string) => (message: Message) =>
      (message.data as { metric_name: string }).metric_name === name;
    expect(await client.next('metric_update')).toEqual({
      type: 'metric_update',
      data: {
        metric_name: 'revenue_per_minute',
        value: 12.5,
        timestamp: iso(base),
        dimensions: { segment: 'gold', site: 'web' },
        metadata: { transaction_count: 3, window_end: iso(base + MINUTE), open: true, revision: 1 },
      },
      timestamp: iso(base),
    });
    expect((await client.next('metric_update')).data).toMatchObject({ value: null });
    client.send({ type: 'subscribe_metric', metric_name: 'events_per_minute' });
    client.send({ type: 'get_historical_data', metric_name: 'events_per_minute' });
    await client.next('historical_data');
    await bridge.feeder.write(REVENUE, [{ values: ['gold', 'web'], startMs: base, measures: [13, 4] }]);
    await bridge.feeder.write(EVENTS, [{ values: ['gold'], startMs: base, measures: [7] }]);
    expect((await client.next('metric_update')).data).toMatchObject({
      metric_name: 'events_per_minute',
      value: 7,
    });
    expect((await other.next('metric_update', isMetric('events_per_minute'))).data).toMatchObject({
      value: 7,
    });
    expect(other.messages.filter((m) => m.type === 'metric_update')).toHaveLength(4);
    // A removal has no word in the original protocol.
    await bridge.feeder.write(EVENTS, [{ values: ['gold'], startMs: base, removed: true }]);
    await bridge.feeder.write(EVENTS, [{ values: ['free'], startMs: base, measures: [1] }]);
    expect((await client.next('metric_update')).data).toMatchObject({ dimensions: { segment: 'free' } });
  });

  test('get_historical_data: oldest first, newest value of each point, the last hour by default', async () => {
    await bridge.feeder.write(EVENTS, [
      { values: ['gold'], startMs: base + MINUTE, measures: [2] },
      { values: ['gold'], startMs: base - 120 * MINUTE, measures: [9] },
      { values: ['gold'], startMs: base, measures: [1] },
      { values: ['free'], startMs: base, measures: [5, 0.5] },
      { values: ['gold'], startMs: base, measures: [3] },
      { values: ['free'], startMs: base + MINUTE, measures: [1] },
      { values: ['free'], startMs: base + MINUTE, removed: true },
    ]);
    const client = await connect();
    client.send({ type: 'get_historical_data', metric_name: 'events_per_minute' });
    const hour = await client.next('historical_data');
    const rows = (message: Message): unknown[] =>
      (message.data as { timestamp: string; value: number; dimensions: object }[]).map((row) => [
        row.timestamp,
        row.value,
        row.dimensions,
      ]);
    expect(hour.metric_name).toBe('events_per_minute');
    expect(rows(hour)).toEqual([
      [iso(base), 5, { segment: 'free' }],
      [iso(base), 3, { segment: 'gold' }],
      [iso(base + MINUTE), 2, { segment: 'gold' }],
    ]);
    expect((hour.data as { metadata: unknown }[])[0]!.metadata).toEqual({
      spread: 0.5,
      window_end: iso(base + MINUTE),
      open: true,
      revision: 1,
    });
    client.send({ type: 'get_historical_data', metric_name: 'events_per_minute', time_range: 86_400 });
    expect(rows(await client.next('historical_data'))[0]).toEqual([
      iso(base - 120 * MINUTE),
      9,
      { segment: 'gold' },
    ]);
    client.send({ type: 'get_historical_data', metric_name: 'events_per_minute', time_range: 1e300 });
    expect(rows(await client.next('historical_data'))).toHaveLength(4);
  });

  test('a client that sends only original messages is sent only original ones', async () => {
    const client = await connect();
    client.send({ type: 'subscribe_metric', metric_name: METRICS[0]!.name });
    client.send({ type: 'get_historical_data', metric_name: METRICS[0]!.name, time_range: 60 });
    await client.next('historical_data');
    await new Promise((resolve) => setTimeout(resolve, 5_500));
    const types = new Set(client.messages.map((message) => message.type));
    expect([...types].sort()).toEqual(['current_state', 'historical_data']);
  });

  test('a tenant sees only its own, in aggregators, updates and history', async () => {
    await bridge.close();
    bridge = await startLiveBridge({
      tokens: [{ name: 'gold', token: 'g'.repeat(40), scopes: ['read'], filters: { segment: ['gold'] } }],
    });
    await bridge.feeder.write(EVENTS, [
      { values: ['gold'], startMs: base, measures: [1] },
      { values: ['free'], startMs: base, measures: [5] },
    ]);
    const client = await bridge.connect({ headers: { authorization: `Bearer ${'g'.repeat(40)}` } });
    expect((await client.next('current_state')).data).toMatchObject({
      'events_per_minute:aggregator': { count: 1, sum: 1 },
    });
    await bridge.feeder.write(EVENTS, [
      { values: ['free'], startMs: base, measures: [6] },
      { values: ['gold'], startMs: base, measures: [2] },
    ]);
    expect((await client.next('metric_update')).data).toMatchObject({ value: 2 });
    client.send({ type: 'get_historical_data', metric_name: 'events_per_minute' });
    expect((await client.next('historical_data')).data).toHaveLength(1);
    expect(client.messages.filter((message) => message.type === 'metric_update')).toHaveLength(1);
  });
});
