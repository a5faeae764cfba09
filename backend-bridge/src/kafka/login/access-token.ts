import { withoutSecrets } from '../../domain/credentials';
import { refusedCertificate } from './connection-refusal';
import { createHttpClient, type HttpClient } from './http-client';

/** The client credentials grant of OAuth 2 (RFC 6749, section 4.4). */
export interface ClientCredentials {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope?: string | undefined;
  readonly audience?: string | undefined;
  /** CA certificates for the token endpoint, PEM. */
  readonly ca?: string | undefined;
}

export interface Token {
  readonly value: string;
  /** Lifetime from the request on, ms. */
  readonly lifetimeMs: number;
}

/** Resolves with a valid token; rejects with a sentence that names the setting. */
export type TokenSource = () => Promise<string>;

/** Default for servers that omit `expires_in`. */
const DEFAULT_LIFETIME_S = 300;
/**
 * How long before expiry a token is renewed, or after half of a shorter lifetime: a connection must outlive its login
 * by a while before it re-authenticates (REAUTHENTICATE_MS).
 */
const MARGIN_MS = 30_000;
const RETRY_MS = 5_000;
/** Characters of a server's explanation in messages. */
const MOST_SAID = 300;

interface TokenBody {
  readonly access_token?: unknown;
  readonly expires_in?: unknown;
  readonly error?: unknown;
  readonly error_description?: unknown;
}

function parseBody(text: string): TokenBody {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? body : {};
  } catch {
    return {};
  }
}

/** The setting that a token endpoint's error code refers to. */
function settingOf(code: string, prefix: string): string {
  if (code === 'invalid_scope') return `${prefix}_SCOPE`;
  if (code === 'invalid_target') return `${prefix}_AUDIENCE`;
  return `${prefix}_CLIENT_ID, ${prefix}_CLIENT_SECRET`;
}

/**
 * Caches tokens until shortly before expiry. When renewal fails, the last token is used while it is valid, and renewal
 * is retried later.
 */
export function cachedTokens(ask: () => Promise<Token>): TokenSource {
  let held: { readonly value: string; readonly refreshMs: number; readonly untilMs: number } | null = null;
  let asking: Promise<string> | null = null;
  let notBeforeMs = 0;

  const renew = async (): Promise<string> => {
    const askedMs = performance.now();
    const { value, lifetimeMs } = await ask();
    held = {
      value,
      refreshMs: askedMs + Math.max(lifetimeMs / 2, lifetimeMs - MARGIN_MS),
      untilMs: askedMs + lifetimeMs,
    };
    return value;
  };
  const valid = (): string | null => (held !== null && performance.now() < held.untilMs ? held.value : null);

  return async () => {
    const last = valid();
    if (held !== null && last !== null && performance.now() < Math.max(held.refreshMs, notBeforeMs))
      return last;
    asking ??= renew().finally(() => (asking = null));
    try {
      return await asking;
    } catch (error) {
      notBeforeMs = performance.now() + RETRY_MS;
      const still = valid();
      if (still === null) throw error;
      return still;
    }
  };
}

/** Access tokens by client credentials. `prefix` of the setting names in messages, e.g. `KAFKA_OAUTH`. */
export function createTokenSource(
  credentials: ClientCredentials,
  prefix: string,
  http: HttpClient = createHttpClient(credentials.ca === undefined ? {} : { ca: credentials.ca }),
): TokenSource {
  const { tokenUrl, clientId, clientSecret, scope, audience } = credentials;
  const basic = Buffer.from([clientId, clientSecret].map(encodeURIComponent).join(':')).toString('base64');
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  if (scope !== undefined) form.set('scope', scope);
  if (audience !== undefined) form.set('audience', audience);

  const unreachable = (error: unknown): Error => {
    const { message, cause } = error as Error;
    const certificate = refusedCertificate(
      `${(cause as { code?: string } | undefined)?.code} ${message}`,
      prefix,
    );
    return new Error(
      certificate === null
        ? `${prefix}_TOKEN_URL: ${tokenUrl} cannot be reached (${message})`
        : `${certificate} (${tokenUrl})`,
      { cause: error },
    );
  };

  return cachedTokens(async () => {
    const headers = {
      authorization: `Basic ${basic}`,
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
    };
    let status: number;
    let body: TokenBody;
    try {
      const response = await http(tokenUrl, { method: 'POST', headers, body: form.toString() });
      status = response.status;
      body = parseBody(response.text);
    } catch (error) {
      throw unreachable(error);
    }
    const { access_token: value, expires_in: expiresIn, error, error_description: description } = body;
    if (typeof error === 'string') {
      const said = typeof description === 'string' ? `${error}: ${description}` : error;
      const reason = withoutSecrets(said, [clientSecret, basic]).slice(0, MOST_SAID);
      throw new Error(`${settingOf(error, prefix)}: ${tokenUrl} refused the request for a token (${reason})`);
    }
    if (status === 401 || status === 403) {
      throw new Error(`${settingOf('', prefix)}: ${tokenUrl} refused the request for a token (${status})`);
    }
    if (typeof value !== 'string' || value === '') {
      throw new Error(
        `${prefix}_TOKEN_URL: ${tokenUrl} answered ${status} without an access token; is it the token endpoint?`,
      );
    }
    const seconds = Number(expiresIn);
    return { value, lifetimeMs: (seconds > 0 ? seconds : DEFAULT_LIFETIME_S) * 1_000 };
  });
}
