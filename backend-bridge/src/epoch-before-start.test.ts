import { createLmdbStore } from './lmdb/lmdb-store';
import { createRedisStore } from './redis/redis-store';
import { UnavailableError } from './domain/errors';
import type { SeriesStore } from './domain/store';
import { silentLog, silentTelemetry } from '../../tests/support/silent';

const tools = { log: silentLog, telemetry: silentTelemetry, clock: Date.now };
const stores: readonly (readonly [string, SeriesStore])[] = [
  ['redis', createRedisStore({ url: 'redis://h', keyPrefix: 'k', commandTimeoutMs: 1_000 }, [], tools)],
  ['lmdb', createLmdbStore({ path: 'never-opened' }, [], tools)],
];

it.each(stores)('%s has no epoch before the start, and says so', (_name, store) => {
  expect(() => store.epoch()).toThrow(UnavailableError);
});
