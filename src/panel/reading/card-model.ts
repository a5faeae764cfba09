import type { LinkModel } from '@grafana/data';

/** Label name to value. A missing label and an empty one are the same. */
export type Labels = Readonly<Record<string, string>>;

/** A value formatted by the field's options. */
export interface ShownValue {
  /** Null where there is no number; 0 is a number. */
  readonly numeric: number | null;
  readonly prefix: string;
  readonly text: string;
  readonly suffix: string;
  /** By thresholds, mappings or the colour scheme, as a CSS colour. */
  readonly color: string | undefined;
  /** There is nothing to show: the text only says so. */
  readonly missing: boolean;
}

export interface Delta {
  /** Signed text of the difference, with the value's unit. */
  readonly absolute: string;
  /** Signed text; null where there is no percentage (the comparison is 0). */
  readonly percent: string | null;
  readonly direction: 'up' | 'down' | 'same';
  /** Whether one direction is better than the other. */
  readonly judged: boolean;
  /** Null where neither direction is better, or nothing changed. */
  readonly good: boolean | null;
  /** Name of the compared value, e.g. `previous window`. */
  readonly versus: string;
  /** The value it is compared with. */
  readonly base: ShownValue;
}

/** `Last change`: when the number last changed; `Window ended`, `Point`: event time of the number. */
export interface Updated {
  readonly at: number;
  readonly says: 'Last change' | 'Window ended' | 'Data until' | 'Point';
}

export interface Target {
  readonly text: string;
  /** Share of the target that is reached, at least 0; may pass 1. */
  readonly share: number;
  readonly reached: boolean;
  /** Whether the value should stay below the target. */
  readonly atMost: boolean;
}

/** Points of a sparkline, oldest first; null values and missing windows are gaps. */
export interface Trend {
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
  /** Points further apart than this have a gap between them; null: never. */
  readonly gapMs: number | null;
  /** Points from here on may still change; null when all are final. */
  readonly openFrom: number | null;
  /** Ends of the scale, where the field's options set them; null: as the numbers are. */
  readonly low: number | null;
  readonly high: number | null;
}

export interface Stat {
  readonly name: 'min' | 'max' | 'avg' | 'expected' | 'lower' | 'upper';
  readonly value: ShownValue;
}

export interface CardModel {
  /** The same over updates. */
  readonly key: string;
  readonly title: string;
  /** Suffix that distinguishes this card from others of the same title; may be empty. */
  readonly subtitle: string;
  /** Length of the title's prefix shared with another card; 0: too short to matter. */
  readonly shared: number;
  readonly value: ShownValue;
  /** Null: nothing to compare with (yet). */
  readonly delta: Delta | null;
  /** Empty: hidden or unknown. */
  readonly stats: readonly Stat[];
  readonly updated: Updated | null;
  /** The bridge's clock from which on the value is old; null: never. */
  readonly staleFrom: number | null;
  /** The value is of a window that may still change. */
  readonly open: boolean;
  readonly target: Target | null;
  readonly trend: Trend | null;
  readonly links: readonly LinkModel[];
  /** What a reader of the number should know; null mostly. */
  readonly note: string | null;
}
