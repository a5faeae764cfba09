import type { AnnotationQuery, DataQuery, DataSourceRef, FieldConfigSource } from '@grafana/data';

/** The parts of a dashboard's JSON (schema version 36 and later) that the host page reads. */
export interface DashboardJson {
  readonly uid: string;
  readonly title: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly timezone?: string;
  readonly refresh?: string | false;
  readonly time?: { readonly from: string; readonly to: string };
  readonly timepicker?: { readonly refresh_intervals?: string[]; readonly hidden?: boolean };
  readonly panels?: readonly PanelJson[];
  readonly templating?: { readonly list?: readonly VariableJson[] };
  readonly annotations?: { readonly list?: readonly AnnotationQuery[] };
  readonly links?: readonly DashboardLink[];
}

export interface DashboardLink {
  readonly title: string;
  readonly type: 'link' | 'dashboards';
  readonly url?: string;
  readonly tags?: readonly string[];
  readonly tooltip?: string;
  readonly keepTime?: boolean;
  readonly includeVars?: boolean;
}

export interface PanelJson {
  readonly id: number;
  readonly type: string;
  readonly title?: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: DataSourceRef | null;
  readonly targets?: readonly (DataQuery & { readonly datasource?: DataSourceRef | null })[];
  readonly options?: Record<string, unknown>;
  readonly fieldConfig?: FieldConfigSource;
  readonly transformations?: readonly { readonly id: string; readonly options: Record<string, unknown> }[];
  readonly collapsed?: boolean;
  readonly panels?: readonly PanelJson[];
  readonly links?: readonly {
    readonly title: string;
    readonly url: string;
  }[];
}

export interface VariableJson {
  readonly type: string;
  readonly name: string;
  readonly label?: string | null;
  readonly description?: string | null;
  readonly hide?: 0 | 1 | 2;
  readonly skipUrlSync?: boolean;
  readonly query?: unknown;
  readonly datasource?: DataSourceRef | null;
  readonly regex?: string;
  readonly refresh?: number;
  readonly sort?: number;
  readonly multi?: boolean;
  readonly includeAll?: boolean;
  readonly allowCustomValue?: boolean;
  readonly current?: { readonly value?: string | string[]; readonly text?: string | string[] };
  readonly filters?: readonly { readonly key: string; readonly operator: string; readonly value: string }[];
}
