import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  readDashboards,
  readProvisioning,
  readSharedDashboards,
  type Dashboard,
  type Panel,
} from '../support/provisioned';
import { faultsOf, METRICS } from '../support/saved-query';
import { VARIABLE_LISTS, type StreamKpiVariableQuery } from '../../src/datasource/variable-query';
import { DEFAULT_OPTIONS, SHOW } from '../../src/panel/options/panel-options';

/** What Grafana would show as an error, or not at all: checked without one. */

const root = join(__dirname, '../..');
const bundled = readDashboards('bundled');
const provisioned = readDashboards('provisioned');
const all = [...bundled, ...provisioned];
const OWN_SOURCE = 'streamkpi-realtime-datasource';
const OWN_PANEL = 'streamkpi-kpi-panel';
/** Units of Grafana's registry that are used here. */
const UNITS = ['short', 's', 'currencyUSD', 'bool_yes_no'];

describe('the dashboards as a whole', () => {
  it('are what the generator writes', () => {
    execFileSync(process.execPath, ['scripts/generate-dashboards.mjs', '--check'], { cwd: root });
  });

  it('come twice, each time under uids of their own', () => {
    expect(bundled.map(({ dashboard }) => dashboard.title)).toEqual(
      provisioned.map(({ dashboard }) => dashboard.title),
    );
    expect(provisioned.map(({ dashboard }) => dashboard.uid).sort()).toEqual([
      'streamkpi-alerts',
      'streamkpi-forecasts',
      'streamkpi-pipeline',
      'streamkpi-realtime',
    ]);
    const uids = all.map(({ dashboard }) => dashboard.uid);
    expect(new Set(uids).size).toBe(8);
    for (const uid of uids) expect(uid).toMatch(/^[a-zA-Z0-9_-]{1,40}$/);
  });

  it('differ in nothing else, but for the revision by which Grafana knows an update of the app', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    const [major, minor, patch] = version.split('.').map(Number) as [number, number, number];
    for (const { dashboard } of bundled) {
      expect(dashboard.revision).toBe(major * 1_000_000 + minor * 1_000 + patch);
    }
    const neutral = ({ dashboard: { revision: _, ...dashboard } }: { dashboard: Dashboard }): string =>
      JSON.stringify(dashboard).replaceAll('streamkpi-app-', 'streamkpi-');
    expect(bundled.map(neutral)).toEqual(provisioned.map(neutral));
  });

  it('that are bundled are all named in plugin.json', () => {
    const { includes } = JSON.parse(readFileSync(join(root, 'src/plugin.json'), 'utf8')) as {
      includes: { type: string; name: string; path: string }[];
    };
    const named = includes
      .filter(({ type }) => type === 'dashboard')
      .map(({ name, path }) => [`src/${path}`, name]);
    expect(named.sort()).toEqual(
      [...bundled, ...readSharedDashboards('bundled')]
        .map(({ file, dashboard }) => [file, dashboard.title])
        .sort(),
    );
  });
});

describe.each(all)('$file', ({ file, dashboard }) => {
  const { panels } = dashboard;
  const variables = dashboard.templating.list;

  it('is a classic dashboard that the oldest supported Grafana takes', () => {
    expect(dashboard.id).toBeUndefined();
    expect(dashboard.schemaVersion).toBe(40);
    expect(dashboard.refresh).toMatch(/^\d+[sm]$/);
    expect(dashboard.time.to).toMatch(/^now(\+\d+h)?$/);
    expect(dashboard.title).toMatch(/^StreamKPI: /);
    expect(dashboard.description.length).toBeGreaterThan(30);
  });

  it('has panels with a title, a description and a unit, each with an id of its own', () => {
    expect(panels.length).toBeGreaterThan(5);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    for (const panel of panels) {
      expect(panel.title).not.toBe('');
      expect(panel.description.length).toBeGreaterThan(30);
      expect(UNITS).toContain(panel.fieldConfig.defaults.unit);
      expect([OWN_PANEL, 'timeseries', 'stat', 'table']).toContain(panel.type);
    }
  });

  it('has panels within the grid, none over another, without holes between rows', () => {
    const taken = new Map<string, number>();
    for (const { id, gridPos } of panels) {
      expect(gridPos.w).toBeGreaterThan(2);
      expect(gridPos.h).toBeGreaterThan(2);
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect([id, taken.get(`${x} ${y}`)]).toEqual([id, undefined]);
          taken.set(`${x} ${y}`, id);
        }
      }
    }
    const bottom = Math.max(...panels.map(({ gridPos }) => gridPos.y + gridPos.h));
    expect(taken.size).toBe(24 * bottom);
  });

  it('cuts no title, legend or column at 1,440 px beside the menu of Grafana', () => {
    expect(panels.flatMap(cutIn)).toEqual([]);
  });

  it('shows its legends whole on a phone, where each entry of a list has a line of its own', () => {
    for (const { title, type, gridPos, options, targets } of panels) {
      const { displayMode } = (options['legend'] ?? {}) as { displayMode?: string };
      if (type !== 'timeseries' || displayMode !== 'list') continue;
      const entries = targets.reduce((sum, { statusAs }) => sum + STATUS_SERIES[statusAs as string]!, 0);
      expect([title, entries * LEGEND_LINE_PX <= legendPx(gridPos.h)]).toEqual([title, true]);
    }
  });

  it('asks what the saved query can say, of the data source that its variable names', () => {
    const [source] = variables;
    expect(source).toMatchObject({ type: 'datasource', name: 'datasource', query: OWN_SOURCE });
    const own = { type: OWN_SOURCE, uid: '${datasource}' };
    for (const { title, targets, datasource } of panels) {
      expect(datasource).toEqual(own);
      expect(targets.length).toBeGreaterThan(0);
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
      for (const target of targets) {
        expect(target['datasource']).toEqual(own);
        expect([title, target.refId, faultsOf(target)]).toEqual([title, target.refId, []]);
      }
    }
    for (const { datasource, target, name, filter } of dashboard.annotations.list) {
      if (datasource.uid === '-- Grafana --') continue;
      for (const id of filter!.ids) expect(panels.find((panel) => panel.id === id)!.type).toBe('timeseries');
      expect(datasource).toEqual(own);
      expect([name, faultsOf(target!)]).toEqual([name, []]);
      expect(target).toMatchObject({ live: false });
      expect(target!['kind'] === 'events' || target!['forecastAs'] === 'anomalies').toBe(true);
    }
  });

  it('has variables that list something, and uses each of them', () => {
    const text = JSON.stringify(panels);
    for (const variable of variables) {
      expect(variable.label).not.toBe('');
      expect(variable.description.length).toBeGreaterThan(20);
      if (variable.type !== 'datasource')
        expect(variable.datasource).toEqual({ type: OWN_SOURCE, uid: '${datasource}' });
      if (variable.type !== 'query') continue;
      const query = variable.query as StreamKpiVariableQuery;
      expect(VARIABLE_LISTS).toContain(query.list);
      expect(Object.keys(METRICS[query.metric!]!.dimensions!)).toContain(query.dimension);
      expect(variable).toMatchObject({ multi: true, includeAll: true, current: { value: ['$__all'] } });
      expect(text).toContain(`$${variable.name}`);
    }
    const used = [...text.matchAll(/\$\{?(\w+)/g)].map((match) => match[1]);
    expect(used.filter((name) => !variables.some((variable) => variable.name === name))).toEqual([]);
  });

  it('links to the others of its own set', () => {
    const set = (file.startsWith('src/') ? bundled : provisioned).filter(
      (one) => one.dashboard !== dashboard,
    );
    const links = dashboard.links.filter(({ url }) => url !== '/a/streamkpi-realtime-app');
    expect(links.map(({ url }) => url).sort()).toEqual(
      set.map((other) => `/d/${other.dashboard.uid}`).sort(),
    );
    for (const link of links) expect(link).toMatchObject({ keepTime: true, includeVars: true });
  });

  it('says what to do without a data source: in the panel of the app, and by a link to its page', () => {
    expect(panels.map(({ type }) => type)).toContain(OWN_PANEL);
    expect(dashboard.links.map(({ url }) => url)).toContain('/a/streamkpi-realtime-app');
  });

  it('sets options that the panel has', () => {
    for (const { title, options } of panels.filter(({ type }) => type === OWN_PANEL)) {
      expect([title, unknownKeys(options, DEFAULT_OPTIONS)]).toEqual([title, []]);
      expect(SHOW).toContain(options['show']);
      expect(options['show']).not.toBe('auto');
    }
  });

  it('has overrides for queries that are there', () => {
    for (const { fieldConfig, targets } of panels) {
      for (const { matcher } of fieldConfig.overrides) {
        if (matcher.id === 'byFrameRefID')
          expect(targets.map(({ refId }) => refId)).toContain(matcher.options);
      }
    }
  });
});

const shared = [...readSharedDashboards('bundled'), ...readSharedDashboards('provisioned')];

describe.each(shared)('$file, to be shared publicly', ({ file, dashboard }) => {
  const { dashboard: whole } = all.find((one) => one.file === file.replace('/shared/', '/'))!;

  it('shows what the dashboard shows, under a uid and a title of its own', () => {
    expect(dashboard.uid).toBe(`${whole.uid}-shared`);
    expect(dashboard.title).toBe(`${whole.title} (to share)`);
    const shown = ({ panels }: Dashboard) =>
      panels.map(({ title, type, options, targets }) => [
        title,
        type,
        options,
        targets.map(({ refId }) => refId),
      ]);
    expect(shown(dashboard)).toEqual(shown(whole));
  });

  it('has no variable, nor anything else that a public dashboard cannot show', () => {
    expect(dashboard.templating.list).toEqual([]);
    expect(dashboard.links).toEqual([]);
    expect(JSON.stringify(dashboard)).not.toContain('$');
    for (const { datasource } of dashboard.annotations.list) expect(datasource.uid).toBe('-- Grafana --');
    expect(dashboard.refresh).toMatch(/^\d+s$/);
  });

  it('asks the provisioned data source by its uid in each query', () => {
    const { datasources } = readProvisioning('datasources/streamkpi.yaml') as {
      datasources: readonly { uid: string; type: string }[];
    };
    const [{ uid, type } = { uid: '', type: '' }] = datasources;
    for (const { title, datasource, targets } of dashboard.panels) {
      expect([title, datasource]).toEqual([title, { type, uid }]);
      for (const target of targets) {
        expect([title, target['datasource']]).toEqual([title, { type, uid }]);
        expect([title, target.refId, faultsOf(target)]).toEqual([title, target.refId, []]);
      }
    }
  });
});

/**
 * As measured on Grafana 12.4: its menu takes 300 px, and is open on pages of 1,440 px and more; beside a dashboard
 * with tabs is the bar of its editor.
 */
const GRID_PX = 1_042;
const GAP_PX = 8;
const LETTER_PX = 7.5;
/** Padding, and the marks for a description, a live stream and an alert rule. */
const TITLE_ICONS_PX = 125;
const LEGEND_NAME_PX = 105;
const LEGEND_NUMBER_PX = 75;
const COLUMN_PADDING_PX = 16;
const ROW_PX = 38;
/** A panel's title and padding. */
const PANEL_HEAD_PX = 40;
/** Of the panel's inner height; Grafana scrolls what is more. */
const LEGEND_SHARE = 0.35;
const LEGEND_ROW_PX = 25;
const LEGEND_LINE_PX = 27;
const legendPx = (h: number): number => (h * ROW_PX - GAP_PX - PANEL_HEAD_PX) * LEGEND_SHARE;
/** Series of the demo's four metrics, or topics. */
const STATUS_SERIES: Readonly<Record<string, number>> = {
  freshness: 4,
  lag: 4,
  records: 4,
  dead_letters: 4,
  clients: 2,
};
/** The demo's segments. */
const SEGMENTS = 4;
/** Grafana's least width of a column without one. */
const COLUMN_PX = 150;

/** What of a panel is cut at 1,440 px, in words. */
function cutIn({
  title,
  type,
  gridPos,
  options,
  fieldConfig,
  targets,
  transformations = [],
}: Panel): string[] {
  const width = (gridPos.w / 24) * GRID_PX - GAP_PX;
  const cut = title.length * LETTER_PX + TITLE_ICONS_PX > width ? [`the title "${title}"`] : [];
  if (type === 'timeseries') {
    const { displayMode, calcs = [] } = options['legend'] as { displayMode: string; calcs?: string[] };
    const widthPx = LEGEND_NAME_PX + calcs.length * LEGEND_NUMBER_PX;
    const rows = targets.some(({ groupBy }) => JSON.stringify(groupBy) === '["segment"]') ? SEGMENTS : 1;
    const isCut = widthPx > width || (1 + rows) * LEGEND_ROW_PX > legendPx(gridPos.h);
    if (displayMode === 'table' && isCut) cut.push(`the legend of "${title}"`);
  }
  if (type === 'table') {
    const { renameByName } = transformations.find(({ id }) => id === 'organize')!.options as {
      renameByName: Record<string, string>;
    };
    const names = Object.values(renameByName);
    const set = new Map(
      fieldConfig.overrides.map(({ matcher, properties }) => [
        matcher.options,
        properties.find(({ id }) => id === 'custom.width')?.value as number | undefined,
      ]),
    );
    const needed = (name: string): number => name.length * LETTER_PX + COLUMN_PADDING_PX;
    cut.push(...names.filter((name) => needed(name) > (set.get(name) ?? Infinity)));
    const least = fieldConfig.defaults.custom?.minWidth ?? COLUMN_PX;
    const all = names.reduce((sum, name) => sum + (set.get(name) ?? Math.max(least, needed(name))), 0);
    if (all + COLUMN_PADDING_PX > width) cut.push(`the columns of "${title}"`);
  }
  return cut;
}

/** Paths of what is set and not among the defaults. */
function unknownKeys(given: object, known: object, path = ''): string[] {
  return Object.entries(given).flatMap(([key, value]: [string, unknown]) => {
    if (!(key in known)) return [`${path}${key}`];
    const below = (known as Record<string, unknown>)[key];
    const nested = typeof value === 'object' && value !== null && !Array.isArray(value);
    return nested ? unknownKeys(value, below as object, `${path}${key}.`) : [];
  });
}

describe('the real-time dashboard', () => {
  const { panels, templating, annotations } = bundled.find(({ file }) =>
    file.endsWith('realtime.json'),
  )!.dashboard;
  const panel = (title: string): Panel => panels.find((one) => one.title === title)!;

  it('has every part of the original', () => {
    expect(panel('Connection').options).toMatchObject({ show: 'connection' });
    expect(panel('Recent alerts').options).toMatchObject({ show: 'alerts', alerts: { keep: 10, show: 3 } });
    expect(panel('System status').options).toMatchObject({ show: 'status' });
    expect(panel('Key figures').options).toMatchObject({ show: 'cards' });
    const cards = panel('Key figures').targets.map(({ refId: _, datasource: __, ...query }) => query);
    const filters = [{ dimension: 'segment', op: '=', values: ['$segment'] }];
    expect(cards).toEqual(
      expect.arrayContaining([
        { version: 1, kind: 'summary', metric: 'events_per_minute', groupBy: [], filters },
        { version: 1, kind: 'summary', metric: 'revenue_per_minute', groupBy: [], filters },
        { version: 1, kind: 'summary', metric: 'high_activity_alert', groupBy: [], openWindows: 'include' },
        { version: 1, kind: 'summary', metric: 'active_users_per_minute', groupBy: [] },
      ]),
    );
    for (const title of ['Events per minute', 'Revenue per minute'])
      expect(panel(title).type).toBe('timeseries');
    expect(templating.list.map(({ name, type }) => [name, type])).toEqual([
      ['datasource', 'datasource'],
      ['segment', 'query'],
      ['filters', 'adhoc'],
    ]);
    expect(annotations.list.map(({ target }) => target?.['metric'])).toContain('high_activity_alert');
  });
});
