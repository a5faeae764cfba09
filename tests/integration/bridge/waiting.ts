/** Waiting for what a running system will show sooner or later. */

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until the check gives something else than false; its last failure is part of the error. */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | false> | T | false,
  timeoutMs = 60_000,
  everyMs = 50,
): Promise<T> {
  const until = Date.now() + timeoutMs;
  let last: unknown = 'it did not hold';
  for (;;) {
    try {
      const found = await check();
      if (found !== false) return found;
      last = 'it did not hold';
    } catch (error) {
      last = error instanceof Error ? error.message : error;
    }
    if (Date.now() > until) throw new Error(`${what}: not within ${timeoutMs} ms (${String(last)})`);
    await sleep(everyMs);
  }
}
