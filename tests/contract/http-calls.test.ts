import type { components } from '../../backend-bridge/src/server/api-types';
import { startBridge } from './http-bridge';
import { HOUR_MS, startDemoBridge, T0, type DemoBridge } from './http-demo-data';

type Schemas = components['schemas'];

const MINUTE_MS = 60_000;
const range = { from_ms: T0, to_ms: T0 + HOUR_MS };

describe.each(['lmdb', 'redis'] as const)('the calls of the HTTP contract, over %s', (kind) => {
  let bridge: DemoBridge;
  beforeAll(async () => {
    bridge = await startDemoBridge({}, kind);
  });
  afterAll(() => bridge.close());

  const query = async (body: object): Promise<Schemas['QueryAnswer']> => {
    const answer = await bridge.post('/api/v1/query', { metric: 'events_per_minute', ...range, ...body });
    expect(answer.status).toBe(200);
    return answer.json as Schemas['QueryAnswer'];
  };

  it('GET /api/v1/metrics has what an editor needs', async () => {
    const { json } = await bridge.call('GET', '/api/v1/metrics');
    const { metrics, store_epoch } = json as Schemas['CatalogueAnswer'];
    expect(store_epoch).toBe(bridge.demo.store.epoch());
    expect(metrics.map(({ name }) => name)).toEqual([
      'events_per_minute',
      'high_activity_alert',
      'revenue_per_minute',
    ]);
    expect(metrics[0]).toMatchObject({
      window: { type: 'tumbling', size_ms: MINUTE_MS, advance_ms: MINUTE_MS, grace_ms: 30_000 },
      default_measure: 'value',
      event: null,
    });
    expect(metrics[0]?.steps_ms).toEqual(
      [1, 2, 5, 10, 15, 30, 60, 120, 360, 720, 1440].map((n) => n * MINUTE_MS),
    );
    expect(metrics[0]?.measures[0]).toMatchObject({
      across_series: true,
      over_time_choices: ['avg', 'sum', 'min', 'max', 'last'],
      thresholds: [{ value: null, color: 'green' }],
    });
    expect(metrics[2]?.measures[1]).toMatchObject({
      across_series: false,
      over_time_choices: ['min', 'max', 'last'],
    });
    expect(metrics[1]?.event).toEqual({
      severity: 'warning',
      message: 'High activity detected for user {user_id}: {value} events',
    });
  });

  it('GET values of a dimension: all, by prefix, by range, cut at the limit', async () => {
    const values = async (parameters: string): Promise<unknown> => {
      const path = `/api/v1/metrics/events_per_minute/dimensions/segment/values${parameters}`;
      const { values: list, truncated } = (await bridge.call('GET', path))
        .json as Schemas['DimensionValuesAnswer'];
      return [list, truncated];
    };
    expect(await values('')).toEqual([['gold', 'silver'], false]);
    expect(await values('?prefix=si')).toEqual([['silver'], false]);
    expect(await values('?limit=1')).toEqual([['gold'], true]);
    expect(await values(`?from_ms=${T0}&to_ms=${T0 + HOUR_MS}`)).toEqual([['gold', 'silver'], false]);
    expect(await values(`?from_ms=${T0 - 2 * HOUR_MS}&to_ms=${T0}`)).toEqual([[], false]);
  });

  it('POST /api/v1/query: every series, in order of labels', async () => {
    const answer = await query({});
    expect(answer).toMatchObject({
      metric: 'events_per_minute',
      measure: 'value',
      unit: 'short',
      step_ms: MINUTE_MS,
    });
    expect(answer.watermark_ms).toBe(T0 + HOUR_MS - 1);
    expect(answer.series.map(({ labels }) => labels)).toEqual([{ segment: 'gold' }, { segment: 'silver' }]);
    expect(answer.series[0]?.times).toEqual(Array.from({ length: 60 }, (_, i) => T0 + i * MINUTE_MS));
    expect(answer.series[0]?.values).toEqual(Array.from({ length: 60 }, (_, i) => i));
    expect(answer.series[0]).not.toHaveProperty('revisions');
    expect(answer.series[1]?.times).not.toContain(T0 + 7 * MINUTE_MS);
  });

  it('POST /api/v1/query: one combined series, stepped, summed', async () => {
    const answer = await query({ group_by: [], step_ms: 30 * MINUTE_MS, over_time: 'sum' });
    // Every minute is 100, but for the seventh, of which silver's 93 was removed.
    expect(answer.series).toMatchObject([
      { labels: {}, times: [T0, T0 + HOUR_MS / 2], values: [2_907, 3_000] },
    ]);
  });

  it('POST /api/v1/query: a step off the ladder is rounded up, and the answer says so', async () => {
    const answer = await query({ step_ms: 90_000 });
    expect(answer.step_ms).toBe(2 * MINUTE_MS);
    expect(answer.warnings).toMatchObject([{ code: 'step_adjusted', asked_ms: 90_000, taken_ms: 120_000 }]);
    expect((await query({ max_points: 10 })).step_ms).toBe(10 * MINUTE_MS);
  });

  it('POST /api/v1/query: revisions and removals', async () => {
    const { series } = await query({
      include_revisions: true,
      filters: [{ dimension: 'segment', op: '=', values: ['silver'] }],
    });
    expect(series).toHaveLength(1);
    expect(series[0]?.removed).toEqual([T0 + 7 * MINUTE_MS]);
    expect(series[0]?.removed_revisions).toEqual([2]);
    expect(series[0]?.revisions).toEqual(Array.from({ length: 59 }, () => 1));
  });

  it('POST /api/v1/query: fill', async () => {
    const silver = { filters: [{ dimension: 'segment', op: '=', values: ['silver'] }] };
    expect((await query({ ...silver, fill: 'null' })).series[0]?.values[7]).toBeNull();
    expect((await query({ ...silver, fill: 'zero' })).series[0]?.values[7]).toBe(0);
    expect((await query({ ...silver, fill: 'none' })).series[0]?.values).toHaveLength(59);
  });

  it('POST /api/v1/query: NaN is null, a missing measure is no point', async () => {
    const revenue = await query({ metric: 'revenue_per_minute' });
    expect(revenue.series[0]?.values.slice(2, 5)).toEqual([3, null, 6]);
    expect(revenue.warnings.map(({ code }) => code)).toEqual(['values_unrepresentable']);
    const average = await query({ metric: 'revenue_per_minute', measure: 'plain_average' });
    expect(average.series[0]?.times).toHaveLength(30);
  });

  it('POST /api/v1/query: open windows are told, and left out on request', async () => {
    const all = await query({});
    const closed = await query({ include_open: false });
    const open = all.series[0]?.open_from_ms;
    // The watermark is the last minute's end: with 30 s of grace the last one may still change.
    expect(open).toBe(T0 + 59 * MINUTE_MS);
    expect(closed.series[0]?.times).toEqual(all.series[0]?.times.filter((time) => time < (open ?? 0)));
    expect(closed.series[0]).not.toHaveProperty('open_from_ms');
  });

  it('POST /api/v1/query: an empty range, and one before all points', async () => {
    expect((await query({ to_ms: T0 })).series).toEqual([]);
    expect((await query({ from_ms: 0, to_ms: 1 })).series).toEqual([]);
  });

  it('POST /api/v1/query: filters of each kind', async () => {
    const segments = async (op: string, values: string[]): Promise<unknown> =>
      (await query({ filters: [{ dimension: 'segment', op, values }] })).series.map(
        ({ labels }) => labels.segment,
      );
    expect(await segments('=', ['gold', 'none'])).toEqual(['gold']);
    expect(await segments('!=', ['gold'])).toEqual(['silver']);
    expect(await segments('=~', ['g.*', 'x'])).toEqual(['gold']);
    expect(await segments('=~', ['gol'])).toEqual([]);
    expect(await segments('!~', ['.*l.*'])).toEqual([]);
  });

  it('POST /api/v1/summary', async () => {
    const body = { metric: 'events_per_minute', ...range, include_open: true };
    const { series, step_ms } = (await bridge.post('/api/v1/summary', body)).json as Schemas['SummaryAnswer'];
    expect(step_ms).toBe(MINUTE_MS);
    expect(series[0]).toMatchObject({
      labels: { segment: 'gold' },
      last: 59,
      last_time_ms: T0 + 59 * MINUTE_MS,
      previous: 58,
      delta: 1,
      min: 0,
      max: 59,
      avg: 29.5,
      sum: 1_770,
      count: 60,
      open: true,
      stale: true,
    });
    const closed = (await bridge.post('/api/v1/summary', { ...body, include_open: undefined })).json;
    expect((closed as Schemas['SummaryAnswer']).series[0]).toMatchObject({
      last: 58,
      count: 59,
      open: false,
    });
  });

  it('POST /api/v1/events/query: the newest first, each window once', async () => {
    const body = { metric: 'high_activity_alert', ...range };
    const { events } = (await bridge.post('/api/v1/events/query', body)).json as Schemas['EventsAnswer'];
    expect(events).toMatchObject([
      { time_ms: T0 + 5 * MINUTE_MS, labels: { user_id: 'u2' }, value: 150, revision: 1 },
      {
        time_ms: T0,
        end_ms: T0 + 5 * MINUTE_MS,
        value: 120,
        revision: 2,
        state: 'resolved',
        severity: 'warning',
        message: 'High activity detected for user u1: 120 events',
      },
    ]);
    const first = (await bridge.post('/api/v1/events/query', { ...body, limit: 1 }))
      .json as Schemas['EventsAnswer'];
    expect(first.events.map(({ id }) => id)).toEqual([events[0]?.id]);
  });

  it('ingest takes an event with the name of a prototype in it as any other', async () => {
    const body = '[{"user_id":"u","__proto__":{"x":1}},{"constructor":{"prototype":{}}}]';
    const answer = await bridge.call('POST', '/api/v1/ingest/events', { body });
    expect(answer.json).toEqual({ accepted: 1, rejected: [{ index: 1, reason: 'no user_id' }] });
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  it('ingest takes what it can and names the rest', async () => {
    const events = [{ user_id: 'u', event_type: 'x', timestamp: T0, properties: {} }, 5, { event_type: 'y' }];
    const answer = await bridge.post('/api/v1/ingest/events', events);
    expect(answer.json).toMatchObject({ accepted: 1, rejected: [{ index: 1 }, { index: 2 }] });
    const profile = await bridge.call('PUT', '/api/v1/ingest/profiles/a%2Fb', { body: { segment: 'gold' } });
    expect(profile.status).toBe(204);
    expect(bridge.ingested.at(-1)).toEqual(['a/b', { segment: 'gold' }]);
  });

  it('GET /api/v1/status/history: what was recorded, stepped by the last value', async () => {
    const asked = async (parameters: string): Promise<Schemas['StatusHistoryAnswer']> => {
      const answer = await bridge.call('GET', `/api/v1/status/history?${parameters}`);
      expect(answer.status).toBe(200);
      return answer.json as Schemas['StatusHistoryAnswer'];
    };
    const whole = `from_ms=${T0}&to_ms=${T0 + HOUR_MS}`;
    expect(await asked(whole)).toMatchObject({ step_ms: 10_000, retention_ms: 24 * HOUR_MS, series: [] });
    const labels = { topic: 'events', metric: 'events_per_minute' };
    for (let i = 0; i < 360; i += 1) {
      bridge.history.record(T0 + i * 10_000, [{ name: 'lag', labels, value: i }]);
    }
    const { series, started_ms } = await asked(whole);
    expect(started_ms).toBe(bridge.history.startedMs);
    expect(series).toEqual([
      {
        name: 'lag',
        labels,
        times: Array.from({ length: 360 }, (_, i) => T0 + i * 10_000),
        values: Array.from({ length: 360 }, (_, i) => i),
      },
    ]);
    const stepped = await asked(`${whole}&max_points=4`);
    expect(stepped).toMatchObject({
      step_ms: 15 * MINUTE_MS,
      series: [{ times: [0, 1, 2, 3].map((i) => T0 + i * 15 * MINUTE_MS), values: [89, 179, 269, 359] }],
    });
  });

  it('GET /api/v1/status, /healthz, /readyz, /metrics', async () => {
    const status = (await bridge.call('GET', '/api/v1/status')).json as Schemas['StatusAnswer'];
    expect(status).toMatchObject({
      api_version: 'v1',
      version: '0.0.0-test',
      ready: true,
      store_epoch: bridge.demo.store.epoch(),
      store: { kind: bridge.demo.store.kind, state: 'ok' },
      pipeline: { state: 'ok' },
      clients: { connections: 3, subscriptions: 2, queued_bytes: 1 },
    });
    expect(status.capabilities).toEqual(
      expect.arrayContaining(['query', 'revisions', 'ingest', 'status_history']),
    );
    expect(status.metrics.find(({ metric }) => metric === 'events_per_minute')?.watermark_ms).toBe(
      T0 + HOUR_MS - 1,
    );
    expect((await bridge.call('GET', '/healthz')).json).toMatchObject({ status: 'alive' });
    expect((await bridge.call('GET', '/readyz')).json).toEqual({ status: 'ready' });
    expect((await bridge.call('GET', '/metrics')).text).toContain('streamkpi_clients 3');
    expect((await bridge.call('HEAD', '/healthz')).status).toBe(200);
  });

  it('closes gracefully: what is under way is answered, what comes after is not taken', async () => {
    const { demo } = bridge;
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const engine = Object.create(demo.engine) as { query: typeof demo.engine.query };
    engine.query = async (asked, tenant) => {
      await held;
      return demo.engine.query(asked, tenant);
    };
    const own = await startBridge({ ...demo, engine: engine as typeof demo.engine });
    const underWay = own.post('/api/v1/query', { metric: 'events_per_minute', ...range });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const closed = own.close();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await expect(own.call('GET', '/healthz')).rejects.toThrow(/ECONNREFUSED/);
    release();
    expect((await underWay).status).toBe(200);
    await closed;
  });
});
