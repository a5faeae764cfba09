import { StartRefusedError, UnavailableError } from '../../../backend-bridge/src/domain/errors';
import type { SeriesStore } from '../../../backend-bridge/src/domain/store';
import {
  redisCommand,
  startRedis,
  startRedisCluster,
  type RedisOptions,
  type RedisServer,
} from '../../support/redis';
import {
  batch,
  identify,
  LEAST_RIGHTS,
  listen,
  minutesAgo,
  point,
  pointTexts,
  redisStore,
  testMetric,
  writeApplied,
} from './redis-rig';
import { eventually } from '../../support/waiting';

const metric = testMetric('orders');
const cleanups: (() => Promise<void>)[] = [];

async function server(options: RedisOptions = {}): Promise<RedisServer> {
  const started = await startRedis(options);
  cleanups.push(() => started.stop());
  return started;
}

function storeOn(...parameters: Parameters<typeof redisStore>): SeriesStore {
  const store = redisStore(...parameters);
  cleanups.push(() => store.close());
  return store;
}

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function refused(store: SeriesStore): Promise<string> {
  const error: unknown = await store.start().then(
    () => null,
    (fault: unknown) => fault,
  );
  expect(error).toBeInstanceOf(StartRefusedError);
  return (error as Error).message;
}

async function works(store: SeriesStore): Promise<void> {
  const heard = listen(store);
  await store.checkReady();
  await identify(store, metric);
  await store.skipTo(metric, 'topic-1', 0, 3);
  await writeApplied(store, batch(metric, [point('a', minutesAgo(1), 1, 3)]));
  await store.reportPartitions(metric, 'topic-1', [
    { partition: 0, position: 0, atEnd: true, nowMs: Date.now() },
  ]);
  expect((await store.progress(metric)).watermarkMs).toBe(minutesAgo(1));
  expect(await store.appliedOffsets(metric)).toEqual(new Map([[0, 3]]));
  expect(await store.listSeries(metric)).toHaveLength(1);
  expect(await pointTexts(store, metric)).toEqual([`a ${minutesAgo(1)} 1 r1`]);
  await eventually(() => expect(heard.changes).toHaveLength(1));
}

describe('the start is refused', () => {
  it('by an eviction policy that would drop points', async () => {
    const redis = await server({ maxmemory: '100mb', maxmemoryPolicy: 'allkeys-lru' });
    const message = await refused(storeOn(redis.url, [metric]));
    expect(message).toMatch(/allkeys-lru/);
    expect(message).toMatch(/set it to noeviction/);
  });

  it('by another shape of a metric, naming what differs and what to do', async () => {
    const redis = await server();
    const first = storeOn(redis.url, [metric]);
    await first.start();
    const message = await refused(storeOn(redis.url, [{ ...metric, finalOnly: true }]));
    expect(message).toContain('Metric orders');
    expect(message).toContain('finalOnly is false in the store and true in the metrics file');
    expect(message).toContain('test:{orders}:');
    await works(first);
  });

  it('by data of a newer bridge, naming the versions', async () => {
    const redis = await server();
    await redisCommand(redis.port, 'HSET test:meta layout 2 epoch abc');
    const message = await refused(storeOn(redis.url, [metric]));
    expect(message).toMatch(/written by a newer bridge \(layout version 2, this one supports 1\)/);
    expect(message).toMatch(/run that version or a later one/);
  });

  it('by wrong credentials, and does not repeat them', async () => {
    const redis = await server({ requirepass: 'right' });
    const message = await refused(storeOn(redis.url.replace('redis://', 'redis://:wrong-secret@'), [metric]));
    expect(message).toMatch(/user name or password/);
    expect(message).not.toContain('wrong-secret');
    expect(await refused(storeOn(redis.url, [metric]))).toMatch(/requires a password/);
  });

  it('by a cluster that the address does not call one', async () => {
    const cluster = await startRedisCluster();
    cleanups.push(() => cluster.stop());
    const messages = await Promise.all(
      cluster.nodes.map(async (node) => {
        const store = storeOn(node.url, [metric, testMetric('b'), testMetric('c')]);
        return store.start().then(
          () => 'started',
          (error: unknown) => (error as Error).message,
        );
      }),
    );
    expect(new Set(messages)).toEqual(new Set(['Redis runs as a cluster; add ?cluster=true to REDIS_URL']));
  });

  it('not by a cluster that names addresses which the bridge cannot reach, as behind NAT: that is named', async () => {
    const cluster = await startRedisCluster();
    cleanups.push(() => cluster.stop());
    // Nobody listens there.
    for (const { port } of cluster.nodes) {
      await redisCommand(port, 'CONFIG SET cluster-announce-hostname 127.0.0.99');
      await redisCommand(port, 'CONFIG SET cluster-preferred-endpoint-type hostname');
    }
    // A node names one whose hostname it has not heard yet "?".
    for (const { port } of cluster.nodes)
      await eventually(async () => expect(await redisCommand(port, 'CLUSTER SLOTS')).not.toContain('?'));
    const store = storeOn(cluster.url, [metric]);
    await eventually(async () => {
      await expect(store.start()).rejects.toThrow(
        /^The node 127\.0\.0\.99:\d+ of the Redis cluster cannot be reached: .*cluster-announce-ip/,
      );
    });
    for (const { port } of cluster.nodes)
      await redisCommand(port, 'CONFIG SET cluster-preferred-endpoint-type ip');
    await eventually(() => store.start());
    await works(store);
  });

  it('not by a Redis that is down: that may pass, and the start can be tried again', async () => {
    const redis = await server();
    await redis.kill9();
    const store = storeOn(redis.url, [metric]);
    await expect(store.start()).rejects.toBeInstanceOf(UnavailableError);
    await redis.restart();
    await eventually(() => store.start());
    await works(store);
  });
});

describe('access', () => {
  it('with a user that has the least rights', async () => {
    const redis = await server({ users: ['default off', `bridge on >secret ${LEAST_RIGHTS}`] });
    const store = storeOn(redis.url, [metric], { username: 'bridge', password: 'secret' });
    await store.start();
    await works(store);
    expect(await store.announceBridge('one', ['two'])).toEqual(new Map());
  });

  it('with a user that lacks one is refused, and says where the rights are listed', async () => {
    const users = ['default off', `bridge on >secret ${LEAST_RIGHTS} -fcall`];
    const redis = await server({ users });
    const message = await refused(storeOn(redis.url.replace('//', '//bridge:secret@'), [metric]));
    expect(message).toMatch(/lacks a permission/);
    expect(message).toContain('0003-redis-layout');
  });

  it('over TLS, with the authority and a client certificate', async () => {
    const redis = await server({ tls: true, directives: ['tls-auth-clients yes'] });
    const store = storeOn(redis.url, [metric], { tls: redis.tls! });
    await store.start();
    await works(store);
  });

  it('over TLS to a server of an unknown authority fails, unless told not to look', async () => {
    const redis = await server({ tls: true });
    await expect(storeOn(redis.url, [metric]).start()).rejects.toThrow(/certificate/);
    const careless = storeOn(redis.url, [metric], { tls: { rejectUnauthorized: false } });
    await careless.start();
    await works(careless);
  });
});
