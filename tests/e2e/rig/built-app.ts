import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHost, type HostOptions, type RunningHost } from '../../../host/server/host-server';

const dist = process.env['E2E_DIST'];

/** The host page over the built app. E2E_DIST: another one than dist/, such as an unpacked release. */
export const startBuiltApp = (
  options: Pick<HostOptions, 'bridgeUrl' | 'bridgeToken' | 'dashboards'> & { readonly port?: number },
): Promise<RunningHost> =>
  startHost({
    root: join(__dirname, '../../..'),
    port: 0,
    ...(dist === undefined ? {} : { dist }),
    ...options,
  });

export const SOURCE = { type: 'streamkpi-realtime-datasource', uid: 'streamkpi' } as const;

export interface PlacedPanel {
  readonly title: string;
  readonly type: string;
  readonly query: Readonly<Record<string, unknown>>;
  readonly options?: Readonly<Record<string, unknown>>;
}

export interface DashboardOptions {
  readonly columns: number;
  /** Of each panel, in units of Grafana's grid. */
  readonly height: number;
  readonly from: string;
  readonly refresh?: string;
}

/** A dashboard's JSON, as Grafana reads it: panels of one size side by side, each with one query. */
export const dashboardOf = (
  uid: string,
  panels: readonly PlacedPanel[],
  { columns, height, from, refresh = '' }: DashboardOptions,
): object => ({
  uid,
  title: uid,
  schemaVersion: 40,
  time: { from, to: 'now' },
  refresh,
  panels: panels.map(({ title, type, query, options = {} }, index) => ({
    id: index + 1,
    type,
    title,
    gridPos: {
      x: (index % columns) * (24 / columns),
      y: Math.floor(index / columns) * height,
      w: 24 / columns,
      h: height,
    },
    datasource: SOURCE,
    targets: [{ refId: 'A', datasource: SOURCE, version: 1, ...query }],
    options,
    fieldConfig: { defaults: {}, overrides: [] },
  })),
});

/** A folder of dashboards to start the app with. */
export function dashboardFolder(dashboards: readonly object[]): {
  readonly path: string;
  remove(): void;
} {
  const path = mkdtempSync(join(tmpdir(), 'streamkpi-dashboards-'));
  dashboards.forEach((json, index) => writeFileSync(join(path, `${index}.json`), JSON.stringify(json)));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
