import { StartRefusedError, UnavailableError } from '../domain/errors';
import { ServerCheck } from './start-checks';

const info = (policy: string): string => `redis_version:7.0.15\r\nmaxmemory_policy:${policy}\r\n`;

describe('the settings of Redis', () => {
  it('are looked at while the bridge runs, too: one that evicts points is a store that is not ready', async () => {
    let policy = 'noeviction';
    let asked = 0;
    let nowMs = 0;
    const check = new ServerCheck(
      async () => {
        asked += 1;
        return [info('noeviction'), info(policy)];
      },
      () => nowMs,
    );
    await check.atStart();
    await check.again();
    policy = 'allkeys-lru';
    await check.again();
    expect(asked).toBe(2);
    nowMs += 5_000;
    const refusal = check.again();
    await expect(refusal).rejects.toThrow(UnavailableError);
    await expect(refusal).rejects.toThrow(/evict points.*allkeys-lru.*set it to noeviction/);
    await expect(check.atStart()).rejects.toThrow(StartRefusedError);
    policy = 'noeviction';
    await check.again();
    await check.again();
    expect(asked).toBe(5);
  });

  it('are unknown while Redis does not answer, which others name', async () => {
    const silent = new ServerCheck(() => Promise.reject(new UnavailableError('store', 'no answer')));
    await silent.again();
    await expect(silent.atStart()).rejects.toThrow('no answer');
  });
});
