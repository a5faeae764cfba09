import type { Metric } from '../domain/metric';
import { metricOf } from '../../../tests/support/sample-metrics';
import { DefinitionComparison } from './definition-comparison';
import type { Command } from './redis-link';

/** A hash in place of Redis; the real one is in tests/integration/stores. */
class Hash {
  readonly fields = new Map<string, string>();

  readonly pipeline = async (commands: readonly Command[]): Promise<unknown[]> =>
    commands.map(([command, , ...args]) => {
      const [name, value] = args.map(String);
      if (command === 'HSET') this.fields.set(name!, value!);
      if (command === 'HDEL') for (const one of args) this.fields.delete(String(one));
      return command === 'HGETALL' ? [...this.fields].flat().map((text) => Buffer.from(text)) : 1;
    });
}

const HOUR_MS = 3_600_000;

describe('bridges on one Redis with different metrics files', () => {
  const warnings: unknown[] = [];
  const log = {
    debug: () => {},
    info: () => {},
    error: () => {},
    warn: (_fields: object, text: string) => void warnings.push(text),
  };
  const bridge = (hash: Hash, name: string, ...metrics: readonly Metric[]): DefinitionComparison => {
    const entries = new Map(metrics.map((metric) => [metric.name, { metric }]));
    return new DefinitionComparison(hash, 'test', name, entries, { log });
  };
  const orders = metricOf({ name: 'orders' });
  const round = async (...bridges: DefinitionComparison[]): Promise<void> => {
    for (const one of bridges) await one.compare();
  };
  beforeEach(() => void warnings.splice(0));

  test.each([
    ['another retention', { retentionMs: 2 * HOUR_MS }],
    ['another rule', { measures: orders.measures.map((each) => ({ ...each, combine: 'max' as const })) }],
    ['a history', { history: [{ stepMs: HOUR_MS, keepMs: 900 * HOUR_MS }] }],
    ['another max_series', { maxSeries: orders.maxSeries + 1 }],
  ])('%s of a metric is named by both, once', async (_what, change) => {
    const hash = new Hash();
    const a = bridge(hash, 'a:1', orders);
    const b = bridge(hash, 'b:2', { ...orders, ...change });
    for (let i = 0; i < 4; i += 1) await round(a, b);
    expect(a.differences).toEqual([
      expect.stringMatching(/^The bridge b:2 has another definition of orders: .*same metrics file$/),
    ]);
    expect(b.differences).toEqual([
      expect.stringMatching(/^The bridge a:1 has another definition of orders: /),
    ]);
    expect(warnings).toHaveLength(2);
  });

  test('titles may differ, and so may the file for one round', async () => {
    const hash = new Hash();
    const a = bridge(hash, 'a:1', orders);
    const entry = { metric: orders };
    const b = new DefinitionComparison(hash, 'test', 'b:2', new Map([['orders', entry]]), { log });
    entry.metric = { ...orders, title: 'All orders' };
    await round(a, b, a, b, a, b);
    entry.metric = { ...orders, retentionMs: 2 * HOUR_MS };
    await round(b, a);
    entry.metric = orders;
    await round(b, a, b, a);
    expect([...a.differences, ...b.differences, ...warnings]).toEqual([]);
  });

  test('metrics of one bridge only are named, the first three of many', async () => {
    const hash = new Hash();
    const named = (...names: string[]): Metric[] => names.map((name) => ({ ...orders, name }));
    const a = bridge(hash, 'a:1', ...named('orders', 'visits'));
    const b = bridge(hash, 'b:2', ...named('orders', 'd', 'c', 'f', 'e', 'g'));
    await round(a, b, a, b, a);
    expect(a.differences).toEqual([
      expect.stringContaining('The bridge b:2 does not have visits, also has c, d, e and 2 more: '),
    ]);
    expect(b.differences).toEqual([
      expect.stringContaining('The bridge a:1 does not have c, d, e and 2 more, also has visits: '),
    ]);
  });

  test('a bridge that has ended is forgotten', async () => {
    const hash = new Hash();
    const a = bridge(hash, 'a:1', orders);
    const b = bridge(hash, 'b:2');
    await round(a, b, a, b, a);
    expect(a.differences).toHaveLength(1);
    await round(a, a, a);
    expect(a.differences).toEqual([]);
    expect([...hash.fields.keys()]).toEqual(['a:1']);
  });

  test('what cannot be read of another bridge ends nothing', async () => {
    const hash = new Hash();
    const a = bridge(hash, 'a:1', orders);
    for (let i = 0; i < 2; i += 1) {
      hash.fields.set('odd:3', `${i} no JSON`);
      hash.fields.set('odd:4', `${i} null`);
      await round(a);
    }
    expect(a.differences).toEqual([]);
  });
});
