import type { Catalogue, DimensionEntry, MeasureEntry, MetricEntry } from '../catalogue';

/** What a bridge offers, in small: windows, events, sessions, and measures that cannot be combined. */

const MINUTE = 60_000;

const measure = (name: string, title: string, changes: Partial<MeasureEntry> = {}): MeasureEntry => ({
  name,
  title,
  description: '',
  unit: 'short',
  combine: 'sum',
  sum_from: null,
  count_from: null,
  across_series: true,
  over_time: 'avg',
  over_time_choices: ['avg', 'sum', 'min', 'max', 'last'],
  optional: false,
  thresholds: [],
  ...changes,
});
const dimension = (name: string, title: string): DimensionEntry => ({ name, title, description: '' });
const metric = (name: string, title: string, changes: Partial<MetricEntry> = {}): MetricEntry => ({
  name,
  title,
  description: `${title}, per minute of event time.`,
  kind: 'window',
  window: { type: 'tumbling', size_ms: MINUTE, advance_ms: MINUTE, gap_ms: 0, grace_ms: 30_000 },
  retention_ms: 1440 * MINUTE,
  final_only: false,
  steps_ms: [1, 5, 60].map((minutes) => minutes * MINUTE),
  dimensions: [dimension('segment', 'Segment')],
  default_measure: 'value',
  measures: [measure('value', 'Events')],
  event: null,
  ...changes,
});

const countsThings = { combine: 'distinct', across_series: false } as const;

export const CATALOGUE: Catalogue = {
  server_time_ms: 1_700_000_700_000,
  store_epoch: 'epoch-1',
  metrics: [
    metric('active_users_per_minute', 'Active users', {
      dimensions: [],
      measures: [measure('value', 'Active users', { ...countsThings, over_time_choices: ['avg', 'max'] })],
    }),
    metric('events_per_minute', 'Events per minute'),
    metric('high_activity_alert', 'High activity', {
      kind: 'event',
      dimensions: [dimension('user_id', 'User')],
      event: { severity: 'warning', message: 'High activity detected for user {user_id}' },
    }),
    metric('revenue_per_minute', 'Revenue per minute', {
      dimensions: [dimension('segment', 'Segment'), dimension('country', 'Country')],
      measures: [
        measure('value', 'Revenue', { unit: 'currencyEUR' }),
        measure('transaction_count', 'Transactions', { thresholds: [{ value: 100, color: 'red' }] }),
        measure('avg_transaction_value', 'Average transaction', { combine: 'avg', across_series: false }),
      ],
    }),
    metric('visits', 'Visits', {
      window: { type: 'session', size_ms: 0, advance_ms: 0, gap_ms: 5 * MINUTE, grace_ms: 0 },
      steps_ms: [],
      final_only: true,
    }),
  ],
};
