import {
  CoreApp,
  LoadingState,
  type DataFrame,
  type DataQueryResponse,
  type ScopedVars,
} from '@grafana/data';
import { Observable, takeLast, type Subscription } from 'rxjs';
import { answerTo, errorsOf } from './history-answer';
import type { Asks, LiveHub } from './live-hub';
import type { History, LiveRequest } from './ports';
import { SLOW_MS, TargetView } from './target-view';
import { isOver, spanOf } from './visible-range';

export interface LiveQueryPorts {
  readonly hub: LiveHub;
  readonly history: History;
  /** Of the data source. */
  readonly uid: string;
}

/**
 * Answers a request from history, then emits its changes until it is unsubscribed. The first response is
 * complete; each later one replaces it under the same key. Queries that nothing keeps up to date are answered once.
 */
export function liveQuery(request: LiveRequest, ports: LiveQueryPorts): Observable<DataQueryResponse> {
  return new Observable((subscriber) => {
    const run = new LiveRun(request, ports, {
      next: (response) => subscriber.next(response),
      complete: () => subscriber.complete(),
      error: (fault) => subscriber.error(fault),
    });
    // When Grafana queries twice in one tick, it loses the subscription of the first request: only the newer one counts.
    const leave = ports.hub.takeTurn(asks(request, ports.uid), () => subscriber.complete());
    return () => {
      leave();
      run.close();
    };
  });
}

interface Sink {
  next(response: DataQueryResponse): void;
  complete(): void;
  error(fault: unknown): void;
}

class LiveRun {
  private readonly views: readonly TargetView[];
  private readonly request: LiveRequest;
  private readonly asking: Subscription;
  private readonly cancelSlow: () => void;
  private answered: DataQueryResponse | undefined;
  private readonly commit = () => this.emit();

  constructor(
    request: LiveRequest,
    private readonly ports: LiveQueryPorts,
    private readonly sink: Sink,
  ) {
    const { hub, history } = ports;
    const targets = request.targets.map((target) =>
      target.live === false ? target : { ...target, withRevisions: true },
    );
    this.request = { ...request, targets };
    this.views = targets.map(
      (target) => new TargetView(target, { ...ports, request: this.request, onNews: () => this.onNews() }),
    );
    const askedAt = hub.logicalClock.now;
    this.cancelSlow = hub.clock.after(SLOW_MS, () => this.onSlow());
    this.asking = history(this.request)
      .pipe(takeLast(1))
      .subscribe({
        next: (response) => this.adopt(response, askedAt),
        error: (fault: unknown) => {
          this.cancelSlow();
          sink.error(fault);
        },
        complete: () => {
          if (this.answered === undefined) sink.complete();
        },
      });
  }

  close(): void {
    this.cancelSlow();
    this.asking.unsubscribe();
    this.ports.hub.scheduler.drop(this.commit);
    for (const view of this.views) view.close();
  }

  /** A refresh without an answer: cached data is shown with a notice. */
  private onSlow(): void {
    if (!this.views.every((view) => view.isKnown)) return;
    this.answered = { data: [] };
    for (const view of this.views) view.onSlow();
    this.emit();
  }

  private adopt(response: DataQueryResponse, askedAt: number): void {
    this.cancelSlow();
    this.answered = response;
    const span = spanOf(this.request.range);
    for (const view of this.views) {
      const outcome = view.adopt(answerTo(view.target.refId, response), span, askedAt);
      if (outcome === 'failed') view.retryLater();
    }
    this.emit();
    if (!this.views.some((view) => view.isLive)) this.sink.complete();
  }

  private onNews(): void {
    if (this.answered !== undefined) this.ports.hub.scheduler.request(this.commit);
  }

  private emit(): void {
    const { answered } = this;
    if (answered === undefined) return;
    const parts = this.views.map((view) => view.render());
    const errors = parts.flatMap(({ error }) => error ?? []);
    const isLive = this.views.some((view) => view.isLive);
    this.sink.next({
      ...(answered.traceIds === undefined ? {} : { traceIds: answered.traceIds }),
      key: this.request.requestId,
      data: parts.flatMap(({ frames }): readonly DataFrame[] => frames),
      ...errorsOf(errors),
      state: errors.length > 0 ? LoadingState.Error : isLive ? LoadingState.Streaming : LoadingState.Done,
    });
  }
}

const EXPLORE: string = CoreApp.Explore;

/**
 * The sender: the scene object that runs the queries, since repeated panels share one id; else the panel, or the pane
 * of Explore. Undefined where that cannot be known.
 */
function asks(
  { scopedVars, dashboardUID, panelId, app, requestId }: LiveRequest,
  uid: string,
): Asks | undefined {
  const scene: unknown = (scopedVars as ScopedVars | undefined)?.['__sceneObject']?.value;
  // Grafana wraps it; valueOf of the wrapper returns it.
  if (typeof scene === 'object' && scene !== null) return { runner: scene.valueOf(), part: uid };
  if (panelId !== undefined) return { part: JSON.stringify([uid, app, dashboardUID, panelId]) };
  return app === EXPLORE ? { part: JSON.stringify([uid, app, requestId]) } : undefined;
}

/** Whether anything may change in the request's range later on. */
export const mayGoLive = (request: LiveRequest, nowMs: number): boolean =>
  !isOver(request.range, nowMs) && request.targets.some((target) => target.live !== false);
