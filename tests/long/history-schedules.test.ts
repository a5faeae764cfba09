/** The random schedules of the stores' history, more of them than the conformance suite has time for. */
import { runHistorySchedules } from '../integration/stores/history-schedules';
import { createLmdb } from '../integration/stores/lmdb-rig';
import { storesOn } from '../integration/stores/redis-stores';
import { startRedis } from '../support/redis';

jest.setTimeout(900_000);

const SCHEDULES = 50;

it('LMDB: every step of every tier is what its windows come to', () =>
  runHistorySchedules(createLmdb, SCHEDULES, { ranges: true }));

it('Redis: every step of every tier is what its windows come to', async () => {
  const redis = await startRedis();
  const place = { url: redis.url, ports: [redis.port], stop: () => redis.stop() };
  try {
    await runHistorySchedules(
      storesOn(() => place),
      SCHEDULES,
      { ranges: true },
    );
  } finally {
    await redis.stop();
  }
});
