import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readMetricsFile } from '../../backend-bridge/src/config/metrics-file';

/** ksql/ held to what reads it and to what a real ksqlDB wrote. */

interface Described {
  readonly path: string;
  readonly name: string;
  readonly type: 'stream' | 'table';
  readonly properties: Readonly<Record<string, string>>;
  readonly columns: readonly { readonly name: string; readonly key: boolean }[];
  readonly window: {
    readonly type: string;
    readonly sizeMs: number;
    readonly retentionMs: number;
    readonly graceMs: number;
  } | null;
  readonly emit: 'changes' | 'final' | null;
  readonly bounds: readonly { readonly text: string; readonly literal: string }[];
}

const root = join(__dirname, '../..');
const migrations = join(root, 'ksql/migrations');
const files = readdirSync(migrations).sort();
const objects = JSON.parse(
  execFileSync(process.execPath, ['scripts/check-ksql.mjs', '--describe', 'ksql/migrations'], {
    cwd: root,
    encoding: 'utf8',
  }),
) as Described[];
const byTopic = new Map(
  objects.filter(({ emit }) => emit !== null).map((object) => [object.properties['KAFKA_TOPIC'], object]),
);
const mappings = readMetricsFile(join(root, 'backend-bridge/metrics.yaml'));
const valueColumns = ({ columns }: Described): string[] =>
  columns.filter(({ key }) => !key).map(({ name }) => name);

describe('the migrations', () => {
  it('are numbered without a gap, one object a file, named after it, and say what it means', () => {
    expect(files.map((name) => name.slice(0, 9))).toEqual(
      files.map((_, index) => `V${String(index + 1).padStart(6, '0')}__`),
    );
    expect(objects.map(({ path }) => path.split('/').at(-1))).toEqual(files);
    for (const { path, name } of objects) {
      expect(path.endsWith(`__${name.toLowerCase()}.sql`)).toBe(true);
      const lines = readFileSync(join(root, path), 'utf8').split('\n');
      const comment = lines.findIndex((line) => !line.startsWith('-- '));
      expect(comment).toBeGreaterThanOrEqual(2);
      expect(comment).toBeLessThanOrEqual(8);
    }
  });

  it('hold every object of the original and the ones added to it', () => {
    expect(objects.map(({ name }) => name.toLowerCase())).toEqual([
      'raw_events',
      'user_profiles',
      'enriched_events',
      'events_per_minute_by_segment',
      'high_activity_users',
      'revenue_events',
      'revenue_per_minute',
      'active_users_per_minute',
      'high_activity_changes',
      'high_activity_alerts',
      'events_per_minute_by_segment_final',
      'high_activity_users_final',
      'revenue_per_minute_final',
      'active_users_per_minute_final',
    ]);
  });

  it('make the headless queries file', () => {
    const run = spawnSync(process.execPath, ['scripts/build-ksql.mjs', '--check'], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(run.stderr).toBe('');
    expect(run.status).toBe(0);
  });

  it('say the same in a table and in its final-only variant', () => {
    const finals = objects.filter(({ emit }) => emit === 'final');
    expect(finals).toHaveLength(4);
    for (const final of finals) {
      const live = objects.find(({ name }) => `${name}_FINAL` === final.name)!;
      const body = (path: string): string =>
        readFileSync(join(root, path), 'utf8')
          .replaceAll(/^--.*\n/gm, '')
          .replaceAll('_final', '')
          .replace('EMIT FINAL', 'EMIT CHANGES');
      expect(body(final.path)).toBe(body(live.path));
    }
  });

  it('agree on the bound of high activity', () => {
    const bound = (name: string): Described['bounds'] =>
      objects.find((object) => object.name === name)!.bounds;
    expect(bound('HIGH_ACTIVITY_USERS')).toEqual([{ text: '>', literal: '100' }]);
    expect(bound('HIGH_ACTIVITY_USERS_FINAL')).toEqual([{ text: '>', literal: '100' }]);
    expect(bound('HIGH_ACTIVITY_ALERTS')).toEqual([{ text: '=', literal: '101' }]);
  });
});

describe('the default metrics.yaml', () => {
  it.each(mappings.map((mapping) => [mapping.metric.name, mapping] as const))(
    '%s reads what the SQL writes',
    (_, { metric, topic, key, value, measures, dimensions }) => {
      const object = byTopic.get(topic)!;
      expect(object.window).toMatchObject({
        type: metric.window.type.toUpperCase(),
        sizeMs: metric.window.sizeMs,
        graceMs: metric.window.graceMs,
      });
      expect(object.properties).toMatchObject({
        KEY_FORMAT: 'KAFKA',
        VALUE_FORMAT: value.format.toUpperCase(),
      });
      expect(key).toEqual({ format: 'string', windowed: 'time' });
      const columns = valueColumns(object);
      for (const { path } of measures) expect(columns).toContain(path.join('.'));
      for (const source of dimensions) expect(source).toEqual({ in: 'key', path: [] });
      // A dimension stands in the value too, for readers that do not see the key.
      for (const { name } of metric.dimensions) expect(columns).toContain(name.toUpperCase());
      expect(columns).toEqual(expect.arrayContaining(['WINDOW_START', 'WINDOW_END']));
      // A bridge that lost its store reads the topic again: it must still hold what the store would keep.
      expect(Number(object.properties['RETENTION_MS'])).toBeGreaterThanOrEqual(
        metric.retentionMs + metric.window.sizeMs,
      );
    },
  );
});

describe('the columns of the SQL', () => {
  const recorded = join(root, 'tests/fixtures/ksqldb/p1-nocache');
  const topics = readdirSync(recorded).map((name) => name.replace(/\.jsonl$/, ''));

  it.each(topics)('%s are those that a real ksqlDB wrote', (topic) => {
    const first = readFileSync(join(recorded, `${topic}.jsonl`), 'utf8').split('\n', 1)[0]!;
    const { value } = JSON.parse(first) as { value: Record<string, unknown> };
    // The recorded SQL lacked the count behind the average.
    const columns = valueColumns(byTopic.get(topic)!).filter((name) => name !== 'AMOUNT_COUNT');
    expect(columns).toEqual(Object.keys(value));
  });
});
