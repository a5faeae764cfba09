/** Definition of a metric: window, dimensions (labels) and measures (numbers). Pure data. */

/** Rule that combines the members of one point across series. `none`: the measure cannot be combined. */
export type Combine = 'sum' | 'min' | 'max' | 'avg' | 'distinct' | 'none';

/** Rule that combines the windows of one step. */
export type OverTime = 'avg' | 'sum' | 'min' | 'max' | 'last';

/** A colour threshold as in Grafana: ascending, the first one without a lower bound. */
export interface Threshold {
  readonly value: number | null;
  readonly color: string;
}

export interface Measure {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** A Grafana unit id, e.g. `short`, `currencyUSD`, `ms`. Empty: none. */
  readonly unit: string;
  readonly combine: Combine;
  /** For `avg`: the measures that hold the sum and the count behind it; both or neither. */
  readonly sumFrom: string | null;
  readonly countFrom: string | null;
  /** The rule when a query names none. */
  readonly overTime: OverTime;
  /** An absent optional field is not an error: the point lacks this measure. */
  readonly optional: boolean;
  readonly thresholds: readonly Threshold[];
}

export interface Dimension {
  readonly name: string;
  readonly title: string;
  readonly description: string;
}

export type WindowType = 'tumbling' | 'hopping' | 'session';

export type CalendarUnit = 'day' | 'week' | 'month';

/** Local days, weeks (from Monday) or months of a zone of the tz database. */
export interface Calendar {
  readonly unit: CalendarUnit;
  readonly timeZone: string;
}

/**
 * Times in integer milliseconds. Tumbling: advanceMs = sizeMs. Session: both 0, gapMs > 0. Where windows lie is in
 * `windows.ts`.
 */
export interface Window {
  readonly type: WindowType;
  /** Calendar windows: their usual length (a day, a week, 31 days). Cumulating ones: their step. */
  readonly sizeMs: number;
  readonly advanceMs: number;
  readonly gapMs: number;
  readonly graceMs: number;
  /** How long after a multiple of advanceMs windows begin; less than it. Absent: 0. */
  readonly offsetMs?: number;
  /** Tumbling windows whose length is the calendar's. */
  readonly calendar?: Calendar;
  /** Windows of the size that begin at any time: sliding ones (type hopping), and tumbling ones of unknown offset. */
  readonly anyStart?: boolean;
  /**
   * Cumulating windows grow by a step, up to this size. A point is one step of such a window, with what it has come to
   * by the end of the step.
   */
  readonly cumulating?: { readonly sizeMs: number; readonly offsetMs: number };
}

/** Severity and message of an event metric's points. `{dimension}` and `{value}` are filled in. */
export interface EventText {
  readonly severity: 'info' | 'warning' | 'critical';
  readonly message: string;
}

/** Steps that are kept after their windows have left the retention. */
export interface HistoryTier {
  /** A step of the metric's ladder, longer than one window. */
  readonly stepMs: number;
  /** A step expires at its end + keepMs; longer than the retention. */
  readonly keepMs: number;
}

export interface Metric {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly kind: 'window' | 'event';
  readonly topic: string;
  readonly window: Window;
  readonly dimensions: readonly Dimension[];
  /** At least one; the first is the default measure and is named `value`. At most 14. */
  readonly measures: readonly Measure[];
  readonly event: EventText | null;
  /** A point expires at its window's end + retentionMs. */
  readonly retentionMs: number;
  /** Ascending in both; each step is a multiple of the one before. Absent: windows are all there is. */
  readonly history?: readonly HistoryTier[];
  /** How long a reader must be at a partition's end before the partition counts as idle. */
  readonly idleMs: number;
  /** The topic holds only final results: every point is final at once. */
  readonly finalOnly: boolean;
  /** More series than this are refused, counted and reported. */
  readonly maxSeries: number;
}

export const MAX_MEASURES = 14;

/** Index of a measure, -1 when the metric has none of that name. */
export function measureIndex(metric: Metric, name: string): number {
  return metric.measures.findIndex((measure) => measure.name === name);
}
