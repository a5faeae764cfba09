import { setTimeout as delay } from 'node:timers/promises';
import { MINUTE } from '../support/sample-metrics';
import { ALERTS, EVENTS, startLiveBridge, type LiveBridge } from './websocket-bridge';
import type { Message, TestClient } from './websocket-client';

/** A token's fixed filter holds for live subscriptions and live events too, also where tenants ask for the same. */
describe('tenants on the WebSocket', () => {
  const base = Math.floor(Date.now() / MINUTE) * MINUTE - 5 * MINUTE;
  const token = (name: string): string => name.repeat(40).slice(0, 40);
  const tenant = (name: string, filters: Record<string, string[]>) => ({
    name,
    token: token(name),
    scopes: ['read'],
    filters,
  });
  const tokens = [
    tenant('gold', { segment: ['gold'] }),
    tenant('free', { segment: ['free'] }),
    tenant('u1', { user_id: ['u1'] }),
  ];
  let bridge: LiveBridge;

  const connect = async (name: string): Promise<TestClient> => {
    const client = await bridge.connect({ headers: { authorization: `Bearer ${token(name)}` } });
    await client.next('current_state');
    return client;
  };

  beforeEach(async () => {
    bridge = await startLiveBridge({ tokens });
  });
  afterEach(() => bridge.close());

  test.each([{ group_by: [] }, { group_by: [], step_ms: 5 * MINUTE, over_time: 'sum' }, {}])(
    'one selection asked for by two tenants gives each its own numbers: %j',
    async (selection) => {
      const ask = { type: 'subscribe_metric', id: 's', metric_name: EVENTS.name, from_ms: 0, ...selection };
      const both = [await connect('gold'), await connect('free')];
      for (const client of both) {
        client.send(ask);
        expect(await client.next('subscribed')).toMatchObject({ series: [] });
      }
      await bridge.feeder.write(EVENTS, [
        { values: ['gold'], startMs: base, measures: [3] },
        { values: ['free'], startMs: base, measures: [50] },
      ]);
      const valuesOf = ({ series }: Message): unknown =>
        (series as { values: number[] }[]).map(({ values }) => values);
      expect(valuesOf(await both[0]!.next('series_update'))).toEqual([[3]]);
      expect(valuesOf(await both[1]!.next('series_update'))).toEqual([[50]]);
    },
  );

  test('events of others are neither in the snapshot nor told', async () => {
    const alert = (user: string, value: number) => ({ values: [user], startMs: base, measures: [value] });
    await bridge.feeder.write(ALERTS, [alert('u1', 101), alert('u2', 102)]);
    const client = await connect('u1');
    const ask = { type: 'subscribe_metric', metric_name: ALERTS.name, from_ms: 0 };
    client.send({ ...ask, id: 'e', events: true });
    const users = ({ events }: Message): unknown =>
      (events as { labels: { user_id: string } }[]).map(({ labels }) => labels.user_id);
    expect(users(await client.next('events_snapshot'))).toEqual(['u1']);
    await bridge.feeder.write(ALERTS, [alert('u2', 103), alert('u3', 104)]);
    await delay(100);
    expect(client.messages.filter(({ type }) => type === 'events_update')).toEqual([]);
    await bridge.feeder.write(ALERTS, [alert('u3', 105), alert('u1', 106)]);
    expect(users(await client.next('events_update'))).toEqual(['u1']);
    client.send({
      ...ask,
      id: 'f',
      events: true,
      filters: [{ dimension: 'user_id', op: '=', values: ['u2'] }],
    });
    expect(await client.next('error')).toMatchObject({ id: 'f', code: 'forbidden' });
  });

  test('a token whose filter changes loses its connections, and sees by the new one afterwards', async () => {
    await bridge.feeder.write(EVENTS, [
      { values: ['gold'], startMs: base, measures: [3] },
      { values: ['free'], startMs: base, measures: [50] },
    ]);
    const client = await connect('gold');
    bridge.setTokens([tenant('gold', { segment: ['free'] })]);
    expect(await client.closeCode()).toBe(4401);
    const again = await connect('gold');
    again.send({ type: 'get_historical_data', metric_name: EVENTS.name });
    expect((await again.next('historical_data')).data).toMatchObject([{ value: 50 }]);
  });
});
