import { startFedBridge, type FedBridge } from '../../support/fed-bridge/fed-bridge';
import { ALERTS, EVENTS, HOPPING, REVENUE, SESSIONS } from '../../support/fed-bridge/fed-metrics';
import { fieldOf, type HostFrame } from '../../support/plugin-host/host-frame';
import { pluginContext } from '../../support/plugin-host/plugin-context';
import { startPluginHost, type PluginHost } from '../../support/plugin-host/plugin-host';
import { createRandom } from '../../support/seeded-random';
import { ask, bridgeAnswer, metaOf, plainSeries, seriesOf, type Schemas } from './datasource-rig';

/** The backend's answers are the bridge's own, to the bit: no number is rounded, left out or added on the way. */

const MINUTE_MS = 60_000;
const MINUTES = 45;

describe('QueryData and the bridge say the same', () => {
  let bridge: FedBridge;
  let host: PluginHost;
  const base = Math.floor(Date.now() / (60 * MINUTE_MS)) * 60 * MINUTE_MS - 120 * MINUTE_MS;
  const range = { fromMs: base, toMs: base + MINUTES * MINUTE_MS };
  const bounds = { from_ms: range.fromMs, to_ms: range.toMs };
  const context = () => pluginContext({ dataSource: { uid: 'source', url: bridge.url } });
  const panel = (query: object): Promise<readonly HostFrame[]> => ask(host, context(), query, range);
  const post = <T>(path: string, body: object): Promise<T> =>
    bridgeAnswer<T>(bridge.url, `/api/v1/${path}`, { ...bounds, ...body });

  beforeAll(async () => {
    [bridge, host] = await Promise.all([startFedBridge(), startPluginHost()]);
    const random = createRandom(5);
    const odd = [
      0.1 + 0.2,
      -0,
      1e-320,
      2 ** 53 + 2,
      371.06999999999994,
      Number.NaN,
      Number.POSITIVE_INFINITY,
    ];
    const minutes = Array.from({ length: MINUTES }, (_, i) => base + i * MINUTE_MS);
    for (const metric of [EVENTS, HOPPING]) {
      const points = minutes.flatMap((startMs, i) =>
        ['', 'free', 'gold "quoted"', 'größe'].map((segment) => ({
          values: [segment],
          startMs,
          measures: [odd[i] ?? random() * 10 ** (random() * 12)],
        })),
      );
      await bridge.write(metric, points, range.toMs - MINUTE_MS);
    }
    const sold = minutes.flatMap((startMs) =>
      ['free', 'gold'].flatMap((segment) =>
        ['app', 'web'].map((site) => {
          const count = Math.floor(random() * 50);
          const value = random() * 1_000;
          return { values: [segment, site], startMs, measures: [value, count, value / count, random()] };
        }),
      ),
    );
    await bridge.write(REVENUE, sold, range.toMs - MINUTE_MS);
    // Revisions, late ones and removals.
    await bridge.write(EVENTS, [
      { values: ['free'], startMs: base + 3 * MINUTE_MS, measures: [7] },
      { values: ['free'], startMs: base + 3 * MINUTE_MS, measures: [8.25] },
      { values: ['free'], startMs: base + 5 * MINUTE_MS, removed: true },
    ]);
    const alerts = Array.from({ length: 12 }, (_, i) => ({
      values: [`user-${i % 5}`],
      startMs: base + Math.floor(i / 2) * 5 * MINUTE_MS,
      measures: [101 + i + random()],
    }));
    await bridge.write(ALERTS, alerts, range.toMs - MINUTE_MS);
    await bridge.write(ALERTS, [{ values: ['user-1'], startMs: base, removed: true }]);
    const visits = [0, 1, 2].map((i) => ({
      values: ['user-1'],
      startMs: base + i * 5 * MINUTE_MS + 7,
      endMs: base + i * 5 * MINUTE_MS + 9_000,
      measures: [i + 0.5],
    }));
    await bridge.write(SESSIONS, visits, range.toMs - MINUTE_MS);
  });
  afterAll(async () => {
    await host.stop();
    await bridge.close();
    expect(bridge.faults).toEqual([]);
  });

  test.each([
    ['every series', { metric: EVENTS.name }, { metric: EVENTS.name }],
    ['one measure', { metric: REVENUE.name, measure: 'spread' }, { metric: REVENUE.name, measure: 'spread' }],
    [
      'combined averages',
      { metric: REVENUE.name, measure: 'avg_transaction_value', groupBy: ['site'] },
      { metric: REVENUE.name, measure: 'avg_transaction_value', group_by: ['site'] },
    ],
    ['all in one', { metric: REVENUE.name, groupBy: [] }, { metric: REVENUE.name, group_by: [] }],
    [
      'steps',
      { metric: REVENUE.name, step: '5m', overTime: 'sum' },
      { metric: REVENUE.name, step_ms: 5 * MINUTE_MS, over_time: 'sum' },
    ],
    ['hopping windows', { metric: HOPPING.name }, { metric: HOPPING.name }],
    ['sessions', { metric: SESSIONS.name }, { metric: SESSIONS.name }],
    [
      'filters',
      { metric: EVENTS.name, filters: [{ dimension: 'segment', op: '=~', values: ['g.*', ''] }] },
      { metric: EVENTS.name, filters: [{ dimension: 'segment', op: '=~', values: ['g.*', ''] }] },
    ],
    ['filled gaps', { metric: EVENTS.name, fill: 'null' }, { metric: EVENTS.name, fill: 'null' }],
    [
      'closed windows only',
      { metric: EVENTS.name, openWindows: 'exclude' },
      { metric: EVENTS.name, include_open: false },
    ],
  ])('series: %s', async (_, query, body) => {
    const frames = await panel(query);
    const answer = await post<Schemas['QueryAnswer']>('query', body);
    expect(answer.series.length).toBeGreaterThan(0);
    expect(seriesOf(frames)).toEqual(plainSeries(answer));
    for (const frame of frames) {
      expect(frame.meta).toMatchObject({ type: 'timeseries-multi', typeVersion: [0, 1] });
      expect(frame.meta.executedQueryString).toContain('/api/v1/query');
      const { watermark_ms, store_epoch } = answer;
      expect(metaOf(frame)).toMatchObject({ kind: 'series', state: 'static', watermark_ms, store_epoch });
    }
    expect(frames.map((frame) => metaOf(frame).open_from_ms)).toEqual(
      answer.series.map((one) => one.open_from_ms ?? null),
    );
    expect(frames.map((frame) => fieldOf(frame, 'Value').config['unit'] ?? '')).toEqual(
      frames.map(() => answer.unit),
    );
  });

  test('series: revisions and removals on request, in the order of the points', async () => {
    const frames = await panel({ metric: EVENTS.name, withRevisions: true });
    const answer = await post<Schemas['QueryAnswer']>('query', {
      metric: EVENTS.name,
      include_revisions: true,
    });
    expect(frames.map((frame) => metaOf(frame).revisions)).toEqual(answer.series.map((one) => one.revisions));
    expect(frames.map((frame) => metaOf(frame).removed ?? [])).toEqual(
      answer.series.map((one) => one.removed),
    );
    expect(frames.map((frame) => metaOf(frame).removed_revisions ?? [])).toEqual(
      answer.series.map((one) => one.removed_revisions),
    );
    expect(answer.series.flatMap((one) => one.removed)).toEqual([base + 5 * MINUTE_MS]);
    const without = await panel({ metric: EVENTS.name });
    expect(metaOf(without[0]!)).not.toHaveProperty('revisions');
  });

  test('series: the panel decides the step, and the frame says what each point stands for', async () => {
    const frames = await ask(host, context(), { metric: EVENTS.name }, { ...range, maxDataPoints: 10 });
    const answer = await post<Schemas['QueryAnswer']>('query', { metric: EVENTS.name, max_points: 10 });
    expect(answer.step_ms).toBe(5 * MINUTE_MS);
    expect(seriesOf(frames)).toEqual(plainSeries(answer));
    expect(frames[0]?.meta.notices?.map((notice) => notice.text).join()).toMatch(/5 ?m/);
  });

  test.each([
    ['last', {}],
    ['previous', {}],
    ['delta', {}],
    ['min', {}],
    ['max', {}],
    ['avg', {}],
    ['sum', {}],
    ['count', {}],
    ['last', { openWindows: 'include' }],
  ] as const)('summary: %s as one number a series %j', async (stat, options) => {
    const frames = await panel({ kind: 'summary', metric: REVENUE.name, stat, ...options });
    const answer = await post<Schemas['SummaryAnswer']>('summary', {
      metric: REVENUE.name,
      include_open: 'openWindows' in options,
    });
    expect(answer.series).toHaveLength(4);
    expect(frames).toHaveLength(4);
    frames.forEach((frame, i) => {
      expect(frame.meta).toMatchObject({ type: 'numeric-multi', typeVersion: [0, 1] });
      expect(frame.fields).toHaveLength(1);
      expect(frame.fields[0]?.labels).toEqual(answer.series[i]?.labels);
      expect(frame.fields[0]?.values).toEqual([answer.series[i]?.[stat]]);
    });
  });

  test('summary: the whole table', async () => {
    const [table] = await panel({ kind: 'summary', metric: REVENUE.name });
    const { series } = await post<Schemas['SummaryAnswer']>('summary', { metric: REVENUE.name });
    for (const column of ['last', 'previous', 'delta', 'min', 'max', 'avg', 'sum', 'count'] as const) {
      expect(fieldOf(table!, column).values).toEqual(series.map((one) => one[column]));
    }
    expect(fieldOf(table!, 'segment').values).toEqual(series.map((one) => one.labels['segment']));
    expect(fieldOf(table!, 'site').values).toEqual(series.map((one) => one.labels['site']));
    expect(fieldOf(table!, 'last_time').values).toEqual(series.map((one) => one.last_time_ms));
    expect(fieldOf(table!, 'updated').values).toEqual(series.map((one) => one.updated_ms));
    expect(fieldOf(table!, 'stale').values).toEqual(series.map((one) => one.stale));
  });

  test('events: the table, newest first', async () => {
    const [table] = await panel({ kind: 'events', metric: ALERTS.name });
    const { events } = await post<Schemas['EventsAnswer']>('events/query', { metric: ALERTS.name });
    expect(events).toHaveLength(12);
    const columns = {
      time: 'time_ms',
      timeEnd: 'end_ms',
      id: 'id',
      text: 'message',
      severity: 'severity',
      state: 'state',
      value: 'value',
      first_seen: 'first_seen_ms',
      updated: 'updated_ms',
      revision: 'revision',
    } as const;
    for (const [column, name] of Object.entries(columns)) {
      expect([column, fieldOf(table!, column).values]).toEqual([column, events.map((event) => event[name])]);
    }
    expect(fieldOf(table!, 'user_id').values).toEqual(events.map((event) => event.labels['user_id']));
    const open = await panel({ kind: 'events', metric: ALERTS.name, eventState: 'open' });
    expect(fieldOf(open[0]!, 'id').values).toEqual(
      events.filter(({ state }) => state === 'open').map(({ id }) => id),
    );
  });

  test('events: counted, and the newest value of each', async () => {
    const { events } = await post<Schemas['EventsAnswer']>('events/query', { metric: ALERTS.name });
    const [count] = await panel({ kind: 'events', metric: ALERTS.name, eventsAs: 'count' });
    expect(count?.fields[0]?.values).toEqual([events.length]);
    const users = await panel({
      kind: 'events',
      metric: ALERTS.name,
      eventsAs: 'count',
      groupBy: ['user_id'],
    });
    const counted = new Map<string, number>();
    for (const { labels } of events) {
      counted.set(labels['user_id']!, (counted.get(labels['user_id']!) ?? 0) + 1);
    }
    expect(
      new Map(users.map((frame) => [frame.fields[0]?.labels['user_id'], frame.fields[0]?.values[0]])),
    ).toEqual(counted);
    const newest = await panel({ kind: 'events', metric: ALERTS.name, eventsAs: 'value' });
    for (const frame of newest) {
      const user = frame.fields[0]?.labels['user_id'];
      const event = events.find(({ labels }) => labels['user_id'] === user);
      expect(frame.fields[0]?.values).toEqual([event?.value]);
    }
    expect(newest).toHaveLength(counted.size);
  });

  test('status: what the bridge says of itself', async () => {
    const [table] = await panel({ kind: 'status' });
    const status = (await (await fetch(`${bridge.url}/api/v1/status`)).json()) as Schemas['StatusAnswer'];
    const told = (metaOf(table!) as unknown as { status: Schemas['StatusAnswer'] }).status;
    expect(told).toMatchObject({ version: status.version, ready: true, store: status.store });
    expect(told.metrics.map(({ metric, watermark_ms }) => [metric, watermark_ms])).toEqual(
      status.metrics.map(({ metric, watermark_ms }) => [metric, watermark_ms]),
    );
    const ready = await panel({ kind: 'status', statusAs: 'ready' });
    expect(ready.flatMap((frame) => frame.fields[0]?.values)).toContain(1);
  });

  test('an empty range is no data, in a frame that says what it is', async () => {
    const early = { fromMs: range.fromMs - 10 * MINUTE_MS, toMs: range.fromMs };
    const frames = await ask(host, context(), { metric: EVENTS.name }, early);
    expect(frames).toHaveLength(1);
    expect(frames[0]?.fields).toEqual([]);
    expect(frames[0]?.meta.type).toBe('timeseries-multi');
    expect(metaOf(frames[0]!).kind).toBe('series');
  });

  test('a time shift shows what was before at the times that are asked', async () => {
    const later = { fromMs: range.fromMs + 3_600_000, toMs: range.toMs + 3_600_000 };
    const shifted = await ask(host, context(), { metric: EVENTS.name, timeShift: '1h' }, later);
    const answer = await post<Schemas['QueryAnswer']>('query', { metric: EVENTS.name });
    expect(seriesOf(shifted)).toEqual(
      plainSeries(answer).map((one) => ({
        ...one,
        times: one.times.map((time) => (time as number) + 3_600_000),
      })),
    );
    expect(metaOf(shifted[0]!).live).toMatchObject({ mode: 'poll' });
  });
});
