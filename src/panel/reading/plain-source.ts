import { getFieldDisplayName, type DataFrame, type Field } from '@grafana/data';
import { t } from '../../locales/translate';
import { frameMeta } from '../../frames/frame-meta';
import type { TableCards } from '../options/panel-options';
import type { CardSource } from './card-source';
import { labelsAt, numberAt, numberColumns, stringColumns, timeAt, timeColumn } from './frame-columns';
import { rangeNumbers } from './range-numbers';
import { seriesName, trendOf } from './series-source';

/**
 * Cards from any frame: one a numeric column, reduced over its rows; or one a row, for tables that list things
 * rather than times.
 */
export function plainSources(frame: DataFrame, frames: DataFrame[], tables: TableCards): CardSource[] {
  const numbers = numberColumns(frame);
  const isList = timeColumn(frame) === undefined && stringColumns(frame).length > 0 && frame.length > 0;
  const asRows = tables === 'rows' ? frame.length > 0 : tables === 'auto' && isList;
  if (!asRows) return numbers.map((field) => reducedSource(frame, field, frames));
  return Array.from({ length: frame.length }, (_, row) =>
    numbers.map((field) => rowSource(frame, field, row, frames, numbers.length > 1)),
  ).flat();
}

const common = (frame: DataFrame, field: Field) => {
  const meta = frameMeta(frame);
  return {
    from: 'plain' as const,
    frame,
    field,
    meta,
    metric: meta?.metric,
    measure: meta?.measure,
    saysStale: false,
    // A statistic of this data source's summary; what other frames hold does not say.
    open: meta?.kind === 'summary' && meta.open_from_ms !== null,
    note: null,
  };
};

/** The last number of a column, and the range's; a column without numbers has none. */
function reducedSource(frame: DataFrame, field: Field, frames: DataFrame[]): CardSource {
  const rows = Array.from({ length: frame.length }, (_, row) => row).filter(
    (row) => numberAt(field, row) !== null,
  );
  const row = rows.at(-1) ?? -1;
  const before = rows.at(-2);
  const lastTime = row < 0 ? null : timeAt(timeColumn(frame), row);
  const numbers = rangeNumbers(rows.map((at) => numberAt(field, at) ?? 0));
  return {
    ...common(frame, field),
    row,
    labels: field.labels ?? {},
    ...seriesName(frame, field, frames, frameMeta(frame)),
    // One number has no range: its least, greatest and average would only repeat it.
    numbers: frame.length > 1 ? numbers : { last: numbers.last, sum: numbers.sum, count: numbers.count },
    previous: before === undefined ? undefined : numberAt(field, before),
    previousName: t('versus.point', 'previous point'),
    lastTime,
    updated: lastTime === null ? null : { at: lastTime, says: 'Point' },
    trend: trendOf(frame, field, null, null),
  };
}

const NO_NAMES: ReadonlySet<string> = new Set();

function rowSource(
  frame: DataFrame,
  field: Field,
  row: number,
  frames: DataFrame[],
  several: boolean,
): CardSource {
  const labels = labelsAt(frame, row, NO_NAMES);
  const name = getFieldDisplayName(field, frame, frames);
  const time = timeAt(timeColumn(frame), row);
  const rowName = Object.values(labels).join(' · ');
  const value = numberAt(field, row);
  return {
    ...common(frame, field),
    row,
    labels: several ? { ...labels, [COLUMN_LABEL]: name } : labels,
    title: rowName === '' ? name : rowName,
    subtitle: several && rowName !== '' ? name : '',
    numbers: { last: value, sum: value, count: value === null ? 0 : 1 },
    previous: undefined,
    previousName: t('versus.row', 'previous row'),
    lastTime: time,
    updated: time === null ? null : { at: time, says: 'Point' },
    trend: null,
  };
}

/** Distinguishes the cards of several columns of one row. */
const COLUMN_LABEL = '\u0000column';
