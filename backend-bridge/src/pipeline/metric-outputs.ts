import { StartRefusedError } from '../domain/errors';
import type { Metric } from '../domain/metric';
import { isIrregular, offsetOf } from '../domain/windows';
import type { PipelineRules } from './rules';
import type { AggregationName } from './topology';
import type { Accumulator } from './windows';

/** The metric that each aggregation writes, and its measures. */

interface MetricOutput {
  readonly metric: string;
  readonly aggregation: AggregationName;
  readonly kind: Metric['kind'];
  readonly dimensions: readonly string[];
  readonly measures: Readonly<Record<string, (accumulator: Accumulator) => number>>;
  /** Whether the window is written: HAVING. */
  readonly shows: (accumulator: Accumulator, rules: PipelineRules) => boolean;
}

const count = (accumulator: Accumulator): number => accumulator.count;
const always = (): boolean => true;

const OUTPUTS: readonly MetricOutput[] = [
  {
    metric: 'events_per_minute',
    aggregation: 'events',
    kind: 'window',
    dimensions: ['segment'],
    measures: { value: count },
    shows: always,
  },
  {
    metric: 'revenue_per_minute',
    aggregation: 'revenue',
    kind: 'window',
    dimensions: ['segment'],
    measures: {
      value: ({ sum }) => sum,
      transaction_count: count,
      // As in ksqlDB, the average of nothing is 0.
      avg_transaction_value: ({ sum, amountCount }) => (amountCount === 0 ? 0 : sum / amountCount),
      amount_count: ({ amountCount }) => amountCount,
    },
    shows: always,
  },
  {
    metric: 'high_activity_alert',
    aggregation: 'highActivity',
    kind: 'event',
    dimensions: ['user_id'],
    measures: { value: count },
    shows: (accumulator, rules) => accumulator.count > rules.highActivityAbove,
  },
  {
    metric: 'active_users_per_minute',
    aggregation: 'activeUsers',
    kind: 'window',
    dimensions: [],
    measures: { value: count },
    shows: always,
  },
];

/** An output whose metric is in the metrics file. */
export interface BoundOutput {
  /** As the metrics file has it now; windows, dimensions and measures stay the same. */
  metric: Metric;
  readonly aggregation: AggregationName;
  readonly values: (key: string) => readonly string[];
  readonly measures: (accumulator: Accumulator) => (number | undefined)[];
  readonly shows: (accumulator: Accumulator) => boolean;
}

function differences(output: MetricOutput, metric: Metric, rules: PipelineRules): string[] {
  const { window } = metric;
  const rule = rules[output.aggregation];
  const found: string[] = [];
  const expect = (setting: string, wanted: unknown, given: unknown): void => {
    if (JSON.stringify(wanted) === JSON.stringify(given)) return;
    found.push(`${setting} must be ${JSON.stringify(wanted)}, not ${JSON.stringify(given)}`);
  };
  expect('kind', output.kind, metric.kind);
  expect('window.type', 'tumbling', window.type);
  expect('window.size (ms)', rule.sizeMs, window.sizeMs);
  if (isIrregular(window) || window.cumulating !== undefined) {
    found.push('window must be of type tumbling, without an offset');
  }
  expect('window.offset (ms)', 0, offsetOf(window));
  expect('window.grace (ms)', rule.graceMs, window.graceMs);
  expect('final_only', false, metric.finalOnly);
  expect(
    'dimensions',
    output.dimensions,
    metric.dimensions.map((dimension) => dimension.name),
  );
  for (const measure of metric.measures) {
    if (Object.hasOwn(output.measures, measure.name) || measure.optional) continue;
    found.push(
      `measures.${measure.name} is not one of ${Object.keys(output.measures).join(', ')}; remove it or make it optional`,
    );
  }
  return found;
}

/**
 * The outputs whose metrics are defined; others are skipped. Throws StartRefusedError when a metric of a known name has
 * another shape.
 */
export function bindOutputs(metrics: readonly Metric[], rules: PipelineRules): BoundOutput[] {
  const problems: string[] = [];
  const bound: BoundOutput[] = [];
  for (const output of OUTPUTS) {
    const metric = metrics.find(({ name }) => name === output.metric);
    if (metric === undefined) continue;
    for (const difference of differences(output, metric, rules)) {
      problems.push(`metrics.${metric.name}: ${difference}`);
    }
    const readers = metric.measures.map(({ name }) => output.measures[name]);
    bound.push({
      metric,
      aggregation: output.aggregation,
      values: output.dimensions.length === 0 ? () => [] : (key) => [key],
      measures: (accumulator) => readers.map((read) => read?.(accumulator)),
      shows: (accumulator) => output.shows(accumulator, rules),
    });
  }
  if (problems.length > 0) {
    throw new StartRefusedError(
      `The embedded pipeline counts in fixed windows, and the metrics file differs. Correct it, or set KAFKA_BROKERS to read these metrics from topics:\n  ${problems.join('\n  ')}`,
    );
  }
  return bound;
}
