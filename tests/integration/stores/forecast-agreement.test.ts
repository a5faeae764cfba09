import { runForecastSchedules } from '../../support/forecast-schedule';
import { startRedis } from '../../support/redis';
import { forecastsOnLmdb, forecastsOnRedis } from './forecast-places';

const EVENTS = 4;
const seeds = (from: number): number[] => Array.from({ length: 25 }, (_, index) => from + index);

describe('a panel, a reload and a bridge that was never asked have the same forecasts', () => {
  it('over LMDB', () => runForecastSchedules(forecastsOnLmdb(), seeds(1), EVENTS), 300_000);

  it('over Redis, where each bridge has a connection of its own', async () => {
    const redis = await startRedis();
    const place = { url: redis.url, ports: [redis.port], stop: () => redis.stop() };
    try {
      await runForecastSchedules(forecastsOnRedis(place, 'forecasts'), seeds(26), EVENTS);
    } finally {
      await redis.stop();
    }
  }, 300_000);
});
