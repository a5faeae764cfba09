import type { DataQueryRequest, DataQueryResponse, LiveChannelEvent } from '@grafana/data';
import type { Observable } from 'rxjs';
import type { StreamKpiQuery } from '../query';

/** What the live engine needs of the world around it. The data source gives it Grafana's; tests give their own. */

/** Time, timers and chance. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs once, after so many milliseconds; the function that it gives cancels. */
  after(ms: number, run: () => void): () => void;
  /** From 0 up to 1, to spread what would happen everywhere at once. */
  random(): number;
}

/** Whether somebody can see the page. */
export interface PageVisibility {
  isVisible(): boolean;
  /** Calls at every change; the function that it gives ends that. */
  onChange(listener: () => void): () => void;
}

export interface LiveAddress {
  readonly uid: string;
  readonly path: string;
  /** The canonical query, of which the path is a hash. */
  readonly query: string;
  /** Only points from here on are wanted. */
  readonly fromMs: number;
}

/** Grafana Live. */
export interface LiveTransport {
  /** Why this page can have no live channel at all, as a sentence; undefined where it can. */
  unavailable(): string | undefined;
  /** Events of a channel; unsubscribing leaves it. */
  subscribe(address: LiveAddress): Observable<LiveChannelEvent<unknown>>;
}

export type LiveRequest = DataQueryRequest<StreamKpiQuery>;

/** Asks the backend; the answer comes with its errors in it. Unsubscribing cancels the call. */
export type History = (request: LiveRequest) => Observable<DataQueryResponse>;

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};
