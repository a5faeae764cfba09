import { DATA_SOURCE, events } from './queries.mjs';

/**
 * What every dashboard has: the data source variable, links to the others, the annotations. Written as schema 40, which
 * every supported Grafana migrates.
 */
const SCHEMA_VERSION = 40;

const dataSourceVariable = {
  type: 'datasource',
  name: 'datasource',
  label: 'Data source',
  description: 'The StreamKPI data source that every panel reads.',
  query: DATA_SOURCE.type,
  regex: '',
  current: {},
  hide: 0,
  includeAll: false,
  multi: false,
  options: [],
  refresh: 1,
  skipUrlSync: false,
};

/** Values of a dimension in the dashboard's range; All adds no filter. */
export const dimensionVariable = ({ name, label, description, metric, dimension }) => ({
  type: 'query',
  name,
  label,
  description,
  datasource: DATA_SOURCE,
  query: { refId: 'Variable', list: 'values', metric, dimension, inRange: true },
  definition: `${dimension} of ${metric}`,
  current: { text: ['All'], value: ['$__all'] },
  hide: 0,
  includeAll: true,
  multi: true,
  options: [],
  refresh: 2,
  regex: '',
  skipUrlSync: false,
  sort: 1,
});

export const adhocVariable = {
  type: 'adhoc',
  name: 'filters',
  label: 'Filters',
  description:
    'Further conditions on dimensions; panels whose metric lacks a dimension say so and leave it out.',
  datasource: DATA_SOURCE,
  baseFilters: [],
  filters: [],
  hide: 0,
  skipUrlSync: false,
};

const dashboardAnnotations = {
  builtIn: 1,
  datasource: { type: 'grafana', uid: '-- Grafana --' },
  enable: true,
  hide: true,
  iconColor: 'rgba(0, 211, 255, 1)',
  name: 'Annotations & Alerts',
  type: 'dashboard',
};

/**
 * Marks in the graphs of these panels: every user with unusually many events, at the beginning of the five minutes (the
 * whole of them would hide the lines).
 */
export const highActivityAnnotations = (...panelIds) => ({
  datasource: DATA_SOURCE,
  enable: true,
  hide: false,
  iconColor: 'orange',
  name: 'High activity',
  filter: { exclude: false, ids: panelIds },
  mappings: { timeEnd: { source: 'skip' } },
  target: events('High activity', 'high_activity_alert', { live: false }),
});

const link = { type: 'link', asDropdown: false, tags: [], targetBlank: false };

/** Grafana's own panels cannot say what to do where there is no data source: this leads to the page that does. */
const getStarted = {
  ...link,
  title: 'Get started',
  tooltip: 'Add a data source, see the state of its pipeline, read the guides',
  icon: 'question',
  url: '/a/streamkpi-realtime-app',
  includeVars: false,
  keepTime: false,
};

/**
 * @param uids uid of each dashboard by its key, of the set that this one belongs to
 * @param others `[key, title]` of the dashboards it links to
 */
export function dashboard(
  { key, title, description, variables = [], annotations = [], panels, range, to },
  uids,
  others,
) {
  return {
    uid: uids[key],
    title,
    description,
    tags: ['streamkpi'],
    editable: true,
    graphTooltip: 1,
    refresh: '1m',
    schemaVersion: SCHEMA_VERSION,
    time: { from: range ?? 'now-1h', to: to ?? 'now' },
    timepicker: {},
    timezone: 'browser',
    fiscalYearStartMonth: 0,
    weekStart: '',
    version: 1,
    annotations: { list: [dashboardAnnotations, ...annotations] },
    links: [
      ...others.map(([other, name]) => ({
        ...link,
        title: name,
        tooltip: `Go to ${name}, with the same time and data source`,
        icon: 'dashboard',
        url: `/d/${uids[other]}`,
        includeVars: true,
        keepTime: true,
      })),
      getStarted,
    ],
    templating: { list: [dataSourceVariable, ...variables] },
    panels,
  };
}
