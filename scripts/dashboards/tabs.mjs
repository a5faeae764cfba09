import { DATA_SOURCE } from './queries.mjs';

/** The version of the schema that Grafana 12.4 and 13 both take. */
const API_VERSION = 'dashboard.grafana.app/v2beta1';
/** By which the dashboards of this form find each other, whatever uid an import gives them. */
const TAG = 'streamkpi-tabs';
const ROW_HEIGHT_PX = 400;
/** Three of them fit at 1,440 px; all are as wide as there is place. */
const COLUMN_WIDTH_PX = 300;

const HIDE = ['dontHide', 'hideLabel', 'hideVariable'];
const REFRESH = ['never', 'onDashboardLoad', 'onTimeRangeChanged'];
const SORT = ['disabled', 'alphabeticalAsc', 'alphabeticalDesc'];
const CURSOR_SYNC = ['Off', 'Crosshair', 'Tooltip'];

/** A rule of a panel in a tab with `columns`: shown while nothing is chosen in the variable. */
export const whileAll = (variable) =>
  rule('show', {
    kind: 'ConditionalRenderingVariable',
    spec: { variable, operator: 'equals', value: 'All' },
  });

/** A rule of a panel in a tab with `columns`: hidden in ranges of this duration (such as `6h`) and shorter. */
export const unlessWithin = (duration) =>
  rule('hide', { kind: 'ConditionalRenderingTimeRangeSize', spec: { value: duration } });

const rule = (visibility, item) => ({
  kind: 'ConditionalRenderingGroup',
  spec: { visibility, condition: 'and', items: [item] },
});

/**
 * The dashboard as a resource of schema v2, which has what the classic model has not: tabs, and panels that are shown
 * by a rule.
 *
 * @param whole the classic dashboard
 * @param tabs `{title, panels, columns?, rules?}` each: ids of its panels, where they keep their place in the grid;
 *   with `columns` they flow, and `rules` by panel id say when one is shown
 */
export function withTabs(whole, tabs, name) {
  const { title, description, editable, graphTooltip, links, panels, tags, templating } = whole;
  return {
    apiVersion: API_VERSION,
    kind: 'Dashboard',
    metadata: { name },
    spec: {
      title: `${title} (tabs)`,
      description,
      tags: [...tags, TAG],
      editable,
      preload: false,
      cursorSync: CURSOR_SYNC[graphTooltip],
      timeSettings: timeSettings(whole),
      links: [toTheOthers, ...links.filter(({ url }) => !url.startsWith('/d/'))],
      annotations: whole.annotations.list.map(annotation),
      variables: templating.list.map(variable),
      elements: Object.fromEntries(panels.map((panel) => [elementOf(panel.id), element(panel)])),
      layout: { kind: 'TabsLayout', spec: { tabs: tabs.map((tab) => tabOf(tab, panels)) } },
    },
  };
}

const toTheOthers = {
  type: 'dashboards',
  title: 'StreamKPI',
  tooltip: 'The other dashboards with tabs, with the same time and data source',
  icon: 'dashboard',
  url: '',
  tags: [TAG],
  asDropdown: true,
  includeVars: true,
  keepTime: true,
  targetBlank: false,
};

const timeSettings = ({ time, refresh, timezone, fiscalYearStartMonth }) => ({
  ...time,
  timezone,
  autoRefresh: refresh,
  autoRefreshIntervals: ['10s', '30s', '1m', '5m', '15m', '30m', '1h'],
  hideTimepicker: false,
  fiscalYearStartMonth,
});

/** The reference and the query apart, as this schema has them. `version` here is that of the query's own schema. */
function dataQuery(query, { type, uid } = query.datasource) {
  const spec = { ...query };
  delete spec.datasource;
  delete spec.refId;
  return { kind: 'DataQuery', group: type, version: 'v0', datasource: { name: uid }, spec };
}

const annotation = ({
  datasource,
  target = {},
  builtIn,
  name,
  enable,
  hide,
  iconColor,
  filter,
  mappings,
}) => ({
  kind: 'AnnotationQuery',
  spec: {
    name,
    enable,
    hide,
    iconColor,
    builtIn: builtIn === 1,
    query: dataQuery(target, datasource),
    ...(filter ? { filter } : {}),
    ...(mappings ? { mappings } : {}),
  },
});

function variable({ type, name, label, description, hide, skipUrlSync, ...more }) {
  const shared = { name, label, description, hide: HIDE[hide], skipUrlSync, allowCustomValue: true };
  if (type === 'adhoc') {
    const { datasource, filters, baseFilters } = more;
    return {
      kind: 'AdhocVariable',
      group: datasource.type,
      datasource: { name: datasource.uid },
      spec: { ...shared, baseFilters, filters, defaultKeys: [] },
    };
  }
  const { includeAll, multi, options, refresh, regex } = more;
  const chosen = { ...shared, includeAll, multi, options, regex, refresh: REFRESH[refresh] };
  if (type === 'datasource') {
    return {
      kind: 'DatasourceVariable',
      spec: { ...chosen, pluginId: DATA_SOURCE.type, current: { text: '', value: '' } },
    };
  }
  const { current, datasource, definition, query, sort } = more;
  return {
    kind: 'QueryVariable',
    spec: { ...chosen, current, definition, sort: SORT[sort], query: dataQuery(query, datasource) },
  };
}

const elementOf = (id) => `panel-${id}`;

const element = ({ id, type, title, description, links = [], targets, transformations = [], ...panel }) => ({
  kind: 'Panel',
  spec: {
    id,
    title,
    description,
    links,
    data: {
      kind: 'QueryGroup',
      spec: {
        queries: targets.map((target) => ({
          kind: 'PanelQuery',
          spec: { refId: target.refId, hidden: false, query: dataQuery(target) },
        })),
        transformations: transformations.map((spec) => ({ kind: spec.id, spec })),
        queryOptions: {},
      },
    },
    vizConfig: {
      kind: 'VizConfig',
      group: type,
      version: '',
      spec: { options: panel.options, fieldConfig: panel.fieldConfig },
    },
  },
});

const reference = (id) => ({ kind: 'ElementReference', name: elementOf(id) });

function tabOf({ title, panels: ids, columns, rules = {} }, panels) {
  return {
    kind: 'TabsLayoutTab',
    spec: { title, layout: columns === undefined ? grid(ids, panels) : flow(ids, columns, rules) },
  };
}

/** As on the classic dashboard, from the tab's top on. */
function grid(ids, panels) {
  const shown = panels.filter(({ id }) => ids.includes(id));
  const top = Math.min(...shown.map(({ gridPos }) => gridPos.y));
  return {
    kind: 'GridLayout',
    spec: {
      items: shown.map(({ id, gridPos: { x, y, w, h } }) => ({
        kind: 'GridLayoutItem',
        spec: { x, y: y - top, width: w, height: h, element: reference(id) },
      })),
    },
  };
}

const flow = (ids, columns, rules) => ({
  kind: 'AutoGridLayout',
  spec: {
    maxColumnCount: columns,
    columnWidthMode: 'custom',
    columnWidth: COLUMN_WIDTH_PX,
    rowHeightMode: 'custom',
    rowHeight: ROW_HEIGHT_PX,
    items: ids.map((id) => ({
      kind: 'AutoGridLayoutItem',
      spec: {
        element: reference(id),
        ...(rules[id] ? { conditionalRendering: rules[id] } : {}),
      },
    })),
  },
});
