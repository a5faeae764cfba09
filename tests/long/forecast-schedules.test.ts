/** The schedules of forecasts, more of them than CI has time for. */
import { forecastsOnLmdb, forecastsOnRedis } from '../integration/stores/forecast-places';
import { runForecastSchedules } from '../support/forecast-schedule';
import { startRedis } from '../support/redis';

jest.setTimeout(1_800_000);

const EVENTS = 6;
const ROUND = 25;
const ROUNDS = 20;

/** Seeds that CI does not have, in rounds that begin with data of their own. */
const rounds = Array.from({ length: ROUNDS }, (_, round) =>
  Array.from({ length: ROUND }, (_, index) => 1_000 + round * ROUND + index),
);

it('LMDB: a panel, a reload and a bridge that was never asked have the same forecasts', async () => {
  for (const seeds of rounds) await runForecastSchedules(forecastsOnLmdb(), seeds, EVENTS);
});

it('Redis: a panel, a reload and a bridge that was never asked have the same forecasts', async () => {
  const redis = await startRedis();
  const place = { url: redis.url, ports: [redis.port], stop: () => redis.stop() };
  try {
    for (const [round, seeds] of rounds.entries()) {
      const others = seeds.map((seed) => seed + 1_000);
      await runForecastSchedules(forecastsOnRedis(place, `forecasts${round}-`), others, EVENTS);
    }
  } finally {
    await redis.stop();
  }
});
