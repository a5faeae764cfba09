import { adhocVariable, dimensionVariable, highActivityAnnotations } from './dashboard.mjs';
import { kpi, stat, table, timeseries } from './panels.mjs';
import { USERS, events, series, summary } from './queries.mjs';
import { whileAll } from './tabs.mjs';

const METRIC = 'high_activity_alert';
const chosen = { filters: [USERS] };

export const alerts = {
  key: 'alerts',
  title: 'StreamKPI: Alerts and users',
  description: 'Who is unusually active, since when and how much, beside how many users are active at all.',
  range: 'now-3h',
  variables: [
    dimensionVariable({
      name: 'user',
      label: 'User',
      description: 'Users with an alert in the shown range.',
      metric: METRIC,
      dimension: 'user_id',
    }),
    adhocVariable,
  ],
  annotations: [highActivityAnnotations(8)],
  tabs: [
    { title: 'Now', panels: [1, 2, 3, 4, 5, 6] },
    { title: 'Over time', columns: 2, panels: [7, 8], rules: { 8: whileAll('user') } },
    { title: 'Log', panels: [9] },
  ],
  panels: [
    stat({
      id: 1,
      title: 'Open alerts',
      description: 'Alerts whose five minutes are not final yet: they may still grow.',
      at: [0, 0, 6, 4],
      steps: [
        { color: 'green', value: null },
        { color: 'orange', value: 1 },
      ],
      targets: [events('open', METRIC, { ...chosen, eventsAs: 'count', eventState: 'open', alias: 'Open' })],
    }),
    stat({
      id: 2,
      title: 'Alerts in range',
      description:
        'One for each user and five minutes with more than 100 events, however often it was revised.',
      at: [6, 0, 6, 4],
      targets: [events('all', METRIC, { ...chosen, eventsAs: 'count', alias: 'Alerts' })],
    }),
    stat({
      id: 3,
      title: 'Most events',
      description:
        'The greatest number of events that one five-minute window of the alerted users holds together.',
      at: [12, 0, 6, 4],
      targets: [
        summary('most', METRIC, {
          ...chosen,
          groupBy: [],
          stat: 'max',
          openWindows: 'include',
          alias: 'Most',
        }),
      ],
    }),
    stat({
      id: 4,
      title: 'Active users',
      description: 'Distinct users with at least one event in the newest closed minute.',
      at: [18, 0, 6, 4],
      targets: [
        summary('users', 'active_users_per_minute', { groupBy: [], stat: 'last', alias: 'Active users' }),
      ],
    }),
    kpi({
      id: 5,
      title: 'Alerts',
      description:
        'The newest first, each once: severity, message, value, when it began and last changed, open or resolved.',
      at: [0, 4, 12, 12],
      show: 'alerts',
      alerts: { keep: 50, show: 10 },
      targets: [events('alerts', METRIC, chosen)],
    }),
    table({
      id: 6,
      title: 'Users by alerts',
      description:
        'Every user with an alert in the range: how many, the newest and the greatest number of events, and when.',
      at: [12, 4, 12, 12],
      targets: [summary('users', METRIC, { ...chosen, openWindows: 'include' })],
      columns: {
        user_id: { name: 'User' },
        count: { name: 'Alerts', width: 75 },
        last: { name: 'Newest', width: 80 },
        max: { name: 'Most', width: 80 },
        last_time: { name: 'Newest window', unit: 'dateTimeFromNow', width: 145 },
      },
      sortBy: ['Alerts', true],
    }),
    timeseries({
      id: 7,
      title: 'Events of alerted users',
      description:
        'Events of all users above the limit together, per five minutes of event time. Grey: five minutes that still grow. No bar: nobody was above it.',
      at: [0, 16, 12, 8],
      bars: true,
      targets: [series('activity', METRIC, { ...chosen, groupBy: [], openWindows: 'separate' })],
    }),
    timeseries({
      id: 8,
      title: 'Active users per minute',
      description:
        'Distinct users with at least one event, per minute of event time. The minute that still grows is not shown.',
      at: [12, 16, 12, 8],
      targets: [series('users', 'active_users_per_minute', { groupBy: [] })],
    }),
    table({
      id: 9,
      title: 'Log of alerts',
      description: 'Every alert in the range as it stands now, removed ones included.',
      at: [0, 24, 24, 10],
      targets: [events('log', METRIC, { ...chosen, limit: 1000 })],
      columns: {
        time: { name: 'Window', unit: 'dateTimeAsIso', width: 160 },
        severity: { name: 'Severity', width: 80 },
        state: { name: 'State', width: 80 },
        user_id: { name: 'User', width: 85 },
        value: { name: 'Events', width: 70 },
        text: { name: 'Message', wraps: true },
        first_seen: { name: 'First seen', unit: 'dateTimeFromNow', width: 145 },
        updated: { name: 'Last change', unit: 'dateTimeFromNow', width: 145 },
      },
      sortBy: ['Window', true],
    }),
  ],
};
