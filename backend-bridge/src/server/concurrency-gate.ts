import { RequestError } from '../domain/errors';

/**
 * Lets a bounded number of requests in at once, lets as many again wait their turn, and refuses the rest.
 * One holder gets at most half of all places, so that it cannot shut the others out.
 */
export class ConcurrencyGate {
  private running = 0;
  private readonly waiting: (() => void)[] = [];
  private readonly byHolder = new Map<string, number>();
  private readonly perHolder: number;

  /** `shared`: several holders share the gate; without tokens there is one, who may have it all. */
  constructor(
    private readonly limit: number,
    shared: boolean,
  ) {
    this.perHolder = shared ? limit : limit * 2;
  }

  /** Resolves with the way to leave, which may be called more than once. Rejects with `overloaded` or `rate_limited`. */
  async enter(holder: string): Promise<() => void> {
    const held = this.byHolder.get(holder) ?? 0;
    if (this.running >= this.limit && this.waiting.length >= this.limit) {
      throw new RequestError('overloaded', 'The bridge has too much to do; try again in a moment', {}, true);
    }
    if (held >= this.perHolder) {
      throw new RequestError(
        'rate_limited',
        'Too many requests at once with this token; wait for answers',
        {},
        true,
      );
    }
    this.byHolder.set(holder, held + 1);
    if (this.running >= this.limit) await new Promise<void>((admit) => this.waiting.push(admit));
    else this.running += 1;
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      this.leave(holder);
    };
  }

  private leave(holder: string): void {
    const held = (this.byHolder.get(holder) ?? 1) - 1;
    if (held === 0) this.byHolder.delete(holder);
    else this.byHolder.set(holder, held);
    const next = this.waiting.shift();
    // The place goes over to the next one, so `running` stays.
    if (next) next();
    else this.running -= 1;
  }
}
