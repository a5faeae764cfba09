import { freePort } from '../../support/free-port';
import { startFakeBridge, type FakeBridge } from '../../support/fake-bridge/fake-bridge';
import { startFedBridge } from '../../support/fed-bridge/fed-bridge';
import { EVENTS } from '../../support/fed-bridge/fed-metrics';
import { pluginContext, type DataSourceSettings } from '../../support/plugin-host/plugin-context';
import { startPluginHost, type PluginHost } from '../../support/plugin-host/plugin-host';
import { SENTENCE } from '../../support/sentence';
import { selfSigned, type Certificate } from './certificates';
import { answerTo, ask, metaOf, seriesOf } from './datasource-rig';

/** Whatever is wrong, a person reads in a sentence what it is and what to do: in panels and in Save & test. */

const MINUTE_MS = 60_000;
const TOKEN = 'the-right-token-0123456789-0123456789';

interface Case {
  readonly name: string;
  readonly bridge?: Parameters<typeof startFakeBridge>[0];
  /** What the bridge does wrong. */
  readonly wrong?: (bridge: FakeBridge) => void;
  readonly settings?: (bridge: FakeBridge) => Partial<DataSourceSettings>;
  readonly query?: object;
  /** What the panel says; absent: the query is fine. */
  readonly panel?: RegExp;
  /** What Save & test says; absent: OK. */
  readonly test?: RegExp;
  readonly fault?: 'downstream' | 'plugin';
}

describe('bad input', () => {
  let host: PluginHost;
  const own: Certificate = selfSigned();
  const now = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
  const range = { fromMs: now - 10 * MINUTE_MS, toMs: now };

  beforeAll(async () => {
    host = await startPluginHost();
  });
  afterAll(() => host.stop());
  /** Bridges of the test that runs; they end with it, however it ends. */
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
  });
  const fake = async (options?: Parameters<typeof startFakeBridge>[0]): Promise<FakeBridge> => {
    const bridge = await startFakeBridge(options);
    open.push(bridge);
    return bridge;
  };

  const CASES: readonly Case[] = [
    { name: 'nothing is wrong' },
    {
      name: 'the bridge is not there',
      settings: () => ({ url: 'http://127.0.0.1:1' }),
      panel: /No bridge listens at .*127\.0\.0\.1:1\. Start the bridge, or correct the URL/,
      test: /No bridge listens at .*127\.0\.0\.1:1/,
    },
    {
      name: 'a host that nobody knows',
      settings: () => ({ url: 'http://no-such-bridge.invalid:8765' }),
      panel: /no-such-bridge\.invalid/,
      test: /no-such-bridge\.invalid/,
    },
    { name: 'no URL', settings: () => ({ url: '' }), panel: /URL/, test: /URL/ },
    { name: 'no URL of a bridge', settings: () => ({ url: 'ftp://x' }), panel: /http/, test: /http/ },
    {
      name: 'a wrong token',
      bridge: { tokens: [TOKEN] },
      settings: () => ({ secureJsonData: { token: 'another' } }),
      panel: /token/i,
      test: /token/i,
    },
    { name: 'no token', bridge: { tokens: [TOKEN] }, panel: /token/i, test: /token/i },
    {
      name: 'the right token',
      bridge: { tokens: [TOKEN] },
      settings: () => ({ secureJsonData: { token: TOKEN } }),
    },
    {
      name: 'https to a bridge without TLS',
      settings: ({ url }) => ({ url: url.replace('http:', 'https:') }),
      panel: /TLS|http:\/\//,
      test: /TLS|http:\/\//,
    },
    {
      name: 'http to a bridge with TLS',
      bridge: { tls: own },
      settings: ({ url }) => ({ url: url.replace('https:', 'http:') }),
      panel: /TLS|https:\/\//,
      test: /TLS|https:\/\//,
    },
    {
      name: 'a certificate that nobody trusts',
      bridge: { tls: own },
      panel: /certificate/i,
      test: /certificate/i,
    },
    {
      name: 'a certificate that the settings trust',
      bridge: { tls: own },
      settings: () => ({ jsonData: { tlsAuthWithCACert: true }, secureJsonData: { tlsCACert: own.cert } }),
    },
    {
      name: 'a certificate that is not checked',
      bridge: { tls: own },
      settings: () => ({ jsonData: { tlsSkipVerify: true } }),
    },
    {
      name: 'an older bridge',
      wrong: ({ status }) =>
        void Object.assign(status, { capabilities: ['query', 'summary'], version: '0.0.1' }),
      test: /0\.0\.1.*too old.*Update the bridge/,
    },
    {
      name: 'the bridge of before this contract',
      wrong: ({ misbehaviour }) => (misbehaviour.original = true),
      panel: /No StreamKPI bridge found/,
      test: /No StreamKPI bridge found/,
    },
    {
      name: 'a hop behind the bridge fails',
      wrong: ({ status }) => {
        const source = {
          kind: 'kafka',
          hop: 'kafka',
          state: 'failing',
          message: 'No broker answers.',
          topics: [],
        };
        Object.assign(status, { ready: false, source });
      },
      test: /Kafka.*No broker answers/,
    },
    {
      name: 'a web page in place of a bridge',
      wrong: ({ misbehaviour }) =>
        (misbehaviour.lie = () => ({ type: 'text/html', body: '<html><body>Welcome!</body></html>' })),
      panel: /No StreamKPI bridge found/,
      test: /No StreamKPI bridge found/,
    },
    {
      name: 'JSON of something else',
      wrong: ({ misbehaviour }) => (misbehaviour.lie = () => ({ body: '{"metrics":5,"series":"none"}' })),
      panel: /bridge/,
      test: /bridge/,
    },
    {
      name: 'an answer that breaks off',
      wrong: ({ misbehaviour }) => (misbehaviour.lie = () => ({ body: '{"metrics":[{"name":' })),
      panel: /bridge/,
      test: /bridge/,
    },
    {
      name: 'a metric that is gone',
      query: { metric: 'deleted_metric' },
      panel: /deleted_metric.*(Choose another metric|metrics file)/,
    },
    { name: 'a measure that is gone', query: { metric: EVENTS.name, measure: 'gone' }, panel: /gone/ },
    {
      name: 'a dimension that is gone',
      query: { metric: EVENTS.name, groupBy: ['gone'] },
      panel: /gone/,
    },
    {
      name: 'a broken pattern',
      query: { metric: EVENTS.name, filters: [{ dimension: 'segment', op: '=~', values: ['(gold'] }] },
      panel: /\(gold/,
    },
    { name: 'no metric chosen', query: {}, panel: /metric/ },
    { name: 'a kind that does not exist', query: { kind: 'histogram' }, panel: /histogram|kind/ },
    { name: 'events of a metric without', query: { kind: 'events', metric: EVENTS.name }, panel: /event/i },
    {
      name: 'a variable that nobody filled in',
      query: { metric: EVENTS.name, filters: [{ dimension: 'segment', op: '=', values: ['${segment}'] }] },
      panel: /filter.*\$\{segment\}|\$\{segment\}.*filter|variable/i,
    },
    {
      name: 'a value that looks like a variable, from a browser that has filled in all',
      query: {
        metric: EVENTS.name,
        filters: [{ dimension: 'segment', op: '!=', values: ['$root', 'a$b', '[[x]]'] }],
        interpolated: true,
      },
    },
    { name: 'a step that is none', query: { metric: EVENTS.name, step: 'often' }, panel: /step|often/ },
  ];

  test.each(CASES)('$name', async (given) => {
    const bridge = await fake(given.bridge);
    bridge.points.putValue(EVENTS.name, { segment: 'gold' }, now - 5 * MINUTE_MS, 7.5);
    for (const { name } of bridge.points.metrics) bridge.points.setWatermark(name, Date.now() - 1_000);
    given.wrong?.(bridge);
    const dataSource = { uid: `bad-${CASES.indexOf(given)}`, url: bridge.url, ...given.settings?.(bridge) };
    const context = pluginContext({ dataSource });
    const result = await answerTo(host, context, given.query ?? { metric: EVENTS.name }, range);
    if (given.panel === undefined) {
      expect(result).toMatchObject({ error: '', status: 200 });
      expect(seriesOf(result.frames)).toMatchObject([{ labels: { segment: 'gold' }, values: [7.5] }]);
    } else {
      expect(result.error).toMatch(given.panel);
      expect(result.error).toMatch(SENTENCE);
      expect(result.errorSource).toBe(given.fault ?? 'downstream');
      expect(result.frames).toEqual([]);
    }
    const health = await host.checkHealth(context);
    expect(health.message).toMatch(SENTENCE);
    expect(health.status).toBe(given.test === undefined ? 'OK' : 'ERROR');
    if (given.test !== undefined) expect(health.message).toMatch(given.test);
  });

  test('10,000 series: a bounded answer with a notice', async () => {
    const bridge = await startFedBridge({ metrics: [{ ...EVENTS, maxSeries: 20_000 }] });
    open.push(bridge);
    const points = Array.from({ length: 10_000 }, (_, i) => ({
      values: [`segment-${String(i).padStart(5, '0')}`],
      startMs: now - 3 * MINUTE_MS,
      measures: [i],
    }));
    await bridge.write(EVENTS, points, now - MINUTE_MS);
    const context = pluginContext({ dataSource: { uid: 'many', url: bridge.url } });
    const frames = await ask(host, context, { metric: EVENTS.name }, range);
    expect(frames).toHaveLength(1_000);
    expect(frames[0]?.meta.notices).toEqual([
      expect.objectContaining({
        severity: 'warning',
        text: expect.stringMatching(/1000 of 10000 series/) as string,
      }),
    ]);
    // What is cut cannot be upserted: the stream only tells when to ask again.
    expect(metaOf(frames[0]!).live?.mode).toBe('changed');
    const one = await ask(host, context, { metric: EVENTS.name, groupBy: [] }, range);
    expect(seriesOf(one)).toMatchObject([{ values: [(9_999 * 10_000) / 2] }]);
  });

  test('a bridge that goes away says so in Save & test, and comes back by itself', async () => {
    const port = await freePort();
    const context = pluginContext({ dataSource: { uid: 'comes-back', url: `http://127.0.0.1:${port}` } });
    expect((await host.checkHealth(context)).status).toBe('ERROR');
    const bridge = await fake({ port });
    bridge.points.putValue(EVENTS.name, { segment: 'gold' }, now - MINUTE_MS, 1);
    for (const { name } of bridge.points.metrics) bridge.points.setWatermark(name, Date.now());
    expect(await host.checkHealth(context)).toMatchObject({ status: 'OK' });
    for (const one of open.splice(0)) await one.close();
    expect((await host.checkHealth(context)).status).toBe('ERROR');
  });
});
