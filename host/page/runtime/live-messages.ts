/**
 * What goes over /api/live/ws between the page (live-srv.ts) and its server (host/server/live-socket.ts): small JSON
 * messages that mean what those of Grafana's Live (centrifuge) mean.
 */
export type ToServer =
  | { readonly type: 'subscribe'; readonly id: number; readonly channel: string; readonly data: unknown }
  | { readonly type: 'unsubscribe'; readonly channel: string };

export type FromServer =
  | { readonly type: 'subscribed'; readonly id: number; readonly channel: string; readonly data: unknown }
  | {
      readonly type: 'refused';
      readonly id: number;
      readonly channel: string;
      readonly code: number;
      readonly message: string;
      /** The subscription is tried again by itself. */
      readonly temporary: boolean;
    }
  | { readonly type: 'publication'; readonly channel: string; readonly data: unknown };
