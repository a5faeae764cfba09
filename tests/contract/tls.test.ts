import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get as getPlain } from 'node:http';
import { request } from 'node:https';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp, type App } from '../../backend-bridge/src/app';
import { loadSettings } from '../../backend-bridge/src/config/settings';
import { StartRefusedError } from '../../backend-bridge/src/domain/errors';
import { TestClient } from './websocket-client';

/** The whole bridge, from its settings on, behind a certificate of its own. */
describe('TLS by certificate files', () => {
  const UNAUTHENTICATED = 5;
  const folder = mkdtempSync(join(tmpdir(), 'streamkpi-tls-'));
  const file = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): void =>
    void execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const urls: string[] = [];
  const sockets: Socket[] = [];
  let app: App | null = null;

  const build = (cert: string, key: string): App => {
    const settings = loadSettings({
      BRIDGE_PORT: '0',
      STORE_PATH: file('data'),
      DEMO: 'off',
      BRIDGE_CONFIG: file('bridge.yaml'),
      BRIDGE_TLS_CERT_FILE: file(cert),
      BRIDGE_TLS_KEY_FILE: file(key),
    });
    const info = (fields: object): void => void urls.push(...('url' in fields ? [String(fields.url)] : []));
    const log = { debug: () => {}, info, warn: () => {}, error: () => {} };
    const onRefused = (error: Error): never => {
      throw error;
    };
    return createApp(settings, { log, version: '0.0.0-test', onRefused });
  };

  beforeAll(async () => {
    const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
    const names = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    openssl(...request, ...names, '-keyout', 'bridge.key', '-out', 'bridge.crt');
    openssl('genrsa', '-out', 'other.key', '2048');
    writeFileSync(file('garbage.pem'), 'no certificate');
    writeFileSync(file('bridge.yaml'), `limits: { max_unauthenticated: ${UNAUTHENTICATED} }`);
    app = build('bridge.crt', 'bridge.key');
    await app.start();
  });
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    await app?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each([
    ['those who trust the certificate', {}],
    ['also those who ask for another protocol', { connection: 'Upgrade', upgrade: 'h2c' }],
  ])('HTTPS answers %s', async (_who, headers) => {
    expect(urls[0]).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const status = await new Promise((resolve, reject) => {
      const sent = request(
        `${urls[0]}/api/v1/metrics`,
        { ca: readFileSync(file('bridge.crt')), headers },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        },
      );
      sent.on('error', reject);
      sent.end();
    });
    expect([200, 503]).toContain(status);
  });

  test('wss serves both levels of the protocol', async () => {
    const client = await TestClient.open(urls[0]!.replace('https:', 'wss:'), {
      ca: readFileSync(file('bridge.crt')),
    });
    await client.next('current_state');
    client.send({ type: 'subscribe_metric', id: 's', metric_name: 'events_per_minute' });
    expect(await client.next('subscribed')).toMatchObject({ id: 's', series: [] });
    client.drop();
    expect(client.faults).toEqual([]);
  });

  test('connections without a handshake count as unauthenticated: the oldest are closed', async () => {
    const silent = async (): Promise<Socket> => {
      const socket = connect(Number(new URL(urls[0]!).port), '127.0.0.1');
      sockets.push(socket);
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      return socket;
    };
    const oldest = [await silent(), await silent()];
    const closed = Promise.all(oldest.map((socket) => once(socket.resume(), 'close')));
    const newer = await Promise.all(Array.from({ length: UNAUTHENTICATED }, silent));
    await closed;
    expect(newer.filter((socket) => socket.destroyed)).toEqual([]);

    const client = await TestClient.open(urls[0]!.replace('https:', 'wss:'), {
      ca: readFileSync(file('bridge.crt')),
    });
    await client.next('current_state');
    client.drop();
  });

  test('who does not speak TLS, or does not trust the certificate, gets nothing', async () => {
    const plain = new Promise((resolve, reject) => {
      getPlain(urls[0]!.replace('https:', 'http:'), resolve).on('error', reject);
    });
    await expect(plain).rejects.toThrow(/socket hang up|ECONNRESET/);
    const distrusting = new Promise((resolve, reject) => {
      request(`${urls[0]}/healthz`, resolve).on('error', reject).end();
    });
    await expect(distrusting).rejects.toThrow(/self.signed/i);
  });

  test.each([
    ['garbage.pem', 'bridge.key'],
    ['bridge.crt', 'garbage.pem'],
    ['bridge.crt', 'other.key'],
    ['missing.crt', 'bridge.key'],
  ])('%s with %s stops the start with a sentence', (cert, key) => {
    expect(() => build(cert, key)).toThrow(StartRefusedError);
    expect(() => build(cert, key)).toThrow(/tls_cert_file, tls_key_file: .+; give /);
  });
});
