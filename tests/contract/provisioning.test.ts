import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { evaluate, neededBy, type ExpressionModel } from '../support/alerting/expressions';
import { EXPRESSION_UID } from '../support/alerting/rule-evaluation';
import { mountsOf, readCompose } from '../support/compose-file';
import { readDashboards, readProvisioning, readRuleGroups } from '../support/provisioned';
import { faultsOf } from '../support/saved-query';

/** Grafana stops its start for a fault in here: checked as its own readers would. */

const root = join(__dirname, '../..');
const groups = readRuleGroups();
const rules = groups.flatMap((group) => group.rules);
const SOURCE = 'streamkpi';

interface DataSources {
  readonly apiVersion: number;
  readonly datasources: readonly (Record<string, unknown> & { readonly url: string; readonly uid: string })[];
}
interface ContactPoints {
  readonly contactPoints: readonly {
    readonly name: string;
    readonly receivers: readonly Record<string, unknown>[];
  }[];
}

describe('provisioning/', () => {
  it('has only files that Grafana reads, each of the first version', () => {
    for (const folder of ['datasources', 'plugins', 'alerting', 'dashboards']) {
      const names = readdirSync(join(root, 'provisioning', folder)).filter((name) => name !== 'shared');
      for (const name of names) expect(name).toMatch(folder === 'dashboards' ? /\.(yaml|json)$/ : /\.yaml$/);
      for (const name of names.filter((one) => one.endsWith('.yaml'))) {
        expect(readProvisioning(`${folder}/${name}`)).toMatchObject({ apiVersion: 1 });
      }
    }
    // Grafana reads the dashboards of folders below its own, too.
    for (const name of readdirSync(join(root, 'provisioning/dashboards/shared')))
      expect(name).toMatch(/\.json$/);
  });

  it('sets up the data source from variables that the compose file gives', () => {
    const { datasources } = readProvisioning('datasources/streamkpi.yaml') as DataSources;
    const { type } = pluginJson('src/datasource/plugin.json');
    expect(type).toBe('datasource');
    expect(datasources).toEqual([
      {
        name: 'StreamKPI',
        uid: SOURCE,
        type: pluginJson('src/datasource/plugin.json').id,
        access: 'proxy',
        orgId: 1,
        url: '$STREAMKPI_BRIDGE_URL',
        editable: false,
        jsonData: { timeout: 30 },
        secureJsonData: { token: '$STREAMKPI_BRIDGE_TOKEN' },
      },
    ]);
    const { environment } = readCompose().services['grafana']!;
    expect(new URL(environment!['STREAMKPI_BRIDGE_URL']!).protocol).toBe('http:');
    expect(environment!['STREAMKPI_BRIDGE_TOKEN']).not.toBe('');
  });

  it('enables the app', () => {
    expect(readProvisioning('plugins/streamkpi.yaml')).toMatchObject({
      apps: [{ type: pluginJson('src/plugin.json').id, org_id: 1, disabled: false }],
    });
  });

  it('finds the dashboards where they are mounted', () => {
    const { providers } = readProvisioning('dashboards/streamkpi.yaml') as {
      providers: { type: string; folder: string; options: { path: string } }[];
    };
    expect(providers).toHaveLength(1);
    expect(providers[0]).toMatchObject({ type: 'file', folder: 'StreamKPI' });
    const compose = readCompose();
    const { environment } = compose.services['grafana']!;
    const path = providers[0]!.options.path.replace(
      /\$(\w+)/g,
      (_, name: string) => environment![name] ?? '',
    );
    const mount = mountsOf(compose).find(({ source }) => source === './provisioning')!;
    expect(path).toBe(`${mount.target}/dashboards`);
  });

  it('replaces nobody’s notification policies', () => {
    for (const name of readdirSync(join(root, 'provisioning/alerting'))) {
      const file = readProvisioning(`alerting/${name}`) as Record<string, unknown>;
      for (const key of ['policies', 'resetPolicies', 'muteTimes', 'deleteRules'])
        expect(file).not.toHaveProperty(key);
    }
  });

  it('has one contact point, which sends nothing anywhere by itself', () => {
    const { contactPoints } = readProvisioning('alerting/contact-points.yaml') as ContactPoints;
    expect(contactPoints).toHaveLength(1);
    expect(contactPoints[0]!.receivers).toEqual([
      {
        uid: 'streamkpi-development',
        type: 'email',
        disableResolveMessage: false,
        settings: { addresses: expect.stringMatching(/@example\.invalid$/) as unknown, singleEmail: true },
      },
    ]);
  });
});

describe('the alert rules', () => {
  it('are those that people on call want, each with a uid and a title of its own', () => {
    expect(rules.map(({ uid }) => uid)).toEqual([
      'streamkpi-no-events',
      'streamkpi-revenue-drop',
      'streamkpi-high-activity',
      'streamkpi-events-unusual',
      'streamkpi-revenue-low',
      'streamkpi-freshness',
      'streamkpi-lag',
      'streamkpi-not-ready',
    ]);
    expect(new Set(rules.map(({ title }) => title)).size).toBe(rules.length);
    for (const { uid } of rules) expect(uid).toMatch(/^[a-zA-Z0-9_-]{1,40}$/);
    for (const { folder, interval, orgId } of groups) {
      expect([folder, interval, orgId]).toEqual(['StreamKPI', '1m', 1]);
    }
  });

  it.each(rules)('$uid says all that Grafana wants', (rule) => {
    expect(['Alerting', 'NoData', 'OK', 'KeepLast']).toContain(rule.noDataState);
    expect(['Alerting', 'Error', 'OK', 'KeepLast']).toContain(rule.execErrState);
    expect(rule.for).toMatch(/^\d+[sm]$/);
    expect(rule.labels).toMatchObject({ severity: expect.stringMatching(/^(warning|critical)$/) as unknown });
    const { contactPoints } = readProvisioning('alerting/contact-points.yaml') as ContactPoints;
    expect(contactPoints.map(({ name }) => name)).toContain(rule.notification_settings.receiver);
    // Grafana puts the environment into labels: a template there would vanish.
    expect(Object.values(rule.labels).join()).not.toContain('$');
    for (const value of Object.values(rule.annotations)) expect(typeof value).toBe('string');
    expect(rule.annotations['summary']!.length).toBeGreaterThan(20);
    expect(rule.annotations['description']!.length).toBeGreaterThan(60);
  });

  it.each(rules)('$uid leads to a panel that is there', (rule) => {
    const { annotations } = rule;
    expect(annotations['__dashboardUid__']).toBe(rule.dashboardUid);
    expect(annotations['__panelId__']).toBe(String(rule.panelId));
    const dashboard = readDashboards('provisioned').find(
      (one) => one.dashboard.uid === rule.dashboardUid,
    )!.dashboard;
    const panel = dashboard.panels.find(({ id }) => id === rule.panelId)!;
    const metrics = panel.targets.map((target) => target['metric'] ?? target['statusAs']);
    const own = rule.data.map(({ model }) => model['statusAs'] ?? model['metric']);
    expect(metrics.some((metric) => metric !== undefined && own.includes(metric))).toBe(true);
  });

  it.each(rules)('$uid leads to a runbook that is there', ({ annotations }) => {
    const [page, anchor] = annotations['runbook_url']!.split('#') as [string, string];
    const path = /^https:\/\/github\.com\/streamkpi\/streamkpi\/blob\/main\/(.+)$/.exec(page)![1]!;
    expect(existsSync(join(root, path))).toBe(true);
    const headings = [...readFileSync(join(root, path), 'utf8').matchAll(/^## (.+)$/gm)].map((match) =>
      match[1]!
        .toLowerCase()
        .replaceAll(/[^a-z0-9 -]/g, '')
        .replaceAll(' ', '-'),
    );
    expect(headings).toContain(anchor);
  });

  it.each(rules)(
    '$uid has queries that are right, and a condition that is a threshold of a reduced number',
    (rule) => {
      const byRefId = new Map(rule.data.map((query) => [query.refId, query]));
      expect(byRefId.size).toBe(rule.data.length);
      for (const { refId, datasourceUid, relativeTimeRange, model } of rule.data) {
        expect(model.refId).toBe(refId);
        expect(relativeTimeRange.from).toBeGreaterThan(relativeTimeRange.to);
        if (datasourceUid === EXPRESSION_UID) {
          for (const needed of neededBy(model as unknown as ExpressionModel))
            expect([...byRefId.keys()]).toContain(needed);
          // What Grafana would refuse throws here too.
          expect(evaluate(model as unknown as ExpressionModel, new Map())).toBeDefined();
        } else {
          expect(datasourceUid).toBe(SOURCE);
          expect([refId, faultsOf(model)]).toEqual([refId, []]);
          // Nothing fills template variables in for a rule.
          expect(JSON.stringify(model)).not.toMatch(/\$|\[\[/);
        }
      }
      const condition = byRefId.get(rule.condition)!.model as unknown as ExpressionModel;
      expect(condition.type).toBe('threshold');
      const reduced = byRefId.get(condition.expression)!.model as unknown as ExpressionModel;
      expect([reduced.type, reduced.settings?.mode]).toEqual(['reduce', 'dropNN']);
    },
  );

  it('on forecasts needs two steps in a row, and reads three steps and the grace', () => {
    const onForecasts = rules.filter(({ data }) => data[0]!.model['kind'] === 'forecast');
    expect(onForecasts.map(({ uid }) => uid)).toEqual(['streamkpi-events-unusual', 'streamkpi-revenue-low']);
    for (const { data, for: pending } of onForecasts) {
      expect([pending, data[0]!.model['step']]).toEqual(['5m', '5m']);
      expect(data[0]!.relativeTimeRange.from).toBeGreaterThanOrEqual(3 * 300 + 30);
    }
  });

  it.each(rules)('$uid names in its texts only what its evaluation has', ({ annotations, data }) => {
    const text = Object.values(annotations).join('\n');
    for (const [, refId] of text.matchAll(/\$values\.(\w+)\./g)) {
      expect(data.map((query) => query.refId)).toContain(refId);
    }
    expect([...text.matchAll(/\{\{/g)].length).toBe([...text.matchAll(/\}\}/g)].length);
  });
});

function pluginJson(path: string): { readonly id: string; readonly type: string } {
  return JSON.parse(readFileSync(join(root, path), 'utf8')) as { id: string; type: string };
}
