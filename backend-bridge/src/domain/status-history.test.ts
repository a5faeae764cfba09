import { StatusHistory, STATUS_HISTORY_DEFAULTS, type StatusSample } from './status-history';

const STEP_MS = 10_000;
/** On the grid of every step that an answer can have. */
const T0 = 19_675 * 86_400_000;

const connections = (value: number): StatusSample => ({ name: 'connections', labels: {}, value });
const lag = (topic: string, value: number): StatusSample => ({ name: 'lag', labels: { topic }, value });
const everything = { fromMs: 0, toMs: T0 * 2 };

describe('the recorded status', () => {
  test('samples stand on the grid; the last of the same ten seconds counts; absent ones are gaps', () => {
    const history = new StatusHistory(1, T0 + 1_234);
    expect(history.startedMs).toBe(T0);
    expect(history.read(everything)).toEqual({ stepMs: STEP_MS, series: [] });
    history.record(T0 + 1_234, [connections(1), lag('a', 7)]);
    history.record(T0 + 9_999, [connections(2)]);
    history.record(T0 + 10_003, [connections(0)]);
    history.record(T0 + 40_000, [connections(4), lag('a', 0)]);
    expect(history.read(everything)).toEqual({
      stepMs: STEP_MS,
      series: [
        { name: 'connections', labels: {}, times: [T0, T0 + 10_000, T0 + 40_000], values: [2, 0, 4] },
        { name: 'lag', labels: { topic: 'a' }, times: [T0, T0 + 40_000], values: [7, 0] },
      ],
    });
  });

  test('a range takes its beginning and not its end; series without a sample in it are absent', () => {
    const history = new StatusHistory(1, T0);
    for (let i = 0; i < 6; i += 1) history.record(T0 + i * STEP_MS, [connections(i)]);
    history.record(T0 + 6 * STEP_MS, [lag('late', 1)]);
    const { series } = history.read({ fromMs: T0 + STEP_MS, toMs: T0 + 3 * STEP_MS });
    expect(series).toEqual([
      { name: 'connections', labels: {}, times: [T0 + STEP_MS, T0 + 2 * STEP_MS], values: [1, 2] },
    ]);
    expect(history.read({ fromMs: T0 + 1, toMs: T0 + STEP_MS }).series).toEqual([]);
  });

  test('a longer step shows the last sample of each, aligned to the epoch, whatever the range', () => {
    const history = new StatusHistory(1, T0);
    for (let i = 0; i <= 100; i += 1) history.record(T0 + i * STEP_MS, [connections(i)]);
    const { stepMs, series } = history.read({ fromMs: T0 - 60_000, toMs: T0 + 1_000_000 }, 10);
    expect(stepMs).toBe(120_000);
    expect(series[0]!.times).toEqual(Array.from({ length: 9 }, (_, i) => T0 + i * 120_000));
    expect(series[0]!.values).toEqual([11, 23, 35, 47, 59, 71, 83, 95, 100]);
    // A range that begins in the middle of a step omits that step and has otherwise the same values.
    const later = history.read({ fromMs: T0 + 130_000, toMs: T0 + 1_190_000 }, 10);
    expect([later.stepMs, later.series[0]!.values]).toEqual([120_000, [35, 47, 59, 71, 83, 95, 100]]);
  });

  test('a series that ended a retention ago takes no room in answers any more', () => {
    const options = { ...STATUS_HISTORY_DEFAULTS, retentionMs: 60_000, maxAnswerPoints: 6 };
    const history = new StatusHistory(1, T0, options);
    const record = (from: number, to: number, ...samples: StatusSample[]): void => {
      for (let i = from; i < to; i += 1) history.record(T0 + i * STEP_MS, samples);
    };
    record(0, 6, connections(1), lag('removed', 1));
    expect(history.read({ fromMs: T0, toMs: T0 + 60_000 }).stepMs).toBe(20_000);
    record(6, 13, connections(1));
    expect(history.read({ fromMs: T0 + 70_000, toMs: T0 + 130_000 }).stepMs).toBe(STEP_MS);
  });

  test('a gap within a step is passed over, a whole step without a sample is absent', () => {
    const history = new StatusHistory(1, T0);
    history.record(T0, [connections(1)]);
    history.record(T0 + 20_000, []);
    history.record(T0 + 60_000, [connections(3)]);
    const { stepMs, series } = history.read({ fromMs: T0, toMs: T0 + 90_000 }, 3);
    expect([stepMs, series[0]!.times, series[0]!.values]).toEqual([30_000, [T0, T0 + 60_000], [1, 3]]);
  });

  test('keeps 24 hours, and no more, however long it runs', () => {
    const history = new StatusHistory(1, T0);
    const places = 8_640;
    for (let i = 0; i < 3 * places; i += 1) history.record(T0 + i * STEP_MS, [connections(i)]);
    const { series } = history.read(everything);
    expect(series[0]!.times).toHaveLength(places);
    expect(series[0]!.times[0]).toBe(T0 + 2 * places * STEP_MS);
    expect(series[0]!.values[0]).toBe(2 * places);
    // The step at the cut shows what is left of it.
    const day = history.read({ fromMs: T0, toMs: T0 + 4 * 86_400_000 }, 4);
    expect([day.stepMs, day.series[0]!.values]).toEqual([86_400_000, [3 * places - 1]]);
  });

  test('a machine that slept longer than the retention begins with nothing old', () => {
    const history = new StatusHistory(1, T0);
    history.record(T0, [connections(1), lag('a', 1)]);
    history.record(T0 + 2 * 86_400_000, [connections(2)]);
    expect(history.read({ fromMs: 0, toMs: T0 * 2 }).series).toEqual([
      { name: 'connections', labels: {}, times: [T0 + 2 * 86_400_000], values: [2] },
    ]);
  });

  test('a clock that is set back takes with it what lies ahead of it', () => {
    const history = new StatusHistory(1, T0);
    for (let i = 0; i < 10; i += 1) history.record(T0 + i * STEP_MS, [connections(i)]);
    history.record(T0 + 4 * STEP_MS, [connections(40)]);
    expect(history.read(everything).series[0]!.values).toEqual([0, 1, 2, 3, 40]);
    history.record(T0 + 6 * STEP_MS, [connections(60)]);
    expect(history.read(everything).series[0]!.times).toEqual(
      [0, 1, 2, 3, 4, 6].map((i) => T0 + i * STEP_MS),
    );
  });

  test('memory is bounded: with very many metrics each is kept for a shorter time', () => {
    expect(new StatusHistory(4, T0).retentionMs).toBe(86_400_000);
    const many = new StatusHistory(2_000, T0);
    const series = 2_000 * 4 + 3;
    const bytes = (many.retentionMs / STEP_MS) * 8 * series;
    expect(bytes).toBeLessThanOrEqual(STATUS_HISTORY_DEFAULTS.maxBytes);
    expect(bytes).toBeGreaterThan(STATUS_HISTORY_DEFAULTS.maxBytes * 0.9);
  });

  test('an answer is bounded: with very many series the step grows', () => {
    const history = new StatusHistory(100, T0, { ...STATUS_HISTORY_DEFAULTS, maxAnswerPoints: 1_000 });
    const samples = Array.from({ length: 100 }, (_, i) => lag(`t${i}`, i));
    for (let i = 0; i < 360; i += 1) history.record(T0 + i * STEP_MS, samples);
    const { stepMs, series } = history.read({ fromMs: T0, toMs: T0 + 3_600_000 });
    expect(stepMs).toBe(600_000);
    expect(series.flatMap(({ times }) => times).length).toBeLessThanOrEqual(1_000);
    expect(series).toHaveLength(100);
  });
});
