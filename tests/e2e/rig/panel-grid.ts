import { dashboardOf, type PlacedPanel } from './built-app';

/** Dashboards of many panels, each with one series of its own, for what they cost together. */

export const PANELS = 50;

/** The dashboards by their uid. The first two are compared: they get the same queries. */
export const GRIDS = {
  kpi: { type: 'streamkpi-kpi-panel', panels: PANELS },
  plain: { type: 'timeseries', panels: PANELS },
  few: { type: 'streamkpi-kpi-panel', panels: 3 },
} as const;
export type Grid = keyof typeof GRIDS;

const COLUMNS = 6;
/** Enough for a card with its trend. */
const HEIGHT = 7;

/** Of Grafana's grid: a unit of height and the gap below it, px. */
const CELL_PX = 38;

/** A window in which every panel is in view: those that are not are not drawn. */
export const GRID_WINDOW = {
  width: 1600,
  height: Math.ceil(PANELS / COLUMNS) * HEIGHT * CELL_PX + 200,
} as const;

export const segmentOf = (panel: number): string => `segment-${String(panel).padStart(2, '0')}`;

/** The dashboard's JSON, as Grafana reads it. */
export function panelGrid(uid: Grid): object {
  const { type, panels } = GRIDS[uid];
  const panelOf = (_: unknown, index: number): PlacedPanel => ({
    title: segmentOf(index),
    type,
    query: {
      kind: 'series',
      metric: 'events_per_minute',
      filters: [{ dimension: 'segment', op: '=', values: [segmentOf(index)] }],
    },
  });
  return dashboardOf(uid, Array.from({ length: panels }, panelOf), {
    columns: COLUMNS,
    height: HEIGHT,
    from: 'now-1h',
  });
}
