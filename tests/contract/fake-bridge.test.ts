import { join } from 'node:path';
import { startBridge } from '../support/bridge-process';
import { metricsWithoutIdling, temporaryFolder } from '../support/embedded-bridge';
import { startFakeBridge } from '../support/fake-bridge/fake-bridge';
import { writeTokens } from '../support/fed-bridge/tokens';
import { describePluginContract, type ContractSubject } from './plugin-contract';

/** The fake bridge of the plugin's tests keeps the contract as the real one does. */

const MINUTE_MS = 60_000;
const MINUTES = 8;
const ALERT = { user: 'busy', value: 101 };
/** So late that the last minute is not over, and everything lies within a five-minute window's reach. */
const base = (): number => Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - 9 * MINUTE_MS;
const expected: ContractSubject['expected'] = (segment, index) => (segment === 'gold' ? index + 2 : 3);
const USERS = { gold: 'user-gold', silver: 'user-silver' } as const;

describePluginContract('the fake bridge', async (tokens) => {
  const bridge = await startFakeBridge(tokens ? { tokens } : {});
  const fromMs = base();
  let gold = expected('gold', MINUTES - 1);
  for (let i = 0; i < MINUTES; i += 1) {
    for (const segment of ['gold', 'silver'] as const) {
      const value = expected(segment, i);
      bridge.points.putValue('events_per_minute', { segment }, fromMs + i * MINUTE_MS, value);
    }
  }
  const five = Math.floor(fromMs / (5 * MINUTE_MS)) * 5 * MINUTE_MS;
  bridge.points.putValue('high_activity_alert', { user_id: ALERT.user }, five, ALERT.value);
  for (const { name } of bridge.points.metrics) {
    bridge.points.setWatermark(name, fromMs + MINUTES * MINUTE_MS - 1_000);
  }
  return {
    url: bridge.url,
    fromMs,
    minutes: MINUTES,
    expected: (segment, index) =>
      segment === 'gold' && index === MINUTES - 1 ? gold : expected(segment, index),
    alert: ALERT,
    addGold: async () => {
      gold += 1;
      const last = fromMs + (MINUTES - 1) * MINUTE_MS;
      bridge.points.putValue('events_per_minute', { segment: 'gold' }, last, gold);
    },
    close: () => bridge.close(),
  };
});

describePluginContract('the real bridge on its embedded pipeline', async (tokens) => {
  const folder = temporaryFolder();
  const metrics = folder.file('metrics.yaml', metricsWithoutIdling());
  const tokensFile = join(folder.path, 'tokens.json');
  if (tokens) {
    const scopes = ['read', 'ingest', 'observe'];
    writeTokens(
      tokensFile,
      tokens.map((token, i) => ({ name: `token-${i}`, token, scopes })),
    );
  }
  const bridge = await startBridge({
    STORE_PATH: join(folder.path, 'data'),
    METRICS_FILE: metrics,
    DEMO: 'off',
    ...(tokens ? { BRIDGE_TOKENS_FILE: tokensFile } : {}),
  });
  await bridge.ready();
  const headers = {
    'content-type': 'application/json',
    ...(tokens ? { authorization: `Bearer ${tokens[0]!}` } : {}),
  };
  const send = async (method: string, path: string, body: unknown): Promise<void> => {
    const answer = await fetch(bridge.url + path, { method, headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  };
  const fromMs = base();
  let gold = expected('gold', MINUTES - 1);
  const event = (user_id: string, timestamp: number): object => ({
    user_id,
    event_type: 'page_view',
    timestamp,
    properties: {},
  });
  for (const segment of ['gold', 'silver'] as const) {
    await send('PUT', `/api/v1/ingest/profiles/${USERS[segment]}`, { segment });
  }
  // The busy user's events lie before the range, in a segment of their own that the range does not show.
  const five = Math.floor(fromMs / (5 * MINUTE_MS)) * 5 * MINUTE_MS - 5 * MINUTE_MS;
  await send(
    'POST',
    '/api/v1/ingest/events',
    Array.from({ length: ALERT.value }, (_, i) => event(ALERT.user, five + i)),
  );
  for (let i = 0; i < MINUTES; i += 1) {
    const minute = fromMs + i * MINUTE_MS;
    const events = (['gold', 'silver'] as const).flatMap((segment) =>
      Array.from({ length: expected(segment, i) }, (_, n) => event(USERS[segment], minute + n)),
    );
    await send('POST', '/api/v1/ingest/events', events);
  }
  const last = fromMs + (MINUTES - 1) * MINUTE_MS;
  return {
    url: bridge.url,
    fromMs,
    minutes: MINUTES,
    expected: (segment, index) =>
      segment === 'gold' && index === MINUTES - 1 ? gold : expected(segment, index),
    alert: ALERT,
    addGold: async () => {
      gold += 1;
      await send('POST', '/api/v1/ingest/events', [event(USERS.gold, last + 100 + gold)]);
    },
    close: async () => {
      await bridge.kill9();
      folder.remove();
    },
  };
});
