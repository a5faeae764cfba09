import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The job that applies the migrations, against a server that answers as ksqlDB does and a tool that only notes its calls. */

const script = join(__dirname, '../../ksql/apply-migrations.sh');

interface Query {
  readonly id: string;
  readonly state: string;
  readonly statusCount: Readonly<Record<string, number>>;
}

const runs: Query = { id: 'CTAS_A_1', state: 'RUNNING', statusCount: { RUNNING: 1 } };

describe('apply-migrations.sh', () => {
  let folder = '';
  let server: Server;
  let streams: string[] = [];
  let queries: Query[][] = [];
  let asked: string[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'apply-'));
    [streams, queries, asked] = [['MIGRATION_EVENTS'], [[runs]], []];
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const { ksql } = JSON.parse(body) as { ksql: string };
        asked.push(ksql);
        const answer =
          ksql === 'LIST STREAMS;'
            ? [{ '@type': 'streams', streams: streams.map((name) => ({ type: 'STREAM', name })) }]
            : [{ '@type': 'queries', queries: queries.length > 1 ? queries.shift() : queries[0] }];
        response.setHeader('Content-Type', 'application/json').end(JSON.stringify(answer));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    writeFileSync(
      join(folder, 'ksql.properties'),
      `# the tool's file\nksql.server.url=http://127.0.0.1:${port}\n`,
    );
  });

  afterEach(async () => {
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });

  /** Runs the script with a `ksql-migrations` that notes its arguments and fails at `failing`. */
  async function run(
    failing = 'nothing',
    args: readonly string[] = [],
  ): Promise<{ status: number | null; calls: string[]; errors: string }> {
    const tool = join(folder, 'ksql-migrations');
    writeFileSync(
      tool,
      `#!/bin/bash\necho "\${@:3}" >>"${folder}/calls"\n[[ "$*" != *${failing}* ]] || exit 1\n`,
    );
    chmodSync(tool, 0o755);
    writeFileSync(join(folder, 'calls'), '');
    const child = spawn('/bin/bash', [script, join(folder, 'ksql.properties'), ...args], {
      env: { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}`, QUERY_ATTEMPTS: '2' },
    });
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
    const calls = readFileSync(join(folder, 'calls'), 'utf8').split('\n').slice(0, -1);
    return { status, calls, errors };
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
    expect(asked).toEqual(['LIST STREAMS;']);
    streams = [];
    const first = await run('initialize');
    expect(first.status).not.toBe(0);
    expect(first.calls).toEqual(['initialize-metadata']);
  });

  it('waits for the queries, and fails when one is in error', async () => {
    queries = [[], [runs]];
    expect((await run()).status).toBe(0);
    queries = [[runs, { id: 'CTAS_B_2', state: 'ERROR', statusCount: { ERROR: 1 } }]];
    const failed = await run();
    expect(failed.status).toBe(1);
    expect(failed.errors).toContain('CTAS_B_2');
    queries = [[]];
    expect((await run()).errors).toContain('no query runs');
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
