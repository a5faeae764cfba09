import { FairGate } from './fair-gate';

const settled = async (promise: Promise<unknown>): Promise<boolean> =>
  Promise.race([
    promise.then(
      () => true,
      () => true,
    ),
    new Promise<boolean>((resolve) => setImmediate(() => resolve(false))),
  ]);
const setting = 'limits.places';

describe('FairGate', () => {
  it('gives one holder half of what the others leave, and each newcomer a place', async () => {
    const gate = new FairGate({ places: 8, waiting: 100, setting });
    const admitted = async (holder: string, asked: number): Promise<number> => {
      const all = Array.from({ length: asked }, () => settled(gate.enter(holder)));
      return (await Promise.all(all)).filter(Boolean).length;
    };
    expect(await admitted('greedy', 20)).toBe(4);
    expect(await admitted('b', 20)).toBe(2);
    expect(await admitted('c', 1)).toBe(1);
    expect(await admitted('d', 1)).toBe(1);
    expect(await admitted('e', 1)).toBe(0);
  });

  it('serves holders that wait in turn, not by who asked most', async () => {
    const gate = new FairGate({ places: 2, waiting: 100, setting });
    const order: string[] = [];
    const enter = (holder: string): Promise<() => void> =>
      gate.enter(holder).then((leave) => {
        order.push(holder);
        return leave;
      });
    const first = await enter('x');
    const second = await enter('y');
    const greedy = Array.from({ length: 5 }, () => enter('greedy'));
    const other = enter('other');
    first();
    (await greedy[0]!)();
    await other;
    expect(order).toEqual(['x', 'y', 'greedy', 'other']);
    second();
  });

  it('refuses what a holder asks past its share of waiting, and names the setting', async () => {
    const gate = new FairGate({ places: 2, waiting: 2, setting });
    const leave = await gate.enter('a');
    const waiting = gate.enter('a');
    await expect(gate.enter('a')).rejects.toMatchObject({
      code: 'rate_limited',
      retryable: true,
      message: expect.stringContaining(setting) as string,
    });
    await gate.enter('b');
    void gate.enter('b').catch(() => undefined);
    await expect(gate.enter('c')).rejects.toMatchObject({ code: 'overloaded', retryable: true });
    leave();
    leave();
    await expect(waiting).resolves.toBeInstanceOf(Function);
  });

  it('ends a wait at its deadline, and when its request is over', async () => {
    jest.useFakeTimers();
    try {
      const gate = new FairGate({ places: 1, waiting: 10, maxWaitMs: 5_000, setting });
      const leave = await gate.enter('a');
      const late = gate.enter('b');
      const gone = new AbortController();
      const cancelled = gate.enter('c', gone.signal);
      gone.abort();
      await expect(cancelled).rejects.toBe(gone.signal.reason);
      jest.advanceTimersByTime(5_000);
      await expect(late).rejects.toMatchObject({ code: 'overloaded', retryable: true });
      expect(jest.getTimerCount()).toBe(0);
      leave();
      await expect(gate.enter('d')).resolves.toBeInstanceOf(Function);
    } finally {
      jest.useRealTimers();
    }
  });
});
