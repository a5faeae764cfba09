/** Settles like the promise, or rejects with `late()` when it takes longer than the limit. */
export async function withDeadline<T>(promise: Promise<T>, limitMs: number, late: () => Error): Promise<T> {
  if (!(await within(promise, limitMs))) throw late();
  return promise;
}

/** True when the promise resolved in time; rejects as it does. Later results are dropped. */
export async function within(promise: Promise<unknown>, limitMs: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
    promise.catch(() => {});
  }
}
