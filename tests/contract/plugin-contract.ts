import type { components } from '../../backend-bridge/src/server/api-types';
import { call, refusal, type Answer } from './http-answers';
import { TestClient } from './websocket-client';

/**
 * What Grafana's plugin relies on, said to any bridge: the real one and the fake one that the plugin's tests use.
 * Every answer and every message is held to the schemas of the contract too.
 */

type Schemas = components['schemas'];
type Query = Schemas['QueryAnswer'];

export interface ContractSubject {
  readonly url: string;
  /** Segments `gold` and `silver` of events_per_minute have `points` in the minutes from here on, the last one open. */
  readonly fromMs: number;
  readonly minutes: number;
  /** Events in minute `index` of a segment. */
  expected(segment: 'gold' | 'silver', index: number): number;
  /** A user whose events made one high_activity_alert in these minutes, and what it counts. */
  readonly alert: { readonly user: string; readonly value: number };
  /** One more event of gold in the last minute. */
  addGold(): Promise<void>;
  close(): Promise<void>;
}

const MINUTE_MS = 60_000;

export function describePluginContract(
  name: string,
  start: (tokens?: readonly string[]) => Promise<ContractSubject>,
): void {
  describe(`what the plugin relies on: ${name}`, () => {
    let subject: ContractSubject;
    let range: { from_ms: number; to_ms: number };
    beforeAll(async () => {
      subject = await start();
      range = { from_ms: subject.fromMs, to_ms: subject.fromMs + subject.minutes * MINUTE_MS };
    });
    afterAll(() => subject.close());

    const post = (path: string, body: unknown): Promise<Answer> => call(subject.url, 'POST', path, { body });
    const get = (path: string): Promise<Answer> => call(subject.url, 'GET', path);
    const query = async (body: object = {}): Promise<Query> => {
      const answer = await post('/api/v1/query', { metric: 'events_per_minute', ...range, ...body });
      expect(answer.status).toBe(200);
      return answer.json as Query;
    };
    const times = (from = 0): number[] =>
      Array.from({ length: subject.minutes - from }, (_, i) => subject.fromMs + (from + i) * MINUTE_MS);
    const values = (segment: 'gold' | 'silver'): number[] =>
      times().map((_, i) => subject.expected(segment, i));

    describe('HTTP', () => {
      test('the catalogue, in order of names', async () => {
        const { metrics } = (await get('/api/v1/metrics')).json as Schemas['CatalogueAnswer'];
        const names = metrics.map((metric) => metric.name);
        expect(names).toEqual([...names].sort());
        const found = metrics.find((metric) => metric.name === 'events_per_minute');
        expect(found).toMatchObject({ kind: 'window', default_measure: 'value', event: null });
        expect(found?.window).toMatchObject({ type: 'tumbling', size_ms: MINUTE_MS, grace_ms: 30_000 });
        expect(found?.steps_ms.slice(0, 4)).toEqual([1, 2, 5, 10].map((n) => n * MINUTE_MS));
        expect(metrics.find((metric) => metric.name === 'high_activity_alert')).toMatchObject({
          kind: 'event',
          event: { severity: 'warning' },
        });
      });

      test('values of a dimension: by prefix, by range, cut at the limit', async () => {
        const list = async (asked: string): Promise<Schemas['DimensionValuesAnswer']> =>
          (await get(`/api/v1/metrics/events_per_minute/dimensions/segment/values${asked}`))
            .json as Schemas['DimensionValuesAnswer'];
        const bounds = `from_ms=${range.from_ms}&to_ms=${range.to_ms}`;
        expect(await list(`?${bounds}`)).toMatchObject({ values: ['gold', 'silver'], truncated: false });
        expect((await list('?prefix=si')).values).toEqual(['silver']);
        expect(await list('?limit=1')).toMatchObject({ values: ['gold'], truncated: true });
        expect((await list(`?from_ms=0&to_ms=${MINUTE_MS}`)).values).toEqual([]);
      });

      test('every series, every window, in order', async () => {
        const answer = await query();
        expect(answer).toMatchObject({ metric: 'events_per_minute', measure: 'value', step_ms: MINUTE_MS });
        expect(answer.series.map(({ labels }) => labels)).toEqual([
          { segment: 'gold' },
          { segment: 'silver' },
        ]);
        for (const [i, segment] of (['gold', 'silver'] as const).entries()) {
          expect(answer.series[i]?.times).toEqual(times());
          expect(answer.series[i]?.values).toEqual(values(segment));
          expect(answer.series[i]).not.toHaveProperty('revisions');
        }
      });

      test('revisions on request; open windows told, and left out on request', async () => {
        const all = await query({ include_revisions: true });
        const closed = await query({ include_open: false });
        for (const [i, one] of all.series.entries()) {
          expect(one.revisions).toHaveLength(one.times.length);
          expect(one.revisions?.every((revision) => revision >= 1)).toBe(true);
          expect(one.open_from_ms).toBeGreaterThan(subject.fromMs);
          expect(one.open_from_ms).toBeLessThanOrEqual(one.times.at(-1)!);
          expect(closed.series[i]?.times).toEqual(one.times.filter((time) => time < one.open_from_ms!));
          expect(closed.series[i]).not.toHaveProperty('open_from_ms');
        }
      });

      test('combined, filtered, stepped', async () => {
        const [gold, silver] = [values('gold'), values('silver')];
        const together = await query({ group_by: [] });
        expect(together.series).toMatchObject([
          { labels: {}, values: gold.map((one, i) => one + silver[i]!) },
        ]);
        const labels = async (op: string, ...given: string[]): Promise<unknown[]> =>
          (await query({ filters: [{ dimension: 'segment', op, values: given }] })).series.map(
            (one) => one.labels['segment'],
          );
        expect(await labels('=', 'gold', 'bronze')).toEqual(['gold']);
        expect(await labels('!=', 'gold')).toEqual(['silver']);
        expect(await labels('=~', 'g.*')).toEqual(['gold']);
        expect(await labels('=~', 'gol')).toEqual([]);
        expect(await labels('!~', 'g.*', 'x')).toEqual(['silver']);

        const stepped = await query({ step_ms: 5 * MINUTE_MS, over_time: 'sum' });
        expect(stepped.step_ms).toBe(5 * MINUTE_MS);
        const sums = new Map<number, number>();
        for (const [i, time] of times().entries()) {
          const step = Math.floor(time / (5 * MINUTE_MS)) * 5 * MINUTE_MS;
          sums.set(step, (sums.get(step) ?? 0) + gold[i]!);
        }
        const shown = [...sums].filter(([step]) => step >= subject.fromMs);
        expect(stepped.series[0]?.times).toEqual(shown.map(([step]) => step));
        expect(stepped.series[0]?.values).toEqual(shown.map(([, sum]) => sum));
      });

      test('a step off the ladder is rounded up with a warning; max_points takes the first that fits', async () => {
        const rounded = await query({ step_ms: 90_000 });
        expect(rounded.step_ms).toBe(2 * MINUTE_MS);
        expect(rounded.warnings).toMatchObject([
          { code: 'step_adjusted', asked_ms: 90_000, taken_ms: 2 * MINUTE_MS },
        ]);
        expect((await query({ max_points: subject.minutes })).step_ms).toBe(MINUTE_MS);
        expect((await query({ max_points: subject.minutes - 1 })).step_ms).toBe(2 * MINUTE_MS);
      });

      test('gaps are filled on request, and only then', async () => {
        const wide = { from_ms: subject.fromMs - 3 * MINUTE_MS };
        expect((await query(wide)).series[0]?.times).toEqual(times());
        const filled = (await query({ ...wide, fill: 'zero' })).series[0];
        expect(filled?.times.slice(0, 4)).toEqual([-3, -2, -1, 0].map((i) => subject.fromMs + i * MINUTE_MS));
        expect(filled?.values.slice(0, 3)).toEqual([0, 0, 0]);
        expect((await query({ ...wide, fill: 'null' })).series[0]?.values.slice(0, 3)).toEqual([
          null,
          null,
          null,
        ]);
      });

      test('a summary over the closed windows, open ones on request', async () => {
        const closed = await query({ include_open: false });
        const body = { metric: 'events_per_minute', ...range };
        const { series } = (await post('/api/v1/summary', body)).json as Schemas['SummaryAnswer'];
        const all = closed.series[0]!.values as number[];
        expect(series[0]).toMatchObject({
          labels: { segment: 'gold' },
          last: all.at(-1),
          last_time_ms: closed.series[0]?.times.at(-1),
          previous: all.at(-2),
          delta: all.at(-1)! - all.at(-2)!,
          min: Math.min(...all),
          max: Math.max(...all),
          sum: all.reduce((sum, one) => sum + one, 0),
          count: all.length,
        });
        const open = (await post('/api/v1/summary', { ...body, include_open: true }))
          .json as Schemas['SummaryAnswer'];
        expect(open.series[0]).toMatchObject({ last: values('gold').at(-1), count: subject.minutes });
      });

      test('events, the newest first; and none of a metric that has none', async () => {
        const wide = { from_ms: range.from_ms - 10 * MINUTE_MS, to_ms: range.to_ms };
        const { events } = (await post('/api/v1/events/query', { metric: 'high_activity_alert', ...wide }))
          .json as Schemas['EventsAnswer'];
        expect(events).toMatchObject([
          { labels: { user_id: subject.alert.user }, value: subject.alert.value, severity: 'warning' },
        ]);
        expect(events[0]?.message).toContain(subject.alert.user);
        const none = await post('/api/v1/events/query', { metric: 'events_per_minute', ...range });
        expect(refusal(none)).toBe('422 not_an_event_metric');
      });

      test('status, its history, health and readiness', async () => {
        const status = (await get('/api/v1/status')).json as Schemas['StatusAnswer'];
        expect(status).toMatchObject({ api_version: 'v1', ready: true });
        expect(status.capabilities).toEqual(
          expect.arrayContaining(['query', 'revisions', 'websocket_selections', 'status_history']),
        );
        expect(status.metrics.map(({ metric }) => metric)).toContain('events_per_minute');
        const now = Date.now();
        const history = await get(`/api/v1/status/history?from_ms=${now - MINUTE_MS}&to_ms=${now}`);
        expect(history.status).toBe(200);
        expect((await get('/healthz')).json).toMatchObject({ status: 'alive' });
        expect((await get('/readyz')).json).toEqual({ status: 'ready' });
      });

      test('refusals, each with its code', async () => {
        const metric = 'events_per_minute';
        const refused = async (body: object): Promise<string> =>
          refusal(await post('/api/v1/query', { metric, ...range, ...body }));
        expect(await refused({ metric: 'no_such_metric' })).toBe('404 unknown_metric');
        expect(await refused({ measure: 'no_such_measure' })).toBe('422 unknown_measure');
        expect(await refused({ group_by: ['no_such_dimension'] })).toBe('422 unknown_dimension');
        expect(await refused({ filters: [{ dimension: 'segment', op: '=~', values: ['(('] }] })).toBe(
          '422 invalid_regex',
        );
        expect(await refused({ from_ms: range.to_ms, to_ms: range.from_ms })).toBe('422 invalid_range');
        expect(await refused({ no_such_field: 1 })).toBe('400 bad_request');
        const broken = await call(subject.url, 'POST', '/api/v1/query', {
          body: '{"metric":',
          headers: { 'content-type': 'application/json' },
        });
        expect(refusal(broken)).toBe('400 malformed_json');
        expect(refusal(await get('/api/v1/nothing'))).toBe('404 not_found');
        expect(refusal(await get('/api/v1/query'))).toBe('405 method_not_allowed');
      });

      test('nothing in an empty range', async () => {
        expect((await query({ to_ms: range.from_ms })).series).toEqual([]);
        expect((await query({ from_ms: 0, to_ms: MINUTE_MS })).series).toEqual([]);
      });
    });

    describe('WebSocket', () => {
      let client: TestClient;
      beforeEach(async () => {
        client = await TestClient.open(subject.url.replace(/^http/, 'ws'));
        await client.next('current_state');
      });
      afterEach(() => {
        client.drop();
        expect(client.faults).toEqual([]);
      });
      const subscribe = (message: object): void =>
        client.send({ type: 'subscribe_metric', metric: 'events_per_minute', ...message });

      test('a snapshot that is the query with revisions, then upserts in order', async () => {
        subscribe({ id: 'a', from_ms: range.from_ms });
        const snapshot = await client.next('subscribed');
        const { series } = await query({ include_revisions: true });
        // A query says of each series what was removed; a snapshot leaves that out where nothing was.
        expect(series.map((one) => [one.removed, one.removed_revisions])).toEqual(series.map(() => [[], []]));
        expect(snapshot).toMatchObject({ id: 'a', step_ms: MINUTE_MS, from_ms: range.from_ms });
        expect(snapshot.series).toEqual(series.map(({ removed: _, removed_revisions: __, ...rest }) => rest));
        await subject.addGold();
        const update = await client.next('series_update');
        expect(update).toMatchObject({ id: 'a', seq: 1 });
        const [gold] = update.series as { labels: object; times: number[]; revisions: number[] }[];
        expect(gold).toMatchObject({ labels: { segment: 'gold' }, times: [times().at(-1)] });
        expect(gold!.revisions[0]).toBeGreaterThan(series[0]!.revisions!.at(-1)!);
        await subject.addGold();
        expect(await client.next('series_update')).toMatchObject({ id: 'a', seq: 2 });
      });

      test('only what is selected, from from_ms on, until it is unsubscribed', async () => {
        const last = times().at(-1)!;
        subscribe({ id: 'a', from_ms: last, filters: [{ dimension: 'segment', op: '=', values: ['gold'] }] });
        subscribe({
          id: 'b',
          from_ms: last,
          filters: [{ dimension: 'segment', op: '=', values: ['silver'] }],
        });
        expect((await client.next('subscribed')).series).toMatchObject([{ times: [last] }]);
        expect((await client.next('subscribed')).series).toMatchObject([{ times: [last] }]);
        await subject.addGold();
        expect(await client.next('series_update')).toMatchObject({ id: 'a' });
        client.send({ type: 'unsubscribe_metric', id: 'a' });
        expect(await client.next('unsubscribed')).toMatchObject({ id: 'a' });
        await subject.addGold();
        client.send({ type: 'ping', id: 'x' });
        expect(await client.next('pong')).toMatchObject({ id: 'x' });
        expect(client.messages.filter(({ type }) => type === 'series_update')).toHaveLength(1);
      });

      test('events as a snapshot', async () => {
        subscribe({ id: 'e', metric: 'high_activity_alert', events: true, from_ms: range.from_ms - 600_000 });
        const snapshot = await client.next('events_snapshot');
        expect(snapshot.events).toMatchObject([{ labels: { user_id: subject.alert.user } }]);
      });

      test('refusals name the subscription, and the connection stays open', async () => {
        subscribe({ id: 'a', metric: 'no_such_metric' });
        expect(await client.next('error')).toMatchObject({ id: 'a', code: 'unknown_metric' });
        subscribe({ id: 'b', filters: [{ dimension: 'segment', op: '=~', values: ['(('] }] });
        expect(await client.next('error')).toMatchObject({ id: 'b', code: 'invalid_regex' });
        subscribe({ id: 'c' });
        await client.next('subscribed');
        subscribe({ id: 'c' });
        expect(await client.next('error')).toMatchObject({ id: 'c', code: 'duplicate_subscription' });
        client.send({ type: 'no_such_message' });
        expect(await client.next('error')).toMatchObject({ code: 'unknown_type' });
      });

      test('heartbeats once something is subscribed', async () => {
        subscribe({ id: 'a' });
        await client.next('subscribed');
        const heartbeat = await client.next('heartbeat');
        expect(heartbeat.watermarks_ms).toHaveProperty('events_per_minute');
      });

      test('what is no JSON ends the connection', async () => {
        client.send('no JSON');
        expect(await client.closeCode()).toBe(4400);
      });
    });

    describe('with tokens', () => {
      const token = 'a-token-that-is-long-enough-0123456789';
      let closed: ContractSubject;
      beforeAll(async () => {
        closed = await start([token]);
      });
      afterAll(() => closed.close());

      test('HTTP without one, with another and with the right one', async () => {
        const path = '/api/v1/metrics';
        expect(refusal(await call(closed.url, 'GET', path))).toBe('401 unauthenticated');
        const other = await call(closed.url, 'GET', path, { token: `${token}-not` });
        expect(refusal(other)).toBe('401 unauthenticated');
        expect((await call(closed.url, 'GET', path, { token })).status).toBe(200);
        expect((await call(closed.url, 'GET', '/healthz')).status).toBe(200);
      });

      test('WebSocket: by the header, or as the first message', async () => {
        const address = closed.url.replace(/^http/, 'ws');
        const byHeader = await TestClient.open(address, { headers: { authorization: `Bearer ${token}` } });
        await byHeader.next('current_state');
        const byMessage = await TestClient.open(address);
        byMessage.send({ type: 'authenticate', token });
        await byMessage.next('authenticated');
        await byMessage.next('current_state');
        const wrong = await TestClient.open(address);
        wrong.send({ type: 'authenticate', token: 'wrong' });
        expect(await wrong.closeCode()).toBe(4401);
        for (const client of [byHeader, byMessage, wrong]) {
          client.drop();
          expect(client.faults).toEqual([]);
        }
      });
    });
  });
}
