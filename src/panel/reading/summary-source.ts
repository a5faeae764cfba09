import { FieldType, type DataFrame, type Field } from '@grafana/data';
import { t } from '../../locales/translate';
import { frameMeta } from '../../frames/frame-meta';
import { CARD_STATS, type CardStat } from '../options/panel-options';
import {
  column,
  labelsAt,
  labelsText,
  noLabel,
  numberAt,
  stringColumns,
  textAt,
  timeAt,
} from './frame-columns';
import { draftOf, measureTitle, type CardDraft, type CardOrigin, type CardSource } from './card-source';

/** Also the numbers' names: a transformation may have made texts of them. */
const NOT_LABELS: ReadonlySet<string> = new Set([
  ...['metric', 'measure', 'title', 'previous', 'delta'],
  ...CARD_STATS,
]);

/** One a row. A summary without rows is one without a value: the card stays where it is. */
export function summaryDrafts(frame: DataFrame, stat: CardStat): CardDraft[] {
  const meta = frameMeta(frame);
  const rows = Math.max(1, frame.length);
  return Array.from({ length: rows }, (_, row) =>
    draftOf(
      {
        from: 'summary',
        frame,
        field: statColumn(frame, stat),
        meta,
        metric: textAt(column(frame, 'metric'), row) || meta?.metric,
        measure: textAt(column(frame, 'measure'), row) || meta?.measure,
        labels: frame.length === 0 ? {} : labelsAt(frame, row, NOT_LABELS),
      },
      (origin) => rowSource(origin, row),
    ),
  );
}

function rowSource(origin: CardOrigin, row: number): CardSource {
  const { frame, meta, metric, measure, labels } = origin;
  const empty = frame.length === 0;
  // Among rows with labels, one without any is that of the events without a label.
  const hasOthers = frame.length > 1 && stringColumns(frame).some(({ name }) => !NOT_LABELS.has(name));
  const lastTime = timeAt(column(frame, 'last_time'), row);
  const updated = timeAt(column(frame, 'updated'), row);
  return {
    ...origin,
    row,
    title: measureTitle(meta?.title ?? metric ?? frame.name ?? t('cards.summary', 'Summary'), measure, meta),
    subtitle: labelsText(labels) || (hasOthers ? noLabel() : ''),
    numbers: numbersAt(frame, row),
    previous: column(frame, 'previous') === undefined ? undefined : numberAt(column(frame, 'previous'), row),
    previousName: t('versus.window', 'previous window'),
    lastTime,
    updated: updated === null ? null : { at: updated, says: 'Last change' },
    saysStale: !empty && column(frame, 'stale')?.values[row] === true,
    open: !empty && column(frame, 'open')?.values[row] === true,
    trend: null,
    note: null,
  };
}

function numbersAt(frame: DataFrame, row: number): Partial<Record<CardStat, number | null>> {
  const numbers: Partial<Record<CardStat, number | null>> = {};
  for (const stat of CARD_STATS) {
    const field = column(frame, stat);
    if (field !== undefined) numbers[stat] = numberAt(field, row);
  }
  return numbers;
}

/** The column of a stat; a summary that lost it shows the last value's options, and no value. */
function statColumn(frame: DataFrame, stat: CardStat): Field {
  const found = column(frame, stat) ?? column(frame, 'last');
  return found ?? { name: 'last', type: FieldType.number, config: {}, values: [] };
}
