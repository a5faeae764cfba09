import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

interface Fault {
  readonly path: string;
  readonly line: number;
  readonly rule: string;
  readonly message: string;
}

const root = join(__dirname, '../..');
const badFolder = join(root, 'tests/fixtures/ksql-bad');
/** The example of each rule, by its name. */
const examples = new Map(
  readdirSync(badFolder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.sql'))
    .map((path) => [basename(path, '.sql'), join(badFolder, path)]),
);

function check(...args: string[]): { status: number | null; faults: Fault[]; errors: string } {
  const run = spawnSync(process.execPath, ['scripts/check-ksql.mjs', '--json', ...args], {
    cwd: root,
    encoding: 'utf8',
  });
  return {
    status: run.status,
    faults: run.stdout === '' ? [] : (JSON.parse(run.stdout) as Fault[]),
    errors: run.stderr,
  };
}

/** Every rule that the checker's source can report. */
function rulesInSource(): string[] {
  const folder = join(root, 'scripts/ksql');
  const source = readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
  return [
    ...new Set([...source.matchAll(/(?:report|SqlFault)\(\s*'([a-z-]+)'/g)].map((match) => match[1]!)),
  ].sort();
}

describe('the checker of ksqlDB SQL', () => {
  const bad = check('--each', badFolder);

  it('has a failing example for every rule', () => {
    expect([...examples.keys()].sort()).toEqual(rulesInSource());
    expect(examples.size).toBeGreaterThan(40);
    expect(bad.status).toBe(1);
  });

  it.each(rulesInSource())('finds %s in its example, and nothing else', (rule) => {
    const found = bad.faults.filter((fault) => basename(fault.path) === `${rule}.sql`);
    expect(found.map((fault) => fault.rule)).toEqual([rule]);
    expect(found[0]!.message).not.toBe('');
    const lines = readFileSync(examples.get(rule)!, 'utf8').split('\n').length;
    expect(found[0]!.line).toBeGreaterThan(0);
    expect(found[0]!.line).toBeLessThanOrEqual(lines);
  });

  it('finds nothing in our own SQL', () => {
    expect(check('ksql')).toEqual({ status: 0, faults: [], errors: '' });
  });

  it('says so when there is nothing to check', () => {
    expect(check('docs')).toMatchObject({ status: 2, errors: 'No .sql file in docs\n' });
  });

  describe('on the SQL of the original system', () => {
    const faults = check('tests/fixtures/ksql-original/original.sql').faults;

    it.each([
      ['reserved-word', 'PROPERTIES'],
      ['stream-with-group-by', 'CREATE TABLE'],
      ['missing-topic', 'upper case'],
      ['missing-grace', '24 hours'],
      ['average-without-count', 'COUNT'],
    ])('finds %s', (rule, word) => {
      const found = faults.filter((fault) => fault.rule === rule);
      expect(found.length).toBeGreaterThan(0);
      expect(found[0]!.message).toContain(word);
    });
  });

  describe('reads files of one folder as one script', () => {
    const migrations = join(root, 'ksql/migrations');
    let folder = '';
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'ksql-'));
      for (const name of readdirSync(migrations)) {
        writeFileSync(join(folder, name), readFileSync(join(migrations, name)));
      }
    });
    afterEach(() => rmSync(folder, { recursive: true }));
    const add = (name: string, text: string): void => writeFileSync(join(folder, name), text);
    const rules = (): string[] => check(folder).faults.map((fault) => fault.rule);

    it('and misses the one that was taken away', () => {
      rmSync(join(folder, 'V000001__raw_events.sql'));
      expect(rules()).toEqual(['unknown-source']);
    });

    it('and lets a migration drop what nothing reads any more', () => {
      add('V000016__drop_old.sql', 'DROP TABLE events_per_minute_by_segment;\n');
      expect(rules()).toEqual([]);
      // In this order only: high_activity_users is read as a topic, not as an object.
      add('V000017__drop.sql', 'DROP STREAM IF EXISTS high_activity_alerts DELETE TOPIC;\n');
      add('V000018__drop.sql', 'DROP STREAM IF EXISTS high_activity_changes;\n');
      add('V000019__drop.sql', 'DROP TABLE IF EXISTS high_activity_users;\n');
      expect(rules()).toEqual([]);
      add('V000018__drop.sql', 'DROP STREAM IF EXISTS enriched_events;\n');
      expect(rules()).toEqual(['dropped-while-read']);
    });

    it('and takes a table that is made again after it was dropped', () => {
      const name = 'V000005__events_per_minute_by_segment.sql';
      add('V000016__again.sql', readFileSync(join(migrations, name), 'utf8'));
      expect(rules()).toEqual(['made-twice']);
      add('V000015a__drop.sql', 'DROP TABLE IF EXISTS events_per_minute_by_segment;\n');
      expect(rules()).toEqual([]);
    });

    it('and finds events that nothing compared with the clock, through every stream between', () => {
      const name = 'V000003__valid_events.sql';
      const text = readFileSync(join(migrations, name), 'utf8');
      const bound = ' AND timestamp <= UNIX_TIMESTAMP() + 60000';
      expect(text).toContain(bound);
      add(name, text.replace(bound, ''));
      expect(rules()).toEqual(Array<string>(8).fill('unbounded-event-time'));
      for (const other of [
        'UNIX_TIMESTAMP() + 60000 >= timestamp',
        'timestamp BETWEEN 0 AND UNIX_TIMESTAMP()',
      ]) {
        add(name, text.replace(bound, ` AND ${other}`));
        expect(rules()).toEqual([]);
      }
      for (const other of ['timestamp >= UNIX_TIMESTAMP() + 60000', 'NOT timestamp <= UNIX_TIMESTAMP()']) {
        add(name, text.replace(bound, ` AND ${other}`));
        expect(rules()).toContain('unbounded-event-time');
      }
    });

    it('and finds a join by a key that may be null', () => {
      const name = 'V000003__valid_events.sql';
      const text = readFileSync(join(migrations, name), 'utf8');
      add(name, text.replace('user_id IS NOT NULL AND ', ''));
      expect(rules()).toEqual(['nullable-join-key']);
    });
  });

  it('tells statements from comments and strings', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ksql-'));
    const file = join(folder, 'x.sql');
    const table = readFileSync(join(root, 'ksql/migrations/V000002__user_profiles.sql'), 'utf8');
    try {
      writeFileSync(
        file,
        `/* CREATE STREAM; it's */ -- DROP 'x;\nSET 'a;b' = 'it''s -- no comment';\n${table}`,
      );
      expect(check(file)).toMatchObject({ status: 0, faults: [] });
      writeFileSync(file, `${table}SET 'auto.offset.reset' = 'earliest`);
      expect(check(file).faults.map((fault) => fault.rule)).toEqual(['syntax']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
