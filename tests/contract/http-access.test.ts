import { connect } from 'node:net';
import { refusal } from './http-answers';
import { startBridge } from './http-bridge';
import { HOUR_MS, startDemoBridge, T0, type DemoBridge } from './http-demo-data';

const query = { metric: 'events_per_minute', from_ms: T0, to_ms: T0 + HOUR_MS };

describe('who may do what over HTTP', () => {
  let bridge: DemoBridge;

  beforeAll(async () => {
    bridge = await startDemoBridge({
      tokens: [
        { name: 'reader', token: 'r', scopes: ['read'] },
        { name: 'watcher', token: 'o', scopes: ['observe'] },
        { name: 'feeder', token: 'i', scopes: ['ingest'] },
        { name: 'boss', token: 'a', scopes: ['admin'] },
        { name: 'tenant feeder', token: 'ti', scopes: ['ingest'], filters: { segment: ['gold'] } },
        { name: 'tenant', token: 't', scopes: ['read', 'observe'], filters: { segment: ['gold'] } },
      ],
    });
  });
  afterAll(() => bridge.close());

  const calls: [string, string, unknown, string][] = [
    ['GET', '/api/v1/metrics', undefined, 'r'],
    ['GET', '/api/v1/metrics/events_per_minute/dimensions/segment/values', undefined, 'r'],
    ['POST', '/api/v1/query', query, 'r'],
    ['POST', '/api/v1/summary', query, 'r'],
    ['POST', '/api/v1/events/query', { ...query, metric: 'high_activity_alert' }, 'r'],
    ['POST', '/api/v1/ingest/events', [], 'i'],
    ['PUT', '/api/v1/ingest/profiles/u1', { segment: 'gold' }, 'i'],
    ['GET', '/api/v1/status', undefined, 'o'],
    ['GET', '/api/v1/status/history?from_ms=0&to_ms=1', undefined, 'o'],
    ['GET', '/metrics', undefined, 'o'],
  ];

  it.each(calls)('%s %s needs a token with its scope', async (method, path, body, token) => {
    const without = await bridge.call(method, path, { body });
    expect(refusal(without)).toBe('401 unauthenticated');
    expect(without.headers['www-authenticate']).toBe('Bearer');
    for (const other of ['r', 'o', 'i']) {
      const answer = await bridge.call(method, path, { body, token: other });
      if (other === token) expect(answer.status).toBeLessThan(300);
      else expect(refusal(answer)).toBe('403 forbidden');
    }
    expect((await bridge.call(method, path, { body, token: 'a' })).status).toBeLessThan(300);
  });

  it('hands the filters of a token on with what it ingests', async () => {
    const tenant = [{ dimension: 'segment', op: '=', values: ['gold'] }];
    bridge.ingested.length = 0;
    await bridge.post('/api/v1/ingest/events', [], 'ti');
    await bridge.call('PUT', '/api/v1/ingest/profiles/u1', { body: { segment: 'gold' }, token: 'ti' });
    expect(bridge.ingested).toEqual([{ tenant }, { tenant }, ['u1', { segment: 'gold' }]]);
    bridge.ingested.length = 0;
  });

  it.each(['/healthz', '/readyz'])('%s needs none', async (path) => {
    expect((await bridge.call('GET', path)).status).toBe(200);
  });

  it('refuses a wrong token, and limits how often', async () => {
    const seen = new Set<string>();
    const own = await startBridge({ ...bridge.demo, tokens: [{ name: 'x', token: 'x', scopes: ['read'] }] });
    try {
      expect((await own.post('/api/v1/query', query, 'x')).status).toBe(200);
      for (let i = 0; i < 15; i += 1) {
        const answer = await own.post('/api/v1/query', query, 'wrong');
        seen.add(refusal(answer));
        if (answer.status === 429) expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      }
      expect([...seen]).toEqual(['401 unauthenticated', '429 rate_limited']);
      // Whose token was good before is not shut out by the wrong ones of the same address.
      expect((await own.post('/api/v1/query', query, 'x')).status).toBe(200);
    } finally {
      await own.close();
    }
  });

  it('shows a tenant its own values only', async () => {
    const all = await bridge.post('/api/v1/query', query, 'r');
    const own = await bridge.post('/api/v1/query', query, 't');
    const labels = ({ json }: { json: unknown }): unknown =>
      (json as { series: { labels: unknown }[] }).series.map((series) => series.labels);
    expect(labels(all)).toEqual([{ segment: 'gold' }, { segment: 'silver' }]);
    expect(labels(own)).toEqual([{ segment: 'gold' }]);
    expect(labels(await bridge.post('/api/v1/summary', query, 't'))).toEqual([{ segment: 'gold' }]);
    const values = await bridge.call('GET', '/api/v1/metrics/events_per_minute/dimensions/segment/values', {
      token: 't',
    });
    expect(values.json).toMatchObject({ values: ['gold'], truncated: false });
  });

  it('answers a filter outside of the tenant with forbidden, and narrows one beside it', async () => {
    const filtered = (op: string, values: string[]): object => ({
      ...query,
      filters: [{ dimension: 'segment', op, values }],
    });
    for (const path of ['/api/v1/query', '/api/v1/summary']) {
      expect(refusal(await bridge.post(path, filtered('=', ['silver']), 't'))).toBe('403 forbidden');
      expect(refusal(await bridge.post(path, filtered('=', ['gold', 'silver']), 't'))).toBe('403 forbidden');
      expect((await bridge.post(path, filtered('!=', ['gold']), 't')).json).toMatchObject({ series: [] });
      expect((await bridge.post(path, filtered('=~', ['.*']), 't')).json).toMatchObject({
        series: [{ labels: { segment: 'gold' } }],
      });
    }
  });

  it('hides metrics that have not the dimension of the fixed filter', async () => {
    const catalogue = await bridge.call('GET', '/api/v1/metrics', { token: 't' });
    expect((catalogue.json as { metrics: { name: string }[] }).metrics.map(({ name }) => name)).toEqual([
      'events_per_minute',
    ]);
    const events = { ...query, metric: 'high_activity_alert' };
    expect(refusal(await bridge.post('/api/v1/events/query', events, 't'))).toBe('404 unknown_metric');
  });

  it('tells a tenant of a failure only which hop it is: the text may name labels of others', async () => {
    const before = bridge.source.status;
    const [topic] = before.topics;
    bridge.source.status = {
      ready: false,
      failing: { hop: 'kafka', message: 'the record of silver, at http://u:hunter2@registry' },
      topics: [
        {
          ...topic!,
          state: 'paused',
          reason: 'the record of silver',
          lastDeadLetter: { ...topic!.lastDeadLetter!, message: 'silver, of http://u:hunter2@registry' },
        },
      ],
    };
    await new Promise((resolve) => setTimeout(resolve, 300));
    const own = await bridge.call('GET', '/api/v1/status', { token: 't' });
    expect(own.json).toMatchObject({
      source: { state: 'failing', hop: 'kafka', topics: [{ state: 'paused' }] },
    });
    expect(own.text).not.toContain('silver');
    const full = await bridge.call('GET', '/api/v1/status', { token: 'o' });
    expect(full.json).toMatchObject({
      source: {
        topics: [
          {
            reason: 'the record of silver',
            last_dead_letter: { message: 'silver, of http://********@registry', reason: 'bad_time' },
          },
        ],
      },
    });
    for (const { text } of [full, await bridge.call('GET', '/readyz')]) {
      expect(text).toContain('http://********@registry');
      expect(text).not.toContain('hunter2');
    }
    bridge.source.status = before;
    await new Promise((resolve) => setTimeout(resolve, 300));
  });

  it('says of a metrics file with faults what they are, but not to a tenant', async () => {
    const taken = bridge.source.reload;
    bridge.source.reload = { ...taken, successful: false, message: 'metrics.silver.window: is missing' };
    const full = await bridge.call('GET', '/api/v1/status', { token: 'o' });
    const last_success_ms = taken.lastSuccessMs;
    expect(full.json).toMatchObject({
      config_reload: { successful: false, last_success_ms, message: 'metrics.silver.window: is missing' },
    });
    const own = await bridge.call('GET', '/api/v1/status', { token: 't' });
    expect(own.json).toMatchObject({ config_reload: { successful: false, last_success_ms } });
    expect(own.text).not.toContain('silver');
    bridge.source.reload = taken;
  });

  it('shows a tenant no counts of others in status and metrics', async () => {
    const status = await bridge.call('GET', '/api/v1/status', { token: 't' });
    expect(status.json).toMatchObject({
      clients: null,
      source: {
        topics: [
          {
            metric: 'events_per_minute',
            lag: null,
            records: null,
            dead_letters: null,
            dead_letters_by_reason: null,
            last_dead_letter: null,
            partitions: [],
          },
        ],
      },
    });
    const full = await bridge.call('GET', '/api/v1/status', { token: 'o' });
    expect(full.json).toMatchObject({
      clients: { connections: 3 },
      source: {
        topics: [
          {
            lag: 2,
            records: 7,
            dead_letters: 1,
            dead_letters_by_reason: { bad_time: 1 },
            last_dead_letter: {
              reason: 'bad_time',
              message: 'window start at is 1700000000, which looks like seconds; say `unit: s`',
              time_ms: 1_700_000_001_000,
              metric: 'events_per_minute',
              partition: 0,
              offset: 6,
            },
            partitions: [{ partition: 0, lag: 2 }],
          },
        ],
      },
    });
    bridge.history.record(T0, [
      { name: 'connections', labels: {}, value: 3 },
      { name: 'records', labels: { topic: 'events', metric: 'events_per_minute' }, value: 7 },
      { name: 'freshness_ms', labels: { metric: 'events_per_minute' }, value: 900 },
      { name: 'freshness_ms', labels: { metric: 'high_activity_alert' }, value: 800 },
    ]);
    const recorded = async (token: string): Promise<string[]> => {
      const path = `/api/v1/status/history?from_ms=${T0 - HOUR_MS}&to_ms=${T0 + HOUR_MS}`;
      const { json } = await bridge.call('GET', path, { token });
      const { series } = json as { series: { name: string; labels: Record<string, string> }[] };
      return series.map(({ name, labels }) => `${name} ${labels['metric'] ?? ''}`);
    };
    expect(await recorded('t')).toEqual(['freshness_ms events_per_minute']);
    expect(await recorded('o')).toEqual([
      'connections ',
      'freshness_ms events_per_minute',
      'freshness_ms high_activity_alert',
      'records events_per_minute',
    ]);
    expect((await bridge.call('GET', '/metrics', { token: 'o' })).text).toContain('streamkpi_clients 3');
    const own = (await bridge.call('GET', '/metrics', { token: 't' })).text;
    expect(own).not.toContain('streamkpi_clients');
    expect(own).toMatch(/^streamkpi_freshness_seconds\{metric="events_per_minute"\} [\d.]+$/m);
    expect(own).not.toContain('high_activity_alert');
  });
});

describe('browsers and names', () => {
  let bridge: DemoBridge;
  beforeAll(async () => {
    bridge = await startDemoBridge();
  });
  afterAll(() => bridge.close());

  it.each(['https://evil.net', 'null', 'https://grafana.example.org.evil.net'])(
    'refuses the origin %s',
    async (origin) => {
      const answer = await bridge.call('POST', '/api/v1/query', { body: query, headers: { origin } });
      expect(refusal(answer)).toBe('403 origin_refused');
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    },
  );

  it('answers an allowed origin and its preflight', async () => {
    const headers = { origin: 'https://grafana.example.org' };
    const answer = await bridge.call('POST', '/api/v1/query', { body: query, headers });
    expect(answer.status).toBe(200);
    expect(answer.headers['access-control-allow-origin']).toBe('https://grafana.example.org');
    expect(answer.headers.vary).toBe('Origin');
    const preflight = await bridge.call('OPTIONS', '/api/v1/query', {
      headers: { ...headers, 'access-control-request-method': 'POST' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers['access-control-allow-headers']).toContain('authorization');
    const refused = await bridge.call('OPTIONS', '/api/v1/query', {
      headers: { origin: 'https://evil.net', 'access-control-request-method': 'POST' },
    });
    expect(refusal(refused)).toBe('403 origin_refused');
  });

  it.each(['evil.net', 'evil.net:8765', '192.0.2.1', 'localhost.evil.net'])(
    'refuses the host %s',
    async (host) => {
      for (const path of ['/api/v1/metrics', '/readyz', '/nothing']) {
        expect(refusal(await bridge.call('GET', path, { headers: { host } }))).toBe('403 host_refused');
      }
    },
  );

  it.each(['bridge.example.org', 'localhost:1', '[::1]:8765'])('allows the host %s', async (host) => {
    expect((await bridge.call('GET', '/api/v1/metrics', { headers: { host } })).status).toBe(200);
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    '',
  ])('takes no ingest as %p, which a web page could send unasked', async (type) => {
    const answer = await bridge.call('POST', '/api/v1/ingest/events', {
      body: '[{"user_id":"u"}]',
      headers: { 'content-type': type },
    });
    expect(refusal(answer)).toBe('415 unsupported_media_type');
    expect(bridge.ingested).toEqual([]);
  });

  it('answers bytes that are no HTTP in the same shape', async () => {
    const { port, hostname } = new URL(bridge.url);
    const text = await new Promise<string>((resolve, reject) => {
      let seen = '';
      const socket = connect(Number(port), hostname, () => socket.write('NONSENSE\r\n\r\n'));
      socket.on('data', (chunk: Buffer) => (seen += chunk.toString()));
      socket.on('end', () => resolve(seen));
      socket.on('error', reject);
    });
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(JSON.parse(text.split('\r\n\r\n')[1]!)).toMatchObject({ error: { code: 'bad_request' } });
  });
});
