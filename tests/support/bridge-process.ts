import { setTimeout as sleep } from 'node:timers/promises';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePort } from './free-port';

/** A real bridge in a process of its own: the built program, as people run it. */
export interface BridgeProcess {
  readonly port: number;
  readonly url: string;
  readonly wsUrl: string;
  readonly process: ChildProcess;
  /** Everything it has printed so far. */
  output(): string;
  /** Resolves when /readyz answers 200. */
  ready(timeoutMs?: number): Promise<void>;
  /** POSTs JSON and gives the parsed body; throws with the answer's text unless the status is 2xx. */
  post<T>(path: string, body: unknown): Promise<T>;
  get<T>(path: string): Promise<T>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  kill9(): Promise<void>;
}

const MAIN = join(__dirname, '../../backend-bridge/dist/main.js');

/**
 * Starts a bridge on a free port of loopback. The environment is exactly `environment`, PATH and the port. `node`: the
 * program that runs it.
 */
export async function startBridge(
  environment: Record<string, string>,
  args: readonly string[] = [],
  node = process.execPath,
): Promise<BridgeProcess> {
  const port = Number(environment['BRIDGE_PORT'] ?? (await freePort()));
  const child = spawn(node, ['--enable-source-maps', MAIN, ...args], {
    env: { PATH: process.env['PATH'], LOG_LEVEL: 'info', ...environment, BRIDGE_PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const keep = (chunk: Buffer): void => {
    text = (text + chunk.toString('utf8')).slice(-1_000_000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const url = `http://127.0.0.1:${port}`;

  const request = async <T>(path: string, init: RequestInit): Promise<T> => {
    const answer = await fetch(url + path, init);
    const body = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${body}`);
    return JSON.parse(body) as T;
  };

  return {
    port,
    url,
    wsUrl: `ws://127.0.0.1:${port}`,
    process: child,
    output: () => text,
    ready: async (timeoutMs = 60_000) => {
      const until = Date.now() + timeoutMs;
      let last = 'no answer';
      while (Date.now() < until) {
        if (child.exitCode !== null) throw new Error(`the bridge ended with ${child.exitCode}:\n${text}`);
        const answer = await fetch(`${url}/readyz`).catch(() => null);
        if (answer?.ok === true) return;
        if (answer !== null) last = await answer.text();
        await sleep(50);
      }
      throw new Error(`the bridge is not ready after ${timeoutMs} ms: ${last}\n${text}`);
    },
    post: (path, body) =>
      request(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    get: (path) => request(path, {}),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      child.kill('SIGTERM');
      await once(child, 'exit');
      return child.exitCode;
    },
    kill9: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
