import { randomBytes } from 'node:crypto';
import { UnavailableError } from '../domain/errors';
import { lifetimeMs } from '../domain/history/tiers';
import { forbiddenChanges, metricShape, timesOf } from '../domain/metric-shape';
import type { Log } from '../domain/telemetry';
import { EPOCH_BYTES } from './change-message';
import { historyText } from './history-state';
import type { MetricEntry } from './point-reader';
import { storeKey } from './redis-keys';
import type { Pipeline, RedisLink } from './redis-link';
import { CHANGE_FIELDS, parseStoredChanges, type SeenChanges, type StoredChanges } from './seen-changes';
import { checkLayout, otherShape } from './start-checks';

/** Incremented with every layout change; a store of another version is refused. */
const LAYOUT_VERSION = '1';
const ATTEMPTS = 5;

function rebuilt(): UnavailableError {
  return new UnavailableError('store', 'The data in Redis was lost or rebuilt during the read; retry');
}

type Opened = readonly (readonly [MetricEntry, StoredChanges])[];

function randomText(): string {
  return randomBytes(EPOCH_BYTES / 2).toString('hex');
}

/**
 * The store's epoch as this bridge knows it. Within an epoch numbers, ids and revisions never go back: when Redis has
 * less than was seen of any metric, a new epoch begins and every reader starts over.
 */
export class StoreEpoch {
  /** Empty before the first enter(). */
  current = '';
  /** Epochs with lost data; never entered again, even if an old dump restores one. */
  private readonly spent = new Set<string>();
  private entering: Promise<void> | null = null;

  constructor(
    private readonly link: RedisLink,
    private readonly prefix: string,
    private readonly entries: () => readonly MetricEntry[],
    /** Called when another epoch was entered; `before` is empty the first time. */
    private readonly onEntered: (epoch: string, before: string) => void,
    private readonly log: Log,
  ) {}

  /** True while no loss in the current epoch is known. */
  get holds(): boolean {
    return this.current !== '' && !this.spent.has(this.current);
  }

  /**
   * Enters the current epoch, or creates one. One call at a time. Rejects with UnavailableError or StartRefusedError.
   */
  enter(): Promise<void> {
    this.entering ??= this.enterOnce().finally(() => {
      this.entering = null;
    });
    return this.entering;
  }

  /** Called when data of this epoch was lost; resolves when another one was entered. */
  async leave(epoch: string): Promise<void> {
    this.spent.add(epoch);
    while (this.current === epoch) await this.enter();
  }

  /**
   * Puts a metric with a definition that was read just now under the present epoch. Nothing else is awaited between this
   * and the moment at which the caller lists the entry. Rejects with UnavailableError or StartRefusedError.
   */
  async register(entry: MetricEntry, isNew: boolean): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      await this.entering?.catch(() => undefined);
      const epoch = this.current;
      const registered = await this.link.hgetall(storeKey(this.prefix));
      const stored =
        registered.epoch === epoch ? await this.openMetric(entry, epoch, registered, true) : null;
      if (this.entering !== null || this.current !== epoch) continue;
      if (stored !== null) {
        if (isNew) entry.changes.enter(stored);
        return;
      }
      await this.leave(epoch);
    }
    throw rebuilt();
  }

  /** Throws StartRefusedError where the stored definition of a metric forbids this one. Rejects with UnavailableError. */
  async checkDefinition({ metric, keys }: Pick<MetricEntry, 'metric' | 'keys'>): Promise<void> {
    const [stored = null] = await this.link.hmget(keys.meta, 'shape');
    const forbidden = stored === null ? '' : forbiddenChanges(stored, metricShape(metric));
    if (forbidden !== '') throw otherShape(metric.name, forbidden, keys.meta.slice(0, -4));
  }

  /**
   * Resolves with a metric's change position and the requested fields of its meta hash when everything read before is
   * of the current epoch and nothing was lost. Otherwise rejects with UnavailableError once another epoch was entered.
   */
  async confirm(
    { keys, changes }: MetricEntry,
    ...fields: string[]
  ): Promise<{ readonly stored: StoredChanges; readonly values: readonly (string | null)[] }> {
    const check = this.checkAfter(changes);
    const found = await this.link.hmget(keys.meta, ...CHANGE_FIELDS, ...fields);
    return { stored: await check(found), values: found.slice(CHANGE_FIELDS.length) };
  }

  /** What confirm() checks, for a reply to CHANGE_FIELDS that is requested after this call. */
  private checkAfter(changes: SeenChanges): (found: readonly (string | null)[]) => Promise<StoredChanges> {
    const epoch = this.current;
    const leastNumber = changes.position.number;
    return async (found) => {
      const stored = parseStoredChanges(found);
      const agrees =
        epoch === this.current && stored.epoch === epoch && changes.agreesWith(stored, leastNumber);
      // Only a primary decides: this may be a lagging replica, which enter() finds read-only.
      if (!agrees && epoch === this.current) await this.enter();
      if (!agrees) throw rebuilt();
      return stored;
    };
  }

  /**
   * Resolves with the data read when it is of one epoch and includes all that was seen before. Otherwise rejects like
   * confirm(). A read whose last round trip goes through `confirmed` takes none more for that.
   */
  async reading<T>(entry: MetricEntry, read: (confirmed: Pipeline) => Promise<T>): Promise<T> {
    const epoch = this.current;
    const last = { isConfirmed: false };
    const result = await read(async (commands) => {
      const check = this.checkAfter(entry.changes);
      const replies = await this.link.pipeline([...commands, ['HMGET', entry.keys.meta, ...CHANGE_FIELDS]]);
      const found = replies.pop() as (Buffer | null)[];
      await check(found.map((value) => value?.toString('latin1') ?? null));
      last.isConfirmed = true;
      return replies;
    });
    if (!last.isConfirmed) await this.confirm(entry);
    if (this.current !== epoch) throw rebuilt();
    return result;
  }

  private async enterOnce(): Promise<void> {
    const before = this.current;
    const { epoch, found } = await this.findEpoch();
    if (epoch === before) return;
    if (before !== '') this.spent.add(before);
    this.current = epoch;
    for (const [{ changes }, stored] of found) changes.enter(stored);
    this.onEntered(epoch, before);
  }

  private async findEpoch(): Promise<{ epoch: string; found: Opened }> {
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
      'Redis repeatedly loses its data; look for FLUSHALL or an eviction policy',
    );
  }

  /**
   * Registers every metric in the epoch; null when one was lost: a registered metric is gone (one cluster node was
   * flushed), has less than was seen, or its Redis process changed and no bridge saw what the previous one had.
   */
  private async open(epoch: string, registered: Readonly<Record<string, string>>): Promise<Opened | null> {
    let lost = false;
    const found: [MetricEntry, StoredChanges][] = [];
    for (const entry of this.entries()) {
      const stored = await this.openMetric(entry, epoch, registered, this.current === '');
      if (stored === null) lost = true;
      else found.push([entry, stored]);
    }
    return lost ? null : found;
  }

  /** The same for one metric. `decides`: the bridge has just read its definition, which goes over the stored one. */
  private async openMetric(
    entry: MetricEntry,
    epoch: string,
    registered: Readonly<Record<string, string>>,
    decides: boolean,
  ): Promise<StoredChanges | null> {
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
        decides ? '1' : '0',
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
    if (kind === 'shape') throw otherShape(metric.name, 'it changes again and again', keys.meta.slice(0, -4));
    const stored = parseStoredChanges([epoch, ...fields]);
    const known = registered[`m:${metric.name}`] !== undefined;
    if (!known) await this.link.hset(storeKey(this.prefix), `m:${metric.name}`, '1');
    if (kind === 'lost' || (kind === 'new' && known)) return null;
    // A bridge that had seen less than this one let that process continue.
    if (epoch === this.current && !changes.agreesWith(stored, seen.number)) return null;
    return stored;
  }

  /**
   * Stores another retention, grace or idle time: the bridge that was started last decides. Throws StartRefusedError
   * when the definition differs otherwise.
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
