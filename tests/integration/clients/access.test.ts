import { setTimeout as sleep } from 'node:timers/promises';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { startBridge, type BridgeProcess } from '../../support/bridge-process';
import { putProfiles, temporaryFolder } from '../../support/embedded-bridge';
import { OriginalDashboard } from '../../support/original-dashboard';
import { WsClient, type Message } from '../../support/ws-client';

/** Tokens on a running bridge: who sees what, who is let in at all, and what a withdrawn token loses. */

const ALL = 'token-that-sees-all-0123456789';
const GOLD = 'token-of-the-gold-tenant-01234';
const WRITER = 'token-that-only-writes-012345';
const GUEST = 'token-to-be-withdrawn-01234567';
const HEARTBEAT_MS = 5_000;

const sha256 = (token: string): string => createHash('sha256').update(token).digest('hex');
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

interface Entry {
  readonly name: string;
  readonly sha256: string;
  readonly scopes: readonly string[];
  readonly filters?: Readonly<Record<string, readonly string[]>>;
}
const ENTRIES: readonly Entry[] = [
  { name: 'all', sha256: sha256(ALL), scopes: ['read', 'ingest', 'observe'] },
  { name: 'gold', sha256: sha256(GOLD), scopes: ['read'], filters: { segment: ['gold'] } },
  { name: 'writer', sha256: sha256(WRITER), scopes: ['ingest'] },
  { name: 'guest', sha256: sha256(GUEST), scopes: ['read'] },
];

describe('a bridge with tokens', () => {
  const folder = temporaryFolder();
  const tokensFile = `${folder.path}/tokens.json`;
  const open = new Set<WsClient>();
  let bridge: BridgeProcess;

  /** As an editor or Kubernetes would: a new file in the place of the old one. */
  const writeTokens = (entries: readonly Entry[]): void => {
    writeFileSync(`${tokensFile}.new`, JSON.stringify({ tokens: entries }));
    renameSync(`${tokensFile}.new`, tokensFile);
  };
  const connect = async (headers: Record<string, string>): Promise<WsClient> => {
    const client = await WsClient.open(bridge.wsUrl, { headers });
    open.add(client);
    return client;
  };
  const call = async (
    token: string | null,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: Record<string, unknown> }> => {
    const answer = await fetch(bridge.url + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json', ...(token === null ? {} : bearer(token)) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const range = (metric: string, more: object = {}): object => ({
    metric,
    from_ms: Date.now() - 3_600_000,
    to_ms: Date.now() + 60_000,
    ...more,
  });
  const send = (users: readonly string[], count: number): Promise<{ status: number }> => {
    // One time for all, so that no window ends in between.
    const event = { event_type: 'purchase', timestamp: Date.now(), properties: { amount: 10 } };
    const events = users.flatMap((user_id) => Array.from({ length: count }, () => ({ user_id, ...event })));
    return call(WRITER, '/api/v1/ingest/events', events);
  };

  beforeAll(async () => {
    writeTokens(ENTRIES);
    bridge = await startBridge({
      STORE_PATH: `${folder.path}/data`,
      DEMO: 'off',
      BRIDGE_TOKENS_FILE: tokensFile,
      BRIDGE_ALLOWED_ORIGINS: 'https://grafana.example.org',
    });
    await bridge.ready();
    await putProfiles(bridge, { ann: 'gold', ben: 'silver', cid: 'basic', dee: 'silver' }, bearer(WRITER));
    // More than 100 each in five minutes: alerts too.
    expect((await send(['ann', 'ben', 'cid'], 120)).status).toBe(200);
  });
  afterAll(async () => {
    for (const client of open) client.drop();
    await bridge.kill9();
    folder.remove();
  });

  test('HTTP: a token with the scope, or nothing', async () => {
    expect((await call(null, '/api/v1/metrics')).status).toBe(401);
    expect((await call('no-such-token', '/api/v1/metrics')).status).toBe(401);
    expect((await call(WRITER, '/api/v1/metrics')).status).toBe(403);
    expect((await call(WRITER, '/api/v1/query', range('events_per_minute'))).status).toBe(403);
    expect((await call(ALL, '/api/v1/metrics')).status).toBe(200);
    expect((await call(GOLD, '/api/v1/ingest/events', [])).status).toBe(403);
    expect((await call(GOLD, '/api/v1/status')).status).toBe(403);
    expect((await call(ALL, '/api/v1/status')).status).toBe(200);
    // Orchestrators have no token.
    expect((await call(null, '/healthz')).status).toBe(200);
    expect((await call(null, '/readyz')).status).toBe(200);
  });

  test('a tenant sees nothing of others over HTTP', async () => {
    const catalogue = async (token: string): Promise<string[]> => {
      const { body } = await call(token, '/api/v1/metrics');
      return (body['metrics'] as { name: string }[]).map(({ name }) => name);
    };
    expect(await catalogue(ALL)).toHaveLength(4);
    expect(await catalogue(GOLD)).toEqual(['events_per_minute', 'revenue_per_minute']);

    const values = '/api/v1/metrics/events_per_minute/dimensions/segment/values';
    expect((await call(ALL, values)).body['values']).toEqual(['basic', 'gold', 'silver']);
    expect((await call(GOLD, values)).body['values']).toEqual(['gold']);

    const labels = async (token: string, more: object = {}): Promise<unknown[]> => {
      const { body } = await call(token, '/api/v1/query', range('events_per_minute', more));
      return (body['series'] as { labels: unknown }[]).map((series) => series.labels);
    };
    expect(await labels(ALL)).toEqual([{ segment: 'basic' }, { segment: 'gold' }, { segment: 'silver' }]);
    expect(await labels(GOLD)).toEqual([{ segment: 'gold' }]);
    const others = { filters: [{ dimension: 'segment', op: '!=', values: ['gold'] }] };
    expect(await labels(GOLD, others)).toEqual([]);

    // Combined, it is the sum of its own.
    const sum = async (token: string, path: string): Promise<number> => {
      const { body } = await call(
        token,
        path,
        range('events_per_minute', { group_by: [], include_open: true }),
      );
      const [series] = body['series'] as { sum?: number; values?: number[] }[];
      return series!.sum ?? series!.values!.reduce((total, value) => total + value, 0);
    };
    for (const path of ['/api/v1/query', '/api/v1/summary']) {
      expect(await sum(ALL, path)).toBe(360);
      expect(await sum(GOLD, path)).toBe(120);
    }
    // Alerts have no segment to be told by: the metric is not there for the tenant.
    for (const path of ['/api/v1/events/query', '/api/v1/query', '/api/v1/summary']) {
      const refused = await call(GOLD, path, range('high_activity_alert'));
      expect(refused.status).toBe(404);
      expect(refused.body).toMatchObject({ error: { code: 'unknown_metric' } });
    }
    const events = await call(ALL, '/api/v1/events/query', range('high_activity_alert'));
    expect(events.body['events']).toHaveLength(3);
  });

  test('a tenant sees nothing of others over WebSocket, the original protocol included', async () => {
    const dashboard = await OriginalDashboard.open(bridge.wsUrl, bearer(GOLD));
    const { client } = dashboard;
    open.add(client);
    const everybody = await OriginalDashboard.open(bridge.wsUrl, bearer(ALL));
    open.add(everybody.client);
    await Promise.all([client.first('historical_data'), everybody.client.first('historical_data')]);
    expect(Object.keys(dashboard.metrics).sort()).toEqual([
      'events_per_minute:aggregator',
      'revenue_per_minute:aggregator',
    ]);
    expect(dashboard.metrics['events_per_minute:aggregator']!.sum).toBe(120);
    expect(everybody.metrics['events_per_minute:aggregator']!.sum).toBe(360);
    expect(
      new Set(dashboard.history['events_per_minute']!.map((point) => point.dimensions['segment'])),
    ).toEqual(new Set(['gold']));

    const extended = await connect(bearer(GOLD));
    extended.send({ type: 'subscribe_metric', id: 'e', metric: 'events_per_minute' });
    extended.send({ type: 'subscribe_metric', id: 'sum', metric: 'events_per_minute', group_by: [] });
    extended.send({ type: 'subscribe_metric', id: 'a', metric: 'high_activity_alert', events: true });
    expect(await extended.first('error')).toMatchObject({ id: 'a', code: 'unknown_metric' });
    const byId = (id: string) => (message: Message) => message['id'] === id;
    const series = (await extended.first('subscribed', byId('e')))['series'] as { labels: unknown }[];
    expect(series.map(({ labels }) => labels)).toEqual([{ segment: 'gold' }]);
    await extended.first('subscribed', byId('sum'));

    // One more active user, so that every metric changes.
    await send(['ann', 'ben', 'cid', 'dee'], 5);
    const combined = await extended.first('series_update', byId('sum'));
    const [{ values }] = combined['series'] as [{ values: number[] }];
    // Either the window with the first 120 is still open, or a new one has begun.
    expect([125, 5]).toContain(values.at(-1));
    await everybody.client.until(
      () => new Set(everybody.updates.map(({ metric_name }) => metric_name)).size === 4 || undefined,
      'updates of all metrics',
    );
    await client.until(
      () => new Set(dashboard.updates.map(({ metric_name }) => metric_name)).size === 2 || undefined,
      'updates of both metrics',
    );
    await sleep(300);
    expect(new Set(everybody.updates.map((update) => update.dimensions['segment'] ?? ''))).toEqual(
      new Set(['gold', 'silver', 'basic', '']),
    );
    expect(new Set(dashboard.updates.map((update) => update.dimensions['segment']))).toEqual(
      new Set(['gold']),
    );
    const told = JSON.stringify([client.messages, extended.messages]);
    for (const hidden of ['silver', 'basic', '"ann"', '"ben"', '"dee"', 'active_users']) {
      expect(told).not.toContain(hidden);
    }
  });

  test('authenticate as the first message, and 4401 for who says nothing', async () => {
    const began = Date.now();
    const silent = await connect({});
    const late = await connect({});
    late.send({ type: 'get_historical_data', metric_name: 'events_per_minute' });
    expect(await late.closeCode()).toBe(4401);
    const wrong = await connect({});
    wrong.send({ type: 'authenticate', token: 'no-such-token' });
    expect(await wrong.closeCode()).toBe(4401);
    const wrongHeader = await connect(bearer('no-such-token'));
    expect(await wrongHeader.closeCode()).toBe(4401);
    const writer = await connect(bearer(WRITER));
    expect(await writer.closeCode()).toBe(4403);

    const right = await connect({});
    right.send({ type: 'authenticate', token: GOLD });
    expect(await right.first('authenticated')).toMatchObject({ name: 'gold', scopes: ['read'] });
    const state = await right.first('current_state');
    expect(Object.keys(state['data'] as object)).toContain('events_per_minute:aggregator');
    await right.close();

    expect(await silent.closeCode()).toBe(4401);
    expect(Date.now() - began).toBeGreaterThanOrEqual(4_500);
    expect(Date.now() - began).toBeLessThan(30_000);
    expect(silent.messages.map(({ type }) => type)).toEqual(['error']);
  });

  test('a wrong origin or host is refused, a right one is not', async () => {
    const evil = await connect({ ...bearer(ALL), origin: 'https://evil.example.com' });
    expect(await evil.closeCode()).toBe(4403);
    const rebound = await connect({ ...bearer(ALL), host: 'evil.example.com' });
    expect(await rebound.closeCode()).toBe(4403);
    const grafana = await connect({ ...bearer(ALL), origin: 'https://grafana.example.org' });
    await grafana.first('current_state');
    await grafana.close();

    const status = async (headers: Record<string, string>): Promise<number> => {
      const asked = request({
        host: '127.0.0.1',
        port: bridge.port,
        path: '/api/v1/metrics',
        headers: { ...bearer(ALL), ...headers },
      }).end();
      const [answer] = (await once(asked, 'response')) as [{ statusCode: number; resume(): void }];
      answer.resume();
      return answer.statusCode;
    };
    expect(await status({})).toBe(200);
    expect(await status({ host: 'evil.example.com' })).toBe(403);
    expect(await status({ origin: 'https://evil.example.com' })).toBe(403);
    expect(await status({ origin: 'https://grafana.example.org' })).toBe(200);

    // A web page can send text/plain without asking first.
    const page = await fetch(`${bridge.url}/api/v1/ingest/events`, {
      method: 'POST',
      headers: { ...bearer(WRITER), 'content-type': 'text/plain' },
      body: '[]',
    });
    expect([400, 415]).toContain(page.status);
  });

  test('a withdrawn token loses its connections, others stay', async () => {
    const guestByHeader = await connect(bearer(GUEST));
    const guestByMessage = await connect({});
    guestByMessage.send({ type: 'authenticate', token: GUEST });
    const other = await connect(bearer(GOLD));
    await Promise.all([guestByHeader, guestByMessage, other].map((client) => client.first('current_state')));
    expect((await call(GUEST, '/api/v1/metrics')).status).toBe(200);

    writeTokens(ENTRIES.filter(({ name }) => name !== 'guest'));
    expect(await guestByHeader.closeCode(HEARTBEAT_MS)).toBe(4401);
    expect(await guestByMessage.closeCode(HEARTBEAT_MS)).toBe(4401);
    expect((await call(GUEST, '/api/v1/metrics')).status).toBe(401);
    expect(other.closed).toBeNull();
    other.send({ type: 'ping', id: 'still there' });
    expect(await other.first('pong')).toMatchObject({ id: 'still there' });

    // A file that cannot be read withdraws nothing.
    writeFileSync(tokensFile, '{ "tokens": [');
    await sleep(2_000);
    expect(other.closed).toBeNull();
    expect((await call(GOLD, '/api/v1/metrics')).status).toBe(200);
    // No token, and no hash of one, is in the log.
    for (const { sha256: hash } of ENTRIES) expect(bridge.output()).not.toContain(hash);
    for (const token of [ALL, GOLD, WRITER, GUEST]) expect(bridge.output()).not.toContain(token);
  });
});
