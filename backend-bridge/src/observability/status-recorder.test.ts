import type { Metric } from '../domain/metric';
import type { Progress } from '../domain/progress';
import type { SourceStatus } from '../domain/source';
import { StatusHistory } from '../domain/status-history';
import { StatusRecorder } from './status-recorder';

const T0 = 1_700_000_000_000;
const metrics = [{ name: 'a' }, { name: 'b' }] as unknown as readonly Metric[];
const partition = (
  lag: number | null,
  owned = true,
): SourceStatus['topics'][number]['partitions'][number] => ({
  partition: 0,
  owned,
  position: 0,
  end: 0,
  lag,
});
const topic = (name: string, partitions: SourceStatus['topics'][number]['partitions']) =>
  ({
    topic: `topic-${name}`,
    metric: name,
    state: 'reading',
    reason: null,
    partitions,
    lastRecordMs: null,
    records: 5,
    deadLetters: 1,
    deadLettersByReason: new Map([['bad_time', 1]]),
    lastDeadLetter: null,
  }) as const;

describe('recording of the status', () => {
  const world = {
    status: (): SourceStatus => ({
      ready: true,
      failing: null,
      topics: [topic('a', [partition(2), partition(3), partition(50, false)]), topic('b', [partition(null)])],
    }),
    progress: async ({ name }: Metric): Promise<Progress> =>
      ({ watermarkMs: name === 'a' ? Date.now() - 1_500 : null }) as Progress,
  };
  let history: StatusHistory;
  let recorder: StatusRecorder;
  const begin = (given: Partial<typeof world> = {}): void => {
    const { status, progress } = { ...world, ...given };
    history = new StatusHistory(metrics.length, Date.now());
    recorder = new StatusRecorder({
      history,
      metrics: () => metrics,
      source: { status },
      store: { progress },
      clients: () => ({ connections: 3, subscriptions: 2, queuedBytes: 0 }),
      clock: Date.now,
    });
    recorder.start();
  };
  const seen = (): Record<string, readonly (readonly [number, number])[]> =>
    Object.fromEntries(
      history
        .read({ fromMs: 0, toMs: T0 * 2 })
        .series.map(({ name, labels, times, values }) => [
          [name, ...Object.values(labels)].join(' '),
          times.map((time, i) => [time - T0, values[i]!] as const),
        ]),
    );

  beforeEach(() => jest.useFakeTimers({ now: T0 + 4_000 }));
  afterEach(() => {
    recorder.stop();
    jest.useRealTimers();
  });

  test('a sample at once, then one at each ten seconds of the clock', async () => {
    begin();
    await jest.advanceTimersByTimeAsync(26_500);
    const at = [0, 10_000, 20_000, 30_000];
    expect(seen()).toEqual({
      connections: at.map((time) => [time, 3]),
      'dead_letters topic-a a': at.map((time) => [time, 1]),
      'dead_letters topic-b b': at.map((time) => [time, 1]),
      // None for b: it has no watermark yet. Nor has its topic a lag: that of a partition is unknown.
      'freshness_ms a': at.map((time) => [time, 1_500]),
      'lag topic-a a': at.map((time) => [time, 5]),
      queued_bytes: at.map((time) => [time, 0]),
      'records topic-a a': at.map((time) => [time, 5]),
      'records topic-b b': at.map((time) => [time, 5]),
      subscriptions: at.map((time) => [time, 2]),
    });
    recorder.stop();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(seen()['connections']).toHaveLength(4);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('a store that does not answer costs the freshness, and nothing else', async () => {
    begin({ progress: () => new Promise(() => undefined) });
    await jest.advanceTimersByTimeAsync(12_000);
    expect(Object.keys(seen())).not.toContain('freshness_ms a');
    expect(seen()['connections']).toHaveLength(2);
    expect(seen()['lag topic-a a']).toHaveLength(2);
  });

  test('a store and a source that throw are gaps too', async () => {
    begin({
      progress: () => {
        throw new Error('not started');
      },
      status: () => {
        throw new Error('not started');
      },
    });
    await jest.advanceTimersByTimeAsync(12_000);
    expect(Object.keys(seen()).sort()).toEqual(['connections', 'queued_bytes', 'subscriptions']);
  });
});
