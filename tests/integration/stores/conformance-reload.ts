import type { Metric } from '../../../backend-bridge/src/domain/metric';
import { HOUR, listen, metricOf, MINUTE, NOW, Scene, SECOND, T, type StoreFactory } from './store-rig';
import { eventually } from '../../support/waiting';

/** Other definitions while the store is in use: new metrics, removed ones, changed ones. */
export function describeReload(factory: StoreFactory): void {
  let scene: Scene;
  afterEach(() => scene.close());

  const other = metricOf({ name: 'errors', topic: 'errors_topic' });
  const topic = { topic: other.topic, topicId: 'topic-2', ends: [0] };
  const valuesOf = async (metric: Metric): Promise<(number | undefined)[]> => {
    const request = { fromMs: 0, toMs: NOW, seriesIds: null, nowMs: NOW, maxPoints: 1_000 };
    const found = await scene.store.read(metric, request);
    return found.flatMap(({ points }) =>
      Array.from({ length: points.length }, (_, row) => points.point(row).measures[0]),
    );
  };

  it('a new metric takes points at once, and its changes are told', async () => {
    scene = await Scene.open(factory);
    await scene.store.useMetrics([scene.metric, other]);
    const { told } = listen(scene.store);
    await scene.store.identifyTopic(other, topic);
    const batch = { ...scene.batch(0, [{ offset: 0 }]), metric: other, topicId: topic.topicId };
    expect(await scene.store.write(batch)).toMatchObject({ kind: 'applied', accepted: 1 });
    await scene.put(0, [{ offset: 0 }]);
    const names = () => told.filter(({ changes }) => changes.length > 0).map(({ metric }) => metric);
    await eventually(() => expect(names().sort()).toEqual(['errors', 'requests']));
    expect(await valuesOf(other)).toEqual([0]);
  });

  it('a removed metric is not served; it comes back with its points and where they were read to', async () => {
    scene = await Scene.open(factory);
    await scene.put(0, [{ offset: 0 }, { offset: 1, startMs: T + MINUTE }]);
    const epoch = scene.store.epoch();
    await scene.store.useMetrics([other]);
    await expect(scene.store.progress(scene.metric)).rejects.toMatchObject({ code: 'unknown_metric' });
    await scene.store.useMetrics([other, scene.metric]);
    expect(await valuesOf(scene.metric)).toEqual([0, 1]);
    expect(await scene.store.appliedOffsets(scene.metric)).toEqual(new Map([[0, 1]]));
    await scene.put(0, [{ offset: 2, startMs: T }]);
    expect(await valuesOf(scene.metric)).toEqual([2, 1]);
    expect(scene.store.epoch()).toBe(epoch);
  });

  it('titles, units and max_series change, with points and progress as they were', async () => {
    scene = await Scene.open(factory);
    await scene.put(0, [{ offset: 0 }], { maxEventMs: T + MINUTE });
    const before = await scene.store.progress(scene.metric);
    const renamed = { ...scene.metric, title: 'Calls', maxSeries: 1 };
    await scene.store.useMetrics([renamed]);
    expect(await scene.store.progress(renamed)).toEqual(before);
    await scene.put(0, [{ offset: 1, startMs: T + MINUTE }]);
    expect(await valuesOf(renamed)).toEqual([0, 1]);
  });

  it('what stored points forbid is refused, and nothing of the same file is taken', async () => {
    scene = await Scene.open(factory);
    await scene.put(0, [{ offset: 0 }]);
    const window = { ...scene.metric.window, sizeMs: HOUR, advanceMs: HOUR };
    const wider = { ...scene.metric, window };
    await expect(scene.store.useMetrics([other, wider])).rejects.toThrow(
      /Metric requests is stored .* with another definition: window is/,
    );
    await expect(scene.store.progress(other)).rejects.toMatchObject({ code: 'unknown_metric' });
    await scene.put(0, [{ offset: 1, startMs: T + MINUTE }]);
    expect(await valuesOf(scene.metric)).toEqual([0, 1]);
  });

  it('changes while it is written to: every point is there once, with the revision that it would have', async () => {
    scene = await Scene.open(factory);
    const graces = [10, 20, 5, 10].map((seconds) => ({
      ...scene.metric,
      window: { ...scene.metric.window, graceMs: seconds * SECOND },
    }));
    const writes: Promise<unknown>[] = [];
    for (let offset = 0; offset < 40; offset += 1) {
      writes.push(scene.put(0, [{ offset, startMs: T + (offset % 10) * MINUTE }]));
      if (offset % 10 === 5) writes.push(scene.store.useMetrics([graces[(offset - 5) / 10]!, other]));
    }
    await Promise.all(writes);
    const { eu } = await scene.points();
    expect(eu!.map(({ revision }) => revision)).toEqual(Array(10).fill(4));
    expect(await valuesOf(scene.metric)).toEqual([30, 31, 32, 33, 34, 35, 36, 37, 38, 39]);
  });
}
