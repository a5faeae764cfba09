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

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** Rejects with an Error whose message is the network or TLS reason, or that the answer is too long. */
export type HttpClient = (url: string, request: HttpRequest) => Promise<HttpAnswer>;

const TIMEOUT_MS = 3_000;
/** Registries take schemas of up to 1 MiB by default. */
const MOST_MIB = 4;

/** The text of a body, unpacked. Throws an Error where it is too long. */
async function textOf(body: AsyncIterable<Uint8Array> | null): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > MOST_MIB * 1_048_576) throw new Error(`its answer has more than ${MOST_MIB} MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

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
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const response = await fetch(url, { ...request, dispatcher, signal });
      return { status: response.status, text: await textOf(response.body) };
    } catch (error) {
      const { message, cause } = error as Error;
      throw new Error(cause instanceof Error ? cause.message : message, { cause: cause ?? error });
    }
  };
}
