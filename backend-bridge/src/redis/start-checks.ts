import { StartRefusedError, UnavailableError } from '../domain/errors';
import type { MonotonicClock } from '../domain/telemetry';

const LEAST_MAJOR = 7;
const AGAIN_MS = 5_000;

function field(info: string, name: string): string | null {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? null;
}

/** Looks at version and settings of the servers. */
export class ServerCheck {
  private againAt = 0;

  /** @param infoOfMasters the answer to INFO of every primary */
  constructor(
    private readonly infoOfMasters: () => Promise<readonly string[]>,
    private readonly monotonic: MonotonicClock = () => performance.now(),
  ) {}

  /** Rejects with StartRefusedError for a server that is too old, or that would evict points. */
  async atStart(): Promise<void> {
    for (const info of await this.infoOfMasters()) checkServer(info);
  }

  /**
   * The same while the bridge runs: a setting may have changed, or a replica with another one has taken over. Looks once
   * in five seconds, and at once after a fault. Rejects with UnavailableError; a server that does not answer is not a
   * fault of its settings, and other checks name it.
   */
  async again(): Promise<void> {
    const now = this.monotonic();
    if (now < this.againAt) return;
    try {
      await this.atStart();
    } catch (error) {
      if (!(error instanceof StartRefusedError)) return;
      throw new UnavailableError('store', error.message, { cause: error });
    }
    this.againAt = now + AGAIN_MS;
  }
}

function checkServer(info: string): void {
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
