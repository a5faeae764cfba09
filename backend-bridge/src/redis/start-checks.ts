import { StartRefusedError } from '../domain/errors';

const LEAST_MAJOR = 7;

function field(info: string, name: string): string | null {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? null;
}

/** Throws StartRefusedError for a server that is too old, or that would evict points when its memory is full. */
export function checkServer(info: string): void {
  const version = field(info, 'redis_version') ?? 'unknown';
  if (!(Number.parseInt(version, 10) >= LEAST_MAJOR))
    throw new StartRefusedError(`Redis ${version} is too old: version 7.0 or newer is needed (functions)`);
  const policy = field(info, 'maxmemory_policy');
  if (policy !== null && policy !== 'noeviction')
    throw new StartRefusedError(
      `Redis would evict points when its memory is full (maxmemory-policy ${policy}); ` +
        'set it to noeviction: CONFIG SET maxmemory-policy noeviction, and in redis.conf',
    );
}

export function checkLayout(stored: string, own: string, prefix: string): void {
  if (stored === own) return;
  const [written, remedy] =
    Number(stored) < Number(own)
      ? ['an older bridge', 'give this bridge another key prefix or an empty Redis']
      : ['a newer bridge', 'run that version or a later one, or give this bridge another key prefix'];
  throw new StartRefusedError(
    `The data under the prefix "${prefix}" in Redis was written by ${written} (layout version ${stored}, this one ` +
      `supports ${own}); ${remedy}`,
  );
}

/** @param forbidden the differences, from forbiddenChanges() */
export function otherShape(metric: string, forbidden: string, keyBase: string): StartRefusedError {
  return new StartRefusedError(
    `Metric ${metric} is stored in Redis with another definition: ${forbidden}. ` +
      'Give every bridge the same metrics file; for an intended change give the metric a new name, the bridge another ' +
      `key prefix, or delete the keys that begin with ${keyBase}`,
  );
}
