/** A load generator is a process of its own that answers calls of the bench. */
export type Answers = Readonly<Record<string, (params: never) => unknown>>;

export interface Call {
  readonly id: number;
  readonly method: string;
  readonly params: unknown;
}

export interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** Answers until the bench goes away. */
export function answer(answers: Answers): void {
  process.on('message', (call: Call) => {
    const run = answers[call.method] as ((params: unknown) => unknown) | undefined;
    Promise.resolve()
      .then(() => {
        if (run === undefined) throw new Error(`no method ${call.method}`);
        return run(call.params);
      })
      .then(
        (result) => process.send?.({ id: call.id, result }),
        (error: unknown) => process.send?.({ id: call.id, error: String((error as Error).stack ?? error) }),
      );
  });
  process.on('disconnect', () => process.exit(0));
}

/** Milliseconds of a clock that all processes of one machine share. */
export function sharedClockMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}
