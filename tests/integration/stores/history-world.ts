import { combinesOverTime } from '../../../backend-bridge/src/domain/combination-rules';
import {
  foldsFromSteps,
  frozenBeforeMs,
  lifetimeMs,
  sealTargetMs,
} from '../../../backend-bridge/src/domain/history/tiers';
import type { Metric } from '../../../backend-bridge/src/domain/metric';
import type { HistoryState, SeriesStore } from '../../../backend-bridge/src/domain/store';
import { historyMetric, MEASURES, MINUTE, T0, type Window } from '../../support/history-windows';
import { engineOf, RULES, SITES } from './history-answers';
import { expected, expectSame, shown } from './shown-steps';
import { hashOf, type StoreUnderTest } from './store-rig';
import { eventually } from '../../support/waiting';

/** A topic, a store that reads it, and what its windows come to. */

const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const SLICE = 40;

export const TIERS = [
  { stepMs: 5 * MINUTE, keepMs: 35 * DAY },
  { stepMs: HOUR, keepMs: 400 * DAY },
];

export function tieredMetric(name: string, change: Partial<Metric> = {}): Metric {
  return historyMetric({ name, topic: name, retentionMs: 2 * HOUR, history: TIERS, ...change });
}

export interface Logged {
  readonly series: number;
  readonly minute: number;
  readonly removed: boolean;
  readonly measures: readonly (number | undefined)[];
}

/** A window, and the offset of the last record that changed it. */
type Applied = Window & { readonly offset: number };

/** One topic with its log, read into a store, and the plain truth of its windows. */
export class HistoryWorld {
  readonly log: Logged[] = [];
  /** Minutes since T0. */
  now = 0;
  private next = 0;
  private applied = new Map<string, Applied>();
  private incarnation = 0;

  constructor(
    readonly under: StoreUnderTest,
    public metric: Metric,
    private readonly setClock: (nowMs: number) => void,
  ) {}

  /** What was written, as it is after the last record of each window. */
  get windows(): readonly Window[] {
    return [...this.applied.values()];
  }

  get store(): SeriesStore {
    return this.under.store;
  }

  async identify(): Promise<void> {
    const answer = await this.store.identifyTopic(this.metric, {
      topic: this.metric.topic,
      topicId: this.metric.name,
      ends: [this.log.length],
    });
    if (answer === 'stale') throw new Error('stale');
    this.incarnation = answer.incarnations.at(-1)!.number;
  }

  advance(minutes: number): void {
    this.now += minutes;
    this.setClock(T0 + this.now * MINUTE);
  }

  produce(...records: readonly Logged[]): void {
    this.log.push(...records);
  }

  /** Writes what is in the log and not yet in the store, and what lies `back` before it once more. */
  async deliver(back = 0): Promise<void> {
    for (let from = Math.max(0, this.next - back); from < this.log.length; from += SLICE) {
      await this.write(from, Math.min(from + SLICE, this.log.length));
    }
    this.next = this.log.length;
  }

  async report(): Promise<void> {
    const gaps = await this.store.reportPartitions(this.metric, this.metric.name, [
      { partition: 0, position: this.next, atEnd: true, nowMs: T0 + this.now * MINUTE },
    ]);
    expect(gaps).toEqual([]);
  }

  state(): Promise<HistoryState> {
    return this.store.history!.state(this.metric);
  }

  /** Waits until everything that can be sealed is. */
  async sealed(): Promise<void> {
    await eventually(async () => {
      const target = sealTargetMs(
        this.metric,
        await this.store.progress(this.metric),
        T0 + this.now * MINUTE,
      );
      expect((await this.state()).sealedBeforeMs).toBeGreaterThanOrEqual(target ?? 0);
    });
  }

  async restart(metric = this.metric): Promise<void> {
    await this.under.restart([metric]);
    this.metric = metric;
    await this.identify();
  }

  /** The store is lost, and filled from the topic again. */
  async wipe(): Promise<void> {
    await this.under.wipe();
    this.applied = new Map();
    this.next = 0;
    await this.identify();
    await this.deliver();
  }

  /** Where the store is now: returns the way to say that it is back there. */
  mark(): () => void {
    const { next } = this;
    const windows = new Map(this.applied);
    return () => {
      this.next = next;
      this.applied = new Map(windows);
    };
  }

  private get offsetMs(): number {
    return this.metric.window.offsetMs ?? 0;
  }

  private async write(from: number, to: number): Promise<void> {
    const progress = await this.store.progress(this.metric);
    const { sealedBeforeMs } = await this.state();
    const nowMs = T0 + this.now * MINUTE;
    const records = this.log.slice(from, to);
    let fresh = 0;
    records.forEach((record, i) => {
      const endMs = T0 + (record.minute + 1) * MINUTE + this.offsetMs;
      const expired =
        endMs - MINUTE < sealedBeforeMs ||
        endMs <= frozenBeforeMs(this.metric, progress, nowMs) ||
        endMs + lifetimeMs(this.metric) <= nowMs;
      const key = `${record.series}/${record.minute}`;
      const before = this.applied.get(key);
      // A record that had expired may come again, and count, under a longer retention.
      if (expired || (before !== undefined && before.offset >= from + i)) return;
      fresh += 1;
      this.applied.set(key, {
        ...record,
        offset: from + i,
        measures: record.removed && before !== undefined ? before.measures : record.measures,
        revision: (before?.revision ?? 0) + 1,
      });
    });
    const outcome = await this.store.write({
      metric: this.metric,
      topicId: this.metric.name,
      partition: 0,
      partitions: 1,
      fromOffset: from,
      toOffset: to - 1,
      points: records.map(({ series, minute, removed, measures }, i) => ({
        values: [SITES[series]!],
        startMs: T0 + minute * MINUTE + this.offsetMs,
        endMs: T0 + (minute + 1) * MINUTE + this.offsetMs,
        measures,
        removed,
        keyHash: hashOf(SITES[series]!),
        offset: from + i,
        incarnation: this.incarnation,
      })),
      maxEventMs: T0 + Math.max(...records.map(({ minute }) => minute)) * MINUTE + MINUTE / 2 + this.offsetMs,
      nowMs,
    });
    expect(outcome).toMatchObject({ kind: 'applied', accepted: fresh, conflicts: [], overCap: [] });
  }

  /** Every step of every tier, by every rule, is what the windows come to; of each series, and of all. */
  async compare(
    steps: readonly number[] = [5, 10, 60],
    measures: readonly string[] = MEASURES,
  ): Promise<void> {
    const engine = engineOf(this);
    const { windows } = this;
    for (const name of measures) {
      const measure = MEASURES.indexOf(name);
      for (const overTime of RULES) {
        if (!combinesOverTime(this.metric, this.metric.measures[measure]!, overTime)) continue;
        for (const step of steps) {
          const query = {
            metric: this.metric.name,
            measure: name,
            fromMs: 0,
            toMs: T0 + this.now * MINUTE + DAY,
            stepMs: step * MINUTE,
            overTime,
            includeRevisions: true,
          };
          const answer = await engine.query(query, []);
          const what = `${name} by ${overTime}, steps of ${step} minutes`;
          for (const [series, site] of SITES.entries()) {
            const own = windows.filter((window) => window.series === series);
            const found = answer.series.find(({ labels }) => labels['site'] === site);
            expectSame(
              `${what}, ${site}`,
              shown(found),
              expected(own, measure, overTime, step, this.offsetMs),
            );
          }
          if (!foldsFromSteps(this.metric, measure, overTime, true)) continue;
          const all = await engine.query({ ...query, groupBy: [] }, []);
          expectSame(what, shown(all.series[0]), expected(windows, measure, overTime, step, this.offsetMs));
        }
      }
    }
  }
}
