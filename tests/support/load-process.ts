import { spawn, type ChildProcess } from 'node:child_process';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';

/** A load in a process of its own, so that what it takes is not measured as the bridge's. */
export interface LoadProcess {
  readonly process: ChildProcess;
  /** Resolves when it has ended; rejects with what it printed to stderr unless it ended with 0. */
  readonly ended: Promise<void>;
}

/** Bundles a TypeScript program into `folder` and runs it with `plan` as JSON; `onLine` gets each line that it prints. */
export async function startLoad(
  source: string,
  folder: string,
  plan: object,
  onLine: (line: string) => void,
): Promise<LoadProcess> {
  const program = join(folder, basename(source).replace(/\.ts$/, '.js'));
  await build({
    entryPoints: [source],
    outfile: program,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: ['bufferutil', 'utf-8-validate'],
    logLevel: 'error',
  });
  const child = spawn(process.execPath, [program, JSON.stringify(plan)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  createInterface({ input: child.stdout }).on('line', onLine);
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve)).then((code) => {
    if (code !== 0) throw new Error(`the load ended with ${code}: ${errors}`);
  });
  return { process: child, ended };
}
