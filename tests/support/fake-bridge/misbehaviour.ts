/** How a fake bridge goes wrong. Everything is off at first; tests change it while the bridge runs. */

export interface Misbehaviour {
  /** Requests whose path fits get no answer; the connection stands. */
  hang: RegExp | null;
  /** Requests whose path fits have their connection reset. */
  reset: RegExp | null;
  /** Something else in place of an answer; null: the right one. */
  lie: ((request: AskedRequest) => Lie | null) | null;
  /** Upgrades to a WebSocket are refused with this status, as by a proxy that does not pass them on. */
  refuseUpgrade: number | null;
  /** The WebSocket says nothing by itself: no heartbeats, no updates, no answers to subscriptions. */
  mute: boolean;
  /** Changes an update just before it is sent: a wrong `seq`, an older revision. */
  update: ((message: Record<string, unknown>) => Record<string, unknown>) | null;
  /** Like the bridge that there was before this contract: a WebSocket, and no HTTP calls at all. */
  original: boolean;
}

export interface Lie {
  readonly status?: number;
  readonly type?: string;
  readonly body: string;
}

export interface AskedRequest {
  readonly method: string;
  /** With its query string. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** As text; empty where there is none. */
  readonly body: string;
}

export const wellBehaved = (): Misbehaviour => ({
  hang: null,
  reset: null,
  lie: null,
  refuseUpgrade: null,
  mute: false,
  update: null,
  original: false,
});
