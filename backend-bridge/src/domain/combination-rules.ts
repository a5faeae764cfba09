import { RequestError } from './errors';
import { measureIndex, type Measure, type Metric, type OverTime } from './metric';
import { overlaps } from './windows';

/** Rules for combining measures across series and over time. */

/** Measure indexes of the sum and the count behind an average. */
export interface Weights {
  readonly sum: number;
  readonly count: number;
}

/** The weights of an average that can be combined; null for other measures. */
export function weightsOf(metric: Metric, measure: Measure): Weights | null {
  if (measure.combine !== 'avg' || measure.sumFrom === null || measure.countFrom === null) return null;
  const sum = measureIndex(metric, measure.sumFrom);
  const count = measureIndex(metric, measure.countFrom);
  return sum < 0 || count < 0 ? null : { sum, count };
}

export function combinesAcrossSeries(metric: Metric, measure: Measure): boolean {
  switch (measure.combine) {
    case 'sum':
    case 'min':
    case 'max':
      return true;
    case 'avg':
      return weightsOf(metric, measure) !== null;
    case 'distinct':
    case 'none':
      return false;
  }
}

export function windowsOverlap(metric: Metric): boolean {
  return overlaps(metric.window);
}

/** Whether the rule may combine the windows of a step, apart from overlapping windows. */
export function combinesOverTime(metric: Metric, measure: Measure, rule: OverTime): boolean {
  if (rule === 'min' || rule === 'max' || rule === 'last') return true;
  switch (measure.combine) {
    case 'sum':
      return true;
    case 'avg':
      return rule === 'avg' && weightsOf(metric, measure) !== null;
    case 'min':
    case 'max':
    case 'distinct':
      return rule === 'avg';
    case 'none':
      // Only the declared rule is known to be valid for such a measure.
      return rule === measure.overTime;
  }
}

const RULES: readonly OverTime[] = ['avg', 'sum', 'min', 'max', 'last'];

function whyNot(measure: Measure): string {
  switch (measure.combine) {
    case 'avg':
      return 'it is an average without the sum and the count behind it (sum_from, count_from)';
    case 'distinct':
      return 'it counts distinct things, and one thing may be in several';
    case 'none':
      return 'its mapping names no rule for it (combine)';
    case 'sum':
    case 'min':
    case 'max':
      return `it is a ${measure.combine}`;
  }
}

/** Throws `invalid_over_time` or `not_combinable` for an invalid rule. */
export function checkOverTime(metric: Metric, measure: Measure, rule: OverTime): void {
  const details = { metric: metric.name, measure: measure.name, over_time: rule };
  if (!RULES.includes(rule)) {
    throw new RequestError(
      'invalid_over_time',
      `over_time is one of ${RULES.join(', ')}; not "${rule}".`,
      details,
    );
  }
  if (rule === 'sum' && windowsOverlap(metric)) {
    throw new RequestError(
      'invalid_over_time',
      `The windows of "${metric.name}" overlap, so their sum would count events more than once. Use avg, min, max or last.`,
      details,
    );
  }
  if (combinesOverTime(metric, measure, rule)) return;
  const others = RULES.filter(
    (other) => combinesOverTime(metric, measure, other) && !(other === 'sum' && windowsOverlap(metric)),
  );
  const reason =
    measure.combine === 'avg' && rule === 'sum'
      ? 'it is an average, and averages do not add'
      : whyNot(measure);
  throw new RequestError(
    'not_combinable',
    `"${measure.name}" of "${metric.name}" cannot be combined over time by ${rule}: ${reason}. Use ${others.join(', ')}, or the window's own step.`,
    { ...details, allowed: others },
  );
}

/** Throws `not_combinable` when series that cannot be combined would be. */
export function checkAcrossSeries(metric: Metric, measure: Measure, dropped: readonly string[]): void {
  if (dropped.length === 0 || combinesAcrossSeries(metric, measure)) return;
  throw new RequestError(
    'not_combinable',
    `"${measure.name}" of "${metric.name}" cannot be combined across ${dropped.join(', ')}: ${whyNot(measure)}. Add ${dropped.join(', ')} to group_by, leave group_by out, or filter each to one value with =.`,
    { metric: metric.name, measure: measure.name, dimensions: dropped },
  );
}
