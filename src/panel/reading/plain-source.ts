import { getFieldDisplayName, TIME_SERIES_TIME_FIELD_NAME, type DataFrame, type Field } from '@grafana/data';
import { t } from '../../locales/translate';
import { frameMeta } from '../../frames/frame-meta';
import type { TableCards } from '../options/panel-options';
import type { Labels } from './card-model';
import { draftOf, type CardDraft, type CardOrigin, type CardSource } from './card-source';
import {
  labelsAt,
  labelsKey,
  labelsText,
  numberAt,
  numberColumns,
  rowsByTime,
  stringColumns,
  timeAt,
  timeColumn,
} from './frame-columns';
import { rangeNumbers } from './range-numbers';
import { measureOf, seriesName, trendOf } from './series-source';

/**
 * Cards from any frame: one a numeric column, reduced over its rows; or one a row, for tables that list things
 * rather than times. Where several series are below each other, one for each of them.
 */
export function plainDrafts(frame: DataFrame, frames: DataFrame[], tables: TableCards): CardDraft[] {
  // A time that was reduced has become a number.
  const numbers = numberColumns(frame).filter(({ name }) => name !== TIME_SERIES_TIME_FIELD_NAME);
  const asRows = tables === 'rows' ? frame.length > 0 : tables === 'auto' && isList(frame);
  if (!asRows) {
    const series = tables === 'auto' ? seriesIn(frame) : [{ rows: rowsByTime(frame) }];
    return series.flatMap((one) =>
      numbers.map((field) =>
        draftOf({ ...originOf(frame, field), labels: one.labels ?? field.labels ?? {} }, (origin) =>
          reducedSource(origin, frames, one),
        ),
      ),
    );
  }
  return Array.from({ length: frame.length }, (_, row) =>
    numbers.map((field) => rowDraft(frame, field, row, frames, numbers.length > 1)),
  ).flat();
}

/** The times of a summary's rows are no axis. */
const isList = (frame: DataFrame): boolean =>
  stringColumns(frame).length > 0 &&
  frame.length > 0 &&
  (timeColumn(frame) === undefined || frameMeta(frame)?.kind === 'summary');

interface RowsOfSeries {
  /** Oldest first. */
  readonly rows: readonly number[];
  /** Absent: those of the fields. */
  readonly labels?: Labels;
  /** Its rows are of several series which nothing distinguishes. */
  readonly isMixed?: boolean;
}

/** The series of a frame: a time that comes twice is that of two of them, which the text columns distinguish. */
function seriesIn(frame: DataFrame): RowsOfSeries[] {
  const rows = rowsByTime(frame);
  const times = timeColumn(frame);
  if (times === undefined || new Set(rows.map((row) => timeAt(times, row))).size === rows.length)
    return [{ rows }];
  if (stringColumns(frame).length === 0) return [{ rows, isMixed: true }];
  const series = new Map<string, { rows: number[]; labels: Labels }>();
  for (const row of rows) {
    const labels = labelsAt(frame, row, NO_NAMES);
    const key = labelsKey(labels);
    const known = series.get(key);
    if (known === undefined) series.set(key, { rows: [row], labels });
    else known.rows.push(row);
  }
  return [...series.values()];
}

function originOf(frame: DataFrame, field: Field): Omit<CardOrigin, 'labels'> {
  const meta = frameMeta(frame);
  return { from: 'plain', frame, field, meta, ...measureOf(frame, field, meta) };
}

const common = ({ meta }: CardOrigin) => ({
  saysStale: false,
  // A statistic of this data source's summary; what other frames hold does not say.
  open: meta?.kind === 'summary' && meta.open_from_ms !== null,
  note: null,
});

/** The last number of a column, and the range's; a column without numbers has none. */
function reducedSource(
  origin: CardOrigin,
  frames: DataFrame[],
  { rows: all, labels, isMixed = false }: RowsOfSeries,
): CardSource {
  const { frame, field } = origin;
  const rows = all.filter((row) => numberAt(field, row) !== null);
  const row = rows.at(-1) ?? -1;
  const before = rows.at(-2);
  const lastTime = row < 0 ? null : timeAt(timeColumn(frame), row);
  const numbers = rangeNumbers(rows.map((at) => numberAt(field, at) ?? 0));
  return {
    ...origin,
    ...common(origin),
    row,
    ...nameOf(frame, field, frames, labels),
    // One number has no range: its least, greatest and average would only repeat it.
    numbers: all.length > 1 ? numbers : { last: numbers.last, sum: numbers.sum, count: numbers.count },
    previous: before === undefined || isMixed ? undefined : numberAt(field, before),
    previousName: t('versus.point', 'previous point'),
    lastTime,
    updated: lastTime === null ? null : { at: lastTime, says: 'Point' },
    trend: isMixed ? null : trendOf(frame, field, null, null, all),
    ...(isMixed ? { note: mixedNote() } : {}),
  };
}

const mixedNote = (): string =>
  t(
    'cards.mixed',
    'Several series share this column: this is the last of all their numbers. Use the transformation "Labels to fields" before "Merge", or "Join by field" in its place.',
  );

/** Of one series among several in a frame: its labels, and which column it is. */
function nameOf(
  frame: DataFrame,
  field: Field,
  frames: DataFrame[],
  labels: Labels | undefined,
): Pick<CardSource, 'title' | 'subtitle'> {
  const name = seriesName(frame, field, frames, frameMeta(frame));
  const text = labels === undefined ? '' : labelsText(labels);
  return text === '' ? name : { title: name.title, subtitle: text };
}

const NO_NAMES: ReadonlySet<string> = new Set();

function rowDraft(
  frame: DataFrame,
  field: Field,
  row: number,
  frames: DataFrame[],
  several: boolean,
): CardDraft {
  const labels = labelsAt(frame, row, NO_NAMES);
  const own = several ? { ...labels, [COLUMN_LABEL]: field.name } : labels;
  return draftOf({ ...originOf(frame, field), labels: own }, (origin) =>
    rowSource(origin, row, labels, frames, several),
  );
}

function rowSource(
  origin: CardOrigin,
  row: number,
  labels: Labels,
  frames: DataFrame[],
  several: boolean,
): CardSource {
  const { frame, field } = origin;
  const name = getFieldDisplayName(field, frame, frames);
  const time = timeAt(timeColumn(frame), row);
  const rowName = Object.values(labels).join(' · ');
  const value = numberAt(field, row);
  return {
    ...origin,
    ...common(origin),
    row,
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
