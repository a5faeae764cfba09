/** A bridge whose clock is set while it runs, and before it starts; the machine's own clock stays right. */
import { setTimeout as sleep } from 'node:timers/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { startBridge, type BridgeProcess } from '../../support/bridge-process';
import { ingest, query, temporaryFolder } from '../../support/embedded-bridge';
import { fakeClock, type FakeClock } from '../../support/fake-clock';
import { startRedis, type RedisServer } from '../../support/redis';
import { eventually } from '../../support/waiting';

const HOUR_MS = 3_600_000;
const METRIC = 'events_per_minute';

/** The default metrics, kept for a day, their windows closed soon after a quiet stream was read to its end. */
function metricsText(): string {
  const text = readFileSync(join(__dirname, '../../../backend-bridge/metrics.yaml'), 'utf8');
  const file = parse(text) as { metrics: Record<string, Record<string, unknown>> };
  for (const metric of Object.values(file.metrics)) Object.assign(metric, { retention: '24h', idle: '2s' });
  return stringify(file);
}

const event = (atMs: number): object => ({
  user_id: 'u',
  event_type: 'page_view',
  timestamp: atMs,
});

/** The values by window start, whatever is open included or not. */
async function windows(bridge: BridgeProcess, includeOpen: boolean): Promise<Record<string, number | null>> {
  const now = Date.now();
  const range = { from_ms: now - 25 * HOUR_MS, to_ms: now + 27 * HOUR_MS };
  const answer = await query(bridge, { metric: METRIC, ...range, group_by: [], include_open: includeOpen });
  expect(Math.abs(answer.server_time_ms - now)).toBeLessThan(60_000);
  const { times = [], values = [] } = answer.series[0] ?? {};
  return Object.fromEntries(times.map((time, i) => [time, values[i]!]));
}

interface Readiness {
  readonly status: string;
  readonly hop?: string;
  readonly message?: string;
  readonly warnings?: readonly string[];
}

async function readiness(bridge: BridgeProcess): Promise<Readiness> {
  const answer = await fetch(`${bridge.url}/readyz`);
  return (await answer.json()) as Readiness;
}

const named = (bridge: BridgeProcess, words: RegExp): Promise<unknown> =>
  eventually(async () => {
    const { hop, message } = await readiness(bridge);
    return hop === 'clock' && words.test(message ?? '');
  }, `/readyz names the clock: ${words}`);

describe.each(['lmdb', 'redis'] as const)('with the store %s', (kind) => {
  const folder = temporaryFolder();
  let clock: FakeClock;
  let redis: RedisServer | null = null;
  let bridge: BridgeProcess;
  /** One event in each: the retention is about to end for the first, the last is open throughout. */
  const [oldest, earlier] = [Date.now() - 24 * HOUR_MS + 5 * 60_000, Date.now() - HOUR_MS];
  let latest: number;
  let counted = 0;

  const start = (environment: Readonly<Record<string, string>> = {}): Promise<BridgeProcess> =>
    startBridge({
      METRICS_FILE: join(folder.path, 'metrics.yaml'),
      STORE_PATH: join(folder.path, 'store'),
      DEMO: 'off',
      ...(redis === null ? {} : { REDIS_URL: redis.url }),
      ...clock.environment,
      ...environment,
    });
  const count = async (): Promise<void> => {
    expect(await ingest(bridge, [event(latest)])).toEqual({ accepted: 1, rejected: [] });
    counted += 1;
  };
  const startOf = (ms: number): number => ms - (ms % 60_000);
  const everythingIsThere = async (): Promise<void> => {
    const closed = { [startOf(oldest)]: 1, [startOf(earlier)]: 1 };
    expect(await windows(bridge, false)).toEqual(closed);
    expect(await windows(bridge, true)).toEqual({ ...closed, [startOf(latest)]: counted });
  };

  beforeAll(async () => {
    folder.file('metrics.yaml', metricsText());
    clock = fakeClock();
    if (kind === 'redis') redis = await startRedis();
    bridge = await start();
    await bridge.ready();
    // The window that is open begins late enough to stay open while the tests run.
    latest = startOf(Date.now() + 60_000);
    await ingest(bridge, [event(oldest), event(earlier)]);
    await count();
  });
  afterAll(async () => {
    await bridge.kill9();
    await redis?.stop();
    clock.remove();
    folder.remove();
  });

  test.each([
    ['26 h ahead', 26 * HOUR_MS],
    ['26 h behind', -26 * HOUR_MS],
    ['60 min ahead', HOUR_MS],
    ['60 min behind', -HOUR_MS],
  ])('set %s: named, nothing is lost or closed, events are counted', async (words, ms) => {
    clock.ahead(ms);
    await named(bridge, new RegExp(`^The clock of this bridge is ${words}`));
    await count();
    await sleep(1_200);
    await everythingIsThere();
    clock.ahead(0);
    await bridge.ready();
    await count();
    await everythingIsThere();
  });

  if (kind === 'redis') {
    test('ten minutes ahead at another bridge: named by both, in both ways', async () => {
      const other = fakeClock();
      other.ahead(HOUR_MS / 6);
      // Nothing to read from: what it says of its clock comes before what it says of Kafka.
      const kafka = { KAFKA_BROKERS: '127.0.0.1:1', KAFKA_GROUP_ID: 'clock' };
      const skewed = await start({ ...other.environment, ...kafka });
      await named(skewed, /^The clock of this bridge is 10 min ahead of the clock of Redis/);
      const warning = new RegExp(`^The clock of the bridge .*:${skewed.port} is 10 min ahead of`);
      await eventually(async () => {
        const { status, warnings = [] } = await readiness(bridge);
        return status === 'ready' && warnings.length === 1 && warning.test(warnings[0]!);
      }, 'the other one warns');
      await skewed.kill9();
      other.remove();
    });
  }

  test('set while it was restarted: the same', async () => {
    await bridge.kill9();
    clock.ahead(26 * HOUR_MS);
    bridge = await start();
    await eventually(() => readiness(bridge).then(({ hop }) => hop === 'clock'), 'the bridge answers');
    await sleep(1_500);
    await named(bridge, /^The clock of this bridge is 26 h ahead/);
    await everythingIsThere();
    clock.ahead(0);
    await bridge.ready();
    await count();
    await everythingIsThere();
  });
});
