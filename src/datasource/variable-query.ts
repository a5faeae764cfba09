import type { DataQuery } from '@grafana/schema';
import type { QueryFilter } from './query';

export const VARIABLE_LISTS = ['metrics', 'dimensions', 'values'] as const;
export type VariableList = (typeof VARIABLE_LISTS)[number];

/** What a dashboard variable of this data source lists, as Grafana saves it. */
export interface StreamKpiVariableQuery extends DataQuery {
  /** Names of metrics, names of dimensions, or values of one dimension. */
  readonly list: VariableList;
  /** For `dimensions` (absent: those of every metric) and `values`. */
  readonly metric?: string;
  /** For `values`. */
  readonly dimension?: string;
  /** For `values`: only values that some series passing these filters has in the dashboard's range. */
  readonly filters?: readonly QueryFilter[];
  /** For `values`: only those with points in the dashboard's range; default false. */
  readonly inRange?: boolean;
}
