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
    const examples = readdirSync(badFolder).map((name) => basename(name, '.sql'));
    expect(examples.sort()).toEqual(rulesInSource());
    expect(examples.length).toBeGreaterThan(30);
    expect(bad.status).toBe(1);
  });

  it.each(rulesInSource())('finds %s in its example, and nothing else', (rule) => {
    const found = bad.faults.filter((fault) => basename(fault.path) === `${rule}.sql`);
    expect(found.map((fault) => fault.rule)).toEqual([rule]);
    expect(found[0]!.message).not.toBe('');
    const lines = readFileSync(join(badFolder, `${rule}.sql`), 'utf8').split('\n').length;
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
    let folder = '';
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'ksql-'));
      const migrations = join(root, 'ksql/migrations');
      for (const name of readdirSync(migrations).slice(1)) {
        writeFileSync(join(folder, name), readFileSync(join(migrations, name)));
      }
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    it('and misses the one that was taken away', () => {
      expect(check(folder).faults.map((fault) => fault.rule)).toEqual(['unknown-source']);
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
