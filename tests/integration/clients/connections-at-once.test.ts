import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { startBridge, type BridgeProcess } from '../../support/bridge-process';
import { temporaryFolder } from '../../support/embedded-bridge';
import { hashToken } from '../../../backend-bridge/src/server/tokens';

const TOKEN = 'token-among-many-connections-0123456789';
/** More than the 1,000 that may be unauthenticated, and than Node's usual queue of 511 connections. */
const OTHERS = 1_500;

describe('connections that come while the bridge is busy', () => {
  const folder = temporaryFolder();
  const sockets = new Set<Socket>();
  let bridge: BridgeProcess;

  const open = async (): Promise<Socket> => {
    const socket = connect(bridge.port, '127.0.0.1');
    sockets.add(socket);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  };

  beforeAll(async () => {
    const tokens = [{ name: 'reader', sha256: hashToken(TOKEN), scopes: ['read'] }];
    bridge = await startBridge({
      STORE_PATH: `${folder.path}/data`,
      DEMO: 'off',
      BRIDGE_TOKENS_FILE: folder.file('tokens.json', JSON.stringify({ tokens })),
    });
    await bridge.ready();
  });
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    await bridge.kill9();
    folder.remove();
  });

  test('a request with a valid token is answered, whatever arrives behind it', async () => {
    // As when a garbage collection or a start takes a second: nothing is accepted meanwhile.
    bridge.process.kill('SIGSTOP');
    const reader = await open();
    reader.write(
      `GET /api/v1/metrics HTTP/1.1\r\nHost: 127.0.0.1:${bridge.port}\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`,
    );
    await Promise.all(Array.from({ length: OTHERS }, open));
    bridge.process.kill('SIGCONT');
    const [answer] = (await Promise.race([once(reader, 'data'), once(reader, 'close')])) as [
      Buffer | boolean,
    ];
    expect(String(answer)).toContain('HTTP/1.1 200 OK');
  });
});
