import {
  sharedColumn,
  since,
  withoutHoles,
  type ClosedReader,
  type ClosedReading,
  type ClosedSeries,
} from './closed-reader';
import { MAX_TIME_MS } from '../domain/ladder';
import type { Metric } from '../domain/metric';
import type { Plan } from '../domain/query-answer';
import type { QueryEngine } from '../domain/query-engine';
import type { RequestScope } from '../domain/request-scope';
import type { PointChange, SeriesStore } from '../domain/store';

/** Warnings that do not depend on which values were read. */
const OF_THE_PLAN = new Set(['step_adjusted', 'range_not_kept']);
const SERIES_BYTES = 500;
/** Growth factor of a full column. */
const GROWTH = 1.05;

/** A series that grows at its end. What was handed out of it stays as it is. */
class KnownSeries {
  private column: Float64Array;
  private length: number;

  constructor(private readonly first: ClosedSeries) {
    this.column = first.values;
    this.length = first.values.length;
  }

  get bytes(): number {
    return SERIES_BYTES + this.column.byteLength;
  }

  get steps(): ClosedSeries {
    return { ...this.first, values: this.column.subarray(0, this.length) };
  }

  /** Takes what lies behind its end. */
  extend({ startMs, values }: ClosedSeries, stepMs: number): void {
    const row = Math.round((startMs - this.first.startMs) / stepMs);
    const added = values.subarray(Math.max(0, this.length - row));
    if (added.length === 0) return;
    const length = row + values.length;
    if (length > this.column.length) {
      const wider = sharedColumn(Math.ceil(length * GROWTH));
      wider.set(this.column.subarray(0, this.length));
      this.column = wider;
    }
    this.column.set(added, length - added.length);
    this.length = length;
  }
}

/** Closed steps of one plan. */
interface Entry {
  readonly plan: Plan;
  readonly epoch: string;
  readonly fromMs: number;
  readonly series: Map<string, KnownSeries>;
  /** Steps that begin before this are in it. */
  closedBeforeMs: number;
  bytes: number;
}

/** A reading under way, and the earliest step that has changed since it began. */
interface Reading {
  readonly plan: Plan;
  changedMs: number;
}

/**
 * Closed steps as they were read before, with those that have closed since: what has closed hardly ever changes, and a
 * forecast reads weeks of it. A change of a closed step drops what is held of it; so do a gap and a new epoch.
 */
export class ClosedStepsCache implements ClosedReader {
  private readonly entries = new Map<string, Entry>();
  private readonly readings = new Set<Reading>();
  private held = 0;

  constructor(
    private readonly engine: Pick<QueryEngine, 'closed' | 'keptFrom'>,
    private readonly store: Pick<SeriesStore, 'subscribe' | 'epoch'>,
    private readonly maxBytes: number,
  ) {
    this.store.subscribe({
      onChanges: (metric, changes) => this.changed(metric, changes),
      onGap: (metric) => this.forgetMetric(metric.name),
      onEpoch: () => this.forget(() => true),
    });
  }

  get bytes(): number {
    return this.held;
  }

  /** The definition of the metric has changed, and with it perhaps how its measures combine. */
  forgetMetric(name: string): void {
    this.forget((plan) => plan.metric.name === name);
  }

  async readFrom(plan: Plan, fromMs: number, scope: RequestScope): Promise<ClosedReading> {
    return (await this.readTail(plan, fromMs, scope)) ?? this.readAll(plan, fromMs, scope);
  }

  /** What is held and what has closed since; null where that is not all. */
  private async readTail(plan: Plan, fromMs: number, scope: RequestScope): Promise<ClosedReading | null> {
    const entry = this.entries.get(plan.key);
    if (entry === undefined || entry.fromMs > fromMs || entry.epoch !== this.store.epoch()) return null;
    const keptFromMs = await this.engine.keptFrom(plan, { fromMs, toMs: MAX_TIME_MS });
    const { tail, changedMs } = await this.watched(plan, entry.closedBeforeMs, scope);
    const { closedBeforeMs } = tail;
    if (this.entries.get(plan.key) !== entry || tail.storeEpoch !== entry.epoch) return null;
    if (closedBeforeMs === null || changedMs < closedBeforeMs || !isPlain(tail)) return null;
    if (!this.extend(entry, tail.series, closedBeforeMs)) return null;
    const series = [...entry.series.values()].flatMap(
      ({ steps }) => since(steps, plan.stepMs, keptFromMs) ?? [],
    );
    return { ...tail, keptFromMs, series };
  }

  private async readAll(plan: Plan, fromMs: number, scope: RequestScope): Promise<ClosedReading> {
    const { tail: all, changedMs } = await this.watched(plan, fromMs, scope);
    const { closedBeforeMs, storeEpoch, series } = all;
    const isCurrent = closedBeforeMs !== null && changedMs >= closedBeforeMs;
    if (!isCurrent || !isPlain(all)) return all;
    const known = series.map((one) => [JSON.stringify(one.labels), new KnownSeries(one)] as const);
    this.keep({ plan, epoch: storeEpoch, fromMs, series: new Map(known), closedBeforeMs, bytes: 0 });
    return all;
  }

  /** Reads, and finds out what changed meanwhile. */
  private async watched(
    plan: Plan,
    fromMs: number,
    scope: RequestScope,
  ): Promise<{ tail: ClosedReading; changedMs: number }> {
    const reading: Reading = { plan, changedMs: Number.POSITIVE_INFINITY };
    this.readings.add(reading);
    try {
      const answer = await this.engine.closed(plan, { fromMs, toMs: MAX_TIME_MS }, scope);
      return { tail: withoutHoles(answer), changedMs: reading.changedMs };
    } finally {
      this.readings.delete(reading);
    }
  }

  /** False where a series is new: its place among the others is known to a whole reading. */
  private extend(entry: Entry, tail: readonly ClosedSeries[], closedBeforeMs: number): boolean {
    const { stepMs } = entry.plan;
    if (tail.some(({ labels }) => !entry.series.has(JSON.stringify(labels)))) return false;
    // Another reading may have come before this one, with more.
    if (closedBeforeMs <= entry.closedBeforeMs) return true;
    for (const one of tail) entry.series.get(JSON.stringify(one.labels))!.extend(one, stepMs);
    entry.closedBeforeMs = closedBeforeMs;
    this.keep(entry);
    return true;
  }

  /** Keeps an entry as the most recently used one; the least recently used go where memory is short. */
  private keep(entry: Entry): void {
    this.drop(entry.plan.key);
    entry.bytes = 0;
    for (const { bytes } of entry.series.values()) entry.bytes += bytes;
    if (entry.bytes > this.maxBytes) return;
    this.entries.set(entry.plan.key, entry);
    this.held += entry.bytes;
    for (const oldest of this.entries.keys()) {
      if (this.held <= this.maxBytes) return;
      this.drop(oldest);
    }
  }

  private changed(metric: Metric, changes: readonly PointChange[]): void {
    if (changes.length === 0) return;
    for (const { plan, closedBeforeMs } of [...this.entries.values()]) {
      if (plan.metric.name !== metric.name) continue;
      const isStale = changes.some(
        ({ startMs, values }) => plan.stepOf(startMs) < closedBeforeMs && plan.selects(values),
      );
      if (isStale) this.drop(plan.key);
    }
    for (const reading of this.readings) {
      if (reading.plan.metric.name !== metric.name) continue;
      for (const { startMs } of changes) {
        reading.changedMs = Math.min(reading.changedMs, reading.plan.stepOf(startMs));
      }
    }
  }

  private forget(isMeant: (plan: Plan) => boolean): void {
    for (const { plan } of [...this.entries.values()]) if (isMeant(plan)) this.drop(plan.key);
    for (const reading of this.readings) {
      if (isMeant(reading.plan)) reading.changedMs = Number.NEGATIVE_INFINITY;
    }
  }

  private drop(key: string): void {
    this.held -= this.entries.get(key)?.bytes ?? 0;
    this.entries.delete(key);
  }
}

/** Whether its warnings would be the same for other values. */
function isPlain({ warnings }: ClosedReading): boolean {
  return warnings.every(({ code }) => OF_THE_PLAN.has(code));
}
