import fc from 'fast-check';
import { refusal } from './http-answers';
import { HOUR_MS, startDemoBridge, T0, type DemoBridge } from './http-demo-data';

const good = { metric: 'events_per_minute', from_ms: T0, to_ms: T0 + HOUR_MS };

describe('what HTTP refuses', () => {
  let bridge: DemoBridge;
  beforeAll(async () => {
    bridge = await startDemoBridge();
  });
  afterAll(() => bridge.close());
  afterEach(() => expect(bridge.faults).toEqual([]));

  it.each(['', '{', '[1,', 'nonsense', '{"metric":NaN}', '{"a":1e}', '\u0000', '{"a":"\n"}'])(
    'malformed JSON %j',
    async (body) => {
      for (const path of [
        '/api/v1/query',
        '/api/v1/summary',
        '/api/v1/events/query',
        '/api/v1/ingest/events',
      ]) {
        expect(refusal(await bridge.call('POST', path, { body }))).toBe('400 malformed_json');
      }
    },
  );

  it.each(['/api/v1/query', '/api/v1/summary', '/api/v1/events/query'])(
    'names of prototypes in a body of %s',
    async (path) => {
      for (const body of ['{"__proto__":{"x":1}}', '{"constructor":{"prototype":{}}}']) {
        expect(refusal(await bridge.call('POST', path, { body }))).toBe('400 malformed_json');
      }
    },
  );

  it.each<[object, string]>([
    [{ metric: 'nothing' }, '404 unknown_metric'],
    [{ metric: '__proto__' }, '404 unknown_metric'],
    [{ metric: 5 }, '400 bad_request'],
    [{ metric: 'x'.repeat(201) }, '400 bad_request'],
    [{ measure: 'nothing' }, '422 unknown_measure'],
    [{ measure: 'constructor' }, '422 unknown_measure'],
    [{ group_by: ['nothing'] }, '422 unknown_dimension'],
    [{ group_by: 'segment' }, '400 bad_request'],
    [{ filters: [{ dimension: 'nothing', op: '=', values: ['x'] }] }, '422 unknown_dimension'],
    [{ filters: [{ dimension: 'segment', op: '~', values: ['x'] }] }, '422 invalid_filter'],
    [{ filters: [{ dimension: 'segment', op: '=', values: [5] }] }, '422 invalid_filter'],
    [{ filters: {} }, '422 invalid_filter'],
    [{ filters: [{ dimension: 'segment', op: '=', values: Array(10_000).fill('x') }] }, '422 invalid_filter'],
    [{ filters: [{ dimension: 'segment', op: '=', values: ['x'.repeat(4_097)] }] }, '422 invalid_filter'],
    [{ from_ms: T0 + 1, to_ms: T0 }, '422 invalid_range'],
    [{ from_ms: -1 }, '422 invalid_range'],
    [{ from_ms: -1e15, to_ms: -1 }, '422 invalid_range'],
    [{ to_ms: 8_640_000_000_000_001 }, '422 invalid_range'],
    [{ to_ms: 1e308 }, '422 invalid_range'],
    [{ from_ms: 0.5 }, '422 invalid_range'],
    [{ from_ms: 'NaN' }, '422 invalid_range'],
    [{ from_ms: null }, '422 invalid_range'],
    [{ step_ms: 0 }, '422 invalid_step'],
    [{ step_ms: -60_000 }, '422 invalid_step'],
    [{ step_ms: '60s' }, '422 invalid_step'],
    [{ max_points: 0 }, '422 invalid_step'],
    [{ over_time: 'median' }, '422 invalid_over_time'],
    [{ no_such_field: 1 }, '400 bad_request'],
  ])('%j', async (fault, expected) => {
    for (const path of ['/api/v1/query', '/api/v1/summary']) {
      expect(refusal(await bridge.post(path, { ...good, ...fault }))).toBe(expected);
    }
  });

  it.each([
    '(',
    '[',
    'a{2000}',
    '(?=x)',
    '(a)\\1',
    '\\',
    '(((((a{100}){100}){100}){100}){100})',
    'x'.repeat(1_001),
    '('.repeat(900),
  ])('the pattern %j', async (pattern) => {
    for (const op of ['=~', '!~']) {
      const filters = [{ dimension: 'segment', op, values: [pattern] }];
      const started = performance.now();
      expect(refusal(await bridge.post('/api/v1/query', { ...good, filters }))).toBe('422 invalid_regex');
      expect(performance.now() - started).toBeLessThan(20_000);
    }
  });

  it.each(['(a+)+$', '(.*)*x', '(a|a)*b', '(.*a){12}'])(
    'matches %s in no time, which blows others up',
    async (pattern) => {
      // The bridge's as well, which is in this process. A pattern that blows up takes minutes.
      const began = process.cpuUsage();
      const filters = [{ dimension: 'segment', op: '=~', values: [pattern] }];
      const answer = await bridge.post('/api/v1/query', { ...good, filters });
      expect([200, 422]).toContain(answer.status);
      const { user, system } = process.cpuUsage(began);
      expect((user + system) / 1_000).toBeLessThan(2_000);
    },
  );

  it('an enormous range with filling', async () => {
    const body = { ...good, from_ms: 0, to_ms: 8_640_000_000_000_000, fill: 'zero' };
    const answer = await bridge.post('/api/v1/query', body);
    if (answer.status !== 200) expect(refusal(answer)).toBe('422 range_too_large');
    else expect(answer.text.length).toBeLessThan(10_000_000);
  });

  it('a measure combined that cannot be', async () => {
    const body = { ...good, metric: 'revenue_per_minute', measure: 'plain_average', step_ms: 120_000 };
    expect(refusal(await bridge.post('/api/v1/query', body))).toBe('422 not_combinable');
  });

  it('events of a metric that has none', async () => {
    expect(refusal(await bridge.post('/api/v1/events/query', good))).toBe('422 not_an_event_metric');
    expect(refusal(await bridge.post('/api/v1/events/query', { ...good, limit: 0 }))).toBe('400 bad_request');
  });

  it.each<[string, string]>([
    ['/api/v1/metrics/nothing/dimensions/segment/values', '404 unknown_metric'],
    ['/api/v1/metrics/events_per_minute/dimensions/nothing/values', '422 unknown_dimension'],
    ['/api/v1/metrics/events_per_minute/dimensions/segment/values?from_ms=NaN', '422 invalid_range'],
    ['/api/v1/metrics/events_per_minute/dimensions/segment/values?from_ms=', '422 invalid_range'],
    ['/api/v1/metrics/events_per_minute/dimensions/segment/values?from_ms=1&from_ms=2', '422 invalid_range'],
    ['/api/v1/metrics/events_per_minute/dimensions/segment/values?from_ms=5&to_ms=1', '422 invalid_range'],
    ['/api/v1/metrics/events_per_minute/dimensions/segment/values?limit=10001', '400 bad_request'],
    ['/api/v1/metrics/events_per_minute/dimensions/segment/values?limit=x', '400 bad_request'],
    ['/api/v1/metrics/events_per_minute/dimensions/segment/values?other=x', '400 bad_request'],
    ['/api/v1/status/history', '400 bad_request'],
    ['/api/v1/status/history?from_ms=1', '400 bad_request'],
    ['/api/v1/status/history?from_ms=5&to_ms=1', '422 invalid_range'],
    ['/api/v1/status/history?from_ms=x&to_ms=1', '422 invalid_range'],
    ['/api/v1/status/history?from_ms=0&to_ms=1&max_points=0', '422 invalid_step'],
    ['/api/v1/status/history?from_ms=0&to_ms=1&step_ms=10', '400 bad_request'],
    ['/api/v1/metrics/%E0%A4%A/dimensions/segment/values', '400 bad_request'],
    [`/api/v1/metrics/${'x'.repeat(5_000)}/dimensions/segment/values`, '400 bad_request'],
    ['/', '404 not_found'],
    ['/api/v2/query', '404 not_found'],
    ['/api/v1/../../etc/passwd', '404 not_found'],
  ])('GET %s', async (path, expected) => expect(refusal(await bridge.call('GET', path))).toBe(expected));

  it.each([
    ['GET', '/api/v1/query', 'POST'],
    ['DELETE', '/api/v1/metrics', 'GET, HEAD'],
    ['POST', '/api/v1/ingest/profiles/u', 'PUT'],
    ['POST', '/healthz', 'GET, HEAD'],
    ['OPTIONS', '/api/v1/query', 'POST'],
  ])('%s %s', async (method, path, allowed) => {
    const answer = await bridge.call(method, path, { body: 'x', headers: { 'content-type': 'text/odd' } });
    expect(refusal(answer)).toBe('405 method_not_allowed');
    expect(answer.headers.allow).toBe(allowed);
  });

  it('bodies that are too large, and lists that are too long', async () => {
    const big = 'x'.repeat(200_001);
    expect(refusal(await bridge.call('POST', '/api/v1/query', { body: big }))).toBe('413 payload_too_large');
    expect(refusal(await bridge.call('POST', '/api/v1/ingest/events', { body: big }))).toBe(
      '413 payload_too_large',
    );
    const many = Array.from({ length: 101 }, () => ({ user_id: 'u' }));
    const answer = await bridge.post('/api/v1/ingest/events', many);
    expect(refusal(answer)).toBe('413 payload_too_large');
    expect(answer.json).toMatchObject({ error: { details: { limit: 100 } } });
    expect(bridge.ingested).toEqual([]);
  });

  it('other types and encodings', async () => {
    for (const headers of [{ 'content-type': 'text/plain' }, { 'content-encoding': 'gzip' }]) {
      const answer = await bridge.call('POST', '/api/v1/query', { body: good, headers });
      expect(refusal(answer)).toBe('415 unsupported_media_type');
    }
  });

  it('bodies and paths that are not UTF-8, in which two users would become one', async () => {
    const odd = Buffer.concat([
      Buffer.from('[{"user_id":"'),
      Buffer.from([0xff]),
      Buffer.from('","timestamp":1}]'),
    ]);
    const wide = Buffer.from('\ufeff[{"user_id":"u","timestamp":1}]', 'utf16le');
    for (const body of [odd, wide]) {
      const answer = await bridge.call('POST', '/api/v1/ingest/events', { body });
      expect(refusal(answer)).toBe('400 malformed_json');
      expect(answer.text).toContain('The body is not UTF-8');
      expect(refusal(await bridge.call('POST', '/api/v1/query', { body }))).toBe('400 malformed_json');
    }
    const path = '/api/v1/ingest/profiles/%FF';
    expect(refusal(await bridge.call('PUT', path, { body: { segment: 'x' } }))).toBe('400 bad_request');
    expect(bridge.ingested).toEqual([]);
  });

  it('profiles that cannot be used', async () => {
    expect(refusal(await bridge.call('PUT', '/api/v1/ingest/profiles/u', { body: [] }))).toBe(
      '400 bad_request',
    );
    expect(refusal(await bridge.call('PUT', '/api/v1/ingest/profiles/u', { body: {} }))).toBe(
      '400 bad_request',
    );
    const long = `/api/v1/ingest/profiles/${'u'.repeat(1_025)}`;
    expect(refusal(await bridge.call('PUT', long, { body: { segment: 'x' } }))).toBe('400 bad_request');
  });

  const anything = fc.anything({ withNullPrototype: false, maxDepth: 3 });
  const field = fc.constantFrom<string>(
    'metric',
    'measure',
    'from_ms',
    'to_ms',
    'filters',
    'group_by',
    'step_ms',
    'max_points',
    'over_time',
    'fill',
    'include_open',
    'include_revisions',
    'limit',
  );
  const plausible = fc.oneof(
    fc.constantFrom<unknown>(
      'events_per_minute',
      'revenue_per_minute',
      'high_activity_alert',
      'value',
      [],
      ['segment'],
      'avg',
      'zero',
    ),
    fc.integer({ min: -5, max: 10_000_000 }),
    fc.maxSafeInteger(),
    fc.double(),
    fc.array(
      fc.record({
        dimension: fc.constantFrom('segment', 'user_id', 'x'),
        op: fc.constantFrom('=', '!=', '=~', '!~', '?'),
        values: fc.array(fc.string(), { maxLength: 4 }),
      }),
      { maxLength: 3 },
    ),
    anything,
  );
  const body = fc.oneof(
    anything,
    fc
      .array(fc.tuple(field, plausible), { maxLength: 4 })
      .map((fields) => ({ ...good, ...Object.fromEntries(fields) })),
  );

  it('never fails by itself, whatever the body', async () => {
    const path = fc.constantFrom(
      '/api/v1/query',
      '/api/v1/summary',
      '/api/v1/events/query',
      '/api/v1/ingest/events',
    );
    await fc.assert(
      fc.asyncProperty(path, body, async (to, sent) => {
        const text: unknown = JSON.stringify(sent);
        const answer = await bridge.call('POST', to, { body: typeof text === 'string' ? text : '' });
        expect(answer.status).toBeLessThan(500);
      }),
      { numRuns: 600 },
    );
    expect(bridge.faults).toEqual([]);
  });

  it('never fails by itself, whatever the bytes, the path or the headers', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 200 }),
        fc.string(),
        fc.base64String(),
        async (bytes, text, header) => {
          const posted = await bridge.call('POST', '/api/v1/query', {
            body: bytes,
            headers: { 'x-odd': header, authorization: header },
          });
          expect(posted.status).toBeLessThan(500);
          const part = encodeURIComponent(text.replace(/[\ud800-\udfff]/g, '?'));
          const path = `/api/v1/metrics/${part}/dimensions/${part}/values?prefix=${part}&limit=${part}`;
          expect((await bridge.call('GET', path)).status).toBeLessThan(500);
        },
      ),
      { numRuns: 200 },
    );
    expect(bridge.faults).toEqual([]);
  });
});
