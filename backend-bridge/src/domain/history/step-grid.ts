import type { Span } from '../read-span';
import type { StepColumns } from './step-columns';

/** A row for each place where spans may have a step. */
export class StepGrid {
  readonly rows: number;
  /** By span, and after the last one: its first row. */
  readonly firstRows: readonly number[];
  private found = new Int32Array(0);

  /** The spans, ascending, begin and end at multiples of the step. */
  constructor(
    private readonly spans: readonly Span[],
    private readonly stepMs: number,
  ) {
    const firstRows = [0];
    for (const { fromMs, toMs } of spans) firstRows.push(firstRows.at(-1)! + (toMs - fromMs) / stepMs);
    this.firstRows = firstRows;
    this.rows = firstRows.at(-1)!;
  }

  /** The rows of steps that lie within one span; lent until the next call. */
  rowsOf({ length, starts }: StepColumns): Int32Array {
    let span = this.spans.length - 1;
    while (span > 0 && this.spans[span]!.fromMs > starts[0]!) span -= 1;
    const { fromMs } = this.spans[span]!;
    const first = this.firstRows[span]!;
    if (this.found.length !== length) this.found = new Int32Array(length);
    for (let i = 0; i < length; i += 1) this.found[i] = first + (starts[i]! - fromMs) / this.stepMs;
    return this.found;
  }
}
