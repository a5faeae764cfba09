import { spawn, type ChildProcess } from 'node:child_process';

/** Servers that tests start; they end with the test process, however it ends. */

const LOG_CHARS = 200_000;
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface ServerCommand {
  /** For errors. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** The output once the server takes connections; null: any output. */
  readonly readyText: string | null;
  readonly timeoutMs: number;
  /** Error text when the command does not exist. */
  readonly missing?: string;
}

export interface ServerProcess {
  readonly child: ChildProcess;
  /** The last output of the server. */
  readonly log: () => string;
}

/** Resolves when the server is ready; rejects with its output when it ends before, or takes too long. */
export function launchServer(server: ServerCommand): Promise<ServerProcess> {
  const { name, command, args, cwd, readyText, timeoutMs, missing } = server;
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...(cwd && { cwd }) });
  let log = '';
  return new Promise((resolve, reject) => {
    let settled = false;
    const settle = (act: () => void): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      act();
    };
    const timer = setTimeout(() => {
      settle(() => {
        child.kill('SIGKILL');
        reject(new Error(`${name} was not ready within ${timeoutMs} ms:\n${log}`));
      });
    }, timeoutMs);
    const read = (chunk: Buffer): void => {
      log = (log + chunk.toString()).slice(-LOG_CHARS);
      if (readyText === null || log.includes(readyText)) settle(() => resolve({ child, log: () => log }));
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('spawn', () => running.add(child));
    child.once('error', (error: NodeJS.ErrnoException) =>
      settle(() => reject(error.code === 'ENOENT' && missing !== undefined ? new Error(missing) : error)),
    );
    child.once('exit', (code, signal) => {
      running.delete(child);
      settle(() => reject(new Error(`${name} ended (${signal ?? code ?? 'unknown'}):\n${log}`)));
    });
  });
}

/** Resolves when the process has ended. */
export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((resolve) => child.once('exit', () => resolve()));
}
