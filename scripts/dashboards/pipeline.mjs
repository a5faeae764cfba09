import { kpi, stat, timeseries } from './panels.mjs';
import { status, summary } from './queries.mjs';

const recorded = (statusAs, fields = {}) => status(statusAs, { statusAs, statusOver: 'range', ...fields });
const sinceStart = 'Recorded by the bridge every ten seconds since it started, for 24 hours at most.';
const latest = { displayMode: 'list', placement: 'bottom', calcs: ['lastNotNull'] };

export const pipeline = {
  key: 'pipeline',
  title: 'StreamKPI: Pipeline health',
  description:
    'Whether the stream reaches Grafana in time: freshness, lag, dead letters, records and clients, per hop.',
  tabs: [
    { title: 'Now', panels: [1, 2, 3, 4] },
    { title: 'Since the start', panels: [5, 6, 7, 8] },
  ],
  panels: [
    kpi({
      id: 1,
      title: 'Connection',
      description: 'Whether this dashboard is live, and which part fails if one does.',
      at: [0, 0, 18, 4],
      show: 'connection',
      // The last value alone: no statistics are shown that could be missing.
      targets: [status('status'), summary('events', 'events_per_minute', { groupBy: [], stat: 'last' })],
    }),
    stat({
      id: 2,
      title: 'Ready',
      description:
        'Each hop: the source has joined, the pipeline runs, the store takes writes. Together they are what /readyz of the bridge says.',
      at: [18, 0, 6, 4],
      unit: 'bool_yes_no',
      mode: 'background',
      steps: [
        { color: 'red', value: null },
        { color: 'green', value: 1 },
      ],
      mappings: [
        { type: 'value', options: { 0: { text: 'Not ready', index: 0 }, 1: { text: 'Ready', index: 1 } } },
      ],
      targets: [status('ready', { statusAs: 'ready' })],
    }),
    kpi({
      id: 3,
      title: 'Hops',
      description:
        'Source, pipeline, store and bridge: state, message, lag and freshness of each topic and metric.',
      at: [0, 4, 12, 10],
      show: 'status',
      targets: [status('status')],
    }),
    timeseries({
      id: 4,
      title: 'Freshness',
      description: `Clock minus watermark of each metric: how far event time lies behind. It grows while nothing comes in. ${sinceStart}`,
      at: [12, 4, 12, 10],
      unit: 's',
      legend: latest,
      targets: [recorded('freshness')],
    }),
    timeseries({
      id: 5,
      title: 'Consumer lag',
      description: `Records between what the bridge has read and the end of each topic, over the partitions that it reads. ${sinceStart}`,
      at: [0, 14, 12, 10],
      legend: latest,
      softMax: 5,
      targets: [recorded('lag')],
    }),
    timeseries({
      id: 6,
      title: 'Records read',
      description: `Records of each topic since the bridge started: a line that stands still is a topic without traffic. ${sinceStart}`,
      at: [12, 14, 12, 10],
      legend: latest,
      targets: [recorded('records')],
    }),
    timeseries({
      id: 7,
      title: 'Dead letters',
      description: `Records of each topic that could not be decoded, since the bridge started. The last reason of each is in *Hops*, where the pointer is on the number; all are in the dead-letter topic. ${sinceStart}`,
      at: [0, 24, 12, 10],
      legend: latest,
      softMax: 5,
      targets: [recorded('dead_letters')],
    }),
    timeseries({
      id: 8,
      title: 'Clients',
      description: `WebSocket connections of this bridge, and the subscriptions on them. One Grafana holds one connection a data source. ${sinceStart}`,
      at: [12, 24, 12, 10],
      legend: latest,
      softMax: 5,
      targets: [recorded('clients')],
    }),
  ],
};
