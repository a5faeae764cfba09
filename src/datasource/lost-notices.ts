import { LoadingState, type DataFrame, type DataQueryError, type DataQueryResponse } from '@grafana/data';
import { WARNING_STATUS } from '../frames/warning-status';
import { errorsOf } from './live/history-answer';
import type { LiveRequest } from './live/ports';
import { isRecord } from './saved-query';

/** Grafana's transformations that make new frames, without the notices of those they are made of. */
const DROP_NOTICES: readonly unknown[] = [
  'concatenate',
  'groupBy',
  'groupToNestedTable',
  'groupingToMatrix',
  'histogram',
  'joinByField',
  'merge',
  'partitionByValues',
  'prepareTimeSeries',
  'reduce',
  'rowsToFields',
  'seriesToRows',
  'timeSeriesTable',
  'transpose',
];

/** Whether a transformation of the panel removes the notices. */
function dropsNotices({ scopedVars }: LiveRequest): boolean {
  const wrapped: unknown = scopedVars['__sceneObject']?.value;
  const runner: unknown = typeof wrapped === 'object' && wrapped !== null ? wrapped.valueOf() : undefined;
  const transformer = isRecord(runner) ? runner['parent'] : undefined;
  const state = isRecord(transformer) ? transformer['state'] : undefined;
  const transformations = isRecord(state) ? state['transformations'] : undefined;
  return (
    Array.isArray(transformations) &&
    transformations.some(
      (one: unknown) => isRecord(one) && one['disabled'] !== true && DROP_NOTICES.includes(one['id']),
    )
  );
}

/**
 * Warnings appear in the panel's corner, where Grafana looks for them in the transformed frames. Where they would be
 * lost there they are errors of the response, which keeps its frames.
 */
export function withNoticesKept(request: LiveRequest): (response: DataQueryResponse) => DataQueryResponse {
  if (!dropsNotices(request)) return (response) => response;
  return (response) => {
    const warnings = (response.data as DataFrame[]).flatMap((frame) =>
      (frame.meta?.notices ?? [])
        .filter(({ severity }) => severity !== 'info')
        .map(({ text }): DataQueryError => ({
          ...(frame.refId === undefined ? {} : { refId: frame.refId }),
          message: text,
          status: WARNING_STATUS,
        })),
    );
    if (warnings.length === 0) return response;
    const errors = response.errors ?? (response.error === undefined ? [] : [response.error]);
    return { ...response, ...errorsOf([...errors, ...warnings]), state: LoadingState.Error };
  };
}
