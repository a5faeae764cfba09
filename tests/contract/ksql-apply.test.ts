import { spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The job that applies the migrations, against a server that answers as ksqlDB does and a tool that only notes its calls. */

const script = join(__dirname, '../../ksql/apply-migrations.sh');

/** One of `queryDescriptions`, as `LIST QUERIES EXTENDED` answers, the fields that the script does not read left out. */
interface Query {
  readonly id: string;
  readonly statementText: string;
  readonly ksqlHostQueryStatus: Readonly<Record<string, string>>;
  readonly queryErrors: readonly { timestamp: number; errorMessage: string; type: string }[];
  readonly state: string;
}

const runs: Query = {
  id: 'CTAS_A_1',
  // Texts may hold what the script looks for; the JSON around them escapes it.
  statementText: `CREATE TABLE A AS SELECT '"state":"ERROR","queryErrors":[{' AS text FROM B;`,
  ksqlHostQueryStatus: { 'ksqldb:8088': 'RUNNING' },
  queryErrors: [],
  state: 'RUNNING',
};
const inError: Query = {
  ...runs,
  id: 'CTAS_B_2',
  ksqlHostQueryStatus: { 'ksqldb:8088': 'ERROR' },
  state: 'ERROR',
};
/** Started again after every failure: the state never shows it. */
const crashLoops: Query = {
  ...runs,
  id: 'CSAS_C_3',
  queryErrors: [
    {
      timestamp: 1_764_400_000_000,
      errorMessage: 'InvalidTimestampException: out of range',
      type: 'UNKNOWN',
    },
  ],
};

describe('apply-migrations.sh', () => {
  let folder = '';
  let server: Server;
  let streams: string[] = [];
  let tables: string[] = [];
  let topics: Record<string, number> = {};
  let queries: Query[][] = [];
  let asked: string[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'apply-'));
    [streams, tables] = [['MIGRATION_EVENTS'], ['MIGRATION_SCHEMA_VERSIONS']];
    topics = { 'raw-events': 1, 'user-profiles': 1 };
    [queries, asked] = [[[runs]], []];
    cpSync(join(script, '../migrations'), join(folder, 'migrations'), { recursive: true });
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const { ksql } = JSON.parse(body) as { ksql: string };
        asked.push(ksql);
        const answers: Record<string, () => object> = {
          'LIST STREAMS;': () => ({
            '@type': 'streams',
            streams: streams.map((name) => ({ type: 'STREAM', name, topic: `default_ksql_${name}` })),
          }),
          'LIST TABLES;': () => ({
            '@type': 'tables',
            tables: tables.map((name) => ({ type: 'TABLE', name, topic: `default_ksql_${name}` })),
          }),
          'LIST TOPICS;': () => ({
            '@type': 'kafka_topics',
            topics: Object.entries(topics).map(([name, partitions]) => ({
              name,
              replicaInfo: Array<number>(partitions).fill(2),
            })),
          }),
          'LIST QUERIES EXTENDED;': () => ({
            '@type': 'queryDescriptions',
            queryDescriptions: queries.length > 1 ? queries.shift() : queries[0],
          }),
        };
        response.setHeader('Content-Type', 'application/json').end(JSON.stringify([answers[ksql]!()]));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    writeProperties(`# the tool's file\nksql.server.url=${address()}\n`);
  });

  const address = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const writeProperties = (text: string): void => writeFileSync(join(folder, 'ksql.properties'), text);

  afterEach(async () => {
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });

  function program(name: string, script: string): void {
    writeFileSync(join(folder, name), `#!/bin/bash\n${script}`);
    chmodSync(join(folder, name), 0o755);
  }

  /** Runs the script with a `ksql-migrations` that notes its arguments, and at `failing` runs `says` and fails. */
  async function run(
    failing = 'nothing',
    args: readonly string[] = [],
    attempts = '2',
    says = 'true',
  ): Promise<{ status: number | null; calls: string[]; output: string; errors: string }> {
    program(
      'ksql-migrations',
      `echo "\${@:3}" >>"${folder}/calls"\n[[ "$*" != *${failing}* ]] || { ${says}; exit 1; }\n`,
    );
    // Looks follow each other without a second between them.
    program('sleep', '');
    writeFileSync(join(folder, 'calls'), '');
    const child = spawn('/bin/bash', [script, join(folder, 'ksql.properties'), ...args], {
      env: { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}`, QUERY_ATTEMPTS: attempts },
    });
    let [output, errors] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
    const calls = readFileSync(join(folder, 'calls'), 'utf8').split('\n').slice(0, -1);
    return { status, calls, output, errors };
  }

  it('makes the tool ready at the first run only', async () => {
    streams = [];
    expect(await run()).toMatchObject({ status: 0, calls: ['initialize-metadata', 'apply --all'] });
    streams = ['MIGRATION_EVENTS'];
    expect(await run()).toMatchObject({ status: 0, calls: ['apply --all'] });
    expect(await run('nothing', ['--until', '10'])).toMatchObject({ status: 0, calls: ['apply --until 10'] });
  });

  it('fails when a statement fails, and asks nothing more', async () => {
    expect((await run('apply')).status).not.toBe(0);
    expect(asked).toEqual(['LIST STREAMS;', 'LIST TOPICS;', 'LIST TABLES;']);
    streams = [];
    const first = await run('initialize');
    expect(first.status).not.toBe(0);
    expect(first.calls).toEqual(['initialize-metadata']);
  });

  it.each([
    [
      'a missing topic',
      "Topic 'raw-events' does not exist. If you want to create a new topic for the stream/table please re-run the statement providing the required 'PARTITIONS' configuration in the WITH clause",
      'Do not add PARTITIONS',
    ],
    [
      'a topic with another retention',
      "A Kafka topic with the name 'enriched_events' already exists, with different partition/replica/retention configuration than required. KSQL expects 1 partitions (topic has 3), 1 replication factor (topic has 1), and 691200000 retention (topic has 3600000).",
      'delete it and run this again',
    ],
  ])('says what to do about %s', async (_, refusal, advice) => {
    writeFileSync(join(folder, 'refusal'), `Failed to execute sql: CREATE ... Error: ${refusal}\n`);
    const refused = await run('apply', [], '2', `cat "${folder}/refusal"`);
    expect(refused.status).toBe(1);
    expect(refused.output).toContain(refusal);
    expect(refused.errors).toContain(advice);
    // Another fault gets no advice that does not fit.
    const failed = await run('apply', [], '2', 'echo other fault >&2');
    expect(failed.output).toContain('other fault');
    expect(failed.errors).toBe('');
  });

  it('applies nothing to sources with other partitions than what the migrations write', async () => {
    topics = { 'raw-events': 3, 'raw-events-2': 1, 'user-profiles': 2, valid_events: 4 };
    const refused = await run();
    expect(refused).toMatchObject({ status: 1, calls: [] });
    expect(refused.errors).toContain('raw-events has 3 partitions; the migrations say PARTITIONS = 1\n');
    expect(refused.errors).toContain('user-profiles has 2 partitions; the migrations say PARTITIONS = 1\n');
    expect(refused.errors).not.toContain('valid_events has');
    // A missing one is refused by the statement that reads it.
    topics = { 'user-profiles': 1 };
    expect(await run()).toMatchObject({ status: 0, errors: '' });
  });

  it('finds the migrations where the tool does', async () => {
    renameSync(join(folder, 'migrations'), join(folder, 'elsewhere'));
    writeProperties(
      `ksql.server.url=${address()}\nksql.migrations.dir.override=${join(folder, 'elsewhere')}\n`,
    );
    topics = { 'raw-events': 3 };
    expect((await run()).errors).toContain('raw-events has 3 partitions');
  });

  it('waits for the queries, and fails when one is in error', async () => {
    queries = [[], [runs]];
    expect((await run()).status).toBe(0);
    queries = [[runs, inError]];
    const failed = await run();
    expect(failed.status).toBe(1);
    expect(failed.errors).toContain('CTAS_B_2');
    expect(failed.errors).not.toContain('CTAS_A_1');
    queries = [[]];
    expect((await run()).errors).toContain('no query runs');
  });

  it('fails while a query is started again and again, though its state is RUNNING', async () => {
    queries = [[runs, crashLoops]];
    const failed = await run();
    expect(failed.status).toBe(1);
    expect(failed.errors).toContain('CSAS_C_3');
    expect(failed.errors).toContain('InvalidTimestampException: out of range');
    expect(failed.errors).not.toContain('CTAS_A_1');
  });

  it('keeps watching after the first look, because a query fails only at its first record', async () => {
    queries = [[runs], [runs], [runs, crashLoops]];
    expect((await run('nothing', [], '4')).status).toBe(1);
    queries = [[runs], [], [runs]];
    expect((await run('nothing', [], '3')).status).toBe(0);
    // Fifteen good looks in a row are enough.
    queries = [...Array<Query[]>(15).fill([runs]), [crashLoops]];
    expect((await run('nothing', [], '30')).status).toBe(0);
    expect(queries).toEqual([[crashLoops]]);
  });

  it('begins the metadata again when an earlier run ended between its stream and its table', async () => {
    tables = ['OTHER'];
    expect(await run()).toMatchObject({
      status: 0,
      calls: ['destroy-metadata', 'initialize-metadata', 'apply --all'],
    });
    expect(await run('destroy')).toMatchObject({ status: 1, calls: ['destroy-metadata'] });
  });

  it('reads its properties as Java does', async () => {
    for (const line of [
      `ksql.server.url = ${address()}`,
      `  ksql.server.url:${address()}/  \r`,
      `ksql.server.url ${address()}`,
      `ksql.server.url=http\\://127.0.0.1\\:${new URL(address()).port}`,
      `ksql.server.url=http://127.0.0.1:1\n#ksql.server.url=http://127.0.0.1:2\nksql.server.url=${address()}`,
    ]) {
      writeProperties(`${line}\n`);
      expect(await run()).toMatchObject({ status: 0, errors: '' });
    }
    writeProperties('ksqlXserver.url=http://127.0.0.1:1\n');
    const missing = await run();
    expect(missing.status).toBe(1);
    expect(missing.errors).toContain('names no ksql.server.url');
  });

  it('looks for the metadata under the names that the properties give it', async () => {
    [streams, tables] = [['APPLIED'], ['APPLIED_VERSIONS']];
    writeProperties(
      `ksql.server.url=${address()}\nksql.migrations.stream.name = applied\nksql.migrations.table.name = applied_versions\n`,
    );
    expect(await run()).toMatchObject({ status: 0, calls: ['apply --all'] });
  });

  it('fails when the server does not answer', async () => {
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const result = await run();
    expect(result.status).toBe(1);
    expect(result.errors).toContain('does not answer');
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  });
});
