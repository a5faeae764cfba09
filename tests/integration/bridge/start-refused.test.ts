import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBridge, type BridgeProcess } from '../../support/bridge-process';
import { freePort } from '../../support/free-port';
import { generatedMetrics } from '../../support/record-generator';
import { redisCommand, startRedis, type RedisServer } from '../../support/redis';
import { eventually } from '../../support/waiting';

/** What a bridge must not share or use is refused at the start: exit code 2 and a sentence that says what to do. */
describe('a start on a Redis that may not be used', () => {
  const folder = mkdtempSync(join(tmpdir(), 'streamkpi-refused-'));
  const bridges: BridgeProcess[] = [];
  let redis: RedisServer;
  let kafka: string;

  beforeAll(async () => {
    redis = await startRedis();
    // Nobody listens there: the store is checked before Kafka is asked.
    kafka = `127.0.0.1:${await freePort()}`;
  });
  afterAll(async () => {
    await Promise.all(bridges.map((bridge) => bridge.kill9()));
    await redis.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = async (metrics: object): Promise<BridgeProcess> => {
    const file = join(folder, `metrics-${bridges.length}.yaml`);
    writeFileSync(file, JSON.stringify(metrics));
    const bridge = await startBridge({
      KAFKA_BROKERS: kafka,
      REDIS_URL: redis.url,
      METRICS_FILE: file,
      STORE_PATH: join(folder, 'store'),
    });
    bridges.push(bridge);
    return bridge;
  };
  const refusal = async (bridge: BridgeProcess): Promise<string> => {
    await eventually(() => bridge.process.exitCode !== null, 'the bridge ends');
    expect(bridge.process.exitCode).toBe(2);
    return bridge.output();
  };
  const entered = (bridge: BridgeProcess): Promise<boolean> =>
    eventually(async () => {
      const answer = await fetch(`${bridge.url}/readyz`);
      const { hop } = (await answer.json()) as { hop?: string };
      return hop === 'kafka';
    }, 'the bridge uses the store');

  it('is refused where points would be evicted', async () => {
    await redisCommand(redis.port, 'CONFIG SET maxmemory-policy allkeys-lru');
    const text = await refusal(await start(generatedMetrics('evicted')));
    expect(text).toMatch(/allkeys-lru/);
    expect(text).toMatch(/set it to noeviction/);
    await redisCommand(redis.port, 'CONFIG SET maxmemory-policy noeviction');
  });

  it('is refused to a second bridge with another mapping, while the first one keeps running', async () => {
    const first = await start(generatedMetrics('shared'));
    await entered(first);
    const text = await refusal(await start(generatedMetrics('another-topic')));
    expect(text).toMatch(/another definition/);
    expect(text).toMatch(/"shared" in the store and "another-topic" in the metrics file/);
    expect(first.process.exitCode).toBeNull();
    await entered(first);
    // Titles and times may differ.
    await entered(await start(generatedMetrics('shared', 'generated', { title: 'Another title' })));
    await entered(await start(generatedMetrics('shared', 'generated', { retention: '2h' })));
  });

  it('is refused where the layout is an older one', async () => {
    await redisCommand(redis.port, 'FLUSHALL');
    await redisCommand(redis.port, 'HSET streamkpi:meta layout 0 epoch 0011223344556677');
    const text = await refusal(await start(generatedMetrics('older')));
    expect(text).toMatch(/layout version 0/);
    expect(text).toMatch(/another key prefix or an empty Redis/);
  });
});
