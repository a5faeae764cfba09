/** Real Redis servers for the tests: each in its own folder, on free ports of 127.0.0.1. */
import { execFileSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from './free-port';
import { ended, launchServer } from './server-process';
import { eventually } from './waiting';

export interface RedisOptions {
  /** Append-only file: off by default, as most tests need no durability. */
  readonly aof?: 'off' | 'everysec' | 'always';
  /** For example `4mb`. */
  readonly maxmemory?: string;
  readonly maxmemoryPolicy?: string;
  readonly requirepass?: string;
  /** ACL users as in redis.conf, for example `reader on >secret ~* +get`. */
  readonly users?: readonly string[];
  /** Serves TLS only, with certificates made for this server. */
  readonly tls?: boolean;
  /** Further lines of redis.conf. */
  readonly directives?: readonly string[];
}

export interface RedisServer {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** redis:// or rediss://, without credentials. */
  readonly url: string;
  readonly dir: string;
  /** PEM texts when TLS is on: the authority, and a client's certificate and key signed by it. */
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string } | null;
  pid(): number;
  /** Ends it in order and removes its folder. */
  stop(): Promise<void>;
  /** SIGKILL; the folder stays, for restart(). */
  kill9(): Promise<void>;
  /** Starts it again on the same port and folder; ends it in order first when it still runs. */
  restart(options?: { readonly waitUntilReady?: boolean }): Promise<void>;
  /** SIGSTOP: the port accepts, nobody answers. */
  pauseProcess(): void;
  /** SIGCONT. */
  resume(): void;
}

export interface RedisCluster {
  readonly nodes: readonly RedisServer[];
  /** redis://127.0.0.1:a,127.0.0.1:b,127.0.0.1:c?cluster=true */
  readonly url: string;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;
const READY = 'Ready to accept connections';
const folders = new Set<string>();

process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function makeCertificates(dir: string): { ca: string; cert: string; key: string } {
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] });
  };
  const key = ['-newkey', 'rsa:2048', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
    '-days',
    '2',
    '-subj',
    '/CN=Test CA',
  );
  openssl('req', ...key, '-keyout', 'redis.key', '-out', 'redis.csr', '-subj', '/CN=localhost');
  writeFileSync(join(dir, 'names.ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  const sign = [
    '-CA',
    'ca.crt',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-days',
    '2',
    '-extfile',
    'names.ext',
  ];
  openssl('x509', '-req', '-in', 'redis.csr', ...sign, '-out', 'redis.crt');
  const text = (name: string): string => readFileSync(join(dir, name), 'utf8');
  return { ca: text('ca.crt'), cert: text('redis.crt'), key: text('redis.key') };
}

function configuration(options: RedisOptions, port: number, dir: string): string {
  const lines = [
    'bind 127.0.0.1',
    `dir ${dir}`,
    'save ""',
    'daemonize no',
    'logfile ""',
    options.tls ? 'port 0' : `port ${port}`,
  ];
  if (options.tls)
    lines.push(
      `tls-port ${port}`,
      `tls-cert-file ${dir}/redis.crt`,
      `tls-key-file ${dir}/redis.key`,
      `tls-ca-cert-file ${dir}/ca.crt`,
      'tls-auth-clients optional',
    );
  if (options.aof !== undefined && options.aof !== 'off')
    lines.push('appendonly yes', `appendfsync ${options.aof}`);
  if (options.maxmemory !== undefined) lines.push(`maxmemory ${options.maxmemory}`);
  if (options.maxmemoryPolicy !== undefined) lines.push(`maxmemory-policy ${options.maxmemoryPolicy}`);
  if (options.requirepass !== undefined) lines.push(`requirepass ${options.requirepass}`);
  for (const user of options.users ?? []) lines.push(`user ${user}`);
  lines.push(...(options.directives ?? []));
  return `${lines.join('\n')}\n`;
}

async function launch(dir: string, readyText: string | null, ...args: string[]): Promise<ChildProcess> {
  const { child } = await launchServer({
    name: 'redis-server',
    command: 'redis-server',
    args: [join(dir, 'redis.conf'), ...args],
    readyText,
    timeoutMs: START_TIMEOUT_MS,
    missing: 'redis-server is not installed: apt-get install -y redis-server (Redis 7 or newer)',
  });
  return child;
}

export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const dir = mkdtempSync(join(tmpdir(), 'streamkpi-redis-'));
  folders.add(dir);
  const tls = options.tls ? makeCertificates(dir) : null;
  const port = await freePort();
  writeFileSync(join(dir, 'redis.conf'), configuration(options, port, dir));
  let child = await launch(dir, READY);

  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    child.kill('SIGCONT');
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), 5_000);
    await ended(child);
    clearTimeout(late);
  };
  return {
    host: '127.0.0.1',
    port,
    url: `${options.tls ? 'rediss' : 'redis'}://127.0.0.1:${port}`,
    dir,
    tls,
    pid: () => child.pid ?? -1,
    stop: async () => {
      await end('SIGTERM');
      rmSync(dir, { recursive: true, force: true });
      folders.delete(dir);
    },
    kill9: () => end('SIGKILL'),
    restart: async ({ waitUntilReady = true } = {}) => {
      await end('SIGTERM');
      child = await launch(dir, waitUntilReady ? READY : null);
    },
    pauseProcess: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
  };
}

interface Sentinel {
  readonly port: number;
  stop(): Promise<void>;
}

async function startSentinel(primary: RedisServer): Promise<Sentinel> {
  const dir = mkdtempSync(join(tmpdir(), 'streamkpi-sentinel-'));
  folders.add(dir);
  const port = await freePort();
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    `dir ${dir}`,
    `sentinel monitor main 127.0.0.1 ${primary.port} 2`,
    'sentinel down-after-milliseconds main 1000',
    'sentinel failover-timeout main 10000',
  ];
  writeFileSync(join(dir, 'redis.conf'), `${lines.join('\n')}\n`);
  const child = await launch(dir, 'Sentinel ID is', '--sentinel');
  return {
    port,
    stop: async () => {
      child.kill('SIGKILL');
      await ended(child);
      rmSync(dir, { recursive: true, force: true });
      folders.delete(dir);
    },
  };
}

/** Three Sentinels that watch a primary under the name `main`; two of them decide about its failover. */
export async function startSentinels(
  primary: RedisServer,
): Promise<{ readonly addresses: string; stop(): Promise<void> }> {
  const sentinels: Sentinel[] = [];
  while (sentinels.length < 3) sentinels.push(await startSentinel(primary));
  // They find each other through the primary.
  for (const { port } of sentinels) {
    const client = new Redis(port, '127.0.0.1');
    await eventually(
      async () => String(await client.call('SENTINEL', 'CKQUORUM', 'main')).startsWith('OK 3 usable'),
      'the Sentinels know each other',
      START_TIMEOUT_MS,
    ).finally(() => client.disconnect());
  }
  return {
    addresses: sentinels.map(({ port }) => `127.0.0.1:${port}`).join(','),
    stop: async () => {
      await Promise.all(sentinels.map(({ stop }) => stop()));
    },
  };
}

/** Sends one inline command to a server without credentials or TLS and gives its raw reply. */
export async function redisCommand(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    let reply = '';
    socket.setTimeout(5_000, () => socket.destroy(new Error(`no reply to ${command}`)));
    socket.once('error', reject);
    socket.once('connect', () => socket.write(`${command}\r\nQUIT\r\n`));
    socket.on('data', (chunk) => {
      reply += chunk.toString();
    });
    socket.once('end', () => {
      socket.destroy();
      const text = reply.replace(/\+OK\r\n$/, '') || reply;
      if (text.startsWith('-')) reject(new Error(`${command}: ${text.trim()}`));
      else resolve(text);
    });
  });
}

/** Three masters that share the slots, without replicas. */
export async function startRedisCluster(options: RedisOptions = {}): Promise<RedisCluster> {
  const nodes: RedisServer[] = [];
  for (let i = 0; i < 3; i += 1) {
    const bus = await freePort();
    const directives = [
      'cluster-enabled yes',
      `cluster-port ${bus}`,
      'cluster-node-timeout 3000',
      ...(options.directives ?? []),
    ];
    nodes.push(await startRedis({ ...options, directives }));
  }
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  try {
    const slots = ['0 5460', '5461 10922', '10923 16383'];
    for (const [i, node] of nodes.entries())
      await redisCommand(node.port, `CLUSTER ADDSLOTSRANGE ${slots[i] ?? ''}`);
    const first = nodes[0]!;
    for (const node of nodes.slice(1)) {
      const bus = /cluster-port (\d+)/.exec(readFileSync(join(node.dir, 'redis.conf'), 'utf8'))?.[1] ?? '';
      await redisCommand(first.port, `CLUSTER MEET 127.0.0.1 ${node.port} ${bus}`);
    }
    const deadline = Date.now() + START_TIMEOUT_MS;
    for (const node of nodes) {
      for (;;) {
        const info = await redisCommand(node.port, 'CLUSTER INFO');
        if (info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:3')) break;
        if (Date.now() > deadline) throw new Error(`the Redis cluster did not form:\n${info}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const hosts = nodes.map((node) => `127.0.0.1:${node.port}`).join(',');
  return { nodes, url: `redis://${hosts}?cluster=true`, stop };
}
