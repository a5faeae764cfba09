import type { DataFrame, DataQueryError, DataQueryResponse } from '@grafana/data';
import { Observable, finalize, map, share, switchMap, takeLast } from 'rxjs';
import type { StreamKpiQuery } from '../query';
import { JOIN_MS } from './ask-rounds';
import type { Clock, History, LiveRequest } from './ports';

interface Batch {
  readonly targets: StreamKpiQuery[];
  readonly answer: Observable<DataQueryResponse>;
}

/**
 * Merges queries of several panels, sent at the same time over the same range, into one request to Grafana; equal
 * queries are sent once. Each caller receives the answer to its own query.
 */
export class QuestionBatches {
  private readonly open = new Map<string, Batch>();

  constructor(private readonly clock: Clock) {}

  /** The answer to the request's one query, of the data source with that uid. */
  ask(uid: string, history: History, request: LiveRequest): Observable<DataQueryResponse> {
    return new Observable((subscriber) => {
      const [target] = request.targets;
      if (target === undefined) {
        subscriber.complete();
        return;
      }
      const batch = this.batchFor(uid, history, request);
      const refId = place(batch.targets, target);
      return batch.answer
        .pipe(map((response) => partOf(response, refId, target.refId)))
        .subscribe(subscriber);
    });
  }

  private batchFor(uid: string, history: History, request: LiveRequest): Batch {
    const { app, timezone, maxDataPoints, range } = request;
    const points = request.targets.some(dependsOnWidth) ? maxDataPoints : undefined;
    const key = JSON.stringify([uid, app, timezone, range.raw.from, range.raw.to, points]);
    const known = this.open.get(key);
    if (known !== undefined) return known;
    const targets: StreamKpiQuery[] = [];
    const close = (): void => {
      if (this.open.get(key) === batch) this.open.delete(key);
    };
    const answer = this.moment().pipe(
      switchMap(() => {
        close();
        return history({ ...request, targets });
      }),
      takeLast(1),
      finalize(close),
      share(),
    );
    const batch: Batch = { targets, answer };
    this.open.set(key, batch);
    return batch;
  }

  private moment(): Observable<void> {
    return new Observable((subscriber) =>
      this.clock.after(JOIN_MS, () => {
        subscriber.next();
        subscriber.complete();
      }),
    );
  }
}

/** Others are the same for panels of every width, or name their step. */
const dependsOnWidth = ({ kind, statusOver }: StreamKpiQuery): boolean =>
  kind === 'status' && statusOver === 'range';

/** Adds the query to the request and returns the refId of its answer. */
function place(targets: StreamKpiQuery[], { refId: _, ...target }: StreamKpiQuery): string {
  const text = JSON.stringify(target);
  const equal = targets.find(({ refId: _own, ...other }) => JSON.stringify(other) === text);
  if (equal !== undefined) return equal.refId;
  const refId = `Q${targets.length}`;
  targets.push({ ...target, refId });
  return refId;
}

function partOf(response: DataQueryResponse, refId: string, own: string): DataQueryResponse {
  const errors = response.errors ?? (response.error === undefined ? [] : [response.error]);
  const mine = errors
    .filter((error) => error.refId === undefined || error.refId === refId)
    .map((error): DataQueryError => (error.refId === undefined ? error : { ...error, refId: own }));
  const { error: _, errors: _errors, ...rest } = response;
  return {
    ...rest,
    data: (response.data as DataFrame[])
      .filter((frame) => frame.refId === refId)
      .map((frame) => ({ ...frame, refId: own })),
    ...(mine.length === 0 ? {} : { errors: mine }),
  };
}
