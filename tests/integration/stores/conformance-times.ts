import { isWindowFinal } from '../../../backend-bridge/src/domain/finality';
import type { Metric } from '../../../backend-bridge/src/domain/metric';
import { HOUR, metricOf, MINUTE, NOW, Scene, SECOND, SESSIONS, T, type StoreFactory } from './store-rig';

/** Another retention, grace or idle time under stored points. */
export function describeChangedTimes(factory: StoreFactory): void {
  describe.each([
    ['at a start', (scene: Scene, metrics: readonly Metric[]) => scene.under.restart(metrics)],
    ['while it runs', (scene: Scene, metrics: readonly Metric[]) => scene.store.useMetrics(metrics)],
  ])('%s', (_when, define) => describeTimes(factory, define));
}

function describeTimes(
  factory: StoreFactory,
  define: (scene: Scene, metrics: readonly Metric[]) => Promise<void>,
): void {
  let scene: Scene;
  afterEach(() => scene.close());

  const graceOf = (graceMs: number): Metric => metricOf({ window: { ...metricOf().window, graceMs } });
  /** Whether the window that ends then is final, as a bridge with this metric sees it. */
  const isFinal = async (metric: Metric, endMs: number): Promise<boolean> =>
    isWindowFinal(metric, endMs, await scene.store.progress(metric));

  it.each([
    ['tumbling windows', metricOf()],
    ['sessions', metricOf({ window: SESSIONS })],
  ])(
    'of %s: a shorter retention cuts the answers at once, a longer one keeps and takes more',
    async (_name, metric) => {
      scene = await Scene.open(factory, metric);
      await scene.put(0, [
        { offset: 0, startMs: T - 5 * HOUR },
        { offset: 1, startMs: T },
      ]);
      await define(scene, [{ ...metric, retentionMs: 2 * HOUR }]);
      expect((await scene.points())['eu']!.map(({ startMs }) => startMs)).toEqual([T]);
      await define(scene, [{ ...metric, retentionMs: 48 * HOUR, idleMs: 5 * MINUTE }]);
      expect((await scene.points())['eu']!.map(({ startMs }) => startMs)).toContain(T);
      const longer = { ...metric, retentionMs: 48 * HOUR };
      const late = scene.batch(0, [{ offset: 2, startMs: T - 30 * HOUR }]);
      expect(await scene.store.write({ ...late, metric: longer })).toMatchObject({ accepted: 1, expired: 0 });
      expect((await scene.points())['eu']!.map(({ startMs }) => startMs)).toContain(T - 30 * HOUR);
    },
  );

  it('a longer grace: what was final stays final, the rest closes by the new one', async () => {
    const [short, long] = [graceOf(10 * SECOND), graceOf(MINUTE)];
    scene = await Scene.open(factory, short);
    await scene.put(0, [{ offset: 0 }], { maxEventMs: T + MINUTE + 10 * SECOND });
    expect(await isFinal(short, T + MINUTE)).toBe(true);
    await define(scene, [long]);
    expect(await isFinal(long, T + MINUTE)).toBe(true);
    expect(await isFinal(long, T + MINUTE + 1)).toBe(false);
    await scene.put(0, [{ offset: 1, startMs: T + MINUTE }], { maxEventMs: T + 2 * MINUTE + 30 * SECOND });
    expect(await isFinal(long, T + 2 * MINUTE)).toBe(false);
    await scene.put(0, [{ offset: 2, startMs: T + MINUTE }], { maxEventMs: T + 3 * MINUTE });
    expect(await isFinal(long, T + 2 * MINUTE)).toBe(true);
  });

  it('a shorter grace closes windows at once, and they stay closed under the longer one again', async () => {
    const [short, long] = [graceOf(0), graceOf(MINUTE)];
    scene = await Scene.open(factory, long);
    await scene.put(0, [{ offset: 0 }], { maxEventMs: T + MINUTE + 10 * SECOND });
    expect(await isFinal(long, T + MINUTE)).toBe(false);
    await define(scene, [short]);
    expect(await isFinal(short, T + MINUTE)).toBe(true);
    await define(scene, [long]);
    expect(await isFinal(long, T + MINUTE)).toBe(true);
    expect(await isFinal(long, NOW)).toBe(false);
  });
}
