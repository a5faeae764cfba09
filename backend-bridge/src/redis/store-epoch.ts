import { randomBytes } from 'node:crypto';
import { metricShape } from '../domain/metric';
import { UnavailableError } from '../domain/errors';
import { EPOCH_BYTES } from './change-message';
import type { MetricAccess } from './point-reader';
import { storeKey } from './redis-keys';
import type { RedisLink } from './redis-link';
import { checkLayout, otherShape } from './start-checks';

/** Raised when anything of the layout changes; a store of another version is refused. */
export const LAYOUT_VERSION = '1';
const ATTEMPTS = 5;

function newEpoch(): string {
  return randomBytes(EPOCH_BYTES / 2).toString('hex');
}

/**
 * Finds the store's epoch, or makes one, and registers every metric under it.
 * A metric that was registered and is gone was lost (one node of a cluster emptied): the epoch changes.
 */
export async function enterEpoch(
  link: RedisLink,
  prefix: string,
  accesses: readonly MetricAccess[],
): Promise<string> {
  const key = storeKey(prefix);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    let stored = await link.hgetall(key);
    if (stored.layout !== undefined) checkLayout(stored.layout, LAYOUT_VERSION, prefix);
    if (stored.layout === undefined || stored.epoch === undefined) {
      await link.hsetnx(key, 'layout', LAYOUT_VERSION);
      await link.hsetnx(key, 'epoch', newEpoch());
      stored = await link.hgetall(key);
    }
    const epoch = stored.epoch;
    if (epoch === undefined) continue;
    let lost = false;
    for (const access of accesses) {
      const { name } = access.metric;
      const own = metricShape(access.metric);
      const reply = (await link.call('open', access.keys.meta, epoch, own)) as string[];
      if (reply[0] === 'shape') throw otherShape(name, reply[1] ?? '', own, access.keys.meta.slice(0, -4));
      const registered = stored[`m:${name}`] !== undefined;
      if (reply[0] === 'new' && registered) lost = true;
      if (!registered) await link.hset(key, `m:${name}`, '1');
    }
    if (!lost) return epoch;
    await link.call('rotate_epoch', key, epoch, newEpoch());
  }
  throw new UnavailableError(
    'store',
    'Redis loses its data again and again; look for FLUSHALL or a cache policy',
  );
}
