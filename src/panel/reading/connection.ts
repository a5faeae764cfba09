import type { DataFrame } from '@grafana/data';
import { t } from '../../locales/translate';
import { frameMeta, type ConnectionState, type StreamKpiFrameMeta } from '../../frames/frame-meta';
import type { FreshnessRules } from './freshness';

/**
 * `scheduled`: asked again at fixed times, as it is meant to be (status, shifted queries), unlike `polling`, which stands
 * in for a live connection; `unknown`: the frames do not say (any more); `error`: the last query failed.
 */
export type ShownConnection = ConnectionState | 'scheduled' | 'unknown' | 'error';

export interface ConnectionModel {
  readonly state: ShownConnection;
  /** Why, in a sentence; empty when there is nothing to say. */
  readonly message: string;
  /** Polling interval, ms; null if unknown. */
  readonly everyMs: number | null;
  /** From this clock of the bridge on the numbers count as old although the connection stands; null: never. */
  readonly staleFrom: number | null;
  /** Newest event time that has been read; null when none is known. */
  readonly dataUntil: number | null;
  /** The bridge's clock at its newest answer; null when none is known. */
  readonly asOf: number | null;
}

/** Worst first: a panel is as well connected as its worst query. */
const WORST_FIRST: readonly ConnectionState[] = [
  'disconnected',
  'reconnecting',
  'polling',
  'connected',
  'static',
];

/**
 * The state of all queries of the panel together. Queries that are always asked from time to time (status, shifted
 * ones) count only beside others of their kind, and so do static answers beside live ones.
 */
export function readConnection(
  frames: readonly DataFrame[],
  failure: string | undefined,
  rules: FreshnessRules,
): ConnectionModel {
  const metas = frames.map(frameMeta).filter((meta) => meta !== undefined);
  const freshness = {
    staleFrom: dataStaleFrom(metas, rules),
    dataUntil: newest(metas, watermark),
    asOf: newest(metas, asOf),
    everyMs: pollOf(metas),
  };
  if (failure !== undefined) return { state: 'error', message: failure, ...freshness };
  const counted = countedMetas(metas);
  const worst = WORST_FIRST.find((state) => counted.some((meta) => meta.state === state));
  if (worst === undefined) {
    return {
      state: 'unknown',
      message: frames.length === 0 ? t('connection.no-data', 'No data has arrived yet.') : unknownState(),
      ...freshness,
    };
  }
  const message = counted.find((meta) => meta.state === worst && meta.state_message)?.state_message;
  const isMeant = worst === 'polling' && counted.every((meta) => meta.live?.mode === 'poll');
  const isOver = worst === 'static' && rules.rangeEnd !== null && rules.rangeEnd <= (freshness.asOf ?? 0);
  return {
    state: isMeant ? 'scheduled' : worst,
    message: message ?? (isOver ? rangeIsOver() : ''),
    ...freshness,
  };
}

/** Of frames that a snapshot has kept: however they were kept up to date then, nothing does it now. */
export const ofSnapshot = (connection: ConnectionModel): ConnectionModel => ({
  ...connection,
  state: 'static',
  message: t('connection.snapshot', 'A snapshot: the numbers are those of when it was taken.'),
  staleFrom: null,
});

const rangeIsOver = (): string =>
  t('connection.range-over', 'The time range has ended: no new windows fall into it.');

const unknownState = (): string =>
  t(
    'connection.unknown-source',
    'These frames do not say how they are updated: they are from another data source, or a transformation removed it.',
  );

function countedMetas(metas: readonly StreamKpiFrameMeta[]): readonly StreamKpiFrameMeta[] {
  const moving = metas.filter((meta) => meta.state !== 'static');
  const streamed = moving.filter((meta) => meta.live?.mode !== 'poll');
  return streamed.length > 0 ? streamed : moving.length > 0 ? moving : metas;
}

/** The shortest polling interval of the queries. */
function pollOf(metas: readonly StreamKpiFrameMeta[]): number | null {
  const times = metas.map((meta) => meta.live?.poll_ms).filter((ms) => ms !== undefined);
  return times.length === 0 ? null : Math.min(...times);
}

const watermark = (meta: StreamKpiFrameMeta): number | null => meta.watermark_ms;
const asOf = (meta: StreamKpiFrameMeta): number => meta.as_of_ms;

function newest(
  metas: readonly StreamKpiFrameMeta[],
  of: (meta: StreamKpiFrameMeta) => number | null,
): number | null {
  let found: number | null = null;
  for (const meta of metas) {
    const value = of(meta);
    if (value !== null && (found === null || value > found)) found = value;
  }
  return found;
}

/**
 * When every windowed metric has missed its tolerated windows: the latest of their deadlines. Events may be rare
 * and shifted queries are of the past, so neither counts.
 */
function dataStaleFrom(metas: readonly StreamKpiFrameMeta[], rules: FreshnessRules): number | null {
  if (rules.staleAfter <= 0) return null;
  let latest: number | null = null;
  for (const meta of metas) {
    const counts =
      (meta.kind === 'series' || meta.kind === 'summary' || meta.kind === 'forecast') &&
      (meta.time_shift_ms ?? 0) === 0;
    if (!counts || meta.watermark_ms === null || meta.window_ms === undefined) continue;
    const from = meta.watermark_ms + (meta.grace_ms ?? 0) + (rules.staleAfter + 1) * meta.window_ms;
    if (latest === null || from > latest) latest = from;
  }
  return latest !== null && rules.rangeEnd !== null && rules.rangeEnd <= latest ? null : latest;
}
