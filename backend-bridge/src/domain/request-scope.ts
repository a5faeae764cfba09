/** Resource limits and cancellation of one request. */
export interface RequestScope {
  /** Budget key of the request. */
  readonly holder: string;
  /** Aborts when the request is over; its work then rejects with the signal's reason. */
  readonly signal: AbortSignal;
  /**
   * Reserves memory for points of the answer until it is sent. Throws `rate_limited` or `overloaded` when there is none
   * left.
   */
  reserve(points: number): void;
  /** Runs one portion of a long read when it is this request's turn. Rejects like the portion. */
  inTurn<T>(portion: () => Promise<T>): Promise<T>;
}

/** Scope of internal work: never aborted, and without limits. */
export const UNBOUNDED: RequestScope = {
  holder: '',
  signal: new AbortController().signal,
  reserve: () => undefined,
  inTurn: (portion) => portion(),
};
