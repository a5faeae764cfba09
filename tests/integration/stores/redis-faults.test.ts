import { Redis } from 'ioredis';
import { UnavailableError } from '../../../backend-bridge/src/domain/errors';
import type { SeriesStore } from '../../../backend-bridge/src/domain/store';
import { redisCommand, startRedis, type RedisOptions, type RedisServer } from '../../support/redis';
import {
  batch,
  identify,
  LEAST_RIGHTS,
  listen,
  MINUTE,
  minutesAgo,
  point,
  pointTexts,
  redisStore,
  testMetric,
  writeApplied,
} from './redis-rig';
import { eventually } from '../../support/waiting';

const metric = testMetric('orders');
const servers: RedisServer[] = [];
const stores: SeriesStore[] = [];

async function server(options: RedisOptions = {}): Promise<RedisServer> {
  const started = await startRedis(options);
  servers.push(started);
  return started;
}

async function started(url: string, metrics = [metric]): Promise<SeriesStore> {
  const store = redisStore(url, metrics);
  stores.push(store);
  await store.start();
  return store;
}

afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  for (const one of servers.splice(0)) await one.stop();
});

async function refusal(work: Promise<unknown>): Promise<UnavailableError> {
  const error: unknown = await work.then(
    () => null,
    (fault: unknown) => fault,
  );
  expect(error).toBeInstanceOf(UnavailableError);
  return error as UnavailableError;
}

describe('a Redis that refuses', () => {
  it('for lack of memory is named, nothing is half written, and it resumes when there is memory', async () => {
    const redis = await server({ maxmemoryPolicy: 'noeviction' });
    const store = await started(redis.url);
    await identify(store, metric);
    await writeApplied(store, batch(metric, [point('a', minutesAgo(3), 1, 0)]));
    await redisCommand(redis.port, 'CONFIG SET maxmemory 1mb');
    const next = batch(metric, [point('a', minutesAgo(2), 2, 1)]);
    expect((await refusal(store.write(next))).message).toMatch(/out of memory/);
    expect((await refusal(store.checkReady())).message).toMatch(/out of memory/);
    expect(await pointTexts(store, metric)).toEqual([`a ${minutesAgo(3)} 1 r1`]);
    await redisCommand(redis.port, 'CONFIG SET maxmemory 0');
    await store.checkReady();
    await writeApplied(store, next);
    expect(await pointTexts(store, metric)).toEqual([`a ${minutesAgo(3)} 1 r1`, `a ${minutesAgo(2)} 2 r1`]);
  });

  it('nothing, but would evict points since it was set otherwise, is named', async () => {
    const redis = await server({ maxmemoryPolicy: 'noeviction' });
    const store = await started(redis.url);
    await store.checkReady();
    await redisCommand(redis.port, 'CONFIG SET maxmemory-policy allkeys-lru');
    await eventually(async () => {
      await expect(store.checkReady()).rejects.toThrow(/evict points.*allkeys-lru.*set it to noeviction/);
    });
    await redisCommand(redis.port, 'CONFIG SET maxmemory-policy noeviction');
    await store.checkReady();
  });

  it('as a read-only replica is named, and used again once it is a primary', async () => {
    const primary = await server();
    const redis = await server();
    const store = await started(redis.url);
    await identify(store, metric);
    await redisCommand(redis.port, `REPLICAOF 127.0.0.1 ${primary.port}`);
    await eventually(async () => {
      const error = await refusal(store.checkReady());
      expect(error.message).toMatch(/read-only replica/);
    });
    await redisCommand(redis.port, 'REPLICAOF NO ONE');
    await eventually(() => store.checkReady());
    await identify(store, metric);
    await writeApplied(store, batch(metric, [point('a', minutesAgo(1), 1, 0)]));
  });

  describe('the bridge a permission that it had', () => {
    const store = async (): Promise<{ redis: RedisServer; one: SeriesStore }> => {
      const redis = await server({ users: [`bridge on >secret ${LEAST_RIGHTS}`] });
      const one = await started(redis.url.replace('//', '//bridge:secret@'));
      await identify(one, metric);
      await writeApplied(one, batch(metric, [point('a', minutesAgo(3), 1, 0)]));
      return { redis, one };
    };

    it.each([
      ['-subscribe', '+subscribe', /lacks a permission.*\+subscribe/],
      ['resetchannels', '&test:*', /lacks a permission.*to a channel/],
      ['resetpass >other', '>secret', /user name or password/],
    ])(
      'of its second connection only (%s): it is not ready, and then reads again',
      async (rule, undo, says) => {
        const { redis, one } = await store();
        const heard = listen(one);
        await redisCommand(redis.port, `ACL SETUSER bridge ${rule}`);
        await redisCommand(redis.port, 'CLIENT KILL TYPE pubsub');
        await eventually(async () => expect((await refusal(one.checkReady())).message).toMatch(says));
        await redisCommand(redis.port, `ACL SETUSER bridge ${undo}`);
        await eventually(() => one.checkReady());
        await eventually(() => expect(heard.gaps).toEqual(['reconnected']));
      },
    );

    it.each(['hmget', 'mget', 'zrangebyscore'])(
      'to read (%s) is named until it may again',
      async (command) => {
        const { redis, one } = await store();
        await redisCommand(redis.port, `ACL SETUSER bridge -${command}`);
        await eventually(async () => {
          await pointTexts(one, metric).catch(() => undefined);
          expect((await refusal(one.checkReady())).message).toContain(`(+${command}; docs/decisions/0003`);
        });
        await redisCommand(redis.port, `ACL SETUSER bridge +${command}`);
        await eventually(() => one.checkReady());
        expect(await pointTexts(one, metric)).toHaveLength(1);
      },
    );

    it.each(['zadd', 'publish'])('in a function (%s) is named', async (command) => {
      const { redis, one } = await store();
      await redisCommand(redis.port, `ACL SETUSER bridge -${command}`);
      const { message } = await refusal(one.write(batch(metric, [point('b', minutesAgo(2), 2, 1)])));
      // Redis 7.0 does not name the command.
      expect(message).toMatch(
        new RegExp(`^The Redis user lacks .*\\((\\+${command}|a command of its functions); docs/`),
      );
    });
  });

  it.each(['append', 'hincrby', 'hlen', 'hset', 'pexpireat', 'publish', 'setrange', 'time', 'zadd'])(
    'a command in the middle of a write (%s) takes none of it, and all of it afterwards',
    async (command) => {
      const windows = { type: 'session', sizeMs: 0, advanceMs: 0, gapMs: MINUTE, graceMs: 0 } as const;
      const metrics = [metric, testMetric('visits', { window: windows })];
      const redis = await server({ users: [`bridge on >secret ${LEAST_RIGHTS}`] });
      const store = await started(redis.url.replace('//', '//bridge:secret@'), metrics);
      const heard = listen(store);
      for (const one of metrics) {
        await identify(store, one);
        await writeApplied(store, batch(one, [point('a', minutesAgo(3), 1, 0)]));
        const points = [point('a', minutesAgo(2), 2, 1), point('b', minutesAgo(1), 3, 2)];
        await redisCommand(redis.port, `ACL SETUSER bridge -${command}`);
        const refused = await store.write(batch(one, points)).catch(() => null);
        await redisCommand(redis.port, `ACL SETUSER bridge +${command}`);
        if (refused === null) await writeApplied(store, batch(one, points));
        expect(await pointTexts(store, one)).toEqual([
          `a ${minutesAgo(3)} 1 r1`,
          `a ${minutesAgo(2)} 2 r1`,
          `b ${minutesAgo(1)} 3 r1`,
        ]);
        // Subscribers hear of them, or that they have missed something.
        await writeApplied(store, batch(one, [point('c', minutesAgo(1), 4, 3)]));
        await eventually(() => {
          const values = heard.changes.map(({ measures: [value] }) => value);
          expect(heard.gaps.length > 0 || [2, 3].every((value) => values.includes(value))).toBe(true);
        });
      }
    },
  );

  it('while it loads its data is named', async () => {
    // Half a millisecond a command; connections are served after each 1,024 of them.
    const redis = await server({ aof: 'everysec', directives: ['key-load-delay 500'] });
    const filler = new Redis(redis.url);
    const pipeline = filler.pipeline();
    for (let i = 0; i < 10_000; i += 1) pipeline.set(`filler:${i}`, 'x');
    await pipeline.exec();
    filler.disconnect();
    const store = await started(redis.url);
    await redis.restart({ waitUntilReady: false });
    await eventually(async () => {
      const error = await refusal(store.checkReady());
      expect(error.message).toMatch(/loading its data/);
    });
    await eventually(() => store.checkReady());
  });
});

describe('a Redis that stops answering', () => {
  it('is noticed within two seconds, bounded while it lasts, and used again afterwards', async () => {
    const redis = await server();
    const store = await started(redis.url);
    await identify(store, metric);
    redis.pauseProcess();
    const took: number[] = [];
    // A neighbour's burst spoils one of them.
    for (let time = 0; time < 3; time += 1) {
      const before = performance.now();
      const [ready, write] = await Promise.all([
        refusal(store.checkReady()),
        refusal(store.write(batch(metric, [point('a', minutesAgo(1), 1, 0)]))),
      ]);
      took.push(performance.now() - before);
      expect(ready.message).toMatch(/did not answer|cannot be reached/);
      expect(write.hop).toBe('store');
    }
    expect(Math.min(...took)).toBeLessThan(2_000);
    redis.resume();
    await eventually(() => store.checkReady());
    await writeApplied(store, batch(metric, [point('a', minutesAgo(1), 1, 0)]));
    expect(await pointTexts(store, metric)).toEqual([`a ${minutesAgo(1)} 1 r1`]);
  });

  it('refuses more than a bounded number of commands', async () => {
    const redis = await server();
    const store = await started(redis.url);
    redis.pauseProcess();
    const errors = await Promise.all(Array.from({ length: 1500 }, () => refusal(store.progress(metric))));
    const refused = errors.filter((error) => error.message.includes('does not keep up')).length;
    // What the store asks each second by itself may wait too.
    expect([0, 1, 2, 3]).toContain(refused - (1500 - 1024));
    redis.resume();
  });

  it('killed with its last second lost: a new epoch asks for what it lacks, and counts revisions as before', async () => {
    const redis = await server({ aof: 'everysec' });
    const store = await started(redis.url);
    const heard = listen(store);
    await identify(store, metric);
    const slice = (from: number, to: number): ReturnType<typeof batch> =>
      batch(
        metric,
        Array.from({ length: to - from + 1 }, (_, i) =>
          point('a', minutesAgo(1 + ((from + i) % 5)), from + i, from + i),
        ),
      );
    await writeApplied(store, slice(0, 9));
    await new Promise((resolve) => setTimeout(resolve, 2500));
    // From here on nothing reaches the disk, as in a crash of the machine.
    await redisCommand(redis.port, 'CONFIG SET appendonly no');
    await writeApplied(store, slice(10, 19));
    const complete = await pointTexts(store, metric);
    await redis.kill9();
    await refusal(store.write(slice(20, 24)));
    await redis.restart();
    await eventually(() => store.checkReady());
    await eventually(() => expect(heard.epochs).toEqual([store.epoch()]));
    await identify(store, metric);
    expect(await store.write(slice(20, 24))).toEqual({ kind: 'gap', neededOffset: 10 });
    await writeApplied(store, slice(10, 19));
    expect(await pointTexts(store, metric)).toEqual(complete);
    await writeApplied(store, slice(20, 24));
    expect((await pointTexts(store, metric)).every((text) => text.endsWith(' r5'))).toBe(true);
    expect(heard.epochs).toHaveLength(1);
  });
});

describe('a Redis that was emptied', () => {
  it('has a new epoch, tells it, and is filled again from the start', async () => {
    const redis = await server();
    const store = await started(redis.url);
    const heard = listen(store);
    const before = store.epoch();
    await identify(store, metric);
    const points = [point('a', minutesAgo(2), 1, 0), point('b', minutesAgo(2), 2, 1)];
    await writeApplied(store, batch(metric, points));
    await redisCommand(redis.port, 'FLUSHALL');
    expect(await store.write(batch(metric, [point('a', minutesAgo(1), 3, 2)]))).toEqual({
      kind: 'store_lost',
    });
    expect(store.epoch()).not.toBe(before);
    expect(heard.epochs).toEqual([store.epoch()]);
    expect(await store.listSeries(metric)).toEqual([]);
    await identify(store, metric);
    expect(await store.write(batch(metric, [point('a', minutesAgo(1), 3, 2)]))).toEqual({
      kind: 'gap',
      neededOffset: 0,
    });
    await writeApplied(store, batch(metric, points));
    expect(await pointTexts(store, metric)).toHaveLength(2);
    await eventually(() => expect(heard.changes.map((change) => change.revision)).toEqual([1, 1, 1, 1]));
  });

  it('tells the bridge that does not write, too', async () => {
    const redis = await server();
    const store = await started(redis.url);
    const heard = listen(store);
    await redisCommand(redis.port, 'FLUSHALL');
    await eventually(() => expect(heard.epochs).toEqual([store.epoch()]));
  });

  it('of one metric only has a new epoch', async () => {
    const redis = await server();
    const other = testMetric('other');
    const store = await started(redis.url, [metric, other]);
    const before = store.epoch();
    await identify(store, metric);
    await redisCommand(redis.port, 'DEL test:{orders}:meta');
    expect(await store.write(batch(metric, [point('a', minutesAgo(1), 3, 0)]))).toEqual({
      kind: 'store_lost',
    });
    expect(store.epoch()).not.toBe(before);
  });

  it('of its functions gets them back', async () => {
    const redis = await server();
    const store = await started(redis.url);
    await identify(store, metric);
    await redisCommand(redis.port, 'FUNCTION FLUSH');
    await writeApplied(store, batch(metric, [point('a', minutesAgo(1), 1, 0)]));
  });
});

describe('changes', () => {
  it('reach two stores on one Redis alike, in order', async () => {
    const redis = await server();
    const writer = await started(redis.url);
    const reader = await started(redis.url);
    const [heardByWriter, heardByReader] = [listen(writer), listen(reader)];
    await identify(writer, metric);
    for (let i = 0; i < 200; i += 1)
      await writeApplied(writer, batch(metric, [point(`s${i % 7}`, minutesAgo(i % 3), i, i)]));
    await eventually(() => expect(heardByReader.changes).toHaveLength(200));
    await eventually(() => expect(heardByWriter.changes).toHaveLength(200));
    expect(heardByReader.changes).toEqual(heardByWriter.changes);
    expect(heardByReader.changes.map((change) => change.measures[0])).toEqual(
      Array.from({ length: 200 }, (_, i) => i),
    );
    expect(await reader.listSeries(metric)).toEqual(await writer.listSeries(metric));
    expect([...heardByReader.gaps, ...heardByWriter.gaps]).toEqual([]);
  });

  it('that a cut subscription may have missed are told as a gap', async () => {
    const redis = await server();
    const store = await started(redis.url);
    const heard = listen(store);
    await identify(store, metric);
    await redisCommand(redis.port, 'CLIENT KILL TYPE pubsub');
    await eventually(() => expect(heard.gaps).toEqual(['reconnected']));
    await writeApplied(store, batch(metric, [point('a', minutesAgo(1), 1, 0)]));
    await eventually(() => expect(heard.changes).toHaveLength(1));
  });

  it('whose message never came are noticed by their number', async () => {
    const redis = await server();
    const store = await started(redis.url);
    const heard = listen(store);
    await identify(store, metric);
    await writeApplied(store, batch(metric, [point('a', minutesAgo(1), 1, 0)]));
    await eventually(() => expect(heard.changes).toHaveLength(1));
    await redisCommand(redis.port, 'HINCRBY test:{orders}:meta chan 1');
    await eventually(() => expect(heard.gaps).toEqual(['missed_messages']));
    await redisCommand(redis.port, 'HINCRBY test:{orders}:meta chan 1');
    await writeApplied(store, batch(metric, [point('a', minutesAgo(1), 2, 1)]));
    await eventually(() => expect(heard.changes).toHaveLength(2));
  });
});
