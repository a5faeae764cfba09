import type { RedisLink } from './redis-link';
import { bridgeKey } from './redis-keys';

/** Bridges announce themselves about once a second; one silent for this long is removed. */
const SILENT_BRIDGE_MS = 60_000;

/** Announces a bridge; resolves to how often each of the others that is there has announced itself. */
export async function announceBridge(
  link: RedisLink,
  keyPrefix: string,
  bridgeId: string,
  others: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const own = bridgeKey(keyPrefix, bridgeId);
  const keys = others.map((id) => bridgeKey(keyPrefix, id));
  const replies = await link.pipeline([
    ['INCR', own],
    ['PEXPIRE', own, SILENT_BRIDGE_MS],
    ...keys.map((key) => ['GET', key] as const),
  ]);
  const counts = new Map<string, number>();
  for (const [index, id] of others.entries()) {
    const count = replies[2 + index];
    if (Buffer.isBuffer(count)) counts.set(id, Number(count.toString('latin1')));
  }
  return counts;
}
