import { metricOf } from '../../tests/support/sample-metrics';
import { StartRefusedError, UnavailableError } from './domain/errors';
import type { TopicMapping } from './domain/mapping';
import type { Metric } from './domain/metric';
import { ServedMetrics } from './served-metrics';

const mapping = (name: string, change: Partial<Metric> = {}): TopicMapping =>
  ({ metric: metricOf({ name, ...change }), topic: name }) as TopicMapping;
const namesOf = (metrics: readonly Metric[]): string =>
  metrics.map(({ name, title }) => `${name}=${title}`).join();

function setup(before: readonly TopicMapping[]) {
  const steps: string[] = [];
  const faults: { source?: Error; store?: Error } = {};
  const served: { store: readonly Metric[] } = { store: before.map(({ metric }) => metric) };
  const metrics = new ServedMetrics(before, {
    source: {
      checkMappings: () => {
        if (faults.source) throw faults.source;
      },
      useMappings: async (mappings) =>
        void steps.push(`source ${namesOf(mappings.map(({ metric }) => metric))}`),
    },
    store: {
      useMetrics: async (next) => {
        if (faults.store) throw faults.store;
        steps.push(`store ${namesOf(next)}`);
        served.store = next;
      },
    },
    engine: { useMetrics: (next) => void steps.push(`engine ${namesOf(next)}`) },
    hub: { useMetrics: (_, changed) => void steps.push(`hub ${[...changed].sort().join()}`) },
    closedSteps: { forgetMetric: (name) => void steps.push(`forget ${name}`) },
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
  });
  return { metrics, steps, faults, served };
}

describe('other metrics in place of those that are served', () => {
  test('the store has both while the source goes over, and drops the old ones last', async () => {
    const { metrics, steps } = setup([mapping('a', { title: 'A' }), mapping('b', { title: 'B' })]);
    const changed = await metrics.replace([mapping('a', { title: 'A2' }), mapping('c', { title: 'C' })]);
    expect([...changed].sort()).toEqual(['a', 'b', 'c']);
    expect(steps).toEqual([
      'store b=B,a=A2,c=C',
      'engine a=A2,c=C',
      'forget a',
      'forget c',
      'forget b',
      'hub a,b,c',
      'source a=A2,c=C',
      'store a=A2,c=C',
    ]);
  });

  test('a metric that did not change stays the same object, and is not reported', async () => {
    const before = mapping('a');
    const { metrics, steps, served } = setup([before]);
    expect(await metrics.replace([mapping('a'), mapping('b')])).toEqual(['b']);
    expect(served.store[0]).toBe(before.metric);
    expect(steps).toContain('hub b');
  });

  test.each<[string, { source?: Error; store?: Error }]>([
    ['the source refuses', { source: new StartRefusedError('no') }],
    ['the store refuses', { store: new StartRefusedError('no') }],
    ['the store is away', { store: new UnavailableError('store', 'no') }],
  ])('nothing changes where %s; the next file is compared with what is served', async (_, fault) => {
    const { metrics, steps, faults } = setup([mapping('a')]);
    Object.assign(faults, fault);
    await expect(metrics.replace([mapping('b')])).rejects.toThrow('no');
    expect(steps).toEqual([]);
    delete faults.source;
    delete faults.store;
    expect(await metrics.replace([mapping('a'), mapping('b')])).toEqual(['b']);
  });
});
