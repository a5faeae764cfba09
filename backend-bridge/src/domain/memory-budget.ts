import { RequestError } from './errors';
import { fairShare } from './fair-gate';

/** Memory of one point in an answer: its time, value and revision, with the room that growing arrays leave. */
export const POINT_BYTES = 32;

/**
 * Memory that answers may take while they are made and sent, in bytes; an estimate, not a measurement. A holder gets
 * at most half of what the others leave.
 */
export class MemoryBudget {
  private total = 0;
  private readonly used = new Map<string, number>();

  /** @param setting the name of `limit`, for the sentence of a refusal */
  constructor(
    private readonly limit: number,
    private readonly setting: string,
  ) {}

  get usedBytes(): number {
    return this.total;
  }

  /** Opens a hold for one answer; several holders where they share it, which then counts for each of them. */
  open(holders: Iterable<string>): MemoryHold {
    const each = new Set(holders);
    let held = 0;
    const add = (bytes: number): void => {
      this.add(each, bytes);
      held += bytes;
    };
    return {
      reserve: (bytes) => {
        const refusal = this.refusal(each, bytes);
        if (refusal !== null) throw refusal;
        add(bytes);
      },
      tryDouble: () => {
        if (this.refusal(each, held) !== null) return false;
        add(held);
        return true;
      },
      free: () => {
        this.add(each, -held);
        held = 0;
      },
    };
  }

  private refusal(holders: ReadonlySet<string>, bytes: number): RequestError | null {
    const { limit, setting } = this;
    if (this.total + bytes > limit) {
      return new RequestError(
        'overloaded',
        `The answers under way take all memory that they may; try again in a moment, or raise ${setting}`,
        { setting, limit },
        true,
      );
    }
    for (const holder of holders) {
      const held = this.used.get(holder) ?? 0;
      if (held + bytes <= fairShare(limit, this.total, held)) continue;
      return new RequestError(
        'rate_limited',
        `The answers under way for one client take its share of memory; read them, ask for less, or raise ${setting}`,
        { setting, limit },
        true,
      );
    }
    return null;
  }

  private add(holders: ReadonlySet<string>, bytes: number): void {
    this.total += bytes;
    for (const holder of holders) {
      const held = (this.used.get(holder) ?? 0) + bytes;
      if (held === 0) this.used.delete(holder);
      else this.used.set(holder, held);
    }
  }
}

/** The memory of one answer. */
export interface MemoryHold {
  /** Throws `rate_limited` or `overloaded`; nothing is reserved then. */
  reserve(bytes: number): void;
  /** Reserves as much again as is held. False: there is not so much, and nothing is reserved. */
  tryDouble(): boolean;
  /** Frees what was reserved; further calls free what was reserved since. */
  free(): void;
}
