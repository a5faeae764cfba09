/** A Redis that loses writes it acknowledged, or hands a slot over: nothing is read as something else, or half written. */
import { Redis } from 'ioredis';
import { UnavailableError } from '../../../backend-bridge/src/domain/errors';
import type { SeriesStore } from '../../../backend-bridge/src/domain/store';
import {
  redisCommand,
  startRedis,
  startRedisCluster,
  type RedisOptions,
  type RedisServer,
} from '../../support/redis';
import { startTcpProxy } from '../../support/tcp-proxy';
import {
  batch,
  identify,
  listen,
  minutesAgo,
  point,
  pointTexts,
  redisStore,
  testMetric,
  TOPIC_ID,
  writeApplied,
} from './redis-rig';
import { eventually } from '../../support/waiting';

const metric = testMetric('orders');
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function server(options: RedisOptions = {}): Promise<RedisServer> {
  const started = await startRedis(options);
  cleanups.push(() => started.stop());
  return started;
}

async function started(url: string): Promise<SeriesStore> {
  const store = redisStore(url, [metric]);
  cleanups.push(() => store.close());
  await store.start();
  return store;
}

const identified = (store: SeriesStore): Promise<unknown> =>
  store.identifyTopic(metric, { topic: metric.topic, topicId: TOPIC_ID, ends: [0, 0] });
/** One record in one of the topic's two partitions. */
const record = (partition: number, segment: string, value: number, offset: number) =>
  batch(metric, [point(segment, minutesAgo(2), value, offset)], { partition, partitions: 2 });

const text = (segment: string, value: number, revision: number): string =>
  `${segment} ${minutesAgo(2)} ${value} r${revision}`;

/** What is written from now on is gone after goBack(). */
async function keepDump(redis: RedisServer): Promise<void> {
  await redisCommand(redis.port, 'SAVE');
}
async function goBack(redis: RedisServer): Promise<void> {
  await redis.kill9();
  await redis.restart();
}

describe('acknowledged writes that are gone', () => {
  it('give the bridges a new epoch, and no lost series id is read as the series that has it next', async () => {
    const redis = await server();
    const [writer, reader] = [await started(redis.url), await started(redis.url)];
    const heard = [writer, reader].map(listen);
    const before = writer.epoch();
    await identified(writer);
    await writeApplied(writer, record(0, 'a', 1, 0));
    await keepDump(redis);
    await writeApplied(writer, record(1, 'tenant-b', 2, 0));
    expect(await pointTexts(reader, metric)).toEqual([text('a', 1, 1), text('tenant-b', 2, 1)]);
    await goBack(redis);
    await eventually(async () => {
      // A record of another series is read before the lost one: it gets the id that was lost.
      const outcome = await writer.write(record(0, 'tenant-c', 3, 1));
      if (outcome.kind === 'store_lost') await identified(writer);
      expect(outcome.kind).toBe('applied');
    });
    await eventually(async () =>
      expect(await pointTexts(reader, metric)).toEqual([text('a', 1, 1), text('tenant-c', 3, 1)]),
    );
    expect((await reader.listSeries(metric)).map(({ values }) => values[0])).toEqual(['a', 'tenant-c']);
    await eventually(() => expect(reader.epoch()).toBe(writer.epoch()));
    expect(writer.epoch()).not.toBe(before);
    for (const { epochs } of heard) expect(epochs).toEqual([writer.epoch()]);
    await writeApplied(writer, record(1, 'tenant-b', 2, 0));
    await eventually(() => {
      for (const { changes } of heard) expect(changes.at(-1)?.values).toEqual(['tenant-b']);
    });
    const third = heard[1]!.changes.filter(({ measures }) => measures[0] === 3);
    expect(third.filter(({ values }) => values[0] !== 'tenant-c')).toEqual([]);
  });

  it('are noticed by the next read, before anything is written', async () => {
    const redis = await server();
    const store = await started(redis.url);
    await identified(store);
    await writeApplied(store, record(0, 'a', 1, 0));
    await keepDump(redis);
    await writeApplied(store, record(0, 'a', 2, 1));
    const before = store.epoch();
    await goBack(redis);
    // Of the old epoch nothing older than what was told may come.
    await eventually(async () => {
      const texts = await pointTexts(store, metric);
      expect([before, texts]).not.toEqual([store.epoch(), [text('a', 1, 1)]]);
      expect(texts).toEqual([text('a', 1, 1)]);
    });
    expect(store.epoch()).not.toBe(before);
  });

  it('are noticed where nobody is left who saw them', async () => {
    const redis = await server();
    const store = await started(redis.url);
    const before = store.epoch();
    await identified(store);
    await keepDump(redis);
    await writeApplied(store, record(0, 'a', 1, 0));
    await store.close();
    expect((await started(redis.url)).epoch()).toBe(before);
    await goBack(redis);
    const fresh = await started(redis.url);
    expect(fresh.epoch()).not.toBe(before);
    expect((await started(redis.url)).epoch()).toBe(fresh.epoch());
  });

  it('are noticed where older data were loaded into the same process', async () => {
    const redis = await server({ directives: ['enable-debug-command yes'] });
    const store = await started(redis.url);
    const heard = listen(store);
    await identified(store);
    await keepDump(redis);
    await writeApplied(store, record(0, 'a', 1, 0));
    await redisCommand(redis.port, 'DEBUG RELOAD NOSAVE');
    expect((await store.write(record(0, 'b', 2, 1))).kind).not.toBe('applied');
    expect(heard.epochs).toEqual([store.epoch()]);
  });

  it('are noticed where the data say an epoch that was left before', async () => {
    const redis = await server();
    const store = await started(redis.url);
    const first = store.epoch();
    await identified(store);
    await keepDump(redis);
    await writeApplied(store, record(0, 'a', 1, 0));
    await goBack(redis);
    await eventually(() => expect(store.epoch()).not.toBe(first));
    const second = store.epoch();
    await goBack(redis);
    await eventually(() => expect([first, second]).not.toContain(store.epoch()));
  });

  it('with a partition that gets no new records: it is named to the source, and closes nothing', async () => {
    const redis = await server();
    const store = await started(redis.url);
    await identified(store);
    const report = (nowMs: number, position: number) =>
      store.reportPartitions(metric, TOPIC_ID, [
        { partition: 0, position: 0, atEnd: true, nowMs },
        { partition: 1, position, atEnd: true, nowMs },
      ]);
    const now = Date.now();
    await report(now, 0);
    const before = await store.progress(metric);
    await keepDump(redis);
    await writeApplied(store, record(1, 'quiet', 1, 0));
    await goBack(redis);
    await eventually(async () => {
      expect(await report(now + 10, 1)).toEqual([{ partition: 1, neededOffset: 0 }]);
    });
    // Idle in the dump; the lost record has its window open still.
    const later = { maxEventMs: now, nowMs: now + 2 * metric.idleMs };
    await writeApplied(store, batch(metric, [], { partition: 0, partitions: 2, ...later }));
    expect(await store.progress(metric)).toEqual(before);
    await writeApplied(store, record(1, 'quiet', 1, 0));
    expect(await report(now + 30, 1)).toEqual([]);
  });
});

describe('nothing is lost', () => {
  it('by a restart: the epoch stays, and writes continue', async () => {
    const redis = await server();
    const stores = [await started(redis.url), await started(redis.url)];
    const heard = stores.map(listen);
    const [writer, reader] = stores as [SeriesStore, SeriesStore];
    await identified(writer);
    await writeApplied(writer, record(0, 'a', 1, 0));
    await eventually(() => expect(heard[1]!.changes).toHaveLength(1));
    await keepDump(redis);
    await goBack(redis);
    await eventually(() => writeApplied(writer, record(0, 'a', 2, 1)));
    await eventually(async () => expect(await pointTexts(reader, metric)).toEqual([text('a', 2, 2)]));
    await eventually(() => {
      for (const { gaps } of heard) expect(gaps[0]).toBe('reconnected');
    });
    await writeApplied(writer, record(0, 'a', 3, 2));
    await eventually(() => {
      for (const { changes } of heard) expect(changes.at(-1)?.measures).toEqual([3]);
    });
    for (const { epochs } of heard) expect(epochs).toEqual([]);
  });

  it('while an address leads to a replica that is behind: it answers nothing', async () => {
    const primary = await server({ directives: ['repl-diskless-sync-delay 0'] });
    const replica = await server();
    let target = primary.port;
    const [address, link] = [await startTcpProxy(() => target), await startTcpProxy(() => primary.port)];
    cleanups.push(() => address.close(), () => link.close()); // prettier-ignore
    const store = await started(`redis://127.0.0.1:${address.port}`);
    const heard = listen(store);
    await identified(store);
    await writeApplied(store, record(0, 'a', 1, 0));
    await redisCommand(replica.port, `REPLICAOF 127.0.0.1 ${link.port}`);
    await eventually(async () => {
      expect(await redisCommand(replica.port, 'INFO replication')).toContain('master_link_status:up');
    });
    link.refuse(true);
    await writeApplied(store, record(0, 'a', 2, 1));
    target = replica.port;
    address.cut();
    await eventually(async () => {
      await expect(pointTexts(store, metric)).rejects.toThrow(/read-only replica/);
    });
    target = primary.port;
    address.cut();
    await eventually(async () => expect(await pointTexts(store, metric)).toEqual([text('a', 2, 2)]));
    expect(heard.epochs).toEqual([]);

    // Promoted: what only the primary had is lost.
    await primary.kill9();
    await redisCommand(replica.port, 'REPLICAOF NO ONE');
    target = replica.port;
    address.cut();
    await eventually(async () => expect(await pointTexts(store, metric)).toEqual([text('a', 1, 1)]));
    expect(heard.epochs).toEqual([store.epoch()]);
  });
});

describe('a slot that a cluster moves', () => {
  it('takes all of a write or nothing, and everything again once it has moved', async () => {
    const cluster = await startRedisCluster();
    cleanups.push(() => cluster.stop());
    const store = await started(cluster.url);
    const heard = listen(store);
    await identify(store, metric);
    const first = Array.from({ length: 20 }, (_, i) => point(`s${i}`, minutesAgo(2), i, i));
    await writeApplied(store, batch(metric, first));
    const before = await pointTexts(store, metric);

    const clients = cluster.nodes.map((node) => new Redis(node.port, '127.0.0.1'));
    cleanups.push(async () => clients.forEach((client) => client.disconnect()));
    const slot = await clients[0]!.cluster('KEYSLOT', 'test:{orders}:meta');
    const ids = await Promise.all(clients.map((client) => client.cluster('MYID')));
    const counts = await Promise.all(clients.map((client) => client.cluster('COUNTKEYSINSLOT', slot)));
    const from = counts.findIndex((count) => count > 0);
    const to = (from + 1) % 3;
    const [source, target] = [clients[from]!, clients[to]!];
    await target.cluster('SETSLOT', slot, 'IMPORTING', ids[from]!);
    await source.cluster('SETSLOT', slot, 'MIGRATING', ids[to]!);
    const keys = await source.cluster('GETKEYSINSLOT', slot, 1000);
    const move = (key: string) => source.migrate('127.0.0.1', cluster.nodes[to]!.port, key, 0, 5000);

    // Series that are there, series that are new, and buckets of both, in one write.
    const next = batch(metric, [
      point('s1', minutesAgo(2), 100, 20),
      point('s2', minutesAgo(1), 100, 21),
      point('new', minutesAgo(90), 100, 22),
      point('s3', minutesAgo(2), 100, 23),
    ]);
    const refused = async (): Promise<void> => {
      await expect(store.write(next)).rejects.toThrow(UnavailableError);
      await expect(store.checkReady()).rejects.toThrow(/moving slots/);
    };
    // Meta first and last: the step is called on either node, with the other keys on the one or the other.
    const meta = 'test:{orders}:meta';
    const others = keys.filter((key) => key !== meta);
    await refused();
    for (const key of others.slice(0, others.length / 2)) await move(key);
    await refused();
    await move(meta);
    await refused();
    for (const key of others.slice(others.length / 2)) await move(key);
    await refused();
    for (const client of [target, source, ...clients])
      await client.cluster('SETSLOT', slot, 'NODE', ids[to]!);
    await eventually(async () => expect(await pointTexts(store, metric)).toEqual(before));
    await eventually(() => writeApplied(store, next));
    const after = await pointTexts(store, metric);
    expect(after).toHaveLength(22);
    expect(after.filter((one) => one.includes(' 100 '))).toHaveLength(4);
    expect(heard.epochs).toEqual([]);
  });
});
