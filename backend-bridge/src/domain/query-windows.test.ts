import { NOW, setup, T0 } from '../../../tests/support/engine-on-memory';
import { DAY, MINUTE } from '../../../tests/support/sample-metrics';
import type { Window } from './metric';
import { windowGrid } from './windows';

/** Answers on windows that begin at an offset, at any time, or as local days do. */

const HOUR = 60 * MINUTE;
const OFFSET = 42_000;
const fixed: Window = { type: 'tumbling', sizeMs: MINUTE, advanceMs: MINUTE, gapMs: 0, graceMs: 30_000 };

function withWindows(window: Window, retentionMs = DAY) {
  const rig = setup({ window, retentionMs });
  const put = (startMs: number, endMs: number, value: number) =>
    rig.store.put(['a', 'x'], startMs, endMs, [value, ...Array.from({ length: 7 }, () => undefined)]);
  return { ...rig, put };
}

describe('windows with an offset', () => {
  const rig = () => {
    const made = withWindows({ ...fixed, offsetMs: OFFSET });
    const put = (minute: number): void => {
      const start = T0 + minute * MINUTE + OFFSET;
      made.put(start, start + MINUTE, minute);
    };
    for (const minute of [0, 1, 2, 4, 5, 9, 10]) put(minute);
    return made;
  };

  test('are answered at their starts, with no point in between', async () => {
    const { query } = rig();
    const [series] = (await query()).series;
    expect(series!.times).toEqual([0, 1, 2, 4, 5, 9, 10].map((minute) => T0 + minute * MINUTE + OFFSET));
    const [filled] = (await query({ fill: 'null', toMs: T0 + 6 * MINUTE })).series;
    expect(filled!.times).toEqual([0, 1, 2, 3, 4, 5].map((minute) => T0 + minute * MINUTE + OFFSET));
    expect(filled!.values).toEqual([0, 1, 2, null, 4, 5]);
  });

  test('make steps that begin with their first window, whole or not at all', async () => {
    const { query } = rig();
    const steps = async (fromMs: number, toMs: number) => {
      const { series } = await query({ fromMs, toMs, stepMs: 5 * MINUTE, overTime: 'sum' });
      return series.flatMap(({ times, values }) => times.map((time, i) => [time - T0, values[i]]));
    };
    const all = [
      [OFFSET, 7],
      [5 * MINUTE + OFFSET, 14],
      [10 * MINUTE + OFFSET, 10],
    ];
    expect(await steps(T0, T0 + HOUR)).toEqual(all);
    expect(await steps(T0 + OFFSET, T0 + 10 * MINUTE + OFFSET + 1)).toEqual(all);
    expect(await steps(T0 + OFFSET + 1, T0 + 10 * MINUTE + OFFSET)).toEqual([all[1]]);
  });

  test('and their steps are open until their own end and grace', async () => {
    const made = rig();
    const openFrom = async (finalBeforeMs: number, stepMs?: number) => {
      made.store.progressNow = { watermarkMs: finalBeforeMs, finalBeforeMs };
      return (await made.query({ stepMs })).series[0]!.openFromMs;
    };
    const last = T0 + 10 * MINUTE + OFFSET;
    const closes = last + MINUTE + fixed.graceMs;
    expect(await openFrom(closes - 1)).toBe(last);
    expect(await openFrom(closes)).toBeNull();
    expect(await openFrom(last + 5 * MINUTE + fixed.graceMs - 1, 5 * MINUTE)).toBe(last);
    expect(await openFrom(last + 5 * MINUTE + fixed.graceMs, 5 * MINUTE)).toBeNull();
  });
});

describe('local days', () => {
  const days: Window = {
    ...fixed,
    sizeMs: DAY,
    advanceMs: DAY,
    calendar: { unit: 'day', timeZone: 'Europe/Berlin' },
  };
  const grid = windowGrid(days);

  test('are answered one by one; their `previous` is the day before, however long', async () => {
    const rig = withWindows(days, 400 * DAY);
    // 2024-10-27 has 25 hours.
    const start = grid.startAt(Date.parse('2024-10-26T12:00Z'));
    rig.clock.now = Date.parse('2024-10-30T12:00Z');
    rig.store.progressNow = { watermarkMs: rig.clock.now, finalBeforeMs: rig.clock.now };
    const starts = [start];
    for (let i = 0; i < 2; i += 1) starts.push(grid.endOf(starts.at(-1)!));
    starts.forEach((day, i) => rig.put(day, grid.endOf(day), i + 1));
    const range = { fromMs: start, toMs: rig.clock.now };
    const answer = await rig.query({ ...range, stepMs: 7 * DAY });
    expect(answer.series).toMatchObject([{ times: starts, values: [1, 2, 3] }]);
    expect(answer.warnings).toMatchObject([{ code: 'step_adjusted', taken_ms: 0 }]);
    const summary = async (fromMs: number, toMs: number) =>
      (await rig.engine.summary({ metric: 'm', fromMs, toMs }, [])).series[0];
    expect(await summary(start, rig.clock.now)).toMatchObject({ last: 3, previous: 2, sum: 6, count: 3 });
    expect(await summary(starts[2]!, rig.clock.now)).toMatchObject({ last: 3, previous: 2, sum: 3 });
    // A day without records.
    const later = grid.endOf(grid.endOf(starts[2]!));
    rig.put(later, grid.endOf(later), 9);
    rig.store.progressNow = { watermarkMs: later + 3 * DAY, finalBeforeMs: later + 3 * DAY };
    rig.clock.now = later + 3 * DAY;
    expect(await summary(start, rig.clock.now)).toMatchObject({ last: 9, previous: null });
  });
});

describe('windows that cover an event more than once', () => {
  test.each<[string, Window]>([
    ['sliding', { ...fixed, type: 'hopping', sizeMs: 10 * MINUTE, advanceMs: 1, anyStart: true }],
    ['cumulating', { ...fixed, cumulating: { sizeMs: HOUR, offsetMs: 0 } }],
  ])('%s ones have no sum over time', async (_, window) => {
    const rig = withWindows(window);
    rig.put(T0, T0 + window.sizeMs, 5);
    const summary = await rig.engine.summary({ metric: 'm', fromMs: T0, toMs: NOW }, []);
    expect(summary.series).toMatchObject([{ last: 5, sum: null }]);
    await expect(rig.query({ stepMs: 5 * MINUTE, overTime: 'sum' })).rejects.toMatchObject({
      code: 'invalid_over_time',
    });
  });
});
