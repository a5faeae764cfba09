import { StartRefusedError } from '../domain/errors';

const LEAST_MAJOR = 7;

function field(info: string, name: string): string | null {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? null;
}

/** Refuses a server that is too old, or that would evict points when its memory is full. */
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
  throw new StartRefusedError(
    `The data under the prefix "${prefix}" in Redis has layout version ${stored}, this bridge writes version ${own}; ` +
      'give the bridge another key prefix or an empty Redis database, it fills itself from Kafka again',
  );
}

function show(value: unknown): string {
  return value === undefined ? 'absent' : JSON.stringify(value);
}

/** What differs between two texts of metricShape(), for a person. */
function differences(stored: string, own: string): string {
  const parse = (text: string): Record<string, unknown> => {
    try {
      return JSON.parse(text) as Record<string, unknown>;
    } catch {
      return {};
    }
  };
  const before = parse(stored);
  const now = parse(own);
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  const texts = names
    .map((name) => [name, show(before[name]), show(now[name])] as const)
    .filter(([, a, b]) => a !== b)
    .map(([name, a, b]) => `${name} is ${a} in Redis and ${b} here`);
  return texts.join('; ');
}

export function otherShape(metric: string, stored: string, own: string, keyBase: string): StartRefusedError {
  return new StartRefusedError(
    `Metric ${metric} is stored in Redis with another definition: ${differences(stored, own)}. ` +
      'Give every bridge the same metrics file; for a wanted change give the metric a new name, the bridge another ' +
      `key prefix, or delete the keys that begin with ${keyBase}`,
  );
}
