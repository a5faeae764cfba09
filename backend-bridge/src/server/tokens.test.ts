import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StartRefusedError } from '../domain/errors';
import type { Log } from '../domain/telemetry';
import type { AccessRefusal, Principal } from './access';
import { createAccess, hashToken, hasScope, type ClosableAccess } from './tokens';
import { parseTokens } from './tokens-file';
import { eventually } from '../../../tests/support/waiting';

const errors: string[] = [];
const log: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: (_fields, message) => void errors.push(message),
};

const entry = (name: string, token: string, extra: object = {}): object => ({
  name,
  sha256: hashToken(token),
  scopes: ['read'],
  ...extra,
});
const fileText = (...tokens: object[]): string => JSON.stringify({ tokens });

describe('access by the tokens file', () => {
  let folder: string;
  let file: string;
  let nowMs: number;
  let access: ClosableAccess;

  const open = (text: string | Buffer): ClosableAccess => {
    writeFileSync(file, text);
    access = createAccess({
      tokensFile: file,
      allowedOrigins: [],
      allowedHosts: [],
      boundHost: '127.0.0.1',
      log,
      monotonic: () => nowMs,
      pollMs: 15,
    });
    return access;
  };
  const name = (found: Principal | AccessRefusal): string => ('code' in found ? found.code : found.name);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'streamkpi-tokens-'));
    file = join(folder, 'tokens.yaml');
    nowMs = 1_000_000;
    errors.length = 0;
  });
  afterEach(() => {
    access.close();
    rmSync(folder, { recursive: true });
    jest.restoreAllMocks();
  });

  it('lets a known token in, with its scopes and its fixed filters', () => {
    open(fileText(entry('a', 'secret-a', { scopes: ['read', 'observe'], filters: { segment: ['gold'] } })));
    const found = access.fromHeader('Bearer secret-a', '10.0.0.1');
    expect(found).toMatchObject({ name: 'a', tenant: [{ dimension: 'segment', op: '=', values: ['gold'] }] });
    expect(hasScope(found as Principal, 'observe')).toBe(true);
    expect(hasScope(found as Principal, 'ingest')).toBe(false);
    expect(access.required).toBe(true);
  });

  it.each([
    ['{"__proto__": ["gold"]}', /tokens\.0\.filters: "__proto__" is not the name of a dimension/],
    ['{"__proto__": ["gold"], "segment": ["gold"]}', /"__proto__" is not the name of a dimension/],
    ['{}', /tokens\.0\.filters: is empty; name a dimension, or leave it out for a token without filters/],
    ['{"segment": []}', /tokens\.0\.filters\.segment/],
    ['{"shop": [7]}', /tokens\.0\.filters\.shop\.0: is no text; write the value in quotes/],
    ['{"shop": [null]}', /tokens\.0\.filters\.shop\.0: is no text/],
    ['null', /tokens\.0\.filters/],
    ['[]', /tokens\.0\.filters/],
  ])('filters that would filter nothing (%s) stop the start', (filters, message) => {
    expect(() => open(fileText(entry('a', 'x')).replace('}]', `,"filters":${filters}}]`))).toThrow(message);
  });

  it.each([
    `tokens: [{ name: a, sha256: !vault ${hashToken('x')}, scopes: [read] }]`,
    `tokens: [{ name: a, sha256: *${hashToken('x')}, scopes: [read] }]`,
    `tokens: [{ name: a, sha256: &a ${hashToken('x')}, sha256: *a }]`,
  ])('a file with a tag or an alias stops the start, and shows no hash: %#', (text) => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation();
    expect(() => open(text)).toThrow(StartRefusedError);
    expect(() => open(text)).not.toThrow(new RegExp(hashToken('x')));
    expect(warn.mock.calls.map(([warning]) => String(warning)).join()).not.toContain(hashToken('x'));
  });

  it('a file that is not UTF-8 stops the start: its filters would be other values', () => {
    const text = fileText(entry('a', 'x', { filters: { city: ['München'] } }));
    expect(() => open(Buffer.from(text, 'latin1'))).toThrow(/is not UTF-8 text; save it as UTF-8/);
    expect(() => open(Buffer.from(text, 'utf16le'))).toThrow(/is not UTF-8 text; save it as UTF-8/);
  });

  it('counts admin as every scope', () => {
    open(fileText(entry('a', 'x', { scopes: ['admin'] })));
    expect(hasScope(access.fromToken('x', '::1') as Principal, 'ingest')).toBe(true);
  });

  it.each([
    undefined,
    'Bearer wrong',
    'Basic secret-a',
    'Bearer',
    'Bearer secret-a b',
    `Bearer ${'x'.repeat(99_999)}`,
  ])('refuses %s', (header) => {
    open(fileText(entry('a', 'secret-a')));
    expect(name(access.fromHeader(header?.slice(0, 100_000), '10.0.0.1'))).toBe('unauthenticated');
  });

  it('limits wrong tokens by address, and always lets a valid one in', () => {
    open(fileText(entry('a', 'secret-a'), entry('b', 'secret-b')));
    expect(name(access.fromToken('secret-a', '10.0.0.1'))).toBe('a');
    for (let i = 0; i < 10; i += 1)
      expect(name(access.fromToken('wrong', '10.0.0.1'))).toBe('unauthenticated');
    expect(name(access.fromToken('wrong', '10.0.0.1'))).toBe('rate_limited');
    // Also a token never seen from this address: the bridge may have just started behind a proxy.
    expect(name(access.fromToken('secret-b', '10.0.0.1'))).toBe('b');
    expect(name(access.fromToken('secret-a', '10.0.0.1'))).toBe('a');
    expect(name(access.fromToken('wrong', '10.0.0.2'))).toBe('unauthenticated');
    nowMs += 6_000;
    expect(name(access.fromToken('wrong', '10.0.0.1'))).toBe('unauthenticated');
  });

  it('limits a steady stream of guesses to one in six seconds', () => {
    open(fileText(entry('a', 'secret-a')));
    let tried = 0;
    for (let i = 0; i < 60_000; i += 10) {
      nowMs += 10;
      if (name(access.fromToken('wrong', '10.0.0.1')) === 'unauthenticated') tried += 1;
    }
    expect(tried).toBeGreaterThanOrEqual(19);
    expect(tried).toBeLessThanOrEqual(20);
  });

  it('counts one IPv6 network as one address', () => {
    open(fileText(entry('a', 'secret-a')));
    for (let i = 0; i < 10; i += 1) access.fromToken('wrong', `2001:db8:1:2::${i + 1}`);
    expect(name(access.fromToken('wrong', '2001:db8:1:2:ffff::1'))).toBe('rate_limited');
    expect(name(access.fromToken('wrong', '2001:db8:1:3::1'))).toBe('unauthenticated');
  });

  it('reports revoked and changed tokens, and no others', async () => {
    open(fileText(entry('a', 'ta'), entry('b', 'tb'), entry('c', 'tc')));
    const kept = access.fromToken('tc', '::1');
    const gone: string[] = [];
    access.onRevoked((principal) => gone.push(principal.name));
    writeFileSync(`${file}.new`, fileText(entry('b', 'tb', { scopes: ['ingest'] }), entry('c', 'tc')));
    renameSync(`${file}.new`, file);
    await eventually(() => gone.length === 2);
    expect(gone.sort()).toEqual(['a', 'b']);
    expect(name(access.fromToken('ta', '::1'))).toBe('unauthenticated');
    expect(access.fromToken('tc', '::1')).toBe(kept);
  });

  it('follows links that are swapped, as Kubernetes does it', async () => {
    const write = (version: string, text: string): void => {
      mkdirSync(join(folder, version));
      writeFileSync(join(folder, version, 'tokens.yaml'), text);
    };
    write('v1', fileText(entry('a', 'ta')));
    write('v2', fileText(entry('b', 'tb')));
    symlinkSync('v1', join(folder, '..data'));
    symlinkSync(join('..data', 'tokens.yaml'), file);
    open(fileText(entry('a', 'ta')));
    expect(name(access.fromToken('ta', '::1'))).toBe('a');
    symlinkSync('v2', join(folder, '..tmp'));
    renameSync(join(folder, '..tmp'), join(folder, '..data'));
    await eventually(() => name(access.fromToken('tb', '::1')) === 'b');
  });

  it('keeps the tokens while the file is invalid, logs it once, and loads the corrected file', async () => {
    open(fileText(entry('a', 'ta')));
    writeFileSync(file, 'tokens: [{');
    await eventually(() => errors.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(errors).toHaveLength(1);
    expect(name(access.fromToken('ta', '::1'))).toBe('a');
    rmSync(file);
    await eventually(() => errors.length === 2);
    expect(name(access.fromToken('ta', '::1'))).toBe('a');
    writeFileSync(file, fileText());
    await eventually(() => name(access.fromToken('ta', '::2')) === 'unauthenticated');
  });

  it.each([
    ['no YAML', 'tokens: [{', /neither YAML nor JSON/],
    ['an unknown field', fileText(entry('a', 'x', { role: 'x' })), /tokens\.0.*role/],
    ['a token in place of its hash', fileText({ name: 'a', sha256: 'secret', scopes: ['read'] }), /SHA-256/],
    ['an unknown scope', fileText(entry('a', 'x', { scopes: ['write'] })), /scopes/],
    ['two of one name', fileText(entry('a', 'x'), entry('a', 'y')), /two tokens are named a/],
    ['two of one token', fileText(entry('a', 'x'), entry('b', 'x')), /another entry/],
  ])('refuses the start with %s', (_what, text, message) => {
    access = createAccess({ allowedOrigins: [], allowedHosts: [], boundHost: '::1', log });
    writeFileSync(file, text);
    const start = (): unknown =>
      createAccess({ tokensFile: file, allowedOrigins: [], allowedHosts: [], boundHost: '::1', log });
    expect(start).toThrow(message);
    expect(start).toThrow(StartRefusedError);
  });

  it('lets everybody in without a file', () => {
    access = createAccess({ allowedOrigins: [], allowedHosts: [], boundHost: '127.0.0.1', log });
    expect(access.required).toBe(false);
    expect(hasScope(access.fromHeader(undefined, '127.0.0.1') as Principal, 'ingest')).toBe(true);
  });
});

test('the tokens file that docs/reference/access.md shows is accepted once it has hashes of its own', () => {
  const page = readFileSync(join(__dirname, '../../../docs/reference/access.md'), 'utf8');
  const example = /```yaml\n([\s\S]+?)```/.exec(page)![1]!;
  expect(() => parseTokens(example)).toThrow('make a token and its hash');
  let count = 0;
  const own = example.replace(/the-hash-that-was-printed/g, () => hashToken(`own-${(count += 1)}`));
  expect(parseTokens(own).map(({ principal }) => [principal.name, ...principal.scopes])).toEqual([
    ['grafana', 'read'],
    ['acme', 'observe', 'read'],
  ]);
});

test.each(['test', 'secret'])('a hash that earlier guides showed (of "%s") is refused', (token) => {
  const file = JSON.stringify({ tokens: [{ name: 'a', sha256: hashToken(token), scopes: ['read'] }] });
  expect(() => parseTokens(file)).toThrow('published example token');
});

test('a fault of the file is named by its place, without quoting it', () => {
  expect(() => parseTokens('tokens: [{ name: "hunter2')).toThrow(
    /neither YAML nor JSON \(line 1, column \d+\)$/,
  );
});
