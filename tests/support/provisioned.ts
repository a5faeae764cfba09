import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** The dashboards and what Grafana provisions, as it reads them. */
const root = join(__dirname, '../..');

export type SavedQuery = Readonly<Record<string, unknown>> & { readonly refId: string };

export interface DataSourceRef {
  readonly type?: string;
  readonly uid: string;
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description: string;
  readonly datasource: DataSourceRef;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly SavedQuery[];
  readonly fieldConfig: {
    readonly defaults: { readonly unit?: string; readonly custom?: { readonly minWidth?: number } };
    readonly overrides: readonly {
      readonly matcher: { readonly id: string; readonly options: unknown };
      readonly properties: readonly { readonly id: string; readonly value: unknown }[];
    }[];
  };
  readonly options: Readonly<Record<string, unknown>>;
  readonly transformations?: readonly {
    readonly id: string;
    readonly options: Readonly<Record<string, unknown>>;
  }[];
}

export interface Variable {
  readonly type: string;
  readonly name: string;
  readonly label: string;
  readonly description: string;
  readonly query?: unknown;
  readonly datasource?: DataSourceRef;
  readonly multi?: boolean;
  readonly includeAll?: boolean;
}

export interface Annotation {
  readonly name: string;
  readonly datasource: DataSourceRef;
  readonly target?: SavedQuery;
  /** The panels that show it. */
  readonly filter?: { readonly ids: readonly number[] };
}

export interface Dashboard {
  readonly id?: number | null;
  readonly uid: string;
  /** Of bundled ones only. */
  readonly revision?: number;
  readonly title: string;
  readonly description: string;
  readonly refresh: string;
  readonly schemaVersion: number;
  readonly time: { readonly from: string; readonly to: string };
  readonly links: readonly { readonly url: string; readonly title: string }[];
  readonly annotations: { readonly list: readonly Annotation[] };
  readonly templating: { readonly list: readonly Variable[] };
  readonly panels: readonly Panel[];
}

export interface DashboardFile {
  readonly file: string;
  readonly dashboard: Dashboard;
}

type DashboardSet = 'bundled' | 'provisioned';

const folderOf = (set: DashboardSet): string =>
  set === 'bundled' ? 'src/dashboards' : 'provisioning/dashboards';

/** `bundled` with the app, `provisioned` by file. */
export const readDashboards = (set: DashboardSet): readonly DashboardFile[] => dashboardsOf(folderOf(set));

/** The same dashboards in the form that can be shared publicly. */
export const readSharedDashboards = (set: DashboardSet): readonly DashboardFile[] =>
  dashboardsOf(`${folderOf(set)}/shared`);

function dashboardsOf(folder: string): readonly DashboardFile[] {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.json'))
    .map((name) => ({
      file: `${folder}/${name}`,
      dashboard: JSON.parse(readFileSync(join(root, folder, name), 'utf8')) as Dashboard,
    }));
}

/** One entry of a rule's `data`: a query of a data source, or of `__expr__`. */
export interface RuleQuery {
  readonly refId: string;
  readonly datasourceUid: string;
  /** Seconds before the evaluation. */
  readonly relativeTimeRange: { readonly from: number; readonly to: number };
  readonly model: SavedQuery;
}

export interface AlertRule {
  readonly uid: string;
  readonly title: string;
  readonly condition: string;
  readonly data: readonly RuleQuery[];
  readonly noDataState: 'Alerting' | 'NoData' | 'OK' | 'KeepLast';
  readonly execErrState: 'Alerting' | 'Error' | 'OK' | 'KeepLast';
  readonly for: string;
  readonly dashboardUid: string;
  readonly panelId: number;
  readonly annotations: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly notification_settings: { readonly receiver: string };
}

export interface RuleGroup {
  readonly orgId: number;
  readonly name: string;
  readonly folder: string;
  readonly interval: string;
  readonly rules: readonly AlertRule[];
}

/** A file of `provisioning/`, parsed; `$NAME` stands there as it is. */
export function readProvisioning(path: string): unknown {
  return parse(readFileSync(join(root, 'provisioning', path), 'utf8'));
}

export const readRuleGroups = (): readonly RuleGroup[] =>
  (readProvisioning('alerting/rules.yaml') as { groups: RuleGroup[] }).groups;

export function ruleByUid(uid: string): AlertRule {
  const found = readRuleGroups()
    .flatMap(({ rules }) => rules)
    .find((rule) => rule.uid === uid);
  if (found === undefined) throw new Error(`provisioning/alerting/rules.yaml has no rule ${uid}`);
  return found;
}
