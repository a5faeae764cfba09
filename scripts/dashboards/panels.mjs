import { DATA_SOURCE } from './queries.mjs';

/**
 * Panels in the classic JSON model. Each takes `{id, title, description, at: [x, y, w, h], targets, unit?, ...}`; the
 * grid is 24 wide.
 */

const DEFAULT_UNIT = 'short';

function panel(
  type,
  { id, title, description, at, targets, unit, defaults, overrides, links },
  options,
  custom,
) {
  const [x, y, w, h] = at;
  return {
    id,
    type,
    title,
    description,
    datasource: DATA_SOURCE,
    gridPos: { x, y, w, h },
    targets,
    fieldConfig: {
      defaults: { unit: unit ?? DEFAULT_UNIT, ...defaults, ...(custom ? { custom } : {}) },
      overrides: overrides ?? [],
    },
    options,
    ...(links ? { links } : {}),
  };
}

const OFF = { steps: [{ color: 'text', value: null }], mode: 'absolute' };

/** This app's own panel. `show`: which part of it. */
export const kpi = ({ show, cards, alerts, ...given }) =>
  panel('streamkpi-kpi-panel', given, {
    version: 1,
    show,
    ...(cards ? { cards } : {}),
    ...(alerts ? { alerts } : {}),
  });

const RANGE_LEGEND = { placement: 'bottom', calcs: ['lastNotNull', 'min', 'max', 'mean'] };
/** What fits into a third of the page at 1,440 px beside Grafana's menu. */
export const SHORT_LEGEND = { placement: 'bottom', calcs: ['lastNotNull', 'max'] };

/** Lines; points whose windows are missing are gaps. `softMax`: the axis reaches so far at least. */
export const timeseries = ({ bars = false, legend = RANGE_LEGEND, softMax, ...given }) =>
  panel(
    'timeseries',
    { ...given, defaults: { thresholds: OFF, color: { mode: 'palette-classic' }, ...given.defaults } },
    {
      legend: { displayMode: 'table', showLegend: true, ...legend },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
    {
      drawStyle: bars ? 'bars' : 'line',
      lineWidth: bars ? 1 : 2,
      fillOpacity: bars ? 60 : 10,
      showPoints: 'auto',
      pointSize: 4,
      spanNulls: false,
      stacking: { mode: 'none', group: 'A' },
      axisPlacement: 'auto',
      axisSoftMin: 0,
      ...(softMax === undefined ? {} : { axisSoftMax: softMax }),
    },
  );

/** Large numbers: one for each series. */
export const stat = ({
  sparkline = false,
  mode = 'value',
  steps,
  mappings,
  orientation = 'auto',
  ...given
}) =>
  panel(
    'stat',
    {
      ...given,
      defaults: {
        color: { mode: 'thresholds' },
        thresholds: steps ? { mode: 'absolute', steps } : OFF,
        ...(mappings ? { mappings } : {}),
        ...given.defaults,
      },
    },
    {
      reduceOptions: { values: false, calcs: ['lastNotNull'], fields: '' },
      orientation,
      textMode: 'auto',
      colorMode: mode,
      graphMode: sparkline ? 'area' : 'none',
      justifyMode: 'auto',
      showPercentChange: false,
      wideLayout: true,
    },
  );

/**
 * Rows and columns. `columns`: field name to `{name?, unit?, width?, wraps?}`, in their order; what is not named is not
 * shown. `sortBy`: [shown name, descending].
 */
export function table({ columns, sortBy, ...given }) {
  const names = Object.keys(columns);
  const shown = (name) => columns[name].name ?? name;
  return {
    ...panel(
      'table',
      {
        ...given,
        defaults: { thresholds: OFF, ...given.defaults },
        overrides: names.flatMap((name) => {
          const { unit, width, wraps } = columns[name];
          const properties = [
            ...(unit ? [{ id: 'unit', value: unit }] : []),
            ...(width ? [{ id: 'custom.width', value: width }] : []),
            ...(wraps ? [{ id: 'custom.wrapText', value: true }] : []),
          ];
          return properties.length === 0
            ? []
            : [{ matcher: { id: 'byName', options: shown(name) }, properties }];
        }),
      },
      {
        showHeader: true,
        cellHeight: 'sm',
        ...(sortBy ? { sortBy: [{ displayName: sortBy[0], desc: sortBy[1] }] } : {}),
      },
      { align: 'auto', cellOptions: { type: 'auto' }, inspect: false, filterable: false, minWidth: 100 },
    ),
    transformations: [
      { id: 'filterFieldsByName', options: { include: { names } } },
      {
        id: 'organize',
        options: {
          excludeByName: {},
          indexByName: Object.fromEntries(names.map((name, index) => [name, index])),
          renameByName: Object.fromEntries(names.map((name) => [name, shown(name)])),
        },
      },
    ],
  };
}
