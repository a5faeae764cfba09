import { weightsOf } from './combination-rules';
import { WindowTable, type CombinedPoints, type CombineRule } from './combine';
import { RequestError } from './errors';
import { spanMs } from './finality';
import { combineSteps } from './over-time';
import { isStepped, keptIndexes } from './plan';
import type { PointColumns, SeriesPoints } from './point';
import type { Plan } from './query-answer';
import { expectedPoints, type Span } from './read-span';
import type { RequestScope } from './request-scope';
import { compareValues, seriesKey, type Labels, type Series } from './series';
import type { ScanBudget } from './scan-budget';

/** Reads a plan's series in portions, so that no request blocks the process. */

/** Target for the points per read of the store. */
const PORTION_POINTS = 25_000;
const PORTION_SERIES = 5_000;
/** Portions with more points wait for their turn, so that small requests are not delayed. */
const LIGHT_POINTS = 10_000;
/** Series checked, or steps of pattern matching, before yielding. */
const SERIES_BETWEEN_PAUSES = 5_000;
const MATCHING_BETWEEN_PAUSES = 500_000;
/** Most steps of pattern matching per request: a few seconds in the worst case. */
const MAX_MATCHING = 250_000_000;

/** Yields to other work of the process. */
export type Pause = () => Promise<void>;

export interface SeriesGroup {
  readonly labels: Labels;
  /** Values of the kept dimensions: the order of groups. */
  readonly kept: readonly string[];
  /** In label order. */
  readonly members: Series[];
}

/** The plan's series among `all`. Throws `invalid_regex` when matching the patterns would take too long. */
export async function selectSeries(
  plan: Plan,
  all: readonly Series[],
  pause: Pause,
  signal?: AbortSignal,
): Promise<readonly Series[]> {
  if (plan.filters.length === 0) return all;
  const selected: Series[] = [];
  const patternSize = plan.patternSize ?? 0;
  let total = 0;
  let sincePause = 0;
  let looked = 0;
  for (const series of all) {
    // Series excluded by the tenant's filters do not count: whether patterns are refused must not reveal how many
    // series others have.
    if (patternSize > 0 && plan.byValue?.(series.values) !== false) {
      let length = 1;
      for (const value of series.values) length += value.length;
      total += length * patternSize;
      sincePause += length * patternSize;
      if (total > MAX_MATCHING) {
        throw new RequestError(
          'invalid_regex',
          `The patterns are too large for the number of series of "${plan.metric.name}". Use simpler ones, or = with values.`,
          { metric: plan.metric.name },
        );
      }
    }
    if (plan.selects(series.values)) selected.push(series);
    looked += 1;
    if (sincePause > MATCHING_BETWEEN_PAUSES || looked % SERIES_BETWEEN_PAUSES === 0) {
      sincePause = 0;
      await pause();
      signal?.throwIfAborted();
    }
  }
  return selected;
}

/** Groups and their members, both in label order. */
export function groupSeries(plan: Plan, series: readonly Series[]): SeriesGroup[] {
  const groupOne = (one: Series, kept: readonly string[]): SeriesGroup => ({
    labels: plan.groupOf(one.values),
    kept,
    members: [one],
  });
  if (plan.groupBy === null) return series.map((one) => groupOne(one, one.values));
  const indexes = keptIndexes(plan);
  const groups = new Map<string, SeriesGroup>();
  for (const one of series) {
    const kept = indexes.map((index) => one.values[index] ?? '');
    const key = seriesKey(kept);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, groupOne(one, kept));
    else group.members.push(one);
  }
  return [...groups.values()].sort((a, b) => compareValues(a.kept, b.kept));
}

export function combineRuleOf(plan: Plan): CombineRule {
  const measure = plan.metric.measures[plan.measure]!;
  return { measure: plan.measure, combine: measure.combine, weights: weightsOf(plan.metric, measure) };
}

/** Source of a scan, and accumulator of its groups. */
export interface GroupSource<P, T> {
  /** How far the rows of a series are apart, for the size of reads; absent: as the metric's windows. */
  readonly distanceMs?: number;
  /** In label order. `seriesIds` null: all. */
  read(
    span: Span,
    seriesIds: readonly number[] | null,
    budget: ScanBudget,
  ): Promise<readonly GroupMember<P>[]>;
  /** For one group's rows of these spans. */
  table(spans: readonly Span[]): GroupTable<P, T>;
}

export interface GroupMember<P> {
  readonly seriesId: number;
  readonly values: readonly string[];
  readonly points: P;
}

/** Accumulates the members of a group one by one. */
export interface GroupTable<P, T> {
  add(points: P): void;
  finish(): T;
}

/** Windows as they are stored, combined across series and over time. */
export class WindowScan implements GroupSource<PointColumns, CombinedPoints> {
  constructor(private readonly plan: Plan) {}

  read(
    span: Span,
    seriesIds: readonly number[] | null,
    budget: ScanBudget,
  ): Promise<readonly SeriesPoints[]> {
    return budget.read(span, seriesIds);
  }

  table(): GroupTable<PointColumns, CombinedPoints> {
    const { plan } = this;
    const rule = combineRuleOf(plan);
    const table = new WindowTable(rule);
    if (!isStepped(plan)) return table;
    const { overTime, stepOf } = plan;
    const steps = { overTime, stepOf, spanMs: spanMs(plan), weighted: rule.weights !== null };
    return {
      add: (points) => table.add(points),
      finish: () => combineSteps(table.finish(), steps),
    };
  }
}

export interface GroupScan<P, T> {
  readonly plan: Plan;
  readonly groups: readonly SeriesGroup[];
  /** True when the groups cover every series of the metric; series added since then are included too. */
  readonly everySeries: boolean;
  readonly spans: readonly Span[];
  readonly source: GroupSource<P, T>;
  readonly budget: ScanBudget;
  readonly pause: Pause;
  readonly scope: RequestScope;
  /** Called with each group that has rows, in label order. Return false to stop. */
  readonly onGroup: (labels: Labels, result: T) => boolean;
}

interface OpenGroup<P, T> {
  readonly group: SeriesGroup;
  readonly table: GroupTable<P, T>;
  found: boolean;
}

/** Reads and combines group after group. */
export async function scanGroups<P, T>(scan: GroupScan<P, T>): Promise<void> {
  const { groups, spans, plan } = scan;
  if (spans.length === 0) return;
  const each = Math.max(1, expectedPoints(plan.metric, spans, scan.source.distanceMs));
  const portion = Math.min(PORTION_SERIES, Math.max(1, Math.floor(PORTION_POINTS / each)));
  for (let next = 0; next < groups.length || next === 0;) {
    const batch: SeriesGroup[] = [];
    let members = 0;
    while (
      next < groups.length &&
      (batch.length === 0 || members + groups[next]!.members.length <= portion)
    ) {
      members += groups[next]!.members.length;
      batch.push(groups[next]!);
      next += 1;
    }
    const whole = scan.everySeries && batch.length === groups.length && members <= portion;
    if (batch.length === 0 && !whole) return;
    const readOn = async (): Promise<boolean> => {
      for (const { group, table, found } of await readBatch(scan, batch, whole, portion)) {
        if (found && !scan.onGroup(group.labels, table.finish())) return false;
      }
      return true;
    };
    const wanted = members * each > LIGHT_POINTS ? await scan.scope.inTurn(readOn) : await readOn();
    if (!wanted || next >= groups.length) return;
    await scan.pause();
  }
}

async function readBatch<P, T>(
  scan: GroupScan<P, T>,
  batch: readonly SeriesGroup[],
  whole: boolean,
  portion: number,
): Promise<readonly OpenGroup<P, T>[]> {
  const newTable = (): GroupTable<P, T> => scan.source.table(scan.spans);
  const open: OpenGroup<P, T>[] = batch.map((group) => ({ group, table: newTable(), found: false }));
  const bySeries = new Map<number, OpenGroup<P, T>>();
  const ids: number[] = [];
  for (const one of open) {
    for (const member of one.group.members) {
      bySeries.set(member.id, one);
      ids.push(member.id);
    }
  }
  for (let from = 0; from === 0 || from < ids.length; from += portion) {
    const part = whole ? null : ids.slice(from, from + portion);
    for (const span of scan.spans) {
      for (const series of await scan.source.read(span, part, scan.budget)) {
        let target = bySeries.get(series.seriesId);
        if (target === undefined && whole) {
          target = newcomer(scan.plan, series, open, newTable);
          if (target !== undefined) bySeries.set(series.seriesId, target);
        }
        if (target === undefined) continue;
        target.table.add(series.points);
        target.found = true;
      }
    }
    if (from + portion < ids.length) await scan.pause();
  }
  return open.length === batch.length ? open : open.sort((a, b) => compareValues(a.group.kept, b.group.kept));
}

/** The group of a series that was added between listing and read: stored points must be in the answer. */
function newcomer<P, T>(
  plan: Plan,
  series: Pick<GroupMember<P>, 'seriesId' | 'values'>,
  open: OpenGroup<P, T>[],
  newTable: () => GroupTable<P, T>,
): OpenGroup<P, T> | undefined {
  if (!plan.selects(series.values)) return undefined;
  const [group] = groupSeries(plan, [{ id: series.seriesId, values: series.values }]) as [SeriesGroup];
  const known = open.find((other) => compareValues(other.group.kept, group.kept) === 0);
  if (known !== undefined) return known;
  const added = { group, table: newTable(), found: false };
  open.push(added);
  return added;
}
