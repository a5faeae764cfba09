import type { Response } from 'undici';

export interface HttpTls {
  /** PEM: the CA certificates, and the client certificate with its key. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface HttpRequest {
  readonly method?: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Rejects with an Error whose message is the network or TLS reason. */
export type HttpClient = (url: string, request: HttpRequest) => Promise<Response>;

const TIMEOUT_MS = 3_000;

/** An HTTP client with custom certificates, which fetch does not support. Follows redirects, within a deadline. */
export function createHttpClient(tls: HttpTls = {}): HttpClient {
  const connect = { ...tls, timeout: TIMEOUT_MS };
  // Loading it takes a tenth of a start, and most bridges have no registry.
  const load = async () => {
    const { Agent, fetch } = await import('undici');
    return {
      fetch,
      dispatcher: new Agent({ connect, headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS }),
    };
  };
  let loaded: ReturnType<typeof load> | undefined;
  return async (url, request) => {
    const { fetch, dispatcher } = await (loaded ??= load());
    try {
      return await fetch(url, { ...request, dispatcher, signal: AbortSignal.timeout(TIMEOUT_MS) });
    } catch (error) {
      const { message, cause } = error as Error;
      throw new Error(cause instanceof Error ? cause.message : message, { cause: cause ?? error });
    }
  };
}
