import { FieldType, getFieldDisplayName, type DataFrame, type Field } from '@grafana/data';
import { t } from '../../locales/translate';
import { frameMeta, type StreamKpiFrameMeta } from '../../frames/frame-meta';
import type { Labels, Trend, Updated } from './card-model';
import {
  column,
  labelsAt,
  labelsText,
  NO_LABEL,
  noLabel,
  numberAt,
  numberColumns,
  rowsByTime,
  stringColumns,
  timeAt,
  timeColumn,
} from './frame-columns';
import { rangeNumbers } from './range-numbers';
import { spanText } from './freshness';
import { CARD_STATS } from '../options/panel-options';
import { measureTitle, type CardOrigin, type CardSource } from './card-source';

const VALUE = 'Value';
const NO_VALUES: Field = { name: VALUE, type: FieldType.number, config: {}, values: [] };

/** The columns with numbers of a series: its own, and those that a transformation has calculated; never none. */
export function valuesOf(frame: DataFrame): [Field, ...Field[]] {
  const [first, ...others] = numberColumns(frame);
  // A transformation may have made texts of the numbers.
  return [first ?? column(frame, VALUE) ?? NO_VALUES, ...others];
}

/** @param field - one of `valuesOf` */
export function seriesOrigin(frame: DataFrame, field: Field = valuesOf(frame)[0]): CardOrigin {
  const meta = frameMeta(frame);
  return {
    from: 'series',
    frame,
    field,
    meta,
    ...measureOf(frame, field, meta),
    labels: labelsOf(frame, field),
  };
}

/**
 * A card from a series of this data source: the numbers of its closed windows. A series without a closed window
 * shows its open one, and one without any point shows no value.
 */
export function seriesSource(origin: CardOrigin, frames: DataFrame[]): CardSource {
  const { frame, field, meta } = origin;
  const points = pointsOf(frame, field);
  const openFrom = meta?.open_from_ms ?? null;
  const isClosed = (point: Point): boolean => openFrom === null || point.time < openFrom;
  const closed = points.filter(isClosed);
  const shown = closed.length > 0 ? closed : points;
  const last = shown.at(-1);
  const step = stepOf(meta);
  return {
    ...origin,
    row: last?.row ?? -1,
    ...seriesName(frame, field, frames, meta),
    numbers: rangeNumbers(shown.map(({ value }) => value)),
    previous: last === undefined ? null : valueBefore(shown, last, step),
    previousName:
      step !== null && step === meta?.window_ms
        ? t('versus.window', 'previous window')
        : t('versus.point', 'previous point'),
    lastTime: last?.time ?? null,
    updated: updatedOf(last, closed.length > 0, step, meta),
    saysStale: false,
    open: last !== undefined && !isClosed(last),
    trend: trendOf(frame, field, openFrom, step),
    note: coarseNote(meta),
  };
}

interface Point {
  readonly row: number;
  readonly time: number;
  readonly value: number;
}

function pointsOf(frame: DataFrame, field: Field): Point[] {
  const times = timeColumn(frame);
  const points: Point[] = [];
  for (const row of rowsByTime(frame)) {
    const time = timeAt(times, row);
    const value = numberAt(field, row);
    if (time !== null && value !== null) points.push({ row, time, value });
  }
  return points;
}

const stepOf = (meta: StreamKpiFrameMeta | undefined): number | null =>
  meta?.step_ms ?? meta?.window_ms ?? null;

/** The value exactly one step before; without a known step, the one before in the frame. */
function valueBefore(points: readonly Point[], last: Point, step: number | null): number | null {
  const before = points.at(-2);
  if (before === undefined) return null;
  return step === null || before.time === last.time - step ? before.value : null;
}

function updatedOf(
  last: Point | undefined,
  closed: boolean,
  step: number | null,
  meta: StreamKpiFrameMeta | undefined,
): Updated | null {
  if (last === undefined) return null;
  if (closed && step !== null) return { at: last.time + step, says: 'Window ended' };
  const watermark = meta?.watermark_ms ?? null;
  if (watermark !== null && watermark >= last.time) return { at: watermark, says: 'Data until' };
  return { at: last.time, says: 'Point' };
}

/**
 * The points of a frame as a sparkline; null with fewer than two.
 *
 * @param rows - of the frame, oldest first
 */
export function trendOf(
  frame: DataFrame,
  field: Field,
  openFrom: number | null,
  gapStep: number | null,
  rows: readonly number[] = rowsByTime(frame),
): Trend | null {
  const time = timeColumn(frame);
  if (time === undefined || rows.length < 2) return null;
  const times: number[] = [];
  const values: (number | null)[] = [];
  for (const row of rows) {
    const at = timeAt(time, row);
    if (at === null) return null;
    times.push(at);
    values.push(numberAt(field, row));
  }
  const { min, max } = field.config;
  return {
    times,
    values,
    gapMs: gapStep === null ? null : gapStep * 1.5,
    openFrom,
    low: min ?? null,
    high: max ?? null,
  };
}

/** A series with coarser points than its windows does not hold the windows' last, min and max. */
function coarseNote(meta: StreamKpiFrameMeta | undefined): string | null {
  const { step_ms: step, window_ms: window } = meta ?? {};
  if (step === undefined || window === undefined || step <= window) return null;
  return t(
    'cards.coarse',
    'These statistics are over points that each cover {{span}}. Add a KPI summary query to this panel for statistics over windows.',
    { span: spanText(step) },
  );
}

const NAMELESS = /^value$/i;
/** What the data source adds to the name of a shifted series (pkg/frames/names.go). */
const EARLIER = /, \S+ earlier$/;

/** Of a field that Grafana has calculated: its config, with the display name, may be that of what it is made of. */
const CALCULATED = /[^\w]/;

/** Whether the data source made this field, and no transformation: the metadata speaks of it. */
const isOwn = (frame: DataFrame, { name, config }: Field): boolean =>
  NAMELESS.test(name) ||
  (config.displayNameFromDS !== undefined && !CALCULATED.test(name)) ||
  (CARD_STATS.some((stat) => stat === name) && numberColumns(frame).length === 1);

/** What the metadata says of a field; nothing of one that is calculated. */
export const measureOf = (
  frame: DataFrame,
  field: Field,
  meta: StreamKpiFrameMeta | undefined,
): Pick<CardOrigin, 'metric' | 'measure'> =>
  meta !== undefined && isOwn(frame, field)
    ? { metric: meta.metric, measure: meta.measure }
    : { metric: undefined, measure: undefined };

/** A field's labels, also where a transformation has made columns of them. */
function labelsOf(frame: DataFrame, field: Field): Labels {
  if (Object.keys(field.labels ?? {}).length > 0) return field.labels ?? {};
  return labelsAt(frame, 0, new Set([field.name]));
}

/** The metric's title and the labels; an alias, a display name or the name of a calculated field alone. */
export function seriesName(
  frame: DataFrame,
  field: Field,
  frames: DataFrame[],
  meta: StreamKpiFrameMeta | undefined,
): { title: string; subtitle: string } {
  const labels = labelsOf(frame, field);
  const isLabelled = Object.keys(field.labels ?? {}).length > 0 || stringColumns(frame).length > 0;
  const { metric, measure } = measureOf(frame, field, meta);
  const metricTitle = metric === undefined ? undefined : (meta?.title ?? metric);
  if (meta !== undefined && CALCULATED.test(field.name))
    return { title: field.config.displayName ?? field.name, subtitle: labelsText(labels) };
  if (metricTitle === undefined) return { title: getFieldDisplayName(field, frame, frames), subtitle: '' };
  const given = field.config.displayName ?? field.config.displayNameFromDS;
  const earlier = meta?.time_shift_ms === undefined ? '' : (EARLIER.exec(given ?? '')?.[0] ?? '');
  const own = given?.slice(0, given.length - earlier.length);
  if (own === undefined || NAMELESS.test(own) || own === metric || isMadeOf(own, labels)) {
    const title = measureTitle(metricTitle, measure, meta);
    return { title, subtitle: `${labelsText(labels) || (isLabelled ? noLabel() : '')}${earlier}` };
  }
  return { title: getFieldDisplayName(field, frame, frames), subtitle: '' };
}

/** Whether a name is the one the data source makes of the labels: a value, or `name=value, ...`. */
function isMadeOf(name: string, labels: Labels): boolean {
  const entries = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  const shown = (value: string): string => (value === '' ? NO_LABEL : value);
  const [only] = entries;
  if (only !== undefined && entries.length === 1) return name === shown(only[1]);
  return (
    entries.length > 0 && name === entries.map(([label, value]) => `${label}=${shown(value)}`).join(', ')
  );
}
