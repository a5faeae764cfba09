import { at, codeOf, setup, T0 } from '../../../tests/support/engine-on-memory';
import { DAY, MINUTE } from '../../../tests/support/sample-metrics';
import type { Filter, Query } from './selection';

describe('combining across series', () => {
  test('counts and sums add; min; max', async () => {
    const { put, query } = setup();
    put('a', 'x', 0, 3, 3, 3);
    put('b', 'x', 0, 4, -1, 9);
    expect((await query({ groupBy: [] })).series).toMatchObject([{ labels: {}, times: [T0], values: [7] }]);
    expect((await query({ groupBy: [], measure: 'low' })).series[0]!.values).toEqual([-1]);
    expect((await query({ groupBy: [], measure: 'high' })).series[0]!.values).toEqual([9]);
  });

  test('an average combines from its sum and its own count', async () => {
    const { put, query } = setup();
    put('a', 'x', 0, 10, 0, 0, 5, 2);
    put('b', 'x', 0, 90, 0, 0, 9, 10);
    expect((await query({ groupBy: [], measure: 'mean' })).series[0]!.values).toEqual([100 / 12]);
  });

  test('an average whose count is missing in a member is left out, with a warning', async () => {
    const { put, query } = setup();
    put('a', 'x', 0, 10, 0, 0, 5, 2);
    put('b', 'x', 0, 90, 0, 0, 9, undefined);
    const answer = await query({ groupBy: [], measure: 'mean' });
    expect(answer.series).toEqual([]);
    expect(answer.warnings).toMatchObject([{ code: 'not_combinable', count: 1 }]);
  });

  test('a point that stands alone keeps the value that the stream wrote', async () => {
    const { put, query } = setup();
    put('a', 'x', 0, 10, 0, 0, 5.000001, 2);
    put('b', 'x', 1, 10, 0, 0, 7, undefined);
    expect((await query({ groupBy: [], measure: 'mean' })).series[0]!.values).toEqual([5.000001, 7]);
  });

  test('groups are in the order of their labels, whatever order was asked', async () => {
    const { put, query } = setup();
    put('b', 'x', 0, 1);
    put('a', 'y', 0, 2);
    put('a', 'x', 0, 4);
    const bySite = await query({ groupBy: ['site'] });
    expect(bySite.series.map(({ labels, values }) => [labels, values])).toEqual([
      [{ site: 'x' }, [5]],
      [{ site: 'y' }, [2]],
    ]);
    const all = await query({ groupBy: ['site', 'segment'] });
    expect(all).toEqual(await query());
    expect(all.series.map(({ values }) => values[0])).toEqual([4, 2, 1]);
  });

  test('what cannot be combined is refused, unless one value of each dropped dimension is asked', async () => {
    const { put, plan, query } = setup();
    for (const measure of ['users', 'gauge', 'bare_mean']) {
      expect(codeOf(() => plan({ measure, groupBy: [] }))).toBe('not_combinable');
      expect(codeOf(() => plan({ measure, groupBy: ['site', 'segment'] }))).toBe('accepted');
    }
    const pinned: Filter[] = [{ dimension: 'segment', op: '=', values: ['a', 'a'] }];
    expect(codeOf(() => plan({ measure: 'users', groupBy: ['site'], filters: pinned }))).toBe('accepted');
    expect(codeOf(() => plan({ measure: 'users', groupBy: [], filters: pinned }))).toBe('not_combinable');
    put('a', 'x', 0, 1, 0, 0, 0, 0, 42);
    const answer = await query({ measure: 'users', groupBy: ['site'], filters: pinned });
    expect(answer.series).toMatchObject([{ labels: { site: 'x' }, values: [42] }]);
  });
});

describe('revisions and removals', () => {
  test('a combined point has the sum of its members revisions, removed ones included', async () => {
    const { store, put, query } = setup();
    put('a', 'x', 0, 1);
    put('a', 'x', 0, 2);
    put('b', 'x', 0, 4);
    store.remove(['b', 'x'], T0);
    const [series] = (await query({ groupBy: [], includeRevisions: true })).series;
    expect(series).toMatchObject({ times: [T0], values: [2], revisions: [4], removed: [] });
    store.remove(['a', 'x'], T0);
    const [gone] = (await query({ groupBy: [], includeRevisions: true })).series;
    expect(gone).toMatchObject({ times: [], values: [], removed: [T0], removedRevisions: [5] });
    expect((await query({ groupBy: [] })).series).toEqual([]);
  });

  test('a point that lacks the measure is absent for it, and sent as removed with revisions', async () => {
    const { put, query } = setup();
    put('a', 'x', 0, 1, 0, 0, 7, 1);
    put('a', 'x', 0, 1);
    expect((await query({ measure: 'mean' })).series).toEqual([]);
    const [series] = (await query({ measure: 'mean', includeRevisions: true })).series;
    expect(series).toMatchObject({ times: [], removed: [T0], removedRevisions: [2] });
  });
});

describe('over time', () => {
  test('the default for counts is the average per window; the others on request', async () => {
    const { put, query } = setup();
    [4, 1, 7].forEach((value, minute) => put('a', 'x', minute, value));
    put('a', 'x', 5, 100);
    const value = async (overTime?: Query['overTime']) =>
      (await query({ stepMs: 5 * MINUTE, overTime })).series[0]!.values;
    expect(await value()).toEqual([4, 100]);
    expect(await value('sum')).toEqual([12, 100]);
    expect(await value('min')).toEqual([1, 100]);
    expect(await value('max')).toEqual([7, 100]);
    expect(await value('last')).toEqual([7, 100]);
  });

  test('an average is weighed by its count, never an average of averages', async () => {
    const { put, query } = setup();
    put('a', 'x', 0, 10, 0, 0, 5, 2);
    put('a', 'x', 1, 90, 0, 0, 9, 10);
    put('a', 'x', 5, 90, 0, 0, 9.5, 10);
    expect((await query({ measure: 'mean', stepMs: 5 * MINUTE })).series[0]!.values).toEqual([100 / 12, 9.5]);
  });

  test('a step is shown if its start is in the range, with all its windows', async () => {
    const { put, query } = setup();
    for (let minute = 0; minute < 20; minute += 1) put('a', 'x', minute, minute);
    const answer = await query({ fromMs: at(3), toMs: at(11), stepMs: 5 * MINUTE });
    expect(answer.series[0]).toMatchObject({ times: [at(5), at(10)], values: [7, 12] });
  });

  test.each([
    ['users', 'sum', 'not_combinable'],
    ['users', 'avg', 'accepted'],
    ['users', 'last', 'accepted'],
    ['mean', 'sum', 'not_combinable'],
    ['bare_mean', 'avg', 'not_combinable'],
    ['bare_mean', 'max', 'accepted'],
    ['gauge', 'avg', 'not_combinable'],
    ['gauge', 'last', 'accepted'],
    ['high', 'sum', 'not_combinable'],
    ['value', 'median', 'invalid_over_time'],
  ])('%s by %s: %s', (measure, rule, code) => {
    const { plan } = setup();
    expect(codeOf(() => plan({ measure, overTime: rule as 'avg' }))).toBe(code);
  });

  test('a default rule that cannot hold is refused only where windows are combined', () => {
    const { plan } = setup();
    expect(codeOf(() => plan({ measure: 'bare_mean' }))).toBe('accepted');
    expect(codeOf(() => plan({ measure: 'bare_mean', stepMs: 2 * MINUTE }))).toBe('not_combinable');
  });

  test('hopping: multiples of the advance; overlapping windows refuse sum', () => {
    const { plan } = setup({
      window: { type: 'hopping', sizeMs: 5 * MINUTE, advanceMs: MINUTE, gapMs: 0, graceMs: 0 },
    });
    expect(plan().stepMs).toBe(MINUTE);
    expect(codeOf(() => plan({ overTime: 'sum' }))).toBe('invalid_over_time');
    expect(plan({ stepMs: 10 * MINUTE }).stepMs).toBe(10 * MINUTE);
  });

  test('a step off the ladder is rounded up, with a warning; step_ms wins over max_points', async () => {
    const { plan, query } = setup();
    const asked = plan({ stepMs: 3 * MINUTE, maxPoints: 1 });
    expect(asked.stepMs).toBe(5 * MINUTE);
    expect(asked.warnings).toMatchObject([{ code: 'step_adjusted', asked_ms: 180_000, taken_ms: 300_000 }]);
    expect((await query({ maxPoints: 12 })).stepMs).toBe(5 * MINUTE);
    expect((await query({ maxPoints: 60 })).stepMs).toBe(MINUTE);
    for (const bad of [0, -1, Number.NaN, 1.5, Number.POSITIVE_INFINITY]) {
      expect(codeOf(() => plan({ stepMs: bad }))).toBe('invalid_step');
      expect(codeOf(() => plan({ maxPoints: bad }))).toBe('invalid_step');
    }
  });

  test('sessions are not stepped', async () => {
    const { store, plan, query } = setup({
      window: { type: 'session', sizeMs: 0, advanceMs: 0, gapMs: MINUTE, graceMs: 0 },
    });
    expect(plan({ maxPoints: 2 })).toMatchObject({ stepMs: 0, warnings: [] });
    expect(plan({ stepMs: 5 }).warnings).toMatchObject([{ code: 'step_adjusted', taken_ms: 0 }]);
    store.put(['a', 'x'], T0 + 17, T0 + 90_000, [5]);
    expect((await query({ fill: 'zero' })).series[0]).toMatchObject({ times: [T0 + 17], values: [5] });
  });
});

describe('open and final', () => {
  test('open from the first window whose end + grace is past the boundary', async () => {
    const { store, put, query } = setup();
    for (let minute = 0; minute < 4; minute += 1) put('a', 'x', minute, 1);
    store.progressNow = { watermarkMs: at(3), finalBeforeMs: at(2) + 30_000 };
    expect((await query()).series[0]).toMatchObject({
      times: [at(0), at(1), at(2), at(3)],
      openFromMs: at(2),
    });
    expect((await query({ includeOpen: false })).series[0]).toMatchObject({
      times: [at(0), at(1)],
      openFromMs: null,
    });
    store.progressNow = { watermarkMs: null, finalBeforeMs: null };
    expect((await query()).series[0]!.openFromMs).toBe(at(0));
  });

  test('a step is open while its span is not over, also when all its members are final', async () => {
    const { store, put, query, plan, engine } = setup();
    put('a', 'x', 0, 1);
    store.progressNow = { watermarkMs: at(3), finalBeforeMs: at(3) };
    expect((await query({ stepMs: 5 * MINUTE })).series[0]!.openFromMs).toBe(at(0));
    expect((await query()).series[0]!.openFromMs).toBeNull();
    const stepped = plan({ stepMs: 5 * MINUTE });
    const done = { watermarkMs: null, finalBeforeMs: at(5) + 30_000 };
    expect(engine.openFrom(stepped, done)).toBe(at(0) + 1);
    expect(engine.openFrom(stepped, { watermarkMs: null, finalBeforeMs: at(5) + 29_999 })).toBe(at(0));
  });

  test('final-only: final at once alone, open while its span is not over when combined', async () => {
    const { store, put, query } = setup({ finalOnly: true });
    put('a', 'x', 0, 1);
    store.progressNow = { watermarkMs: at(1), finalBeforeMs: at(1) };
    expect((await query()).series[0]!.openFromMs).toBeNull();
    expect((await query({ groupBy: [] })).series[0]!.openFromMs).toBe(at(0));
  });
});

describe('range', () => {
  test('window starts in [from, to)', async () => {
    const { put, query } = setup();
    for (let minute = 0; minute < 4; minute += 1) put('a', 'x', minute, 1);
    expect((await query({ fromMs: at(1), toMs: at(3) })).series[0]!.times).toEqual([at(1), at(2)]);
    expect((await query({ fromMs: at(1), toMs: at(1) })).series).toEqual([]);
  });

  test.each([
    [5, 4],
    [-1, 4],
    [Number.NaN, 4],
    [0, Number.POSITIVE_INFINITY],
    [0, 8_640_000_000_000_001],
    [0.5, 4],
  ])('%p to %p is refused', async (fromMs, toMs) => {
    const { query, engine } = setup();
    await expect(query({ fromMs, toMs })).rejects.toMatchObject({ code: 'invalid_range' });
    await expect(engine.summary({ metric: 'm', fromMs, toMs }, [])).rejects.toMatchObject({
      code: 'invalid_range',
    });
  });

  test('the longest range is clipped to the retention, and cut exactly there', async () => {
    const { store, clock, put, query } = setup();
    for (let minute = 0; minute < 6; minute += 1) put('a', 'x', minute, minute);
    clock.now = at(2) + DAY;
    const all = { fromMs: 0, toMs: 8_640_000_000_000_000 };
    expect((await query(all)).series[0]!.times).toEqual([at(2), at(3), at(4), at(5)]);
    clock.now = at(2) + DAY - 1;
    expect((await query(all)).series[0]!.times[0]).toBe(at(1));
    expect((await query({ ...all, stepMs: 2 * MINUTE })).series[0]!.times).toEqual([at(2), at(4)]);
    const read = store.reads.at(-1)!;
    expect(read.toMs - read.fromMs).toBeLessThan(3 * DAY);
  });

  test('fill stands in gaps of the grid from `from` to the watermark, never past it', async () => {
    const { store, put, query } = setup();
    put('a', 'x', 2, 5);
    put('a', 'x', 4, 6);
    store.progressNow = { watermarkMs: at(5) + 1, finalBeforeMs: at(5) + 1 };
    expect((await query({ fill: 'zero' })).series[0]).toMatchObject({
      times: [at(0), at(1), at(2), at(3), at(4), at(5)],
      values: [0, 0, 5, 0, 6, 0],
      openFromMs: at(4),
    });
    const nulls = await query({ fill: 'null', includeOpen: false, includeRevisions: true });
    expect(nulls.series[0]).toMatchObject({ values: [null, null, 5, null], revisions: [0, 0, 1, 0] });
    expect((await query({ toMs: at(4), fill: 'zero' })).series[0]!.times.at(-1)).toBe(at(3));
    expect((await query()).series[0]!.values).toEqual([5, 6]);
    expect(
      (await query({ filters: [{ dimension: 'site', op: '=', values: ['no'] }], fill: 'zero' })).series,
    ).toEqual([]);
  });

  test('NaN and infinity are null, and integers past 2^53 give a warning', async () => {
    const { put, query } = setup();
    [Number.NaN, Number.NEGATIVE_INFINITY, 2 ** 53, 1].forEach((value, minute) =>
      put('a', 'x', minute, value),
    );
    const answer = await query();
    expect(answer.series[0]!.values).toEqual([null, null, 2 ** 53, 1]);
    expect(answer.warnings).toMatchObject([
      { code: 'unsafe_integer', count: 1 },
      { code: 'values_unrepresentable', count: 2 },
    ]);
  });
});

describe('limits', () => {
  test('at most so many series, in order of their labels', async () => {
    const { put, query } = setup({}, { maxSeries: 2 });
    ['c', 'a', 'b'].forEach((segment) => put(segment, 'x', 0, 1));
    const answer = await query();
    expect(answer.series.map(({ labels }) => labels['segment'])).toEqual(['a', 'b']);
    expect(answer.warnings).toMatchObject([{ code: 'series_truncated', kept: 2, total: 3 }]);
    expect((await query({ filters: [{ dimension: 'segment', op: '!=', values: ['b'] }] })).warnings).toEqual(
      [],
    );
  });

  test('at most so many points; one series past it, or a scan past its limit, is too large', async () => {
    const { put, query } = setup({}, { maxPoints: 3, maxScanPoints: 5 });
    [0, 1].forEach((minute) => ['a', 'b'].forEach((segment) => put(segment, 'x', minute, 1)));
    const answer = await query();
    expect(answer.series).toHaveLength(1);
    expect(answer.warnings).toMatchObject([{ code: 'series_truncated', kept: 1, total: 2 }]);
    [2, 3].forEach((minute) => put('a', 'x', minute, 1));
    await expect(query()).rejects.toMatchObject({ code: 'range_too_large' });
    await expect(query({ groupBy: [] })).rejects.toMatchObject({ code: 'range_too_large' });
  });

  test('a store that is rebuilt while it is read is read again', async () => {
    const { store, put, query } = setup();
    put('a', 'x', 0, 1);
    const read = store.read.bind(store);
    jest.spyOn(store, 'read').mockImplementationOnce((metric, request) => {
      store.epochText = 'epoch-2';
      return read(metric, request);
    });
    expect((await query()).storeEpoch).toBe('epoch-2');
    expect(store.reads).toHaveLength(2);
  });
});

describe('for live subscriptions', () => {
  test('recompute gives exactly what a snapshot holds at those times, removals included', async () => {
    const { store, put, engine, plan } = setup();
    for (let minute = 0; minute < 200; minute += 1) {
      put('a', 'x', minute, minute);
      put('b', 'x', minute, 2 * minute);
    }
    store.remove(['a', 'x'], at(7));
    store.remove(['b', 'x'], at(7));
    for (const selection of [{ groupBy: [] }, { stepMs: 5 * MINUTE }, {}]) {
      const checked = plan(selection);
      const times = [7, 3, 150].map((minute) => checked.stepOf(at(minute)));
      const snapshot = await engine.snapshot(checked, T0);
      const again = await engine.recompute(checked, times);
      expect(again).toHaveLength(snapshot.series.length);
      again.forEach((series, index) => {
        const whole = snapshot.series[index]!;
        expect(series.labels).toEqual(whole.labels);
        expect(series.removed).toEqual(whole.removed);
        expect(series.times).toEqual(whole.times.filter((time) => times.includes(time)));
        series.times.forEach((time, row) => {
          const place = whole.times.indexOf(time);
          expect([series.values[row], series.revisions[row]]).toEqual([
            whole.values[place],
            whole.revisions[place],
          ]);
        });
      });
    }
    const onlyA = await engine.recompute(plan(), [at(3)], [{ segment: 'a', site: 'x' }]);
    expect(onlyA).toMatchObject([{ labels: { segment: 'a', site: 'x' }, values: [3] }]);
  });
});
