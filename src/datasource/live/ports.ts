import type { DataQueryRequest, DataQueryResponse, LiveChannelEvent } from '@grafana/data';
import type { Observable } from 'rxjs';
import type { StreamKpiQuery } from '../query';

/** Ports of the live engine. The data source implements them with Grafana's services, tests with fakes. */

/** Time, timers and chance. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs once after `ms`; returns a function that cancels. */
  after(ms: number, run: () => void): () => void;
  /** From 0 up to 1, to spread what would happen everywhere at once. */
  random(): number;
}

/** Visibility of the page. */
export interface PageVisibility {
  isVisible(): boolean;
  /** Calls at every change; returns a function that unsubscribes. */
  onChange(listener: () => void): () => void;
}

export interface LiveAddress {
  readonly uid: string;
  readonly path: string;
  /** The canonical query, of which the path is a hash. */
  readonly query: string;
  /** Only points from this time on are needed. */
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

/** Queries the backend; errors are part of the answer. Unsubscribing cancels the call. */
export type History = (request: LiveRequest) => Observable<DataQueryResponse>;

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};
