import type { DataFrame } from '@grafana/data';
import type { Clock } from './ports';

interface Kept {
  holders: number;
  frames: readonly DataFrame[] | undefined;
  cancelForgetting: (() => void) | undefined;
}

/**
 * The last answers to polled questions, which no channel keeps: a refresh that fails shows them again, in whatever
 * panel. Each is kept while a panel has its query open, and briefly after.
 */
export class LastAnswers {
  private readonly kept = new Map<string, Kept>();

  constructor(
    private readonly clock: Clock,
    private readonly forgetAfterMs: number,
  ) {}

  /** How many answers are kept. */
  get size(): number {
    return [...this.kept.values()].filter(({ frames }) => frames !== undefined).length;
  }

  /** Keeps the answers to a query until the returned function is called. */
  hold(question: string): () => void {
    const kept = this.kept.get(question) ?? { holders: 0, frames: undefined, cancelForgetting: undefined };
    this.kept.set(question, kept);
    kept.cancelForgetting?.();
    kept.cancelForgetting = undefined;
    kept.holders += 1;
    return () => {
      kept.holders -= 1;
      if (kept.holders > 0) return;
      if (kept.frames === undefined) this.kept.delete(question);
      else kept.cancelForgetting = this.clock.after(this.forgetAfterMs, () => this.kept.delete(question));
    };
  }

  /** The newest answer; undefined where there was none, or it is kept elsewhere. */
  set(question: string, frames: readonly DataFrame[] | undefined): void {
    const kept = this.kept.get(question);
    if (kept !== undefined) kept.frames = frames;
  }

  get(question: string): readonly DataFrame[] | undefined {
    return this.kept.get(question)?.frames;
  }
}
