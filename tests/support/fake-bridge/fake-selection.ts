import { graceOf, unitsOf, windowOf, type FakeMetric, type FakePoints, type Labels } from './fake-points';

/** What a query selects, and the series that come of it. */

export interface Selection {
  readonly metric: FakeMetric;
  readonly measure: string;
  readonly matches: (labels: Labels) => boolean;
  readonly groupBy: readonly string[] | null;
  readonly stepMs: number;
  readonly overTime: OverTime;
  readonly includeOpen: boolean;
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
}

type OverTime = 'avg' | 'sum' | 'min' | 'max' | 'last';

export interface AnswerPoint {
  readonly value: number;
  readonly revision: number;
  readonly removed: boolean;
  readonly open: boolean;
}
export interface AnswerSeries {
  readonly labels: Labels;
  /** By time, ascending. */
  readonly points: ReadonlyMap<number, AnswerPoint>;
}

export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

const LADDER = [1, 2, 5, 10, 15, 30, 60, 120, 360, 720, 1440];
export const ladderOf = (metric: FakeMetric): number[] => LADDER.map((windows) => windows * windowOf(metric));

type Body = Readonly<Record<string, unknown>>;

/** Throws a Refusal for what the contract refuses. `rangeMs` decides the step that `max_points` takes. */
export function selectionOf(points: FakePoints, body: Body, rangeMs: number): Selection {
  const name = body['metric'] ?? body['metric_name'];
  const metric = points.metrics.find((one) => one.name === name);
  if (metric === undefined) {
    throw new Refusal(404, 'unknown_metric', `There is no metric ${JSON.stringify(name)} on this bridge.`);
  }
  const measure = (body['measure'] as string | undefined) ?? 'value';
  if (!(measure in unitsOf(metric))) {
    throw new Refusal(422, 'unknown_measure', `${metric.name} has no measure ${measure}.`);
  }
  const filters = (body['filters'] ?? []) as readonly FilterBody[];
  const groupBy = (body['group_by'] as readonly string[] | undefined) ?? null;
  for (const dimension of [...filters.map((filter) => filter.dimension), ...(groupBy ?? [])]) {
    if (!metric.dimensions.includes(dimension)) {
      throw new Refusal(422, 'unknown_dimension', `${metric.name} has no dimension ${dimension}.`);
    }
  }
  const tests = filters.map(filterTest);
  const { stepMs, adjusted } = stepOf(metric, body, rangeMs);
  return {
    metric,
    measure,
    matches: (labels) => tests.every((test) => test(labels)),
    groupBy,
    stepMs,
    overTime: (body['over_time'] as OverTime | undefined) ?? 'avg',
    includeOpen: body['include_open'] !== false,
    warnings: adjusted,
  };
}

interface FilterBody {
  readonly dimension: string;
  readonly op: string;
  readonly values: readonly string[];
}

function filterTest({ dimension, op, values }: FilterBody): (labels: Labels) => boolean {
  if (op === '=') return (labels) => values.includes(labels[dimension] ?? '');
  if (op === '!=') return (labels) => !values.includes(labels[dimension] ?? '');
  const patterns = values.map((value) => {
    try {
      return new RegExp(`^(?:${value})$`);
    } catch {
      throw new Refusal(422, 'invalid_regex', `The pattern ${value} cannot be read.`);
    }
  });
  const any = (labels: Labels): boolean => patterns.some((pattern) => pattern.test(labels[dimension] ?? ''));
  return op === '=~' ? any : (labels) => !any(labels);
}

function stepOf(
  metric: FakeMetric,
  body: Body,
  rangeMs: number,
): { stepMs: number; adjusted: Selection['warnings'] } {
  const ladder = ladderOf(metric);
  const last = ladder.at(-1)!;
  const asked = body['step_ms'] as number | undefined;
  const most = body['max_points'] as number | undefined;
  if (asked === undefined) {
    const fits = most === undefined ? ladder[0]! : ladder.find((step) => rangeMs / step <= most);
    return { stepMs: fits ?? last, adjusted: [] };
  }
  const taken = ladder.find((step) => step >= asked) ?? last;
  if (taken === asked) return { stepMs: taken, adjusted: [] };
  const message = `A step of ${asked} ms is not on the ladder; ${taken} ms was taken.`;
  const warning = { code: 'step_adjusted', message, asked_ms: asked, taken_ms: taken };
  return { stepMs: taken, adjusted: [warning] };
}

/** Every point whose step begins in [fromMs, toMs), in order of labels and time. */
export function evaluate(
  points: FakePoints,
  selection: Selection,
  fromMs: number,
  toMs: number,
): AnswerSeries[] {
  const { metric, measure, groupBy, stepMs, overTime } = selection;
  const windowMs = windowOf(metric);
  const watermark = points.watermark(metric.name) ?? Number.NEGATIVE_INFINITY;
  const groups = new Map<string, { labels: Labels; windows: Map<number, Combined> }>();
  for (const one of points.list(metric.name)) {
    if (!selection.matches(one.labels)) continue;
    const labels = groupBy === null ? one.labels : pick(one.labels, groupBy);
    const key = JSON.stringify(labels);
    const group = groups.get(key) ?? { labels, windows: new Map<number, Combined>() };
    groups.set(key, group);
    for (const point of one.points.values()) {
      const value = point.removed ? undefined : point.values[measure];
      combine(group.windows, point.startMs, value, point.revision);
    }
  }
  return [...groups.values()].flatMap(({ labels, windows }) => {
    const steps = new Map<number, Combined & { members: number[] }>();
    for (const [startMs, window] of [...windows].sort(([a], [b]) => a - b)) {
      const step = Math.floor(startMs / stepMs) * stepMs;
      if (step < fromMs || step >= toMs) continue;
      const into = steps.get(step) ?? { value: undefined, revision: 0, members: [] };
      steps.set(step, into);
      into.revision += window.revision;
      if (window.value !== undefined) into.members.push(window.value);
    }
    const found = new Map<number, AnswerPoint>();
    for (const [time, { members, revision }] of steps) {
      const endMs = time + Math.max(stepMs, windowMs);
      const open = endMs + graceOf(metric) > watermark;
      if (open && !selection.includeOpen) continue;
      const removed = members.length === 0;
      found.set(time, { value: removed ? 0 : OVER[overTime](members), revision, removed, open });
    }
    return found.size === 0 ? [] : [{ labels, points: found }];
  });
}

interface Combined {
  value: number | undefined;
  revision: number;
}

function combine(
  windows: Map<number, Combined>,
  startMs: number,
  value: number | undefined,
  revision: number,
): void {
  const window = windows.get(startMs) ?? { value: undefined, revision: 0 };
  windows.set(startMs, window);
  window.revision += revision;
  if (value !== undefined) window.value = (window.value ?? 0) + value;
}

const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);
const OVER: Readonly<Record<OverTime, (values: readonly number[]) => number>> = {
  avg: (values) => sum(values) / values.length,
  sum,
  min: (values) => Math.min(...values),
  max: (values) => Math.max(...values),
  last: (values) => values.at(-1)!,
};

function pick(labels: Labels, names: readonly string[]): Labels {
  return Object.fromEntries(names.map((name) => [name, labels[name] ?? '']));
}
