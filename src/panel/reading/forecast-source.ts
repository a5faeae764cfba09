import type { DataFrame, Field } from '@grafana/data';
import { t } from '../../locales/translate';
import { frameMeta, type ForecastMeta } from '../../frames/frame-meta';
import type { CardOrigin, CardSource } from './card-source';
import { column, numberAt, numberColumns, rowsByTime, timeAt, timeColumn } from './frame-columns';
import { seriesOrigin, seriesSource, trendOf } from './series-source';

/** The fields of a series with its band (pkg/frames/bands.go): Value, and those of the band. */
const BAND: readonly string[] = ['Expected', 'Lower', 'Upper', 'Score'];

const valueOf = (frame: DataFrame): Field | undefined =>
  numberColumns(frame).find(({ name }) => !BAND.includes(name));

/** Transformations may have taken its time or its values away: then the rest are columns like any other. */
export const isBands = (frame: DataFrame): boolean =>
  frameMeta(frame)?.kind === 'forecast' &&
  column(frame, 'Expected') !== undefined &&
  timeColumn(frame) !== undefined &&
  valueOf(frame) !== undefined;

export const forecastOrigin = (frame: DataFrame): CardOrigin => seriesOrigin(frame, valueOf(frame));

/** A card from a series with its band: the newest closed step beside what was expected of it. */
export function forecastSource(origin: CardOrigin, frames: DataFrame[]): CardSource {
  const source = seriesSource(origin, frames);
  const { frame, meta, row } = source;
  const step = meta?.step_ms ?? null;
  const openFrom = meta?.open_from_ms ?? null;
  const expected = numberAt(column(frame, 'Expected'), row);
  return {
    ...source,
    band: {
      expected,
      lower: numberAt(column(frame, 'Lower'), row),
      upper: numberAt(column(frame, 'Upper'), row),
    },
    // It is old by its steps, which are longer than the windows.
    meta: meta === undefined || step === null ? meta : { ...meta, window_ms: step },
    previous: expected,
    previousName: t('versus.expected', 'expected'),
    trend: trendOf(frame, source.field, openFrom, step, closedRows(frame, openFrom)),
    note: noteOf(frame, row),
  };
}

/** The steps ahead have no value. */
function closedRows(frame: DataFrame, openFrom: number | null): number[] {
  const times = timeColumn(frame);
  return rowsByTime(frame).filter((row) => openFrom === null || (timeAt(times, row) ?? 0) < openFrom);
}

function noteOf(frame: DataFrame, row: number): string | null {
  const forecast = frameMeta(frame)?.forecast;
  if (forecast?.state === 'learning') return learningText(forecast);
  const score = numberAt(column(frame, 'Score'), row);
  if (score === null || Math.abs(score) < 1) return null;
  return score > 0
    ? t('cards.above-band', 'Unusually high for this time (score {{score, number}}).', {
        score: rounded(score),
      })
    : t('cards.below-band', 'Unusually low for this time (score {{score, number}}).', {
        score: rounded(score),
      });
}

/** How much a forecast has to learn from, and how much it needs. */
export const learningText = ({ have_ms: have, needed_ms: needed, message }: ForecastMeta): string =>
  have === undefined || needed === undefined
    ? (message ?? t('alerts.learning', 'The forecast still learns.'))
    : t('forecast.learning', 'Learning: {{have}} of closed steps are there, {{needed}} are needed.', {
        have: hoursText(have),
        needed: hoursText(needed),
      });

const hoursText = (ms: number): string =>
  t('length.hours', '{{length, number}} h', { length: Math.floor(ms / 3_600_000) });

const rounded = (score: number): number => Math.round(score * 10) / 10;
