import { ConcurrencyGate } from './concurrency-gate';

const settled = async (promise: Promise<unknown>): Promise<boolean> =>
  Promise.race([
    promise.then(() => true),
    new Promise<boolean>((resolve) => setImmediate(() => resolve(false))),
  ]);

describe('ConcurrencyGate', () => {
  it('lets the limit in, as many wait in order, and refuses the rest', async () => {
    const gate = new ConcurrencyGate(2, false);
    const first = await gate.enter('a');
    const second = await gate.enter('a');
    const third = gate.enter('a');
    const fourth = gate.enter('a');
    await expect(gate.enter('a')).rejects.toMatchObject({ code: 'overloaded', retryable: true });
    expect(await settled(third)).toBe(false);
    first();
    first();
    expect(await settled(third)).toBe(true);
    expect(await settled(fourth)).toBe(false);
    second();
    (await third)();
    (await fourth)();
    const again = await Promise.all([gate.enter('a'), gate.enter('b')]);
    expect(again).toHaveLength(2);
  });

  it('gives one holder of several at most half', async () => {
    const gate = new ConcurrencyGate(2, true);
    await gate.enter('a');
    const leave = await gate.enter('a');
    await expect(gate.enter('a')).rejects.toMatchObject({ code: 'rate_limited' });
    const other = gate.enter('b');
    leave();
    await expect(other).resolves.toBeInstanceOf(Function);
    await expect(settled(gate.enter('a'))).resolves.toBe(false);
  });
});
