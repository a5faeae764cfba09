import type { Filter } from '../domain/selection';

/** Authentication and authorisation: tokens, browser origins and Host headers, for HTTP and WebSocket. */

export type Scope = 'read' | 'ingest' | 'admin' | 'observe';

/** The authenticated caller. Without a tokens file, every loopback caller has all scopes. */
export interface Principal {
  /** Name of the token, never the token itself. */
  readonly name: string;
  readonly scopes: ReadonlySet<Scope>;
  /** Filters that apply to everything this principal sees. */
  readonly tenant: readonly Filter[];
}

export type AccessRefusal = {
  readonly code: 'unauthenticated' | 'rate_limited';
  readonly message: string;
};

export interface Access {
  /** False: no tokens are configured, and every caller is accepted. */
  readonly required: boolean;
  /** `Authorization` header of a request from this address. */
  fromHeader(authorization: string | undefined, remoteAddress: string): Principal | AccessRefusal;
  /** A bare token, as in the `authenticate` message. */
  fromToken(token: string, remoteAddress: string): Principal | AccessRefusal;
  originAllowed(origin: string | undefined): boolean;
  hostAllowed(host: string | undefined): boolean;
  /** Calls back with the principal of a token that was revoked or changed. Returns a function that unsubscribes. */
  onRevoked(listener: (principal: Principal) => void): () => void;
}
