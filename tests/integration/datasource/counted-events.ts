import type { PointHistory } from '../../support/live-schedule/written-points';
import { recount, type RawEvent, type Recount } from '../../support/raw-events';

/** Raw events that a bridge has taken, and what they come to at each moment in `events_per_minute`. */
export class CountedEvents implements PointHistory {
  readonly epoch = 0;
  /** Points whose value changed after `look`. */
  readonly revised = new Set<string>();
  private readonly taken: RawEvent[] = [];
  private readonly histories = new Map<string, number[]>();
  private looked = new Map<string, number>();

  constructor(private readonly segmentOf: (user: string) => string) {}

  /** Before they are sent: what is shown of them may come before the bridge's answer. */
  add(events: readonly RawEvent[]): void {
    this.taken.push(...events);
    for (const [key, count] of this.recount().events) {
      const history = this.histories.get(key) ?? [];
      // A window may be told after each event, or after several.
      for (let value = (history.at(-1) ?? 0) + 1; value <= count; value += 1) history.push(value);
      this.histories.set(key, history);
      if ((this.looked.get(key) ?? count) < count) this.revised.add(key);
    }
  }

  recount(): Recount {
    return recount(this.taken, this.segmentOf);
  }

  /** What is there now was shown and compared. */
  look(): void {
    this.looked = this.recount().events;
  }

  historyOf(metric: string, [segment]: readonly string[], startMs: number): readonly number[] {
    return (metric === 'events_per_minute' && this.histories.get(`${segment}|${startMs}`)) || [];
  }

  shown(_metric: string, fromMs: number, toMs: number): Map<string, [number, number][]> {
    const result = new Map<string, [number, number][]>();
    for (const [key, history] of this.histories) {
      const [segment, start] = key.split('|');
      const startMs = Number(start);
      if (startMs < fromMs || startMs >= toMs) continue;
      const name = JSON.stringify([segment]);
      result.set(name, [...(result.get(name) ?? []), [startMs, history.at(-1)!]]);
    }
    for (const points of result.values()) points.sort(([a], [b]) => a - b);
    return result;
  }
}
