import { RequestError } from './errors';
import { fairShare } from './fair-gate';

/** Memory of one point in an answer: its time, value and revision, with the room that growing arrays leave. */
export const POINT_BYTES = 32;

/**
 * Budget for the memory of answers while they are built and sent, in estimated bytes. A holder gets at most half of
 * what the others leave.
 */
export class MemoryBudget {
  private total = 0;
  private readonly used = new Map<string, number>();

  /** @param setting name of the setting for `limit`, for error messages */
  constructor(
    private readonly limit: number,
    private readonly setting: string,
  ) {}

  /** A budget of the same size, for memory of another kind. */
  another(): MemoryBudget {
    return new MemoryBudget(this.limit, this.setting);
  }

  get usedBytes(): number {
    return this.total;
  }

  /** Opens a reservation for one answer; a shared answer counts for each of its holders. */
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
        `The memory for answers in progress is used up; retry later, or raise ${setting}`,
        { setting, limit },
        true,
      );
    }
    for (const holder of holders) {
      const held = this.used.get(holder) ?? 0;
      if (held + bytes <= fairShare(limit, this.total, held)) continue;
      return new RequestError(
        'rate_limited',
        `One client's share of the memory for answers in progress is used up; read them, request less, or raise ${setting}`,
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
  /** Doubles the reservation. False when there is not enough, and nothing is reserved. */
  tryDouble(): boolean;
  /** Releases what is reserved; further calls release what was reserved since. */
  free(): void;
}
