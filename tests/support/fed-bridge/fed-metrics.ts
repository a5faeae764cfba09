import type { Metric } from '../../../backend-bridge/src/domain/metric';
import { DAY, measureOf, metricOf, MINUTE } from '../sample-metrics';

/** Metrics of a bridge whose records tests write: each kind of window, of measure and of combining once. */

const dimension = (name: string): Metric['dimensions'][number] => ({ name, title: name, description: '' });

/** One number a minute for each segment. */
export const EVENTS = metricOf({
  name: 'events_per_minute',
  title: 'Events per minute',
  topic: 'events',
  dimensions: [dimension('segment')],
  measures: [measureOf('value')],
});

/** Two dimensions; an average that combines from its sum and count; an optional measure. */
export const REVENUE = metricOf({
  name: 'revenue_per_minute',
  title: 'Revenue per minute',
  topic: 'revenue',
  dimensions: [dimension('segment'), dimension('site')],
  measures: [
    measureOf('value', { unit: 'currencyUSD', overTime: 'sum' }),
    measureOf('transaction_count'),
    measureOf('avg_transaction_value', {
      unit: 'currencyUSD',
      combine: 'avg',
      sumFrom: 'value',
      countFrom: 'transaction_count',
      optional: true,
    }),
    measureOf('spread', { combine: 'none', overTime: 'last', optional: true }),
  ],
});

/** Something that happened to a user. */
export const ALERTS = metricOf({
  name: 'high_activity_alert',
  title: 'High activity',
  topic: 'alerts',
  kind: 'event',
  window: { type: 'tumbling', sizeMs: 5 * MINUTE, advanceMs: 5 * MINUTE, gapMs: 0, graceMs: MINUTE },
  dimensions: [dimension('user_id')],
  measures: [measureOf('value', { combine: 'max', overTime: 'max' })],
  event: { severity: 'warning', message: 'High activity detected for user {user_id}: {value} events' },
});

/** Windows of five minutes that begin every minute. */
export const HOPPING = metricOf({
  name: 'active_five_minutes',
  title: 'Active in five minutes',
  topic: 'active',
  window: { type: 'hopping', sizeMs: 5 * MINUTE, advanceMs: MINUTE, gapMs: 0, graceMs: 30_000 },
  dimensions: [dimension('segment')],
  measures: [measureOf('value', { overTime: 'max' })],
});

export const SESSIONS = metricOf({
  name: 'visits',
  title: 'Visits',
  topic: 'visits',
  window: { type: 'session', sizeMs: 0, advanceMs: 0, gapMs: MINUTE, graceMs: 30_000 },
  dimensions: [dimension('user_id')],
  measures: [measureOf('value')],
});

export const FED_METRICS: readonly Metric[] = [HOPPING, EVENTS, ALERTS, REVENUE, SESSIONS].map((metric) => ({
  ...metric,
  retentionMs: 2 * DAY,
}));
