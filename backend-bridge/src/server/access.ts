import type { Filter } from '../domain/selection';

/** Who may do what: the one face of tokens, origins and hosts towards HTTP and WebSocket. */

export type Scope = 'read' | 'ingest' | 'admin' | 'observe';

/** The holder of a token; without tokens everybody on loopback is one with every scope. */
export interface Principal {
  /** The token's name, never the token. */
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
  /** False: no tokens are configured, everybody is let in. */
  readonly required: boolean;
  /** `Authorization` header of a request from this address. */
  fromHeader(authorization: string | undefined, remoteAddress: string): Principal | AccessRefusal;
  /** A bare token, as in the `authenticate` message. */
  fromToken(token: string, remoteAddress: string): Principal | AccessRefusal;
  originAllowed(origin: string | undefined): boolean;
  hostAllowed(host: string | undefined): boolean;
  /** Called with the principal whose token was withdrawn or changed. Returns the way to stop it. */
  onRevoked(listener: (principal: Principal) => void): () => void;
}
