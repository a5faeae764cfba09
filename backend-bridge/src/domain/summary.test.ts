import { at, setup } from '../../../tests/support/engine-on-memory';
import { MINUTE } from '../../../tests/support/sample-metrics';

describe('summary', () => {
  test('last, previous, delta, statistics over closed windows', async () => {
    const { store, put, engine, clock } = setup();
    [5, 1, 9, 4].forEach((value, minute) => put('a', 'x', minute, value));
    store.progressNow = { watermarkMs: at(3), finalBeforeMs: at(3) + 30_000 };
    const ask = { metric: 'm', fromMs: at(1), toMs: at(10) };
    clock.now = at(3) + 30_000 + 2 * MINUTE;
    const [closed] = (await engine.summary({ ...ask, stepMs: 5 * MINUTE }, [])).series;
    expect(closed).toEqual({
      labels: { segment: 'a', site: 'x' },
      last: 9,
      lastTimeMs: at(2),
      previous: 1,
      delta: 8,
      min: 1,
      max: 9,
      avg: 5,
      sum: 10,
      count: 2,
      updatedMs: at(3),
      open: false,
      stale: false,
    });
    clock.now += 1;
    const open = await engine.summary({ ...ask, includeOpen: true }, []);
    expect(open.series[0]).toMatchObject({
      last: 4,
      previous: 9,
      delta: -5,
      count: 3,
      open: true,
      stale: false,
    });
    expect((await engine.summary(ask, [])).series[0]!.stale).toBe(true);
    expect(open.stepMs).toBe(MINUTE);
  });

  test('previous is the window just before, also where it lies before the range; null if absent', async () => {
    const { put, engine } = setup();
    [5, 1].forEach((value, minute) => put('a', 'x', minute, value));
    put('a', 'x', 3, 0);
    const summary = async (from: number, to: number) =>
      (await engine.summary({ metric: 'm', fromMs: at(from), toMs: at(to) }, [])).series[0];
    expect(await summary(1, 2)).toMatchObject({ last: 1, previous: 5, delta: -4, count: 1, min: 1 });
    expect(await summary(0, 9)).toMatchObject({ last: 0, previous: null, delta: null, count: 3 });
    expect(await summary(2, 3)).toBeUndefined();
  });

  test('its average of an average is that of one step over the range; a distinct count has no sum', async () => {
    const { put, engine, query } = setup();
    put('a', 'x', 0, 10, 0, 0, 5, 2, 3);
    put('a', 'x', 1, 90, 0, 0, 9, 10, 4);
    const ask = { metric: 'm', fromMs: at(0), toMs: at(5) };
    const step = await query({ measure: 'mean', stepMs: 5 * MINUTE, toMs: at(5) });
    const [mean] = (await engine.summary({ ...ask, measure: 'mean' }, [])).series;
    expect(mean).toMatchObject({ avg: step.series[0]!.values[0], sum: null });
    expect((await engine.summary({ ...ask, measure: 'users' }, [])).series[0]).toMatchObject({
      avg: 3.5,
      sum: null,
    });
  });
});
