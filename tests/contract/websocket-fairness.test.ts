import { setTimeout as delay } from 'node:timers/promises';
import { startLiveBridge, type LiveBridge } from './websocket-bridge';
import type { TestClient } from './websocket-client';

/** What some connections do must not keep others out. */
describe('one client beside others over WebSocket', () => {
  const greedy = 'g'.repeat(43);
  const other = 'o'.repeat(43);
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
  let bridge: LiveBridge;
  const connect: LiveBridge['connect'] = (options) => bridge.connect(options);
  beforeEach(async () => {
    bridge = await startLiveBridge({
      tokens: [
        { name: 'greedy', token: greedy, scopes: ['read'] },
        { name: 'other', token: other, scopes: ['read'] },
      ],
      options: { maxClients: 4, authenticateWithinMs: 60_000 },
      limits: { maxPending: 6 },
    });
  });
  afterEach(() => bridge.close());

  test('a flood without tokens takes no place of those with one, and the oldest of it goes', async () => {
    const flood: TestClient[] = [];
    for (let i = 0; i < 8; i += 1) flood.push(await connect());
    expect(await flood[0]!.closeCode()).toBe(4429);
    expect(await flood[1]!.closeCode()).toBe(4429);
    expect(flood[0]!.messages).toMatchObject([
      { code: 'overloaded', details: { setting: 'limits.max_unauthenticated' } },
    ]);
    await (await connect(bearer(other))).next('current_state');
    const byMessage = await connect();
    byMessage.send({ type: 'authenticate', token: other });
    await byMessage.next('current_state');
    expect(bridge.face.counts().connections).toBe(2);
    // Those that are served now are none of the flood any more.
    for (let i = 0; i < 8; i += 1) await connect();
    await delay(100);
    expect([byMessage.closed, bridge.face.counts().connections]).toEqual([null, 2]);
  });

  test('the token with the most connections gives one up for another token', async () => {
    const held: TestClient[] = [];
    for (let i = 0; i < 4; i += 1) {
      held.push(await connect(bearer(greedy)));
      await held[i]!.next('current_state');
    }
    const refused = await connect(bearer(greedy));
    expect(await refused.closeCode()).toBe(4429);
    const admitted = await connect(bearer(other));
    await admitted.next('current_state');
    expect(await held[3]!.closeCode()).toBe(4429);
    await (await connect(bearer(other))).next('current_state');
    expect(await held[2]!.closeCode()).toBe(4429);
    // Both have as many now: nobody gives way.
    expect(await (await connect(bearer(other))).closeCode()).toBe(4429);
    expect([held[0]!.closed, held[1]!.closed, admitted.closed]).toEqual([null, null, null]);
  });
});
