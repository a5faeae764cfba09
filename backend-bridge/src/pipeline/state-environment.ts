import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { open, type Database, type RootDatabase } from 'lmdb';
import { StartRefusedError, UnavailableError } from '../domain/errors';
import { commitFailure, storageRefusal } from '../domain/storage-fault';
import type { CountedEvent } from './enrichment';
import type { PendingWrite } from './outbox';
import type { Profile } from './raw-event';
import { AGGREGATIONS, Topology, type AggregationName } from './topology';
import type { PipelineRules } from './rules';
import type { Accumulator, OpenWindow } from './windows';

/**
 * The pipeline's LMDB environment. Each batch is committed in one transaction:
 * - journal: the counted events, in order; replayed over the last checkpoint to restore the windows
 * - outbox: pending writes to the store
 * - profiles, and the next offset of each metric A checkpoint writes the open windows and empties the journal.
 */

const LAYOUT = 1;

interface Meta {
  readonly layout: number;
  /** The process that opened it last; a process that finds another name here was replaced and stops writing. */
  readonly owner: string;
  /** Topic id of this pipeline in the store. */
  readonly id: string;
  readonly rules: string;
  readonly offsets: Readonly<Record<string, number>>;
  /** Sequence number of the last batch. */
  readonly seq: number;
  readonly checkpointSeq: number;
  readonly streamTimes: Readonly<Partial<Record<AggregationName, number | null>>>;
}

/** key, count, amountCount, sum, newestMs */
type KeptAccumulator = [string, number, number, number, number];
interface KeptWindow {
  readonly keys: KeptAccumulator[];
  readonly members: string[] | null;
}
/** Columns; amount `false` means not a purchase. */
type KeptEvents = [string[], (string | null)[], number[], (number | null | false)[]];

export interface OutboxEntry {
  readonly seq: number;
  readonly writes: readonly PendingWrite[];
}

export interface Batch {
  readonly seq: number;
  readonly events: readonly CountedEvent[];
  readonly profiles: ReadonlyMap<string, Profile | null>;
  readonly writes: readonly PendingWrite[];
  readonly offsets: Readonly<Record<string, number>>;
}

export interface RestoredState {
  readonly topology: Topology;
  readonly replayed: number;
  /** True when windows counted by other rules were discarded. */
  readonly rulesChanged: boolean;
}

const profileKey = (userId: string): Uint8Array => Buffer.from(`u${userId}`);

export class StateEnvironment {
  private constructor(
    private readonly root: RootDatabase,
    private readonly metaDb: Database<Meta, string>,
    private readonly windowsDb: Database<KeptWindow, [string, number]>,
    private readonly journalDb: Database<KeptEvents, number>,
    private readonly outboxDb: Database<readonly PendingWrite[], number>,
    private readonly profilesDb: Database<[string | null, number | null, number | null], Uint8Array>,
    private meta: Meta,
  ) {}

  /** Throws StartRefusedError. */
  static open(path: string, rules: PipelineRules): StateEnvironment {
    let root: RootDatabase | null = null;
    try {
      mkdirSync(path, { recursive: true });
      // Without lmdb's batching, which creates promises that nobody can catch when a commit fails.
      root = open({ path, maxDbs: 8, eventTurnBatching: false });
      return StateEnvironment.enter(root, path, rules);
    } catch (error) {
      void root?.close();
      if (error instanceof StartRefusedError) throw error;
      throw storageRefusal(`The embedded pipeline cannot keep its state in ${path}`, error);
    }
  }

  private static enter(root: RootDatabase, path: string, rules: PipelineRules): StateEnvironment {
    const metaDb = root.openDB<Meta, string>({ name: 'meta' });
    const fresh: Meta = {
      layout: LAYOUT,
      owner: '',
      id: randomUUID(),
      rules: JSON.stringify(rules),
      offsets: {},
      seq: 0,
      checkpointSeq: 0,
      streamTimes: {},
    };
    const found = metaDb.get('meta') ?? fresh;
    if (found.layout !== LAYOUT) {
      throw new StartRefusedError(
        `${path} was written by another version of the bridge (layout ${found.layout}, this one reads ${LAYOUT}); use that version, or move the folder away to start fresh`,
      );
    }
    const meta: Meta = { ...found, owner: randomUUID() };
    metaDb.putSync('meta', meta);
    return new StateEnvironment(
      root,
      metaDb,
      root.openDB({ name: 'windows' }),
      root.openDB({ name: 'journal', keyEncoding: 'ordered-binary' }),
      root.openDB({ name: 'outbox', keyEncoding: 'ordered-binary' }),
      root.openDB({ name: 'profiles', keyEncoding: 'binary' }),
      meta,
    );
  }

  get id(): string {
    return this.meta.id;
  }

  get seq(): number {
    return this.meta.seq;
  }

  get offsets(): Readonly<Record<string, number>> {
    return this.meta.offsets;
  }

  /** Restores the windows as of the last committed batch. */
  restore(rules: PipelineRules): RestoredState {
    const kept = this.metaDb.get('meta');
    if (kept?.owner === this.meta.owner) this.meta = kept;
    const topology = new Topology(rules);
    const rulesChanged = this.meta.rules !== JSON.stringify(rules);
    if (rulesChanged) {
      this.windowsDb.clearSync();
      this.journalDb.clearSync();
      this.meta = { ...this.meta, rules: JSON.stringify(rules), streamTimes: {} };
      this.metaDb.putSync('meta', this.meta);
      return { topology, replayed: 0, rulesChanged };
    }
    const windows = new Map<string, OpenWindow[]>(AGGREGATIONS.map((name) => [name, []]));
    for (const { key, value } of this.windowsDb.getRange()) {
      windows.get(key[0])?.push(thawWindow(key[1], value));
    }
    for (const name of AGGREGATIONS) {
      topology.aggregations[name].restore(this.meta.streamTimes[name] ?? null, windows.get(name)!);
    }
    let replayed = 0;
    for (const { value } of this.journalDb.getRange({ start: this.meta.checkpointSeq + 1 })) {
      const [users, segments, times, amounts] = value;
      users.forEach((userId, i) => {
        const amount = amounts[i]!;
        topology.apply({
          userId,
          segment: segments[i]!,
          timestampMs: times[i]!,
          amount: amount === false ? undefined : amount,
        });
      });
      replayed += users.length;
    }
    // Changes of the replay are in the outbox already, or were sent long ago.
    for (const name of AGGREGATIONS) {
      topology.aggregations[name].takeChanged();
      topology.aggregations[name].takeLate();
    }
    return { topology, replayed, rulesChanged };
  }

  profile(userId: string): Profile | undefined {
    const kept = this.profilesDb.get(profileKey(userId));
    return kept === undefined
      ? undefined
      : { segment: kept[0], registrationDate: kept[1], totalValue: kept[2] };
  }

  /**
   * Resolves when the batch would survive a crash of the process. Rejects with UnavailableError, and nothing is stored.
   */
  async commit(batch: Batch): Promise<void> {
    const meta: Meta = { ...this.meta, seq: batch.seq, offsets: batch.offsets };
    await this.inTransaction(() => {
      if (batch.events.length > 0) {
        this.journalDb.putSync(batch.seq, [
          batch.events.map((event) => event.userId),
          batch.events.map((event) => event.segment),
          batch.events.map((event) => event.timestampMs),
          batch.events.map(({ amount }) => (amount === undefined ? false : amount)),
        ]);
      }
      if (batch.writes.length > 0) this.outboxDb.putSync(batch.seq, batch.writes);
      for (const [userId, profile] of batch.profiles) {
        if (profile === null) this.profilesDb.removeSync(profileKey(userId));
        else {
          this.profilesDb.putSync(profileKey(userId), [
            profile.segment,
            profile.registrationDate,
            profile.totalValue,
          ]);
        }
      }
      this.metaDb.putSync('meta', meta);
    });
    this.meta = meta;
  }

  /** Resolves when everything committed would survive a power failure. */
  async flushed(): Promise<void> {
    try {
      await this.root.flushed;
    } catch (error) {
      throw unavailable(error);
    }
  }

  /** Writes changed windows, and deletes closed ones and the journal. */
  async checkpoint(topology: Topology): Promise<void> {
    const streamTimes: Partial<Record<AggregationName, number | null>> = {};
    const written: OpenWindow[] = [];
    for (const name of AGGREGATIONS) streamTimes[name] = topology.aggregations[name].streamTimeMs;
    const meta: Meta = { ...this.meta, checkpointSeq: this.meta.seq, streamTimes };
    await this.inTransaction(() => {
      for (const name of AGGREGATIONS) {
        const aggregation = topology.aggregations[name];
        const open = new Set<number>();
        for (const window of aggregation.openWindows()) {
          open.add(window.startMs);
          if (!window.dirty) continue;
          this.windowsDb.putSync([name, window.startMs], freezeWindow(window));
          written.push(window);
        }
        const kept = this.windowsDb.getKeys({ start: [name, 0], end: [name, Number.MAX_SAFE_INTEGER] });
        for (const key of [...kept]) if (!open.has(key[1])) this.windowsDb.removeSync(key);
      }
      for (const key of [...this.journalDb.getKeys({ end: meta.checkpointSeq + 1 })]) {
        this.journalDb.removeSync(key);
      }
      this.metaDb.putSync('meta', meta);
    });
    for (const window of written) window.dirty = false;
    this.meta = meta;
  }

  /** The outbox, oldest first. */
  outbox(): Iterable<OutboxEntry> {
    return this.outboxDb.getRange().map(({ key, value }) => ({ seq: key, writes: value }));
  }

  /** Deletes the outbox up to a sequence number. */
  async pruneOutbox(throughSeq: number): Promise<void> {
    await this.inTransaction(() => {
      for (const key of [...this.outboxDb.getKeys({ end: throughSeq + 1 })]) this.outboxDb.removeSync(key);
    });
  }

  /** Creates a new identity, after the store has rejected the old one. */
  async renewId(): Promise<void> {
    const meta: Meta = { ...this.meta, id: randomUUID() };
    await this.inTransaction(() => this.metaDb.putSync('meta', meta));
    this.meta = meta;
  }

  async close(): Promise<void> {
    await this.root.close();
  }

  private checkOwner(): void {
    if (this.metaDb.get('meta')?.owner !== this.meta.owner) {
      throw new Error('another bridge has taken over this folder; stop one of them');
    }
  }

  private async inTransaction(action: () => void): Promise<void> {
    try {
      // In a child transaction, so that a throw rolls back what was written before it.
      await this.root.childTransaction(() => {
        this.checkOwner();
        action();
      });
    } catch (error) {
      throw unavailable(await commitFailure(error));
    }
  }
}

function unavailable(error: unknown): UnavailableError {
  return new UnavailableError(
    'pipeline',
    `the embedded pipeline cannot write its state (${(error as Error).message}); check the disk under STORE_PATH`,
    { cause: error },
  );
}

function freezeWindow(window: OpenWindow): KeptWindow {
  return {
    keys: [...window.keys].map(([key, a]) => [key, a.count, a.amountCount, a.sum, a.newestMs]),
    members: window.members === null ? null : [...window.members],
  };
}

function thawWindow(startMs: number, kept: KeptWindow): OpenWindow {
  const keys = new Map<string, Accumulator>(
    kept.keys.map(([key, count, amountCount, sum, newestMs]) => [key, { count, amountCount, sum, newestMs }]),
  );
  return { startMs, keys, members: kept.members === null ? null : new Set(kept.members), dirty: false };
}
