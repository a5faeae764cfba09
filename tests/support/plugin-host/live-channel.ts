import type { GrafanaUser } from './plugin-context';

/** What passes between a page's connection to Live and the server. */

export interface ChannelRequest {
  readonly orgId: number;
  /** Null: nobody is logged in. */
  readonly user: GrafanaUser | null;
  readonly uid: string;
  readonly path: string;
  readonly data: unknown;
}

export interface ChannelListener {
  /** One packet, as text. */
  onPacket(packet: string): void;
}

/** What a subscription comes to. */
export type Subscription =
  | { readonly kind: 'joined'; readonly data: unknown }
  /** It will not be tried again. */
  | { readonly kind: 'refused'; readonly reason: 'NOT_FOUND' | 'PERMISSION_DENIED' }
  /** The backend did not answer; the client tries again. */
  | { readonly kind: 'failed'; readonly message: string };

export interface ChannelServer {
  /** A listener that joins receives every packet from then on, until `leave`. */
  subscribe(request: ChannelRequest, listener: ChannelListener): Promise<Subscription>;
  leave(request: ChannelRequest, listener: ChannelListener): void;
}

export function channelOf(place: {
  readonly orgId: number;
  readonly uid: string;
  readonly path: string;
}): string {
  return `${place.orgId}/ds/${place.uid}/${place.path}`;
}
