import { rangeUtil, type DataFrame, type DataQueryResponse } from '@grafana/data';
import { frameMeta, withFrameMeta, type StreamKpiFrameMeta } from '../frames/frame-meta';
import { t } from '../locales/translate';
import { QUERY_SCHEMA, type StreamKpiQuery } from './query';
import { readQuery } from './saved-query';

const publicIsNotLive = (): string =>
  t('live.public', 'Public dashboards have no live updates; refresh the dashboard for new data.');

/**
 * An answer of a public dashboard. Grafana's server runs the saved queries there and takes `meta.custom` out of every
 * frame: what the query itself says of its frames is put back, so that panels read them as everywhere else.
 *
 * @param nowMs replaces the bridge's clock, which is lost
 */
export function publicAnswer(
  targets: readonly StreamKpiQuery[],
  response: DataQueryResponse,
  nowMs: number,
): DataQueryResponse {
  const state = { state: 'static', state_message: publicIsNotLive() } as const;
  const described = (frame: DataFrame): DataFrame => {
    if (frameMeta(frame) !== undefined) return withFrameMeta(frame, state);
    const target = targets.find(({ refId }) => refId === frame.refId);
    if (target === undefined) return frame;
    const streamkpi = { ...metaOf(target, nowMs), ...state };
    return { ...frame, meta: { ...frame.meta, custom: { ...frame.meta?.custom, streamkpi } } };
  };
  return { ...response, data: (response.data as DataFrame[]).map(described) };
}

function metaOf(target: StreamKpiQuery, nowMs: number): Omit<StreamKpiFrameMeta, 'state'> {
  const { kind = QUERY_SCHEMA.kind.default, metric, measure, timeShift } = readQuery(target);
  const shiftMs = shiftOf(timeShift);
  return {
    version: 1,
    kind,
    watermark_ms: null,
    open_from_ms: null,
    as_of_ms: nowMs,
    ...(metric === undefined ? {} : { metric, title: inWords(metric) }),
    ...(measure === undefined ? {} : { measure, measure_title: inWords(measure) }),
    ...(shiftMs === 0 ? {} : { time_shift_ms: shiftMs }),
  };
}

/** `events_per_minute` as `Events per minute`: the title of the metrics file is lost. */
const inWords = (name: string): string => {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
};

function shiftOf(timeShift: string | undefined): number {
  if (timeShift === undefined || timeShift === '') return 0;
  try {
    return rangeUtil.intervalToMs(timeShift);
  } catch {
    // The server has refused the query already, with a sentence.
    return 0;
  }
}
