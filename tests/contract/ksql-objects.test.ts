import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
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
      'valid_events',
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

  it('are left out of the headless file, which a DROP would end, once a later one drops them', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ksql-'));
    const built = join(folder, 'headless/queries.sql');
    const build = (): { status: number | null; stderr: string } =>
      spawnSync(
        process.execPath,
        ['scripts/build-ksql.mjs', '--from', join(folder, 'migrations'), '--out', built],
        { cwd: root, encoding: 'utf8' },
      );
    try {
      cpSync(migrations, join(folder, 'migrations'), { recursive: true });
      writeFileSync(
        join(folder, 'migrations/V000016__drop_events_per_minute_by_segment.sql'),
        'DROP TABLE IF EXISTS events_per_minute_by_segment;\n',
      );
      expect(build()).toMatchObject({ status: 0, stderr: '' });
      const made = JSON.parse(
        execFileSync(process.execPath, ['scripts/check-ksql.mjs', '--describe', built], {
          cwd: root,
          encoding: 'utf8',
        }),
      ) as Described[];
      const left = objects.filter(({ name }) => name !== 'EVENTS_PER_MINUTE_BY_SEGMENT');
      expect(made.map(({ name }) => name)).toEqual(left.map(({ name }) => name));
      expect(readFileSync(built, 'utf8')).not.toContain('DROP');
      const checked = spawnSync(process.execPath, ['scripts/check-ksql.mjs', folder], { cwd: root });
      expect(checked.status).toBe(0);

      // What stays cannot be told apart from what goes within one file.
      writeFileSync(
        join(folder, 'migrations/V000016__drop_events_per_minute_by_segment.sql'),
        readFileSync(join(migrations, files[2]!), 'utf8').replaceAll('valid_events', 'more_events') +
          'DROP TABLE IF EXISTS events_per_minute_by_segment;\n',
      );
      expect(build()).toMatchObject({ status: 2 });
    } finally {
      rmSync(folder, { recursive: true });
    }
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
          // A replay writes the closed windows that the state still holds: as long as raw-events is kept, and longer.
          .replace('RETENTION 8 DAYS', 'RETENTION 2 HOURS')
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

describe('a replay', () => {
  const createTopics = readFileSync(join(root, 'docker/create-topics.sh'), 'utf8');

  const keptMs = Number(/^create raw-events \d+ retention\.ms=(\d+)$/m.exec(createTopics)![1]);

  it('finds the records of every stream between until the next query has read them', () => {
    const read = objects.filter(
      ({ name, type, emit }) =>
        type === 'stream' &&
        emit !== null &&
        objects.some(({ path }) =>
          readFileSync(join(root, path), 'utf8').includes(`FROM ${name.toLowerCase()}`),
        ),
    );
    expect(read.map(({ name }) => name)).toEqual(['VALID_EVENTS', 'ENRICHED_EVENTS', 'REVENUE_EVENTS']);
    // Their records have the events' times, by which the broker deletes them.
    for (const { properties } of read) expect(Number(properties['RETENTION_MS'])).toBeGreaterThan(keptMs);
  });

  it('begins with dropping every object and the topics that the SQL writes, readers first', () => {
    const readme = readFileSync(join(root, 'ksql/README.md'), 'utf8');
    expect(readme.match(/^DROP .*;$/gm)).toEqual(
      objects
        .map(
          ({ name, type, emit }) =>
            `DROP ${type.toUpperCase()} IF EXISTS ${name.toLowerCase()}${emit === null ? '' : ' DELETE TOPIC'};`,
        )
        .reverse(),
    );
  });

  it('of all of raw-events is shorter than the state of the final-only tables', () => {
    for (const { window } of objects.filter(({ emit }) => emit === 'final')) {
      expect(window!.retentionMs).toBeGreaterThanOrEqual(keptMs + window!.sizeMs + window!.graceMs);
    }
  });
});

describe('the rules for what counts and how long joins wait', () => {
  const text = (path: string): string => readFileSync(join(root, path), 'utf8');

  it('are the same in ksqlDB, Kafka Streams and Flink', () => {
    expect(text('ksql/migrations/V000003__valid_events.sql')).toContain(
      'WHERE user_id IS NOT NULL AND timestamp <= UNIX_TIMESTAMP() + 60000\n',
    );
    expect(text('ksql/flink/streamkpi.sql')).toContain(
      'BETWEEN 0 AND UNIX_TIMESTAMP() * 1000 + 60000 THEN TO_TIMESTAMP_LTZ',
    );
    const streams = 'ksql/kafka-streams/src/main/java/io/streamkpi/streams';
    expect(text(`${streams}/StreamKpiTopology.java`)).toContain('MAX_AHEAD = Duration.ofSeconds(60)');
    expect(text(`${streams}/Main.java`)).toContain('MAX_TASK_IDLE_MS_CONFIG, "2500"');
    expect(text('docker-compose.yml')).toContain("KSQL_KSQL_STREAMS_MAX_TASK_IDLE_MS: '2500'");
    expect(text('ksql/README.md')).toContain('\nksql.streams.max.task.idle.ms=2500\n');
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
