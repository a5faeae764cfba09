import { once } from 'lodash';
import { DataFrameType, type DataFrame, type Field } from '@grafana/data';
import { frameMeta, type StreamKpiFrameMeta } from '../../frames/frame-meta';
import type { CardStat } from '../options/panel-options';
import type { Labels, Trend, Updated } from './card-model';
import { column, timeColumn } from './frame-columns';

/** What a card is made from: one row of a summary, one series, or one column or row of another source's frame. */
export interface CardOrigin {
  readonly from: 'summary' | 'series' | 'plain';
  readonly frame: DataFrame;
  /** The column whose options the card follows, and whose cell (or last cell) it shows. */
  readonly field: Field;
  readonly meta: StreamKpiFrameMeta | undefined;
  readonly metric: string | undefined;
  readonly measure: string | undefined;
  readonly labels: Labels;
}

/** A card before its numbers are read: of a thousand series few are shown. */
export interface CardDraft extends CardOrigin {
  /** Reads them once. */
  read(): CardSource;
}

export const draftOf = (origin: CardOrigin, read: (origin: CardOrigin) => CardSource): CardDraft => ({
  ...origin,
  read: once(() => read(origin)),
});

export interface CardSource extends CardOrigin {
  readonly row: number;
  /** Default name of the card, and the suffix after it. */
  readonly title: string;
  readonly subtitle: string;
  /** Numbers of the range; null: there is none. A missing one is unknown. */
  readonly numbers: Readonly<Partial<Record<CardStat, number | null>>>;
  /** The number just before the last one; null: there is none; undefined: not known. */
  readonly previous: number | null | undefined;
  /** What `previous` is, e.g. `previous window`. */
  readonly previousName: string;
  /** Event time of the last number (a window's start). */
  readonly lastTime: number | null;
  readonly updated: Updated | null;
  /** The bridge's own word on it, where it gave one. */
  readonly saysStale: boolean;
  readonly open: boolean;
  readonly trend: Trend | null;
  /** Of a forecast: what was expected of the last number, shown in place of the range's statistics. */
  readonly band?: Readonly<Record<'expected' | 'lower' | 'upper', number | null>>;
  readonly note: string | null;
}

/** What may become the time series of a shifted query is a comparison, not a card of its own. */
export const shiftOf = (source: CardOrigin): number => source.meta?.time_shift_ms ?? 0;

const DEFAULT_MEASURE = 'value';

/**
 * The metric's title, followed by the measure's where it is not the metric's default one. The metadata speaks of one
 * measure: of another one (a transformation has put tables together) and of a metric that the catalogue does not know
 * there is only the name.
 *
 * @param title - of the metric
 */
export function measureTitle(
  title: string,
  measure: string | undefined,
  meta: StreamKpiFrameMeta | undefined,
): string {
  const isDescribed = meta?.title !== undefined && meta.measure === measure;
  const name = isDescribed ? meta.measure_title : measure === DEFAULT_MEASURE ? undefined : measure;
  return name === undefined ? title : `${title}: ${name}`;
}

/** A summary as a table: one row a series. What says so of itself, and what has its columns after a transformation. */
export function isSummaryTable(frame: DataFrame): boolean {
  // With a statistic each series is a number of its own, with its labels on the field.
  if (column(frame, 'last') === undefined || frame.meta?.type === DataFrameType.NumericMulti) return false;
  return frameMeta(frame)?.kind === 'summary' || column(frame, 'last_time', 'updated') !== undefined;
}

/** One series over time. */
export const isStreamSeries = (frame: DataFrame): boolean =>
  frameMeta(frame)?.kind === 'series' && (frame.fields.length === 0 || timeColumn(frame) !== undefined);
