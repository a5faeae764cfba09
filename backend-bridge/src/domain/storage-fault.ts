import { StartRefusedError } from './errors';

/** Failures of the file system and of LMDB, in the words of both. */

const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [
    /MDB_|not an LMDB file/,
    'the file is damaged: put a copy of the folder back, or move it away to begin with an empty one, which is filled ' +
      'from the source',
  ],
  [/ENOSPC|No space left|EDQUOT|quota exceeded/i, 'the disk is full: free space on it'],
  [/EROFS|Read-only file system/i, 'the disk is mounted read-only'],
  [
    /EACCES|EPERM|Permission denied|not permitted/i,
    "the folder and the files in it must belong to the bridge's user (chown -R)",
  ],
];

/** What to do, as the end of a sentence. */
export function storageRemedy(reason: string): string {
  const known = REMEDIES.find(([pattern]) => pattern.test(reason))?.[1];
  return known ?? 'make STORE_PATH a folder that the bridge may write to';
}

/** The refusal to start where a file or folder cannot be used. `what`: the sentence up to the reason. */
export function storageRefusal(what: string, error: unknown): StartRefusedError {
  const why = error instanceof Error ? error.message : String(error);
  return new StartRefusedError(`${what} (${why}); ${storageRemedy(why)}`, { cause: error });
}

/**
 * Why a commit of lmdb failed: it reports the reason in a separate promise, which must be caught, as unhandled it ends
 * the process. It rejects in the same turn; nothing waits for it should that change. Resolves to the error itself where
 * there is no such promise.
 */
export async function commitFailure(error: unknown): Promise<unknown> {
  const reason = (error as { commitError?: unknown }).commitError;
  if (!(reason instanceof Promise)) return error;
  const nextTurn = new Promise((resolve) => setImmediate(resolve));
  return (await Promise.race([reason.catch((why: unknown) => why), nextTurn])) ?? error;
}
