/** An identity provider for the tests: tokens by client credentials, signed or not, and the keys to check them. */
import { createSign, generateKeyPairSync } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TokenServer {
  readonly tokenUrl: string;
  readonly jwksUrl: string;
  /** How many tokens were given. */
  given(): number;
  /** What the next answers hold in place of a token. */
  answer(instead: { readonly status: number; readonly body: string } | null): void;
  close(): Promise<void>;
}

export interface TokenServerOptions {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly audience: string;
  readonly lifetimeS: number;
  /** Tokens have no signature (`alg: none`). */
  readonly unsecured?: boolean;
}

const KEY_ID = 'test-key';
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

export async function startTokenServer(options: TokenServerOptions): Promise<TokenServer> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const basic = [options.clientId, options.clientSecret].map(encodeURIComponent).join(':');
  const authorization = `Basic ${Buffer.from(basic).toString('base64')}`;
  let given = 0;
  let instead: { readonly status: number; readonly body: string } | null = null;

  const token = (form: URLSearchParams): string => {
    const nowS = Math.floor(Date.now() / 1_000);
    const claims = {
      sub: options.clientId,
      iss: 'https://issuer.test',
      aud: form.get('audience') ?? options.audience,
      iat: nowS,
      exp: nowS + options.lifetimeS,
      scope: form.get('scope') ?? 'all',
    };
    const unsigned = `${part({ alg: options.unsecured ? 'none' : 'RS256', kid: KEY_ID })}.${part(claims)}`;
    if (options.unsecured) return `${unsigned}.`;
    return `${unsigned}.${createSign('RSA-SHA256').update(unsigned).sign(privateKey, 'base64url')}`;
  };
  const tokenAnswer = async (request: IncomingMessage): Promise<[number, string]> => {
    const form = new URLSearchParams(await bodyOf(request));
    if (instead !== null) return [instead.status, instead.body];
    if (request.headers.authorization !== authorization) {
      return [401, JSON.stringify({ error: 'invalid_client', error_description: 'unknown client' })];
    }
    if (form.get('grant_type') !== 'client_credentials')
      return [400, JSON.stringify({ error: 'unsupported_grant_type' })];
    if (form.get('scope') === 'forbidden') return [400, JSON.stringify({ error: 'invalid_scope' })];
    given += 1;
    const body = { access_token: token(form), token_type: 'Bearer', expires_in: options.lifetimeS };
    return [200, JSON.stringify(body)];
  };

  const server = createServer((request, response) => {
    void (async () => {
      const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: KEY_ID, use: 'sig', alg: 'RS256' }];
      const [status, body] =
        request.url === '/token' ? await tokenAnswer(request) : [200, JSON.stringify({ keys })];
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    tokenUrl: `${base}/token`,
    jwksUrl: `${base}/jwks`,
    given: () => given,
    answer: (next) => (instead = next),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
