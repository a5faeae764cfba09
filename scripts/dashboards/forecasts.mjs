import { DATA_SOURCE, forecast } from './queries.mjs';
import { adhocVariable } from './dashboard.mjs';
import { kpi, table, timeseries } from './panels.mjs';
import { unlessWithin } from './tabs.mjs';

const EVENTS = 'events_per_minute';
const REVENUE = 'revenue_per_minute';
/** As the alert rules ask: a step without an event is zero. */
const zeros = { fill: 'zero' };
const together = { groupBy: [], ...zeros };

/** Marks in the graphs of these panels: where the metric was not what was expected. */
const anomalyMarks = (name, metric, ...panelIds) => ({
  datasource: DATA_SOURCE,
  enable: true,
  hide: false,
  iconColor: 'orange',
  name,
  filter: { exclude: false, ids: panelIds },
  mappings: { timeEnd: { source: 'skip' } },
  target: forecast(name, metric, { ...together, forecastAs: 'anomalies', live: false }),
});

export const forecasts = {
  key: 'forecasts',
  title: 'StreamKPI: Forecasts and anomalies',
  description:
    'What is expected now and for the day ahead, how unusual what happened was, and how far to trust it.',
  range: 'now-48h',
  to: 'now+24h',
  variables: [adhocVariable],
  annotations: [anomalyMarks('Unusual events', EVENTS, 3), anomalyMarks('Unusual revenue', REVENUE, 4)],
  tabs: [
    { title: 'Forecasts', panels: [1, 2, 3, 4] },
    // Of a few hours there are too few steps to judge by.
    { title: 'Scores and quality', columns: 2, panels: [5, 6], rules: { 6: unlessWithin('6h') } },
  ],
  panels: [
    kpi({
      id: 1,
      title: 'Now, beside what was expected',
      description:
        'The newest closed step of each metric, and how far it is off what was expected of it. A note says where it is unusual, or why nothing is expected yet.',
      at: [0, 0, 12, 8],
      show: 'cards',
      targets: [forecast('events', EVENTS, together), forecast('revenue', REVENUE, together)],
    }),
    kpi({
      id: 2,
      title: 'Anomalies',
      description: 'Steps in a row that were outside of what is usual at that time, the newest first.',
      at: [12, 0, 12, 8],
      show: 'alerts',
      alerts: { keep: 50, show: 5 },
      targets: [
        forecast('events', EVENTS, { ...together, forecastAs: 'anomalies' }),
        forecast('revenue', REVENUE, { ...together, forecastAs: 'anomalies' }),
      ],
    }),
    timeseries({
      id: 3,
      title: 'Events per minute',
      description:
        'Events of all segments, what was expected (dashed) and the band that should hold 95 % of the steps. It continues a day ahead.',
      at: [0, 8, 24, 9],
      targets: [forecast('events', EVENTS, together)],
    }),
    timeseries({
      id: 4,
      title: 'Revenue per minute',
      description: 'Purchases of all segments, what was expected and the band, a day ahead too.',
      at: [0, 17, 24, 9],
      unit: 'currencyUSD',
      targets: [forecast('revenue', REVENUE, together)],
    }),
    timeseries({
      id: 5,
      title: 'Score by segment',
      description:
        'How unusual the events of each segment were. An anomaly from 1 or -1 on; negative is less than expected.',
      at: [0, 26, 12, 11],
      softMax: 1.5,
      targets: [forecast('score', EVENTS, { ...zeros, forecastAs: 'score', groupBy: ['segment'] })],
    }),
    table({
      id: 6,
      title: 'How good the forecasts are',
      description:
        'Of the shown range, by segment: how many steps were inside their band, and how often a rule on the score would have fired.',
      at: [12, 26, 12, 11],
      targets: [forecast('backtest', EVENTS, { ...zeros, forecastAs: 'backtest', groupBy: ['segment'] })],
      columns: {
        segment: { name: 'Segment' },
        state: { name: 'State', width: 85 },
        coverage: { name: 'In the band', unit: 'percentunit', width: 105 },
        mase: { name: 'MASE', width: 65 },
        alarms: { name: 'Alarms', width: 70 },
        steps: { name: 'Steps', width: 65 },
      },
    }),
  ],
};
