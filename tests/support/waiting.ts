import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits until the check neither throws nor returns false, and resolves with what it returned. Rejects with the last
 * failure when the time is over.
 * @param what was waited for; for the error.
 */
export async function eventually<T>(
  check: () => T | false | Promise<T | false>,
  what = 'the condition',
  timeoutMs = 60_000,
  everyMs = 25,
): Promise<T> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    let failure: unknown = new Error('it did not hold');
    try {
      const found = await check();
      if (found !== false) return found;
    } catch (error) {
      failure = error;
    }
    if (performance.now() > endMs) {
      const { message } = failure as Error;
      throw new Error(`${what}: not within ${timeoutMs} ms: ${message}`, { cause: failure });
    }
    await sleep(everyMs);
  }
}
