import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Answer, Call } from '../generators/answering';
import type { Endings } from '../scenario';

export interface Generator {
  readonly pid: number;
  call<T>(method: string, params?: unknown): Promise<T>;
  end(): Promise<void>;
}

/** Starts a load generator: the bundle of this name beside the bench's own. */
export function startGenerator(name: string, endings: Endings): Generator {
  const bundles = process.env['BENCH_BUNDLES'];
  if (bundles === undefined) throw new Error('start the bench with npm run bench');
  const child = fork(join(bundles, `${name}.cjs`), [], {
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  let ended: string | null = null;
  let next = 0;
  child.on('message', (answer: Answer) => {
    const call = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (answer.error === undefined) call?.resolve(answer.result);
    else call?.reject(new Error(`${name}: ${answer.error}`));
  });
  child.on('exit', (code, signal) => {
    ended = `${name} ended (${signal ?? code ?? 'unknown'})`;
    for (const { reject } of waiting.values()) reject(new Error(ended));
    waiting.clear();
  });
  const generator: Generator = {
    pid: child.pid ?? -1,
    call: <T>(method: string, params: unknown = null) =>
      new Promise<T>((resolve, reject) => {
        if (ended !== null) {
          reject(new Error(ended));
          return;
        }
        next += 1;
        waiting.set(next, { resolve: resolve as (result: unknown) => void, reject });
        child.send({ id: next, method, params } satisfies Call);
      }),
    end: async () => {
      if (ended !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
  endings.add(() => generator.end());
  return generator;
}
