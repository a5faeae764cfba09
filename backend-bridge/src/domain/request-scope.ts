/** What one request may take of the process, and when nobody waits for its answer any more. */
export interface RequestScope {
  /** Whose budget the request counts for. */
  readonly holder: string;
  /** Aborted when the request is over; work for it then rejects with the signal's reason. */
  readonly signal: AbortSignal;
  /**
   * Counts points of the answer, which stay in memory until it is sent. Throws `rate_limited` or `overloaded` when
   * there is no memory left for them.
   */
  reserve(points: number): void;
  /** Runs one portion of a long reading when it is this request's turn. Rejects as the portion does. */
  inTurn<T>(portion: () => Promise<T>): Promise<T>;
}

/** Of work that is nobody's request: never over, and without a bound of its own. */
export const UNBOUNDED: RequestScope = {
  holder: '',
  signal: new AbortController().signal,
  reserve: () => undefined,
  inTurn: (portion) => portion(),
};
