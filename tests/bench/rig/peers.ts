import { setTimeout as sleep } from 'node:timers/promises';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../support/free-port';
import type { Endings } from '../scenario';
import { temporaryFolder } from './bridge';
import { PsqlSession } from './psql-session';
import { ONE_MEASURE, seriesName } from './records';

/** Databases that could be used instead, each on 127.0.0.1 with a temporary folder. */

export interface Peer {
  readonly name: string;
  readonly pid: number;
  /** With the points alone. */
  readonly folder: string;
  readonly takes: PeerInput;
  /** Points that are readable by now. */
  count(): Promise<number>;
  /** Resolves when everything is on the disk in the form that it stays in. */
  settle(): Promise<void>;
  range(series: number, span: PeerSpan): Promise<Answered>;
  /** Of all series, by the minute. */
  sum(span: PeerSpan): Promise<Answered>;
}

/** Lines of InfluxDB's protocol are posted to a URL; rows go into the table `points` with COPY. */
export type PeerInput = { readonly url: string } | { readonly port: number };

export interface PeerSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Answered {
  readonly ms: number;
  readonly points: number;
}

const POSTGRES = '/usr/lib/postgresql/15/bin';
const START_MS = 60_000;

/** Throws an Error that says what to install. */
export function requirePeers(): void {
  const missing = ['victoria-metrics', 'influxd', 'psql', join(POSTGRES, 'postgres')].filter(
    (command) => !isInstalled(command),
  );
  if (missing.length === 0) return;
  throw new Error(
    `peers needs ${missing.join(', ')}. On Debian 12: sudo apt-get install victoria-metrics influxdb postgresql-15`,
  );
}

function isInstalled(command: string): boolean {
  const paths = command.startsWith('/') ? [''] : (process.env['PATH'] ?? '').split(':');
  return paths.some((path) => existsSync(join(path, command)));
}

/** Bytes that the files of a folder take on the disk. */
export function folderBytes(folder: string): number {
  let total = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) total += statSync(join(entry.parentPath, entry.name)).blocks * 512;
  }
  return total;
}

async function start(
  command: string,
  args: readonly string[],
  endings: Endings,
  owner: object = {},
): Promise<ChildProcess> {
  const child = spawn(command, args, { stdio: 'ignore', ...owner });
  endings.add(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGINT');
    const late = setTimeout(() => child.kill('SIGKILL'), 20_000);
    await once(child, 'exit');
    clearTimeout(late);
  });
  await once(child, 'spawn');
  return child;
}

async function until(what: string, ready: () => Promise<boolean>): Promise<void> {
  const ends = Date.now() + START_MS;
  while (!(await ready().catch(() => false))) {
    if (Date.now() > ends) throw new Error(`${what} was not ready within ${START_MS} ms`);
    await sleep(100);
  }
}

async function post(url: string, form: Readonly<Record<string, string>>): Promise<string> {
  const answer = await fetch(url, { method: 'POST', body: new URLSearchParams(form) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${text.slice(0, 300)}`);
  return text;
}

async function timed(ask: () => Promise<number>): Promise<Answered> {
  const began = performance.now();
  const points = await ask();
  return { ms: performance.now() - began, points };
}

interface Matrix {
  readonly data: { readonly result: readonly { readonly values: readonly unknown[] }[] };
}

export async function startVictoriaMetrics(endings: Endings): Promise<Peer> {
  const folder = temporaryFolder(endings);
  const port = await freePort();
  const args = [`-storageDataPath=${folder}`, `-httpListenAddr=127.0.0.1:${port}`, '-retentionPeriod=12'];
  const child = await start('victoria-metrics', args, endings);
  const url = `http://127.0.0.1:${port}`;
  await until('VictoriaMetrics', async () => (await fetch(`${url}/health`)).ok);
  const ask = (query: string, { fromMs, toMs }: PeerSpan): Promise<Answered> =>
    timed(async () => {
      const range = { start: `${fromMs / 1_000}`, end: `${toMs / 1_000 - 60}`, step: '60s', nocache: '1' };
      const text = await post(`${url}/api/v1/query_range`, { query, ...range });
      return (JSON.parse(text) as Matrix).data.result[0]?.values.length ?? 0;
    });
  const flush = (): Promise<string> => post(`${url}/internal/force_flush`, {});
  return {
    name: 'VictoriaMetrics',
    pid: child.pid!,
    folder,
    takes: { url: `${url}/write?db=bench&precision=ms` },
    count: async () => {
      await flush();
      const time = `${Date.now() / 1_000}`;
      const query = `sum(count_over_time(${ONE_MEASURE}_value[30d]))`;
      const text = await post(`${url}/api/v1/query`, { query, time, nocache: '1' });
      const [found] = (JSON.parse(text) as { data: { result: { value: [number, string] }[] } }).data.result;
      return Number(found?.value[1] ?? 0);
    },
    settle: async () => {
      await flush();
      await post(`${url}/internal/force_merge`, {});
    },
    range: (series, span) => ask(`${ONE_MEASURE}_value{series="${seriesName(series)}"}`, span),
    sum: (span) => ask(`sum(${ONE_MEASURE}_value)`, span),
  };
}

function influxConfiguration(folder: string, port: number, backupPort: number): string {
  return `reporting-disabled = true
bind-address = "127.0.0.1:${backupPort}"
[meta]
  dir = "${folder}/meta"
[data]
  dir = "${folder}/data"
  wal-dir = "${folder}/wal"
  index-version = "tsi1"
  query-log-enabled = false
[http]
  bind-address = "127.0.0.1:${port}"
  log-enabled = false
[monitor]
  store-enabled = false
[logging]
  level = "error"
`;
}

interface Results {
  readonly results: readonly { readonly series?: readonly { readonly values: readonly unknown[][] }[] }[];
}

export async function startInfluxDb(endings: Endings): Promise<Peer> {
  const folder = temporaryFolder(endings);
  const port = await freePort();
  const file = join(folder, 'influxdb.conf');
  writeFileSync(file, influxConfiguration(folder, port, await freePort()));
  const child = await start('influxd', ['-config', file], endings);
  const url = `http://127.0.0.1:${port}`;
  await until('InfluxDB', async () => (await fetch(`${url}/ping`)).status === 204);
  const ask = async (q: string): Promise<readonly unknown[][]> => {
    const text = await post(`${url}/query`, { db: 'bench', epoch: 'ms', q });
    return (JSON.parse(text) as Results).results[0]?.series?.[0]?.values ?? [];
  };
  await ask('CREATE DATABASE bench');
  const within = ({ fromMs, toMs }: PeerSpan): string => `time >= ${fromMs}ms AND time < ${toMs}ms`;
  return {
    name: 'InfluxDB',
    pid: child.pid!,
    folder,
    takes: { url: `${url}/write?db=bench&precision=ms` },
    count: async () => Number((await ask(`SELECT count(value) FROM ${ONE_MEASURE}`))[0]?.[1] ?? 0),
    settle: () => Promise.resolve(),
    range: (series, span) =>
      timed(async () => {
        const where = `"series" = '${seriesName(series)}' AND ${within(span)}`;
        return (await ask(`SELECT value FROM ${ONE_MEASURE} WHERE ${where}`)).length;
      }),
    sum: (span) =>
      timed(async () => {
        const steps = 'GROUP BY time(1m) fill(none)';
        return (await ask(`SELECT sum(value) FROM ${ONE_MEASURE} WHERE ${within(span)} ${steps}`)).length;
      }),
  };
}

/** PostgreSQL does not run as root: as the user that its package makes, then. */
function postgresOwner(): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

export async function startPostgres(endings: Endings): Promise<Peer> {
  const folder = temporaryFolder(endings);
  const owner = postgresOwner();
  const data = join(folder, 'data');
  mkdirSync(data);
  if (owner !== null) for (const path of [folder, data]) chownSync(path, owner.uid, owner.gid);
  const as = { ...owner, cwd: folder };
  const cluster = ['-D', data, '-U', 'bench', '-A', 'trust'];
  execFileSync(join(POSTGRES, 'initdb'), cluster, { stdio: 'ignore', ...as });
  const port = await freePort();
  const args = ['-D', data, '-p', `${port}`, '-k', folder, '-c', 'listen_addresses=127.0.0.1'];
  const child = await start(join(POSTGRES, 'postgres'), args, endings, as);
  const ready = ['-h', '127.0.0.1', '-p', `${port}`, '-q'];
  await until('PostgreSQL', async () => {
    execFileSync(join(POSTGRES, 'pg_isready'), ready);
    return true;
  });
  const session = new PsqlSession(port, endings);
  const columns = 'series text NOT NULL, time bigint NOT NULL, value double precision NOT NULL';
  await session.ask(`CREATE TABLE points (${columns}, PRIMARY KEY (series, time))`);
  await session.ask('CREATE INDEX ON points (time)');
  const answered = (sql: string): Promise<Answered> => timed(async () => (await session.ask(sql)).length);
  const within = ({ fromMs, toMs }: PeerSpan): string => `time >= ${fromMs} AND time < ${toMs}`;
  return {
    name: 'PostgreSQL',
    pid: child.pid!,
    folder: join(data, 'base'),
    takes: { port },
    count: async () => Number((await session.ask('SELECT count(*) FROM points'))[0]),
    settle: async () => {
      await session.ask('VACUUM ANALYZE points');
      await session.ask('CHECKPOINT');
    },
    range: (series, span) => {
      const where = `series = '${seriesName(series)}' AND ${within(span)}`;
      return answered(`SELECT time, value FROM points WHERE ${where} ORDER BY time`);
    },
    sum: (span) =>
      answered(`SELECT time, sum(value) FROM points WHERE ${within(span)} GROUP BY time ORDER BY time`),
  };
}
