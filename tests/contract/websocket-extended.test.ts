import { ALERTS, EVENTS, REVENUE, SESSIONS, startLiveBridge, type LiveBridge } from './websocket-bridge';
import type { Message, TestClient } from './websocket-client';
import { MINUTE } from '../support/sample-metrics';
import { SelectionCopy } from '../support/selection-copy';

/** Subscriptions with an id, sentence by sentence. */
describe('extended protocol', () => {
  const base = Math.floor(Date.now() / MINUTE) * MINUTE - 10 * MINUTE;
  let bridge: LiveBridge;
  const connect = (): Promise<TestClient> => bridge.connect();
  const subscribe = async (client: TestClient, message: object): Promise<Message> => {
    client.send({ type: 'subscribe_metric', id: 'a', metric_name: EVENTS.name, ...message });
    return client.next('subscribed');
  };
  const written = (startMs: number, value: number, segment = 'gold') => ({
    values: [segment],
    startMs,
    measures: [value],
  });

  beforeEach(async () => {
    bridge = await startLiveBridge();
  });
  afterEach(() => bridge.close());

  test('subscribed is a query answer with revisions from from_ms on; then upserts with seq from 1', async () => {
    await bridge.feeder.write(
      EVENTS,
      [written(base - MINUTE, 9), written(base, 1), written(base, 2)],
      base + 1,
    );
    const client = await connect();
    const first = await subscribe(client, { from_ms: base });
    expect(first).toMatchObject({
      id: 'a',
      metric: EVENTS.name,
      measure: 'value',
      unit: 'short',
      step_ms: MINUTE,
      from_ms: base,
      watermark_ms: base + 1,
      store_epoch: bridge.store.epoch(),
      warnings: [],
      series: [
        { labels: { segment: 'gold' }, times: [base], values: [2], revisions: [2], open_from_ms: base },
      ],
    });
    await bridge.feeder.write(EVENTS, [written(base, 3)], base + 2);
    expect(await client.next('series_update')).toMatchObject({
      id: 'a',
      seq: 1,
      watermark_ms: base + 2,
      series: [
        { labels: { segment: 'gold' }, times: [base], values: [3], revisions: [3], open_from_ms: base },
      ],
    });
    // A point before from_ms is none of this subscription's business.
    await bridge.feeder.write(EVENTS, [written(base - MINUTE, 10), written(base + MINUTE, 1)]);
    const second = await client.next('series_update');
    expect(second).toMatchObject({ seq: 2 });
    expect((second.series as { times: number[] }[])[0]!.times).toEqual([base + MINUTE]);
  });

  test('a removal travels in removed with its revision, and a later record brings the point back', async () => {
    await bridge.feeder.write(EVENTS, [written(base, 1)]);
    const client = await connect();
    await subscribe(client, { from_ms: base });
    await bridge.feeder.write(EVENTS, [{ values: ['gold'], startMs: base, removed: true }]);
    expect((await client.next('series_update')).series).toEqual([
      {
        labels: { segment: 'gold' },
        times: [],
        values: [],
        revisions: [],
        removed: [base],
        removed_revisions: [2],
      },
    ]);
    const late = await connect();
    expect((await subscribe(late, { from_ms: base })).series).toMatchObject([
      { removed: [base], removed_revisions: [2] },
    ]);
    await bridge.feeder.write(EVENTS, [written(base, 4)]);
    expect((await client.next('series_update')).series).toMatchObject([
      { times: [base], values: [4], revisions: [3], open_from_ms: base },
    ]);
  });

  test('open_from_ms is sent when windows become final, without any point', async () => {
    await bridge.feeder.write(EVENTS, [written(base, 1), written(base + MINUTE, 2)], base + MINUTE);
    const client = await connect();
    expect((await subscribe(client, { from_ms: base })).series).toMatchObject([{ open_from_ms: base }]);
    await bridge.feeder.write(EVENTS, [], base + MINUTE + 30_000);
    expect((await client.next('series_update')).series).toEqual([
      {
        labels: { segment: 'gold' },
        times: [],
        values: [],
        revisions: [],
        open_from_ms: base + MINUTE,
      },
    ]);
    await bridge.feeder.write(EVENTS, [], base + 2 * MINUTE + 30_000);
    expect((await client.next('series_update')).series).toEqual([
      { labels: { segment: 'gold' }, times: [], values: [], revisions: [] },
    ]);
  });

  test.each([
    ['stored points', {}, 5],
    ['combined points', { group_by: [] }, 12],
    ['stepped points', { step_ms: 2 * MINUTE, over_time: 'sum' }, 5],
  ])('include_open false: %s come when they have closed', async (_, selectors, value) => {
    const even = Math.floor(base / (2 * MINUTE)) * 2 * MINUTE;
    const [first, span] = 'step_ms' in selectors ? [even, 2 * MINUTE] : [base, MINUTE];
    await bridge.feeder.write(REVENUE, [
      { values: ['free', 'web'], startMs: first, measures: [5, 1] },
      { values: ['gold', 'web'], startMs: first, measures: [6, 1] },
    ]);
    const client = await connect();
    const answer = await subscribe(client, {
      metric_name: REVENUE.name,
      include_open: false,
      from_ms: first,
      ...selectors,
    });
    expect(answer.series).toEqual([]);
    await bridge.feeder.write(REVENUE, [{ values: ['gold', 'web'], startMs: first, measures: [7, 1] }]);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await bridge.feeder.write(REVENUE, [], first + span + 29_999);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(client.messages.filter((message) => message.type === 'series_update')).toEqual([]);
    await bridge.feeder.write(REVENUE, [], first + span + 30_000);
    const update = await client.next('series_update');
    expect((update.series as object[])[0]).toMatchObject({ times: [first], values: [value] });
    expect((update.series as object[])[0]).not.toHaveProperty('open_from_ms');
    // A correction of what is final goes out too.
    await bridge.feeder.write(REVENUE, [{ values: ['free', 'web'], startMs: first, measures: [8, 1] }]);
    expect((await client.next('series_update')).series).toMatchObject([{ times: [first] }]);
  });

  test('combined and stepped selections say what the query says', async () => {
    const client = await connect();
    const even = Math.floor(base / (5 * MINUTE)) * 5 * MINUTE;
    client.send({
      type: 'subscribe_metric',
      id: 'sum',
      metric: REVENUE.name,
      group_by: ['site'],
      step_ms: 5 * MINUTE,
      over_time: 'sum',
      from_ms: even,
    });
    expect(await client.next('subscribed')).toMatchObject({ step_ms: 5 * MINUTE, series: [] });
    await bridge.feeder.write(REVENUE, [
      { values: ['gold', 'web'], startMs: even, measures: [1, 1] },
      { values: ['free', 'web'], startMs: even, measures: [2, 1] },
      { values: ['free', 'app'], startMs: even + MINUTE, measures: [4, 1] },
      { values: ['gold', 'web'], startMs: even + 4 * MINUTE, measures: [8, 1] },
    ]);
    const copy = new SelectionCopy('sum');
    await client.until(() => {
      for (const message of client.messages.splice(0)) copy.apply(message);
      return Object.keys(copy.points()).length === 2;
    }, 'both series');
    expect(copy.points()).toEqual({
      '{"site":"app"}': [[even, 4, 1]],
      '{"site":"web"}': [[even, 11, 3]],
    });
  });

  test('events: a snapshot, then whole events, resolved by time or by removal', async () => {
    const alert = (user: string, value: number) => ({ values: [user], startMs: base, measures: [value] });
    await bridge.feeder.write(ALERTS, [alert('u1', 101)]);
    const client = await connect();
    client.send({ type: 'subscribe_metric', id: 'e', metric_name: ALERTS.name, events: true, from_ms: base });
    const snapshot = await client.next('events_snapshot');
    expect(snapshot.events).toMatchObject([
      {
        time_ms: base,
        severity: 'warning',
        message: 'High activity detected for user u1: 101 events',
        value: 101,
        revision: 1,
        state: 'open',
      },
    ]);
    await bridge.feeder.write(ALERTS, [alert('u1', 102), alert('u2', 150)]);
    const update = await client.next('events_update');
    expect(update.seq).toBe(1);
    expect((update.events as { value: number }[]).map(({ value }) => value).sort()).toEqual([102, 150]);
    await bridge.feeder.write(ALERTS, [{ values: ['u2'], startMs: base, measures: [150], removed: true }]);
    expect((await client.next('events_update')).events).toMatchObject([
      { value: 150, revision: 2, state: 'resolved' },
    ]);
    await bridge.feeder.write(ALERTS, [], base + MINUTE + 30_000);
    expect((await client.next('events_update')).events).toMatchObject([
      { value: 102, revision: 2, state: 'resolved' },
    ]);
    expect(client.messages.filter((message) => message.type === 'metric_update')).toHaveLength(0);
  });

  test('sessions: merges remove the old session, ends close them', async () => {
    const client = await connect();
    await bridge.feeder.write(SESSIONS, [
      { values: ['u1'], startMs: base, endMs: base + 1_000, measures: [1] },
    ]);
    const first = await subscribe(client, { metric_name: SESSIONS.name, from_ms: base - MINUTE });
    expect(first).toMatchObject({ step_ms: 0, series: [{ times: [base], open_from_ms: base }] });
    await bridge.feeder.write(SESSIONS, [
      { values: ['u1'], startMs: base, endMs: base + 1_000, removed: true },
      { values: ['u1'], startMs: base - 5_000, endMs: base + 1_000, measures: [2] },
    ]);
    expect((await client.next('series_update')).series).toMatchObject([
      { times: [base - 5_000], values: [2], removed: [base], open_from_ms: base - 5_000 },
    ]);
    await bridge.feeder.write(SESSIONS, [], base + 31_000);
    const closed = (await client.next('series_update')).series as object[];
    expect(closed[0]).not.toHaveProperty('open_from_ms');
  });

  test('heartbeats every 5 s in a quiet stream, with watermarks and the store epoch', async () => {
    await bridge.feeder.write(EVENTS, [written(base, 1)], base + 7);
    const client = await connect();
    await subscribe(client, {});
    const began = Date.now();
    expect(await client.next('heartbeat')).toMatchObject({
      watermark_ms: base + 7,
      watermarks_ms: { [EVENTS.name]: base + 7 },
      store_epoch: bridge.store.epoch(),
    });
    await client.next('heartbeat');
    expect(Date.now() - began).toBeLessThan(20_000);
  });

  test('ping, unsubscribe, and metric_update only for what was subscribed without id', async () => {
    const client = await connect();
    client.send({ type: 'ping', id: 'x' });
    expect(await client.next('pong')).toMatchObject({ id: 'x' });
    await subscribe(client, {});
    client.send({ type: 'subscribe_metric', metric_name: REVENUE.name });
    client.send({ type: 'unsubscribe_metric', id: 'a' });
    expect(await client.next('unsubscribed')).toEqual({ type: 'unsubscribed', id: 'a' });
    await bridge.feeder.write(EVENTS, [written(base, 1)]);
    await bridge.feeder.write(REVENUE, [{ values: ['gold', 'web'], startMs: base, measures: [1, 1] }]);
    await client.next('metric_update');
    client.send({ type: 'unsubscribe_metric', metric_name: REVENUE.name });
    expect(await client.next('unsubscribed')).toEqual({ type: 'unsubscribed', metric_name: REVENUE.name });
    await bridge.feeder.write(REVENUE, [{ values: ['gold', 'web'], startMs: base, measures: [2, 1] }]);
    client.send({ type: 'ping' });
    await client.next('pong');
    const types = client.messages.map((message) => message.type);
    expect(types.filter((type) => type === 'series_update')).toHaveLength(0);
    expect(types.filter((type) => type === 'metric_update')).toHaveLength(1);
    expect(bridge.hub.stats()).toEqual({ selections: 0, subscriptions: 0 });
  });

  test('subscribers of one selection share it, each with its own id, seq and range', async () => {
    await bridge.feeder.write(EVENTS, [written(base, 1)]);
    const [one, two] = [await connect(), await connect()];
    await subscribe(one, { id: 'one', from_ms: base });
    await bridge.feeder.write(EVENTS, [written(base, 2)]);
    await one.next('series_update');
    await subscribe(two, { id: 'two', from_ms: base + MINUTE });
    expect(bridge.hub.stats()).toEqual({ selections: 1, subscriptions: 2 });
    await bridge.feeder.write(EVENTS, [written(base, 3), written(base + MINUTE, 4)]);
    expect(await one.next('series_update')).toMatchObject({
      id: 'one',
      seq: 2,
      series: [{ times: [base, base + MINUTE], values: [3, 4], open_from_ms: base }],
    });
    expect(await two.next('series_update')).toMatchObject({
      id: 'two',
      seq: 1,
      series: [{ times: [base + MINUTE], values: [4], open_from_ms: base + MINUTE }],
    });
  });

  test('a point without the measure is absent from the selection of that measure', async () => {
    const client = await connect();
    await subscribe(client, { measure: 'spread', from_ms: base });
    await bridge.feeder.write(EVENTS, [{ values: ['gold'], startMs: base, measures: [1, 2] }]);
    expect((await client.next('series_update')).series).toMatchObject([{ times: [base], values: [2] }]);
    await bridge.feeder.write(EVENTS, [{ values: ['gold'], startMs: base, measures: [1] }]);
    expect((await client.next('series_update')).series).toMatchObject([
      { times: [], removed: [base], removed_revisions: [2] },
    ]);
    const answer = await bridge.engine.query(
      { metric: EVENTS.name, measure: 'spread', fromMs: base, toMs: base + MINUTE, includeRevisions: true },
      [],
    );
    expect(answer.series).toMatchObject([{ times: [], removed: [base], removedRevisions: [2] }]);
  });
});
