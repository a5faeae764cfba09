import { FlushLoad, Pace } from './pace';

describe('pace', () => {
  const options = { minMs: 40, factor: 4, maxMs: 1_000 };
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  test('flushes at once, then after the pause; requests in between share one flush', async () => {
    const at: number[] = [];
    const began = performance.now();
    const pace = new Pace(() => void at.push(performance.now() - began), new FlushLoad(), options);
    pace.touch();
    pace.touch();
    await jest.advanceTimersByTimeAsync(0);
    expect(at).toEqual([0]);
    pace.touch();
    pace.touch();
    await jest.advanceTimersByTimeAsync(39);
    expect(at).toEqual([0]);
    await jest.advanceTimersByTimeAsync(200);
    expect(at).toEqual([0, 40]);
  });

  test('a costly flush is followed by a pause of four times its duration, and runs alone', async () => {
    let running = 0;
    const at: number[] = [];
    const pace = new Pace(
      async () => {
        running += 1;
        expect(running).toBe(1);
        at.push(performance.now());
        pace.touch();
        await new Promise((resolve) => setTimeout(resolve, 30));
        running -= 1;
      },
      new FlushLoad(),
      options,
    );
    pace.touch();
    await jest.advanceTimersByTimeAsync(300);
    pace.stop();
    expect(at.map((time) => time - at[0]!)).toEqual([0, 120, 240]);
    await jest.advanceTimersByTimeAsync(500);
    expect(at).toHaveLength(3);
  });

  test('a thousand small flushes are spaced out by what they cost together', () => {
    const load = new FlushLoad();
    const spend = (costMs: number): void => {
      for (let ms = 0; ms < 130; ms += 1) {
        jest.advanceTimersByTime(1);
        load.add(costMs);
      }
    };
    spend(0);
    expect(load.recent()).toBe(0);
    spend(1);
    expect(load.recent()).toBeGreaterThan(0.5);
  });
});
