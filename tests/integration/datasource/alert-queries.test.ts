import { inOrder, readBySdk } from '../../support/alerting/sdk-reading';
import { valuesOf } from '../../support/alerting/values';
import { startFakeBridge, type FakeBridge } from '../../support/fake-bridge/fake-bridge';
import { startFedBridge, type FedBridge } from '../../support/fed-bridge/fed-bridge';
import { ALERTS, EVENTS } from '../../support/fed-bridge/fed-metrics';
import { freePort } from '../../support/free-port';
import type { HostFrame, HostValue } from '../../support/plugin-host/host-frame';
import { pluginContext } from '../../support/plugin-host/plugin-context';
import { startPluginHost, type PluginHost, type QueryResult } from '../../support/plugin-host/plugin-host';
import {
  answerTo,
  ask,
  bridgeAnswer,
  FROM_ALERT,
  metaOf,
  plainSeries,
  seriesOf,
  type Schemas,
} from './datasource-rig';

/** What an alert rule gets: closed windows, all of them, whoever asks and however wide a panel is. */

const MINUTE_MS = 60_000;
const MINUTES = 12;
const ALERT_MINUTES = [0, 5];

describe('queries of alert rules', () => {
  let bridge: FedBridge;
  let host: PluginHost;
  const base = Math.floor(Date.now() / (60 * MINUTE_MS)) * 60 * MINUTE_MS - 120 * MINUTE_MS;
  /** The watermark stands here: with a grace of 30 s the windows from minute 10 on are open. */
  const watermark = base + 11 * MINUTE_MS + 10_000;
  const CLOSED = 10;
  const context = () => pluginContext({ dataSource: { uid: 'source', url: bridge.url }, user: null });
  const range = { fromMs: base, toMs: base + MINUTES * MINUTE_MS };
  const rule = { ...range, headers: FROM_ALERT };

  beforeAll(async () => {
    [bridge, host] = await Promise.all([startFedBridge(), startPluginHost()]);
    const points = Array.from({ length: MINUTES }, (_, i) => i).flatMap((i) =>
      ['gold', 'silver'].map((segment) => ({
        values: [segment],
        startMs: base + i * MINUTE_MS,
        measures: [segment === 'gold' ? i + 0.1 : 100 - i / 3],
      })),
    );
    await bridge.write(EVENTS, points, watermark);
    await bridge.write(
      ALERTS,
      ALERT_MINUTES.map((minute) => ({
        values: ['u1'],
        startMs: base + minute * MINUTE_MS,
        measures: [120 + minute],
      })),
      watermark,
    );
  });
  let fake: FakeBridge | null = null;
  afterAll(async () => {
    await host.stop();
    await fake?.close();
    await bridge.close();
    expect(bridge.faults).toEqual([]);
  });

  test.each([1, 10, 100, 43_200])(
    'the closed windows, whatever maxDataPoints (%d)',
    async (maxDataPoints) => {
      const frames = await ask(host, context(), { metric: EVENTS.name }, { ...rule, maxDataPoints });
      const closed = await bridgeAnswer<Schemas['QueryAnswer']>(bridge.url, '/api/v1/query', {
        metric: EVENTS.name,
        from_ms: range.fromMs,
        to_ms: range.toMs,
        include_open: false,
      });
      expect(closed.series[0]?.times).toHaveLength(CLOSED);
      expect(seriesOf(frames)).toEqual(plainSeries(closed));
      for (const frame of frames) {
        expect(metaOf(frame)).toMatchObject({ step_ms: MINUTE_MS, open_from_ms: null });
        expect(metaOf(frame)).not.toHaveProperty('live');
        expect(metaOf(frame)).not.toHaveProperty('revisions');
      }
    },
  );

  test('an expression in a panel gets what a rule gets', async () => {
    const headers = { 'http_X-Grafana-From-Expr': 'true' };
    const call = { ...range, headers, maxDataPoints: 2 };
    const frames = await ask(host, context(), { metric: EVENTS.name }, call);
    expect(seriesOf(frames)[0]?.times).toHaveLength(CLOSED);
  });

  test('open windows where the query asks for them, and a step where it names one', async () => {
    const included = await ask(host, context(), { metric: EVENTS.name, openWindows: 'include' }, rule);
    expect(seriesOf(included)[0]?.times).toHaveLength(MINUTES);
    const stepped = await ask(
      host,
      context(),
      { metric: EVENTS.name, step: '5m', overTime: 'max', groupBy: [] },
      { ...rule, maxDataPoints: 1 },
    );
    expect(seriesOf(stepped)[0]?.times).toEqual([base, base + 5 * MINUTE_MS]);
  });

  test('summaries, events and status are numbers', async () => {
    const last = await ask(host, context(), { kind: 'summary', metric: EVENTS.name }, rule);
    expect(last.map((frame) => frame.fields.map(({ values }) => values))).toEqual([
      [[CLOSED - 1 + 0.1]],
      [[100 - (CLOSED - 1) / 3]],
    ]);
    const count = await ask(host, context(), { kind: 'events', metric: ALERTS.name }, rule);
    const ready = await ask(host, context(), { kind: 'status' }, rule);
    for (const frames of [last, count, ready]) {
      for (const frame of frames) {
        expect(frame.meta.type).toBe('numeric-multi');
        expect(frame.fields.map(({ type }) => type)).toEqual(['number']);
      }
    }
    const none = { ...rule, fromMs: base - 30 * MINUTE_MS, toMs: base - 5 * MINUTE_MS };
    const zero = await ask(host, context(), { kind: 'events', metric: ALERTS.name }, none);
    expect(zero.map((frame) => frame.fields[0]?.values)).toEqual([[0]]);
  });

  /** Every form of query that a rule may have, with data and, where it may be so, without. */
  const FORMS: Readonly<Record<string, object>> = {
    series: { metric: EVENTS.name },
    'open windows too': { metric: EVENTS.name, openWindows: 'include' },
    'all in one': { metric: EVENTS.name, groupBy: [] },
    'filled gaps': { metric: EVENTS.name, fill: 'null' },
    steps: { metric: EVENTS.name, step: '5m', overTime: 'max' },
    alias: { metric: EVENTS.name, alias: 'the same for all' },
    ...Object.fromEntries(
      ['', 'last', 'previous', 'delta', 'min', 'max', 'avg', 'sum', 'count'].map((stat) => [
        `summary ${stat}`,
        { kind: 'summary', metric: EVENTS.name, ...(stat === '' ? {} : { stat }) },
      ]),
    ),
    events: { kind: 'events', metric: ALERTS.name },
    'events counted by user': {
      kind: 'events',
      metric: ALERTS.name,
      eventsAs: 'count',
      groupBy: ['user_id'],
    },
    'newest value of each': { kind: 'events', metric: ALERTS.name, eventsAs: 'value' },
    status: { kind: 'status' },
    ...Object.fromEntries(
      ['ready', 'freshness', 'lag', 'dead_letters', 'records', 'clients'].map((statusAs) => [
        `status ${statusAs}`,
        { kind: 'status', statusAs },
      ]),
    ),
  };

  test('the SDK’s readers take every form as expressions reckon with it', async () => {
    const empty = { ...rule, fromMs: base - 30 * MINUTE_MS, toMs: base - 5 * MINUTE_MS };
    const partitions = [{ partition: 0, owned: true, position: 7, end: 9, lag: 2 }];
    const read = { topic: EVENTS.topic, metric: EVENTS.name, state: 'reading', reason: null } as const;
    const letters = { deadLetters: 1, deadLettersByReason: new Map([['bad_time', 1]]), lastDeadLetter: null };
    const topics = [{ ...read, partitions, lastRecordMs: watermark, records: 7, ...letters }];
    bridge.source.status = { ready: true, failing: null, topics };
    const answers = new Map<string, QueryResult>();
    for (const [name, query] of Object.entries(FORMS)) {
      answers.set(name, await answerTo(host, context(), query, rule));
      answers.set(`${name}, nothing in the range`, await answerTo(host, context(), query, empty));
    }
    expect([...answers].filter(([, { error }]) => error !== '')).toEqual([]);
    const bySdk = readBySdk(new Map([...answers].map(([name, { arrow }]) => [name, arrow])));
    for (const [name, { frames }] of answers) {
      expect([name, bySdk.get(name)]).toEqual([name, { values: inOrder(valuesOf(frames)), error: '' }]);
    }
    const withoutData = [...bySdk].filter(([, { values }]) => values[0]?.kind === 'none');
    expect(withoutData.map(([name]) => name).filter((name) => name in FORMS)).toEqual([]);
    expect(withoutData.length).toBeGreaterThan(10);
    // What a panel gets as a table is not for rules, and said to be none.
    const tables = await answerTo(host, context(), { kind: 'summary', metric: EVENTS.name }, range);
    expect(readBySdk(new Map([['table', tables.arrow]])).get('table')?.error).toMatch(/type/);
  });

  test('each second over ten minutes while the watermark stands still: no data only without a closed window', async () => {
    const WIDTH_MS = 5 * MINUTE_MS;
    const queries = {
      series: { metric: EVENTS.name },
      summary: { kind: 'summary', metric: EVENTS.name, stat: 'count' },
      last: { kind: 'summary', metric: EVENTS.name },
      value: { kind: 'events', metric: ALERTS.name, eventsAs: 'value' },
      count: { kind: 'events', metric: ALERTS.name },
    };
    const numbersOf = (frames: readonly HostFrame[]): HostValue[] =>
      frames.flatMap(({ fields }) => fields.map(({ values }) => values[0]!));
    let [without, withData, withEvents] = [0, 0, 0];
    for (let second = 0; second <= 600; second += 1) {
      const toMs = base + CLOSED * MINUTE_MS - 3 * MINUTE_MS + second * 1_000;
      const asked = { fromMs: toMs - WIDTH_MS, toMs, headers: FROM_ALERT, maxDataPoints: 43_200 };
      const results = await host.queryData(context(), { ...asked, queries });
      const frames = (refId: keyof typeof queries): readonly HostFrame[] => {
        const { error, frames: told } = results.get(refId)!;
        expect([refId, error]).toEqual([refId, '']);
        // Rules tell no data by frames without fields: there must be one.
        expect(told.length).toBeGreaterThan(0);
        return told;
      };
      const isAsked = (time: number): boolean => time >= asked.fromMs && time < asked.toMs;
      const minutes = Array.from({ length: CLOSED }, (_, i) => i).filter((i) =>
        isAsked(base + i * MINUTE_MS),
      );
      const due = minutes.map((i) => base + i * MINUTE_MS);
      const told = seriesOf(frames('series')).map(({ times }) => times);
      expect(told).toEqual(due.length === 0 ? [] : [due, due]);
      expect(numbersOf(frames('summary'))).toEqual(due.length === 0 ? [] : [due.length, due.length]);
      const newest = minutes.at(-1);
      expect(numbersOf(frames('last'))).toEqual(newest === undefined ? [] : [newest + 0.1, 100 - newest / 3]);
      const alerts = ALERT_MINUTES.filter((minute) => isAsked(base + minute * MINUTE_MS));
      const value = alerts.at(-1);
      expect(numbersOf(frames('value'))).toEqual(value === undefined ? [] : [120 + value]);
      // To have counted none is an answer.
      expect(numbersOf(frames('count'))).toEqual([alerts.length]);
      if (due.length === 0) without += 1;
      else withData += 1;
      if (alerts.length > 0) withEvents += 1;
    }
    expect(withData).toBeGreaterThan(400);
    expect(without).toBeGreaterThan(100);
    expect(withEvents).toBeGreaterThan(100);
  });

  const expectError = (result: QueryResult, text: RegExp): void => {
    expect(result).toMatchObject({ frames: [], errorSource: 'downstream' });
    expect(result.status).toBeGreaterThanOrEqual(500);
    expect(result.error).toMatch(text);
  };

  test('a bridge that is not there is an error at each second, never no data', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const gone = pluginContext({ dataSource: { uid: 'gone', url }, user: null });
    for (let second = 0; second <= 600; second += 1) {
      const call = {
        fromMs: base + second * 1_000,
        toMs: base + second * 1_000 + 300_000,
        headers: FROM_ALERT,
      };
      for (const kind of ['series', 'summary', 'events'] as const) {
        const metric = kind === 'events' ? ALERTS.name : EVENTS.name;
        expectError(await answerTo(host, gone, { kind, metric }, call), /No bridge listens at .+\./);
      }
    }
  });

  test('a bridge that stops between two evaluations, and comes back', async () => {
    const query = { metric: EVENTS.name };
    const before = seriesOf(await ask(host, context(), query, rule));
    await bridge.stop();
    expectError(await answerTo(host, context(), query, rule), /bridge/);
    await bridge.start();
    expect(seriesOf(await ask(host, context(), query, rule))).toEqual(before);
  });

  test('a bridge that hangs, and one that breaks off', async () => {
    fake = await startFakeBridge();
    const hasty = pluginContext({
      dataSource: { uid: 'hasty', url: fake.url, jsonData: { timeout: 1 } },
      user: null,
    });
    await ask(host, hasty, { metric: EVENTS.name }, rule);
    fake.misbehaviour.hang = /query/;
    expectError(await answerTo(host, hasty, { metric: EVENTS.name }, rule), /did not answer in time/);
    fake.misbehaviour.hang = null;
    fake.misbehaviour.reset = /query/;
    expectError(await answerTo(host, hasty, { metric: EVENTS.name }, rule), /bridge/);
    fake.misbehaviour.reset = null;
    await ask(host, hasty, { metric: EVENTS.name }, rule);
  });
});
