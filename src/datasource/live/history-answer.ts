import { LoadingState, type DataFrame, type DataQueryError, type DataQueryResponse } from '@grafana/data';
import { frameMeta, type StreamKpiFrameMeta } from '../../frames/frame-meta';
import { t } from '../../locales/translate';
import { seriesKey, type Labels } from './series-labels';
import type { SeriesUpdate, StreamEvent } from './stream-message';

/** What the backend has answered to one of the queries of a request. */
export interface TargetAnswer {
  readonly frames: readonly DataFrame[];
  /** Of the first frame; undefined where the answer is an error. */
  readonly meta: StreamKpiFrameMeta | undefined;
  readonly error: DataQueryError | undefined;
}

/**
 * The part of a response that belongs to one query. An error that names no query belongs to all. The backend answers
 * every query with a frame or an error: without either the request was lost on its way, as Grafana reports a browser
 * that is offline.
 */
export function answerTo(refId: string, response: DataQueryResponse): TargetAnswer {
  const frames = (response.data as DataFrame[]).filter((frame) => frame.refId === refId);
  const errors = [...(response.errors ?? []), ...(response.error === undefined ? [] : [response.error])];
  const own = errors.find((error) => error.refId === refId);
  const general = frames.length === 0 ? errors.find((error) => error.refId === undefined) : undefined;
  const [first] = frames;
  const lost = first === undefined ? { refId, message: noAnswer() } : undefined;
  return { frames, meta: first === undefined ? undefined : frameMeta(first), error: own ?? general ?? lost };
}

const noAnswer = (): string =>
  t('live.no-answer', 'Grafana did not answer. Check the connection to Grafana.');

/** The response with an error for each query that has got no answer, and in the form that one with errors has. */
export function withLostAnswers(refIds: readonly string[], response: DataQueryResponse): DataQueryResponse {
  const errors = refIds.flatMap((refId) => answerTo(refId, response).error ?? []);
  return errors.length === 0 ? response : { ...response, ...errorsOf(errors), state: LoadingState.Error };
}

/** Errors as a response has them. */
export function errorsOf(errors: readonly DataQueryError[]): {
  error?: DataQueryError;
  errors?: DataQueryError[];
} {
  const [first] = errors;
  return first === undefined ? {} : { error: first, errors: [...errors] };
}

/** Whether a retry may help: the fault lies with a server or the network, not with the query. */
export function mayPass({ status }: DataQueryError): boolean {
  return status === undefined || status <= 0 || status === 408 || status === 429 || status >= 500;
}

export const sentenceOf = (error: DataQueryError): string =>
  error.message ?? error.data?.message ?? t('live.query-failed', 'The query failed.');

/**
 * The points of an answer, one entry a series, whose open windows may stand in a later frame; undefined where the backend has sent no revisions, so that nothing
 * can be merged with it.
 */
export function pointsOf(frames: readonly DataFrame[]): SeriesUpdate[] | undefined {
  const parts = new Map<string, SeriesUpdate>();
  for (const frame of frames) {
    const [time, value] = frame.fields;
    if (time === undefined || value === undefined) continue;
    const meta = frameMeta(frame);
    const times = time.values as number[];
    const revisions = meta?.revisions ?? [];
    if (revisions.length !== times.length) return undefined;
    const labels = value.labels ?? {};
    const key = seriesKey(labels);
    const before = parts.get(key);
    parts.set(key, {
      labels,
      times: [...(before?.times ?? []), ...times],
      values: [...(before?.values ?? []), ...(value.values as (number | null)[])],
      revisions: [...(before?.revisions ?? []), ...revisions],
      removed: before?.removed ?? meta?.removed ?? [],
      removedRevisions: before?.removedRevisions ?? meta?.removed_revisions ?? [],
      openFromMs: meta?.open_from_ms ?? null,
    });
  }
  return [...parts.values()];
}

/** Columns of an events table that are not labels (pkg/frames/events.go). */
export const EVENT_COLUMNS = [
  'time',
  'timeEnd',
  'title',
  'text',
  'tags',
  'id',
  'severity',
  'state',
  'value',
  'first_seen',
  'updated',
  'revision',
] as const;
export type EventColumn = (typeof EVENT_COLUMNS)[number];

const isEventColumn = (name: string): name is EventColumn => EVENT_COLUMNS.some((column) => column === name);

/** The label that a column of an events table shows; undefined for the other columns. */
export function labelOfColumn(name: string): string | undefined {
  if (isEventColumn(name)) return undefined;
  const bare = name.replace(/^label_/, '');
  return bare !== name && isEventColumn(bare) ? bare : name;
}

/** The rows of an events table. */
export function eventsOf(frames: readonly DataFrame[]): StreamEvent[] {
  const [table] = frames;
  if (table === undefined || table.fields.length === 0) return [];
  const column = (name: EventColumn): readonly unknown[] =>
    table.fields.find((field) => field.name === name)?.values ?? [];
  const labelColumns = table.fields.flatMap((field) => {
    const label = labelOfColumn(field.name);
    return label === undefined ? [] : [{ label, values: field.values as (string | null)[] }];
  });
  const times = column('time');
  return column('id').map((id, row): StreamEvent => {
    const labels: Labels = Object.fromEntries(
      labelColumns.map(({ label, values }) => [label, values[row] ?? '']),
    );
    return {
      id: String(id),
      time_ms: Number(times[row]),
      end_ms: Number(column('timeEnd')[row]),
      first_seen_ms: Number(column('first_seen')[row]),
      updated_ms: Number(column('updated')[row]),
      severity: String(column('severity')[row]),
      message: String(column('text')[row]),
      labels,
      value: (column('value')[row] as number | null | undefined) ?? null,
      revision: Number(column('revision')[row]),
      state: String(column('state')[row]),
    };
  });
}
