import type { Metric, OverTime } from './metric';
import type { Filter, ResultSeries, Warning } from './selection';
import type { Labels } from './series';

/** A validated selection; opaque outside the engine but for these fields. */
export interface Plan {
  readonly metric: Metric;
  /** Index into metric.measures. */
  readonly measure: number;
  readonly stepMs: number;
  readonly overTime: OverTime;
  readonly includeOpen: boolean;
  /** null: every series separately. */
  readonly groupBy: readonly string[] | null;
  /** Filters of the client and of its token. */
  readonly filters: readonly Filter[];
  readonly warnings: readonly Warning[];
  /** Canonical key: selections with equal keys have equal answers. Includes tenant filters. */
  readonly key: string;
  /** Whether the series with these dimension values is selected. */
  readonly selects: (values: readonly string[]) => boolean;
  /** Labels of the group that a selected series belongs to. */
  readonly groupOf: (values: readonly string[]) => Labels;
  /** The aligned start of the step that contains a window start; the start itself when windows are not stepped. */
  readonly stepOf: (startMs: number) => number;
  /** Whether a series passes the filters by value; absent: always. */
  readonly byValue?: (values: readonly string[]) => boolean;
  /** Size of the patterns among the filters, as the cost of `selects` for each character of a label; absent: none. */
  readonly patternSize?: number;
}

export interface QueryAnswer {
  readonly metric: string;
  readonly measure: string;
  readonly unit: string;
  readonly stepMs: number;
  readonly watermarkMs: number | null;
  readonly serverTimeMs: number;
  readonly storeEpoch: string;
  readonly series: readonly ResultSeries[];
  readonly warnings: readonly Warning[];
}

/** The closed steps of a plan, as /query answers them. */
export interface ClosedAnswer extends QueryAnswer {
  /** Steps that begin before this have closed, those without a value too; null: none has. */
  readonly closedBeforeMs: number | null;
  /** The first step in the store, or the start of the range when that is later. */
  readonly keptFromMs: number;
}

export interface SummarySeries {
  readonly labels: Labels;
  readonly last: number | null;
  readonly lastTimeMs: number;
  readonly previous: number | null;
  readonly delta: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly avg: number | null;
  readonly sum: number | null;
  readonly count: number;
  readonly updatedMs: number;
  /** The newest window may still change; only with `includeOpen`. */
  readonly open: boolean;
  readonly stale: boolean;
}

export interface SummaryAnswer extends Omit<QueryAnswer, 'series'> {
  readonly series: readonly SummarySeries[];
}

export interface EventEntry {
  readonly id: string;
  readonly timeMs: number;
  readonly endMs: number;
  readonly firstSeenMs: number;
  readonly updatedMs: number;
  readonly severity: string;
  readonly message: string;
  readonly labels: Labels;
  readonly value: number | null;
  readonly revision: number;
  readonly state: 'open' | 'resolved';
}

export interface EventsAnswer {
  readonly metric: string;
  readonly watermarkMs: number | null;
  readonly serverTimeMs: number;
  readonly storeEpoch: string;
  readonly events: readonly EventEntry[];
  readonly warnings: readonly Warning[];
}

/** The catalogue, metrics by name. */
export interface CatalogueAnswer {
  readonly serverTimeMs: number;
  readonly storeEpoch: string;
  readonly metrics: readonly { readonly metric: Metric; readonly stepsMs: readonly number[] }[];
}

export interface DimensionValuesAnswer {
  readonly metric: string;
  readonly dimension: string;
  /** In order of code units. */
  readonly values: readonly string[];
  /** True when there are more values than requested. */
  readonly truncated: boolean;
  readonly serverTimeMs: number;
  readonly storeEpoch: string;
}
