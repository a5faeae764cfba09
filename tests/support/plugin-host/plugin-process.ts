import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The built backend as a process, started with the handshake that Grafana uses. */
export interface PluginProcess {
  /** What a gRPC client connects to. */
  readonly address: string;
  readonly process: ChildProcess;
  /** What it has logged so far, at most the last megabyte. */
  log(): string;
  /** SIGKILL, and the socket that it leaves is removed. */
  kill9(): Promise<void>;
  /** Waits `graceMs` for a process that was asked to end; then kills it. True when it ended by itself. */
  ended(graceMs: number): Promise<boolean>;
}

export interface PluginProcessOptions {
  readonly executable?: string;
  readonly grafanaVersion?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

const ARCHITECTURE = process.arch === 'x64' ? 'amd64' : process.arch;
const EXECUTABLE = join(
  __dirname,
  `../../../dist/datasource/gpx_streamkpi_${process.platform}_${ARCHITECTURE}`,
);

const HANDSHAKE_MS = 20_000;

/** Processes that still run: they end with this one, however it ends. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export async function startPluginProcess(options: PluginProcessOptions = {}): Promise<PluginProcess> {
  const executable = options.executable ?? EXECUTABLE;
  if (!existsSync(executable)) {
    throw new Error(
      `The data source's backend is not built: ${executable} is missing. Run "npm run build" first.`,
    );
  }
  // Its socket lies in a folder of its own, so that nothing stays behind when it is killed.
  const folder = mkdtempSync(join(tmpdir(), 'streamkpi-plugin-'));
  const child = spawn(executable, [], {
    env: {
      PATH: process.env['PATH'],
      grafana_plugin_type: 'datasource',
      PLUGIN_PROTOCOL_VERSIONS: '2',
      PLUGIN_MIN_PORT: '10000',
      PLUGIN_MAX_PORT: '25000',
      TMPDIR: folder,
      GF_VERSION: options.grafanaVersion ?? '13.2.3',
      GF_EDITION: 'Open Source',
      GF_PLUGIN_VERSION: '0.1.0',
      ...options.environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const exited = new Promise<void>((resolve) => {
    child.once('close', () => {
      running.delete(child);
      rmSync(folder, { recursive: true, force: true });
      resolve();
    });
  });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-1_000_000)));
  const kill9 = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  const address = await handshake(child, () => log).catch(async (error: unknown) => {
    await kill9();
    throw error;
  });
  // Grafana reads the rest of standard output too; unread it would fill the pipe.
  child.stdout.resume();
  return {
    address,
    process: child,
    log: () => log,
    kill9,
    ended: async (graceMs) => {
      const late = AbortSignal.timeout(graceMs);
      const inTime = await Promise.race([exited.then(() => true), once(late, 'abort').then(() => false)]);
      if (!inTime) await kill9();
      return inTime;
    },
  };
}

/** Reads `1|2|unix|/path|grpc|` from standard output: core version, protocol, network, address, transport. */
async function handshake(child: ChildProcess, log: () => string): Promise<string> {
  const line = await new Promise<string>((resolve, reject) => {
    let text = '';
    const timer = setTimeout(
      () => reject(new Error(`the backend said nothing for ${HANDSHAKE_MS} ms:\n${log()}`)),
      HANDSHAKE_MS,
    );
    const failed = (why: string): void => {
      clearTimeout(timer);
      reject(new Error(`${why}:\n${log()}`));
    };
    child.once('error', (error) => failed(`the backend does not start (${error.message})`));
    child.once('exit', (code) => failed(`the backend ended with ${String(code)} before its handshake`));
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (!text.includes('\n')) return;
      clearTimeout(timer);
      resolve(text.split('\n')[0]!);
    });
  });
  const [core, protocol, network, address, transport] = line.trim().split('|');
  if (core !== '1' || protocol !== '2' || transport !== 'grpc' || !address) {
    throw new Error(`the backend's handshake is not one of protocol 2 over gRPC: ${line}`);
  }
  return network === 'unix' ? `unix:${address}` : address;
}
