import { connect as connectTcp } from 'node:net';
import { once } from 'node:events';
import * as fc from 'fast-check';
import {
  ALERTS,
  EVENTS,
  METRICS,
  REVENUE,
  startLiveBridge,
  type LiveBridge,
  type LiveBridgeOptions,
} from './websocket-bridge';
import { MINUTE } from '../support/sample-metrics';
import { eventually } from '../support/waiting';
import { TestClient, serverMessageTypes } from './websocket-client';

/** Every refusal has its code, and the connection stays open unless the fault is the connection's. */
describe('refusals', () => {
  let bridge: LiveBridge;
  const connect: LiveBridge['connect'] = (options) => bridge.connect(options);
  const restart = async (options: LiveBridgeOptions): Promise<void> => {
    await bridge.close();
    bridge = await startLiveBridge(options);
  };
  const token = 't'.repeat(43);
  const other = 'o'.repeat(43);

  beforeEach(async () => {
    bridge = await startLiveBridge();
  });
  afterEach(() => bridge.close());

  const subscribe = (extra: object): object => ({
    type: 'subscribe_metric',
    id: 'a',
    metric_name: EVENTS.name,
    ...extra,
  });
  test.each([
    ['unknown type', { type: 'nonsense' }, 'unknown_type'],
    ['no type', { metric_name: 'x' }, 'unknown_type'],
    ['inherited type', { type: 'constructor' }, 'unknown_type'],
    ['unknown metric', { type: 'subscribe_metric', metric_name: 'x' }, 'unknown_metric'],
    ['unknown metric with id', subscribe({ metric_name: 'x' }), 'unknown_metric'],
    ['history of an unknown metric', { type: 'get_historical_data', metric_name: 'x' }, 'unknown_metric'],
    ['an id where none is known', { type: 'get_historical_data', metric_name: 'x', id: 7 }, 'unknown_metric'],
    ['no metric', { type: 'subscribe_metric', id: 'a' }, 'bad_request'],
    ['two metrics', subscribe({ metric: REVENUE.name }), 'bad_request'],
    ['unknown measure', subscribe({ measure: 'x' }), 'unknown_measure'],
    ['unknown dimension', subscribe({ group_by: ['x'] }), 'unknown_dimension'],
    ['unknown field', subscribe({ filter: [] }), 'bad_request'],
    [
      'a filter that is none',
      subscribe({ filters: [{ dimension: 'segment', op: '~', values: [] }] }),
      'invalid_filter',
    ],
    [
      'a pattern that is none',
      subscribe({ filters: [{ dimension: 'segment', op: '=~', values: ['('] }] }),
      'invalid_regex',
    ],
    [
      'a filter on no dimension',
      subscribe({ filters: [{ dimension: 'x', op: '=', values: ['1'] }] }),
      'unknown_dimension',
    ],
    [
      '1,001 label values',
      subscribe({ filters: [{ dimension: 'segment', op: '=', values: Array(1_001).fill('x') }] }),
      'invalid_filter',
    ],
    ['a step of zero', subscribe({ step_ms: 0 }), 'invalid_step'],
    ['no such rule', subscribe({ over_time: 'median' }), 'invalid_over_time'],
    ['not combinable', subscribe({ measure: 'spread', group_by: [] }), 'not_combinable'],
    ['a negative time', subscribe({ from_ms: -1 }), 'invalid_range'],
    ['an enormous time', subscribe({ from_ms: 1e300 }), 'invalid_range'],
    ['events of windows', subscribe({ events: true }), 'not_an_event_metric'],
    [
      'events with a step',
      subscribe({ metric_name: ALERTS.name, events: true, step_ms: 60_000 }),
      'bad_request',
    ],
    [
      'a range of zero',
      { type: 'get_historical_data', metric_name: EVENTS.name, time_range: 0 },
      'invalid_range',
    ],
    [
      'a negative range',
      { type: 'get_historical_data', metric_name: EVENTS.name, time_range: -5 },
      'invalid_range',
    ],
    [
      'a range in words',
      { type: 'get_historical_data', metric_name: EVENTS.name, time_range: '1h' },
      'invalid_range',
    ],
    ['no subscription', { type: 'unsubscribe_metric', id: 'zz' }, 'unknown_subscription'],
    [
      'no such subscription',
      { type: 'unsubscribe_metric', metric_name: EVENTS.name },
      'unknown_subscription',
    ],
    ['unsubscribe nothing', { type: 'unsubscribe_metric' }, 'bad_request'],
  ])('%s', async (_, message, code) => {
    const client = await connect();
    client.send(message);
    expect(await client.next('error')).toMatchObject({ code, retryable: false });
    client.send({ type: 'ping' });
    await client.next('pong');
    expect(bridge.hub.stats().subscriptions).toBe(0);
  });

  test('an error carries the id of the subscription that it concerns', async () => {
    const client = await connect();
    client.send(subscribe({ measure: 'x', id: 'mine' }));
    expect(await client.next('error')).toMatchObject({ id: 'mine' });
    client.send(subscribe({ step_ms: 'x', id: 'yours' }));
    expect(await client.next('error')).toMatchObject({ id: 'yours' });
    client.send(subscribe({ id: 'dup' }));
    await client.next('subscribed');
    client.send(subscribe({ id: 'dup' }));
    expect(await client.next('error')).toMatchObject({ id: 'dup', code: 'duplicate_subscription' });
  });

  test.each([
    ['no JSON', '{"type":'],
    ['an array', '[]'],
    ['a number', '42'],
    ['null', 'null'],
    ['binary', Buffer.from('{"type":"ping"}')],
  ])('%s closes with 4400', async (_, message) => {
    const client = await connect();
    client.send(message);
    expect(await client.next('error')).toMatchObject({ code: 'malformed_json' });
    expect(await client.closeCode()).toBe(4400);
  });

  test('a message that is too long closes with 1009', async () => {
    const client = await connect();
    client.send({ type: 'ping', id: 'x'.repeat(70_000) });
    expect(await client.closeCode()).toBe(1009);
  });

  test('too many subscriptions', async () => {
    await restart({ options: { maxSubscriptions: 2 } });
    const client = await connect();
    for (const id of ['a', 'b', 'c']) client.send(subscribe({ id }));
    expect(await client.next('error')).toMatchObject({ id: 'c', code: 'too_many_subscriptions' });
    client.send({ type: 'unsubscribe_metric', id: 'a' });
    client.send(subscribe({ id: 'c' }));
    expect((await client.next('subscribed')).id).toBe('c');
  });

  test('messages are limited: refused first, 4429 in the end', async () => {
    await restart({ options: { perSecond: 1, burst: 5, refusedAMinute: 20 } });
    const client = await connect();
    for (let i = 0; i < 40; i += 1) client.send({ type: 'ping' });
    expect(await client.closeCode()).toBe(4429);
    expect(client.messages.filter(({ type }) => type === 'pong')).toHaveLength(5);
    expect(client.messages.filter(({ code }) => code === 'rate_limited').length).toBeGreaterThanOrEqual(20);
  });

  test.each(['ping', 'pong'] as const)('%s frames count as messages', async (frame) => {
    await restart({ options: { perSecond: 1, burst: 5, refusedAMinute: 20 } });
    const client = await connect();
    for (let i = 0; i < 40; i += 1) client.ws[frame]();
    expect(await client.closeCode()).toBe(4429);
    expect(client.messages.filter(({ code }) => code === 'rate_limited').length).toBeGreaterThanOrEqual(20);
  });

  test('a message in some fragments is read, one in many is refused: each takes memory until the last', async () => {
    const client = await connect();
    const fragments = (count: number): void => {
      const text = JSON.stringify({ type: 'ping', id: 'x'.repeat(count) });
      for (let at = 0; at < count; at += 1) client.ws.send(text[at]!, { fin: false });
      client.ws.send(text.slice(count), { fin: true });
    };
    fragments(60);
    await client.next('pong');
    fragments(120);
    expect(await client.closeCode()).toBe(1008);
    await (await connect()).next('current_state');
  });

  test('too many connections', async () => {
    await restart({ options: { maxClients: 1 } });
    const first = await connect();
    const second = await connect();
    expect(await second.closeCode()).toBe(4429);
    first.drop();
    await first.closeCode();
    await (await connect()).next('current_state');
  });

  test('a foreign origin or host gets 4403 and no data', async () => {
    const foreign = await connect({ origin: 'https://evil.example.org' });
    expect(await foreign.closeCode()).toBe(4403);
    expect(foreign.messages.map(({ code }) => code)).toEqual(['origin_refused']);
    const rebound = await connect({ headers: { host: 'evil.example.org' } });
    expect(await rebound.closeCode()).toBe(4403);
    expect(rebound.messages.map(({ code }) => code)).toEqual(['host_refused']);
    await (await connect({ origin: 'https://grafana.example.org' })).next('current_state');
  });

  test('tokens: header, message, none, wrong, without the scope, withdrawn', async () => {
    const tokens = [
      { name: 'one', token, scopes: ['read'] },
      { name: 'ingest', token: other, scopes: ['ingest'] },
    ];
    await restart({ tokens, options: { authenticateWithinMs: 300 } });
    const header = await connect({ headers: { authorization: `Bearer ${token}` } });
    await header.next('current_state');
    const message = await connect();
    message.send({ type: 'authenticate', token });
    expect(await message.next('authenticated')).toMatchObject({ name: 'one', scopes: ['read'] });
    await message.next('current_state');
    const silent = await connect();
    expect(await silent.closeCode()).toBe(4401);
    expect(silent.messages).toMatchObject([{ type: 'error', code: 'unauthenticated' }]);
    const hasty = await connect();
    hasty.send({ type: 'ping' });
    expect(await hasty.closeCode()).toBe(4401);
    const wrong = await connect();
    wrong.send({ type: 'authenticate', token: 'w'.repeat(43) });
    expect(await wrong.closeCode()).toBe(4401);
    const scope = await connect({ headers: { authorization: `Bearer ${other}` } });
    expect(await scope.closeCode()).toBe(4403);
    expect(scope.messages.map(({ type }) => type)).toEqual(['error']);
    bridge.setTokens([tokens[1]!]);
    expect(await message.closeCode()).toBe(4401);
    expect(await header.closeCode()).toBe(4401);
  });

  test('a filter outside of the token is forbidden', async () => {
    await restart({ tokens: [{ name: 'one', token, scopes: ['read'], filters: { segment: ['gold'] } }] });
    const client = await connect({ headers: { authorization: `Bearer ${token}` } });
    client.send(subscribe({ filters: [{ dimension: 'segment', op: '=', values: ['free'] }] }));
    expect(await client.next('error')).toMatchObject({ id: 'a', code: 'forbidden' });
    client.send(subscribe({ metric_name: ALERTS.name }));
    expect(await client.next('error')).toMatchObject({ code: 'unknown_metric' });
  });

  test('other paths are no WebSocket, and a broken frame ends only its own connection', async () => {
    await expect(TestClient.open(`${bridge.url}other`)).rejects.toThrow('no connection');
    const socket = connectTcp(Number(new URL(bridge.url).port), '127.0.0.1');
    socket.on('error', () => {});
    socket.write(
      'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    );
    await once(socket, 'data');
    socket.write(Buffer.from('ffffffffffff', 'hex'));
    socket.resume();
    await once(socket, 'close');
    await (await connect()).next('current_state');
  });

  test('a request that also asks for h2c, as of Java or curl, is answered over HTTP, with its body', async () => {
    const socket = connectTcp(Number(new URL(bridge.url).port), '127.0.0.1');
    let answers = '';
    socket.on('data', (data) => (answers += data.toString()));
    const body = JSON.stringify({ metric: EVENTS.name, from_ms: 0, to_ms: MINUTE });
    const h2c = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n';
    const head = 'Host: 127.0.0.1\r\nContent-Type: application/json\r\n';
    socket.write(
      `POST /api/v1/summary HTTP/1.1\r\n${head}${h2c}Content-Length: ${body.length}\r\n\r\n${body.slice(0, 9)}`,
    );
    setTimeout(() => socket.write(body.slice(9)), 50);
    await eventually(() => expect(answers).toContain('"series":'));
    socket.write(`GET /api/v1/none HTTP/1.1\r\n${head}${h2c}Connection: close\r\n\r\n`);
    await once(socket, 'close');
    expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 404']);
    expect(answers).toContain('There is no GET /api/v1/none');
  });

  test('shutdown closes with 1001', async () => {
    const client = await connect();
    await client.next('current_state');
    await bridge.face.close(1_000);
    expect(await client.closeCode()).toBe(1001);
  });

  test('a pattern that blows up elsewhere is answered in time', async () => {
    await bridge.feeder.write(EVENTS, [
      {
        values: ['a'.repeat(3_000)],
        startMs: Math.floor(Date.now() / MINUTE) * MINUTE - MINUTE,
        measures: [1],
      },
    ]);
    const client = await connect();
    const began = Date.now();
    client.send(
      subscribe({ filters: [{ dimension: 'segment', op: '=~', values: ['(a+)+$b', '(a|aa)*c'] }] }),
    );
    expect((await client.next('subscribed')).series).toEqual([]);
    expect(Date.now() - began).toBeLessThan(20_000);
  });

  test('whatever a client sends, the bridge answers by its own schema and lives on', async () => {
    await restart({ options: { perSecond: 1e6, burst: 1e6 } });
    const name = fc.constantFrom(...METRICS.map((metric) => metric.name), 'x', '__proto__');
    const junk = fc.oneof(fc.jsonValue(), fc.integer(), fc.double(), fc.string());
    const fuzzed = fc.record(
      {
        type: fc.oneof(
          fc.constantFrom(
            'subscribe_metric',
            'unsubscribe_metric',
            'get_historical_data',
            'ping',
            'authenticate',
          ),
          fc.constantFrom(...serverMessageTypes),
          junk,
        ),
        id: fc.oneof(fc.constantFrom('a', 'b'), fc.string(), junk),
        metric_name: fc.oneof(name, junk),
        measure: fc.oneof(fc.constantFrom('value', 'spread', 'transaction_count'), junk),
        filters: fc.oneof(
          fc.array(
            fc.record({
              dimension: fc.oneof(fc.constantFrom('segment', 'user_id'), junk),
              op: fc.constantFrom('=', '!=', '=~', '!~'),
              values: fc.array(fc.oneof(fc.string(), junk)),
            }),
          ),
          junk,
        ),
        group_by: fc.oneof(fc.subarray(['segment', 'site']), junk),
        step_ms: fc.oneof(fc.integer({ min: 1, max: 1e9 }), junk),
        over_time: fc.oneof(fc.constantFrom('avg', 'sum', 'last'), junk),
        from_ms: fc.oneof(fc.integer({ min: 0, max: 2e12 }), junk),
        events: fc.oneof(fc.boolean(), junk),
        time_range: fc.oneof(fc.double({ min: 0, max: 1e6 }), junk),
      },
      { requiredKeys: ['type'] },
    );
    // Right but for one field, or for none.
    const nearly = fc
      .tuple(
        fc.constantFrom<Record<string, unknown>>(
          { metric_name: EVENTS.name },
          { metric_name: REVENUE.name, group_by: ['site'], step_ms: 120_000, over_time: 'sum' },
          { metric_name: EVENTS.name, filters: [{ dimension: 'segment', op: '=~', values: ['g.*'] }] },
          { metric_name: ALERTS.name, events: true, from_ms: 5 },
        ),
        fc.uuid(),
        fuzzed,
        fc.constantFrom(
          '',
          'measure',
          'filters',
          'group_by',
          'step_ms',
          'over_time',
          'from_ms',
          'metric_name',
        ),
      )
      .map(([message, id, wrong, field]) => ({
        type: 'subscribe_metric',
        id,
        ...message,
        ...(field in wrong && { [field]: wrong[field as 'measure'] }),
      }));
    const client = await connect();
    await fc.assert(
      fc.asyncProperty(fc.oneof(fuzzed, nearly), async (message) => {
        expect(client.closed).toBeNull();
        client.send(message);
        client.send({ type: 'ping', id: 'sync' });
        await client.next('pong', ({ id }) => id === 'sync');
      }),
      { numRuns: 500 },
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(client.messages.filter(({ code }) => code === 'internal')).toEqual([]);
    expect(client.messages.some(({ type }) => type === 'subscribed')).toBe(true);
  });
});
