import { randomBytes } from 'node:crypto';
import { UnavailableError } from '../domain/errors';
import { lifetimeMs } from '../domain/history/tiers';
import { forbiddenChanges, metricShape, timesOf } from '../domain/metric-shape';
import type { Log } from '../domain/telemetry';
import { EPOCH_BYTES } from './change-message';
import { historyText } from './history-state';
import type { MetricEntry } from './point-reader';
import { storeKey } from './redis-keys';
import type { RedisLink } from './redis-link';
import { CHANGE_FIELDS, parseStoredChanges, type StoredChanges } from './seen-changes';
import { checkLayout, otherShape } from './start-checks';

/** Raised when anything of the layout changes; a store of another version is refused. */
export const LAYOUT_VERSION = '1';
const ATTEMPTS = 5;

function rebuilt(): UnavailableError {
  return new UnavailableError('store', 'The data in Redis were lost or rebuilt during the read; ask again');
}

function randomText(): string {
  return randomBytes(EPOCH_BYTES / 2).toString('hex');
}

/**
 * The store's epoch as this bridge knows it. Within one epoch numbers, ids and revisions never go back: where Redis has
 * less than was seen of any metric, the epoch is left for a new one, and every reader begins again.
 */
export class StoreEpoch {
  /** Empty before the first enter(). */
  current = '';
  /** Epochs whose data were lost in part; none of them is entered again, even if an old dump brings one back. */
  private readonly spent = new Set<string>();
  private entering: Promise<void> | null = null;

  constructor(
    private readonly link: RedisLink,
    private readonly prefix: string,
    private readonly entries: readonly MetricEntry[],
    /** Called when another epoch was entered; `before` is empty the first time. */
    private readonly onEntered: (epoch: string, before: string) => void,
    private readonly log: Log,
  ) {}

  /** True while nothing seen in the current epoch is known to be lost. */
  get holds(): boolean {
    return this.current !== '' && !this.spent.has(this.current);
  }

  /** Finds the epoch that holds now, or makes one. One at a time. Rejects with UnavailableError or StartRefusedError. */
  enter(): Promise<void> {
    this.entering ??= this.enterOnce().finally(() => {
      this.entering = null;
    });
    return this.entering;
  }

  /** Data of this epoch were lost: resolves when another one was entered. */
  async leave(epoch: string): Promise<void> {
    this.spent.add(epoch);
    while (this.current === epoch) await this.enter();
  }

  /**
   * Resolves with where the changes of a metric are and the wanted fields of its meta hash, when everything read of it
   * before is of the current epoch and nothing of it was lost. Otherwise rejects with UnavailableError once another
   * epoch was entered.
   */
  async confirm(
    { keys, changes }: MetricEntry,
    ...fields: string[]
  ): Promise<{ readonly stored: StoredChanges; readonly values: readonly (string | null)[] }> {
    const epoch = this.current;
    const leastNumber = changes.position.number;
    const found = await this.link.hmget(keys.meta, ...CHANGE_FIELDS, ...fields);
    const stored = parseStoredChanges(found);
    const agrees =
      epoch === this.current && stored.epoch === epoch && changes.agreesWith(stored, leastNumber);
    // A primary decides: this may have been a replica that is behind, which enter() finds read-only.
    if (!agrees && epoch === this.current) await this.enter();
    if (!agrees) throw rebuilt();
    return { stored, values: found.slice(CHANGE_FIELDS.length) };
  }

  /** Resolves with what was read, if it is of one epoch and all that was seen before is in it. Else as confirm(). */
  async reading<T>(entry: MetricEntry, read: () => Promise<T>): Promise<T> {
    const epoch = this.current;
    const result = await read();
    await this.confirm(entry);
    if (this.current !== epoch) throw rebuilt();
    return result;
  }

  private async enterOnce(): Promise<void> {
    const before = this.current;
    const { epoch, found } = await this.findEpoch();
    if (epoch === before) return;
    if (before !== '') this.spent.add(before);
    this.current = epoch;
    this.entries.forEach(({ changes }, i) => changes.enter(found[i]!));
    this.onEntered(epoch, before);
  }

  private async findEpoch(): Promise<{ epoch: string; found: StoredChanges[] }> {
    const key = storeKey(this.prefix);
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      let stored = await this.link.hgetall(key);
      if (stored.layout !== undefined) checkLayout(stored.layout, LAYOUT_VERSION, this.prefix);
      if (stored.layout === undefined || stored.epoch === undefined) {
        await this.link.hsetnx(key, 'layout', LAYOUT_VERSION);
        await this.link.hsetnx(key, 'epoch', randomText());
        stored = await this.link.hgetall(key);
      }
      const { epoch } = stored;
      if (epoch === undefined) continue;
      const found = this.spent.has(epoch) ? null : await this.open(epoch, stored);
      if (found === null) await this.link.call('rotate_epoch', [key], epoch, randomText());
      // Another bridge may have left this epoch meanwhile.
      else if ((await this.link.hmget(key, 'epoch'))[0] === epoch) return { epoch, found };
    }
    throw new UnavailableError(
      'store',
      'Redis loses its data again and again; look for FLUSHALL or a cache policy',
    );
  }

  /**
   * Registers every metric under the epoch; null when one was lost in it: a metric that was registered and is gone (one
   * node of a cluster emptied), or has less than was seen of it, or whose Redis process is another one and nobody saw
   * what the one before had.
   */
  private async open(
    epoch: string,
    registered: Readonly<Record<string, string>>,
  ): Promise<StoredChanges[] | null> {
    let lost = false;
    const found: StoredChanges[] = [];
    for (const entry of this.entries) {
      const { metric, layout, keys, changes } = entry;
      const shape = metricShape(metric);
      const seen = epoch === this.current ? changes.position : { run: '', number: 0 };
      const ask = async (): Promise<string[]> =>
        (await this.link.call(
          'open',
          keys.step,
          epoch,
          shape,
          randomText(),
          seen.run,
          seen.number,
          registered['rotated'] === epoch ? '1' : '0',
          historyText(metric),
          this.current === '' ? '1' : '0',
          lifetimeMs(metric),
          metric.retentionMs,
          layout.spanMs,
        )) as string[];
      let answer = await ask();
      for (let attempt = 0; answer[0] === 'shape' && attempt < ATTEMPTS; attempt += 1) {
        await this.adopt(entry, epoch, answer[1] ?? '');
        answer = await ask();
      }
      const [kind, ...fields] = answer;
      if (kind === 'shape')
        throw otherShape(metric.name, 'it changes again and again', keys.meta.slice(0, -4));
      const stored = parseStoredChanges([epoch, ...fields]);
      const known = registered[`m:${metric.name}`] !== undefined;
      if (kind === 'lost' || (kind === 'new' && known)) lost = true;
      // Another bridge let the process go on that had seen less than this one.
      else if (epoch === this.current && !changes.agreesWith(stored, seen.number)) lost = true;
      if (!known) await this.link.hset(storeKey(this.prefix), `m:${metric.name}`, '1');
      found.push(stored);
    }
    return lost ? null : found;
  }

  /**
   * Takes another retention, grace or idle time over into the stored definition: the bridge that was started last
   * decides. Throws StartRefusedError where the definition differs in more than these.
   */
  private async adopt({ metric, keys }: MetricEntry, epoch: string, stored: string): Promise<void> {
    const own = metricShape(metric);
    const forbidden = forbiddenChanges(stored, own);
    if (forbidden !== '') throw otherShape(metric.name, forbidden, keys.meta.slice(0, -4));
    await this.link.call('adopt', keys.step, epoch, stored, own, timesOf(stored).graceMs);
    this.log.warn(
      { metric: metric.name, before: stored, now: own },
      'retention, grace or idle of the metric was changed; give every bridge the same metrics file',
    );
  }
}
