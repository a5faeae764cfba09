import { networkInterfaces } from 'node:os';
import { checkBinding, isLoopback } from './binding';
import { HostList, OriginList } from './origins';

describe('origins', () => {
  const list = new OriginList(['https://grafana.example.org', 'http://intranet:3000/']);

  it.each([
    undefined,
    'https://grafana.example.org',
    'http://intranet:3000',
    'http://localhost:3000',
    'https://127.0.0.1',
    'http://[::1]:8080',
  ])('allows %s', (origin) => expect(list.allows(origin)).toBe(true));

  it.each([
    'null',
    '',
    'http://grafana.example.org',
    'https://grafana.example.org.evil.net',
    'https://evil.net',
    'http://localhost.evil.net',
    'http://intranet',
    'file://localhost',
    'https://grafana.example.org/path',
    'https://user@grafana.example.org',
  ])('refuses %s', (origin) => expect(list.allows(origin)).toBe(false));

  it.each([
    'grafana.example.org',
    '*',
    'https://a.org/path',
    'file:///x',
    'https://a.org#x',
    'https://a.org?',
  ])('refuses to start with %s', (origin) =>
    expect(() => new OriginList([origin])).toThrow(/is not a valid origin/),
  );

  it.each([
    ['https://u:hunter2@a.org', /allowed_origins\.1: an origin has no user or password; write it as https:/],
    ['https://hunter2@a.org', /allowed_origins\.1: an origin has no user/],
    ['https://@a.org', /allowed_origins\.1: an origin has no user/],
    ['u:hunter2@a.org', /allowed_origins\.1: an origin has no user/],
    ['https://*.a.org', /allowed_origins: "https:\/\/\*\.a\.org" .* no wildcards; list each origin/],
  ])('refuses to start with %s, and does not show a password', (origin, message) => {
    const start = () => new OriginList(['https://b.org', origin]);
    expect(start).toThrow(message);
    expect(start).not.toThrow(/hunter2/);
  });
});

describe('hosts', () => {
  const list = new HostList('10.1.2.3', ['bridge', '*.svc.cluster.local', 'Bridge.Example.org:8765']);

  it.each([
    'localhost',
    'localhost:8765',
    '127.0.0.1:1',
    '[::1]:8765',
    '10.1.2.3',
    'bridge:8765',
    'BRIDGE',
    'bridge.example.org.',
    'x.svc.cluster.local',
  ])('allows %s', (host) => expect(list.allows(host)).toBe(true));

  it.each([
    undefined,
    '',
    'evil.net',
    'localhost.evil.net',
    '10.1.2.4',
    'bridge.evil.net',
    'a b',
    'svc.cluster.local',
  ])('refuses %s', (host) => expect(list.allows(host)).toBe(false));

  it.each([
    'https://bridge.example.org',
    'bridge.example.org/path',
    'a b',
    '*',
    '*.',
    'bridge.*.org',
    '*bridge.org',
    '10.0.0.0/8',
    'bücher.example',
    '[::1',
    '',
  ])('refuses to start with %j, which no Host header could match', (host) =>
    expect(() => new HostList('127.0.0.1', [host])).toThrow(
      /^allowed_hosts: .* is not a host name; write it as bridge\.example\.org or \*\.example\.org/,
    ),
  );

  it('refuses to start with a user or password in a host, and does not show it', () => {
    for (const host of ['u:hunter2@bridge', 'https://u:hunter2@bridge', 'hunter2@bridge:8765']) {
      const start = () => new HostList('127.0.0.1', ['a', host]);
      expect(start).toThrow(/^allowed_hosts\.1: a host has no user or password/);
      expect(start).not.toThrow(/hunter2/);
    }
  });

  it('allows the addresses of this machine when bound to a wildcard, and no names', () => {
    const wildcard = new HostList('0.0.0.0', []);
    const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
    for (const { address, family } of own) {
      expect(
        wildcard.allows(family === 'IPv6' ? `[${address.split('%')[0]!}]:8765` : `${address}:8765`),
      ).toBe(true);
    }
    expect(wildcard.allows('evil.net')).toBe(false);
    expect(wildcard.allows('203.0.113.9')).toBe(false);
  });
});

describe('binding', () => {
  it.each(['127.0.0.1', '127.9.9.9', 'localhost', '::1', '[::1]', '::ffff:127.0.0.1'])(
    '%s is loopback',
    (host) => {
      expect(isLoopback(host)).toBe(true);
      expect(() => checkBinding(host, false, false)).not.toThrow();
    },
  );

  it.each(['0.0.0.0', '::', '', '192.168.1.1', 'myhost', '127.0.0.1.evil.net'])('%s is not', (host) => {
    expect(isLoopback(host)).toBe(false);
    expect(() => checkBinding(host, false, false)).toThrow(/BRIDGE_TOKENS_FILE.*--insecure/);
    expect(() => checkBinding(host, true, false)).not.toThrow();
    expect(() => checkBinding(host, false, true)).not.toThrow();
  });
});
