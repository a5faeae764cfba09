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

const SOURCE = { type: 'streamkpi-realtime-datasource', uid: 'streamkpi' } as const;

/** The dashboard's JSON, as Grafana reads it. */
export function panelGrid(uid: Grid): object {
  const { type, panels } = GRIDS[uid];
  return {
    uid,
    title: `${panels} panels: ${type}`,
    schemaVersion: 40,
    time: { from: 'now-1h', to: 'now' },
    refresh: '',
    panels: Array.from({ length: panels }, (_, index) => ({
      id: index + 1,
      type,
      title: segmentOf(index),
      gridPos: {
        x: (index % COLUMNS) * (24 / COLUMNS),
        y: Math.floor(index / COLUMNS) * HEIGHT,
        w: 24 / COLUMNS,
        h: HEIGHT,
      },
      datasource: SOURCE,
      targets: [
        {
          refId: 'A',
          datasource: SOURCE,
          version: 1,
          kind: 'series',
          metric: 'events_per_minute',
          filters: [{ dimension: 'segment', op: '=', values: [segmentOf(index)] }],
        },
      ],
      options: {},
      fieldConfig: { defaults: {}, overrides: [] },
    })),
  };
}
