import { rmSync } from 'node:fs';
import type { ForecastPlace } from '../../support/forecast-schedule';
import { lmdbStore, newFolder } from './lmdb-rig';
import { storesOn, type Place } from './redis-stores';

export function forecastsOnLmdb(): ForecastPlace {
  const path = newFolder();
  return {
    shared: false,
    async open(metrics, clock) {
      const store = lmdbStore(path, metrics, clock);
      await store.start();
      return store;
    },
    remove: async () => rmSync(path, { recursive: true, force: true }),
  };
}

/** @param prefix of all keys; nobody else's */
export function forecastsOnRedis(redis: Place, prefix: string): ForecastPlace {
  return {
    shared: true,
    open: async (metrics, clock) => (await storesOn(() => redis, prefix)(metrics, clock)).store,
    remove: async () => {},
  };
}
