import { startTokenServer, type TokenServer } from '../../../../tests/support/token-server';
import { cachedTokens, createTokenSource, type ClientCredentials, type TokenSource } from './access-token';
import type { HttpClient } from './http-client';
import { oauthBearer } from './oauth-bearer';

describe('access tokens by client credentials', () => {
  const client = { clientId: 'streamkpi', clientSecret: 'a%:secret/ü' };
  let server: TokenServer;
  beforeAll(async () => {
    server = await startTokenServer({ ...client, audience: 'kafka', lifetimeS: 60 });
  });
  afterAll(() => server.close());
  afterEach(() => server.answer(null));
  const source = (change: Partial<ClientCredentials> = {}): TokenSource =>
    createTokenSource({ tokenUrl: server.tokenUrl, ...client, ...change }, 'KAFKA_OAUTH');

  it('are requested once, however many connections need one', async () => {
    const before = server.given();
    const token = source({ scope: 'read write', audience: 'brokers' });
    const [first, second] = await Promise.all([token(), token()]);
    expect(await token()).toBe(first);
    expect(second).toBe(first);
    expect(server.given() - before).toBe(1);
    const claims: unknown = JSON.parse(Buffer.from(first.split('.')[1]!, 'base64url').toString());
    expect(claims).toMatchObject({ scope: 'read write', aud: 'brokers' });
  });

  it.each<[string, Partial<ClientCredentials>, RegExp]>([
    [
      'a wrong secret',
      { clientSecret: 'hunter2' },
      /^KAFKA_OAUTH_CLIENT_ID, KAFKA_OAUTH_CLIENT_SECRET: .*invalid_client: unknown client/,
    ],
    ['a refused scope', { scope: 'forbidden' }, /^KAFKA_OAUTH_SCOPE: .*invalid_scope/],
    [
      'no such host',
      { tokenUrl: 'http://nobody.invalid/token' },
      /^KAFKA_OAUTH_TOKEN_URL: .*cannot be reached/,
    ],
  ])('names the setting for %s', async (_, change, message) => {
    const refused = source(change)();
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.not.toThrow(/hunter2/);
  });

  it.each<[string, number, string, RegExp]>([
    ['a page', 200, '<html>Log in</html>', /^KAFKA_OAUTH_TOKEN_URL: .*is it the token endpoint/],
    ['a 404', 404, 'Not Found', /^KAFKA_OAUTH_TOKEN_URL: .*answered 404/],
    ['a bare refusal', 401, '', /^KAFKA_OAUTH_CLIENT_ID, KAFKA_OAUTH_CLIENT_SECRET: .*\(401\)/],
  ])('explains %s', async (_, status, body, message) => {
    server.answer({ status, body });
    await expect(source()()).rejects.toThrow(message);
  });
});

describe('a token endpoint that repeats what it was sent', () => {
  const clientSecret = 'hun%ter/2';
  const basic = Buffer.from(`streamkpi:${encodeURIComponent(clientSecret)}`).toString('base64');

  it.each([clientSecret, encodeURIComponent(clientSecret), basic])(
    'has the secret masked: %s',
    async (quoted) => {
      const body = JSON.stringify({ error: 'invalid_client', error_description: `no client has ${quoted}` });
      const http: HttpClient = () => Promise.resolve({ status: 401, text: body });
      const credentials = { tokenUrl: 'http://idp/token', clientId: 'streamkpi', clientSecret };
      await expect(createTokenSource(credentials, 'KAFKA_OAUTH', http)()).rejects.toThrow(
        /invalid_client: no client has \*{8}\)/,
      );
    },
  );
});

describe('a broker that repeats the token', () => {
  it('has it masked', async () => {
    const { authenticationProvider } = oauthBearer(
      () => Promise.resolve({ value: 'abc.def' }),
      'KAFKA_OAUTH_SCOPE',
    );
    const provider = authenticationProvider({
      saslAuthenticate: () => Promise.resolve('{"status":"invalid_token","token":"abc.def"}'),
    } as unknown as Parameters<typeof authenticationProvider>[0]);
    await expect(provider.authenticate()).rejects.toThrow('"token":"********"');
  });
});

describe('cached tokens', () => {
  beforeEach(() => jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] }));
  afterEach(() => jest.useRealTimers());

  it('are renewed before they expire, and survive an outage of the provider', async () => {
    let count = 0;
    let away = false;
    const token = cachedTokens(() => {
      if (away) return Promise.reject(new Error('away'));
      count += 1;
      return Promise.resolve({ value: `token-${count}`, lifetimeMs: 100_000 });
    });
    expect(await token()).toBe('token-1');
    jest.advanceTimersByTime(69_000);
    expect(await token()).toBe('token-1');
    jest.advanceTimersByTime(2_000);
    expect(await token()).toBe('token-2');
    away = true;
    jest.advanceTimersByTime(90_000);
    expect(await token()).toBe('token-2');
    jest.advanceTimersByTime(11_000);
    await expect(token()).rejects.toThrow('away');
    away = false;
    expect(await token()).toBe('token-3');
  });
});
