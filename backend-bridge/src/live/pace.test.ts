import { setTimeout as delay } from 'node:timers/promises';
import { FlushLoad, Pace } from './pace';

describe('pace', () => {
  const options = { minMs: 40, factor: 4, maxMs: 1_000 };

  test('the first flush comes at once, the next after the pause, many wishes are one flush', async () => {
    const at: number[] = [];
    const began = performance.now();
    const pace = new Pace(() => void at.push(performance.now() - began), new FlushLoad(), options);
    pace.touch();
    pace.touch();
    await delay(5);
    expect(at).toHaveLength(1);
    pace.touch();
    pace.touch();
    await delay(90);
    expect(at).toHaveLength(2);
    expect(at[1]! - at[0]!).toBeGreaterThanOrEqual(38);
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
        await delay(30);
        running -= 1;
      },
      new FlushLoad(),
      options,
    );
    pace.touch();
    await delay(300);
    pace.stop();
    expect(at.length).toBeGreaterThanOrEqual(2);
    expect(at[1]! - at[0]!).toBeGreaterThanOrEqual(118);
    const before = at.length;
    await delay(150);
    expect(at).toHaveLength(before);
  });

  test('a thousand small flushes are spaced out by what they cost together', () => {
    const load = new FlushLoad();
    const end = performance.now() + 130;
    while (performance.now() < end) load.add(0);
    expect(load.recent()).toBe(0);
    const busy = performance.now() + 130;
    for (let last = performance.now(); last < busy;) {
      const now = performance.now();
      load.add(now - last);
      last = now;
    }
    expect(load.recent()).toBeGreaterThan(0.5);
  });
});
