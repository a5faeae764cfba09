import { Agent, fetch, type Response } from 'undici';

export interface HttpTls {
  /** PEM texts: who may have signed the server's certificate, and the client's own certificate with its key. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface HttpRequest {
  readonly method?: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Rejects with an Error whose message is the network's or TLS's reason. */
export type HttpClient = (url: string, request: HttpRequest) => Promise<Response>;

const TIMEOUT_MS = 3_000;

/** An HTTP client with certificates of its own; fetch has no way to give them. Redirects are followed, within a deadline. */
export function createHttpClient(tls: HttpTls = {}): HttpClient {
  const connect = { ...tls, timeout: TIMEOUT_MS };
  const dispatcher = new Agent({ connect, headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS });
  return async (url, request) => {
    try {
      return await fetch(url, { ...request, dispatcher, signal: AbortSignal.timeout(TIMEOUT_MS) });
    } catch (error) {
      const { message, cause } = error as Error;
      throw new Error(cause instanceof Error ? cause.message : message, { cause: cause ?? error });
    }
  };
}
