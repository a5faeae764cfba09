import { StartRefusedError } from '../domain/errors';
import { describeTarget, parseRedisUrl } from './redis-url';

describe('parseRedisUrl', () => {
  it('reads one host with database and credentials', () => {
    expect(parseRedisUrl('redis://us%40er:p%3Ass@cache.example:7000/3')).toEqual({
      addresses: [{ host: 'cache.example', port: 7000 }],
      cluster: false,
      sentinel: null,
      tls: false,
      db: 3,
      username: 'us@er',
      password: 'p:ss',
    });
  });

  it('reads a password without a user, TLS, and the usual port', () => {
    expect(parseRedisUrl('rediss://:secret@cache')).toMatchObject({
      addresses: [{ host: 'cache', port: 6379 }],
      tls: true,
      username: null,
      password: 'secret',
    });
  });

  it('reads the nodes of a cluster, IPv6 too', () => {
    const target = parseRedisUrl('redis://a:7000,[::1]:7001?cluster=true');
    expect(target.cluster).toBe(true);
    expect(target.addresses).toEqual([
      { host: 'a', port: 7000 },
      { host: '::1', port: 7001 },
    ]);
    expect(describeTarget(target)).toBe('a:7000,::1:7001');
  });

  it('reads the Sentinels of a primary', () => {
    expect(parseRedisUrl('redis://:secret@a,b:26380/2?sentinel=main')).toMatchObject({
      addresses: [
        { host: 'a', port: 26_379 },
        { host: 'b', port: 26_380 },
      ],
      cluster: false,
      sentinel: 'main',
      db: 2,
    });
  });

  it.each([
    ['redis://a?sentinel=', /name of the primary/],
    ['redis://a?cluster=true&sentinel=main', /no Sentinels/],
    ['http://a', /not a Redis address/],
    ['redis://', /not a Redis address/],
    ['redis://a:0', /not a host and port/],
    ['redis://a:70000', /not a host and port/],
    ['redis://a,b', /cluster=true/],
    ['redis://a/1?cluster=true', /database 0/],
    ['redis://a?cluster=maybe', /true or false/],
    ['redis://a?tls=true', /unknown parameter "tls"/],
    ['redis://secret%@a', /not URL-encoded/],
  ])('refuses %s and says what is wrong', (url, message) => {
    expect(() => parseRedisUrl(url)).toThrow(StartRefusedError);
    expect(() => parseRedisUrl(url)).toThrow(message);
  });

  it('never repeats credentials', () => {
    let message = '';
    try {
      parseRedisUrl('redis://user:hunter2@a:b:c');
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(/not a host and port/);
    expect(message).not.toContain('hunter2');
  });
});
