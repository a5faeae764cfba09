import { adhocVariable, dimensionVariable, highActivityAnnotations } from './dashboard.mjs';
import { kpi, SHORT_LEGEND, timeseries } from './panels.mjs';
import { SEGMENTS, events, series, status, summary } from './queries.mjs';
import { whileAll } from './tabs.mjs';

/** The card's number, its statistics and its sparkline, which shows closed windows whatever the number is of. */
const card = (refId, metric, { openWindows, ...fields } = {}) => [
  summary(refId, metric, { groupBy: [], ...fields, ...(openWindows ? { openWindows } : {}) }),
  series(`${refId}Trend`, metric, { groupBy: [], ...fields }),
];

const bySegment = { filters: [SEGMENTS] };
const goodWhenUp = (refId) => ({
  matcher: { id: 'byFrameRefID', options: refId },
  properties: [{ id: 'custom.goodWhen', value: 'up' }],
});

export const realtime = {
  key: 'realtime',
  title: 'StreamKPI: Real-time analytics',
  description: 'Events, revenue, active users and unusual activity as they happen, with their history.',
  variables: [
    dimensionVariable({
      name: 'segment',
      label: 'Segment',
      description: 'User segments that events and revenue are shown for.',
      metric: 'events_per_minute',
      dimension: 'segment',
    }),
    adhocVariable,
  ],
  annotations: [highActivityAnnotations(3, 4)],
  tabs: [
    { title: 'Now', panels: [1, 2, 3, 4] },
    // A chosen segment filters the others, and would be read as the filter of active users too.
    { title: 'Details', columns: 3, panels: [8, 9, 7], rules: { 7: whileAll('segment') } },
    { title: 'Alerts and status', panels: [5, 6] },
  ],
  panels: [
    kpi({
      id: 1,
      title: 'Connection',
      description: 'Whether the numbers below are live, how old they are, and which part fails if one does.',
      at: [0, 0, 24, 3],
      show: 'connection',
      // The last value alone: no statistics are shown that could be missing.
      targets: [status('status'), summary('events', 'events_per_minute', { groupBy: [], stat: 'last' })],
    }),
    kpi({
      id: 2,
      title: 'Key figures',
      description:
        'Newest closed window of each metric against the one before, and the least, greatest and average of the shown range. High activity shows the open window too; its alerts are counted over the range.',
      at: [0, 3, 24, 9],
      show: 'cards',
      cards: { colorMode: 'none', columns: 5 },
      targets: [
        ...card('events', 'events_per_minute', bySegment),
        ...card('revenue', 'revenue_per_minute', bySegment),
        events('alerts', 'high_activity_alert', { eventsAs: 'count', alias: 'High activity alerts' }),
        ...card('activity', 'high_activity_alert', { openWindows: 'include' }),
        ...card('users', 'active_users_per_minute'),
      ],
      overrides: [goodWhenUp('events'), goodWhenUp('revenue'), goodWhenUp('users')],
    }),
    timeseries({
      id: 3,
      title: 'Events per minute',
      description:
        'Events of all kinds, counted per minute of event time, one line a segment. The minute that still grows is not shown.',
      at: [0, 12, 12, 11],
      targets: [series('events', 'events_per_minute', { ...bySegment, groupBy: ['segment'] })],
    }),
    timeseries({
      id: 4,
      title: 'Revenue per minute',
      description:
        'Amounts of purchases per minute of event time, one line a segment. The minute that still grows is not shown.',
      at: [12, 12, 12, 11],
      unit: 'currencyUSD',
      targets: [series('revenue', 'revenue_per_minute', { ...bySegment, groupBy: ['segment'] })],
    }),
    kpi({
      id: 5,
      title: 'Recent alerts',
      description:
        'Users with more than 100 events in five minutes, the newest first: ten are kept, three shown.',
      at: [0, 23, 12, 9],
      show: 'alerts',
      alerts: { keep: 10, show: 3 },
      targets: [events('alerts', 'high_activity_alert')],
    }),
    kpi({
      id: 6,
      title: 'System status',
      description:
        'Each part from Kafka to Grafana, active metrics, alerts in the shown range, and the time.',
      at: [12, 23, 12, 9],
      show: 'status',
      targets: [status('status'), events('alerts', 'high_activity_alert')],
    }),
    timeseries({
      id: 7,
      title: 'Active users',
      description: 'Distinct users with at least one event, per minute of event time. Not split by segment.',
      at: [0, 32, 8, 11],
      legend: SHORT_LEGEND,
      targets: [series('users', 'active_users_per_minute', { groupBy: [] })],
    }),
    timeseries({
      id: 8,
      title: 'Transactions per minute',
      description: 'Purchases per minute of event time, one line a segment.',
      at: [8, 32, 8, 11],
      legend: SHORT_LEGEND,
      targets: [
        series('transactions', 'revenue_per_minute', {
          ...bySegment,
          measure: 'transaction_count',
          groupBy: ['segment'],
        }),
      ],
    }),
    timeseries({
      id: 9,
      title: 'Average transaction',
      description:
        'Revenue by the number of purchases with a usable amount, one line a segment: never an average of averages.',
      at: [16, 32, 8, 11],
      legend: SHORT_LEGEND,
      unit: 'currencyUSD',
      targets: [
        series('average', 'revenue_per_minute', {
          ...bySegment,
          measure: 'avg_transaction_value',
          groupBy: ['segment'],
        }),
      ],
    }),
  ],
};
