import type { WeekForecast } from '../forecast/week-forecast';

/** Weeks that were fitted, by what they were fitted from; the least recently used go first when memory is short. */
export class WeekCache {
  private readonly weeks = new Map<string, WeekForecast>();
  private held = 0;
  private readonly counted = new Map<string, number>();

  constructor(private readonly maxBytes: number) {}

  get bytes(): number {
    return this.held;
  }

  get(key: string): WeekForecast | undefined {
    const week = this.weeks.get(key);
    if (week === undefined) return undefined;
    this.weeks.delete(key);
    this.weeks.set(key, week);
    return week;
  }

  /** Keeps a week, or counts its memory again after it has changed. One that is larger than the cache is not kept. */
  set(key: string, week: WeekForecast): void {
    this.delete(key);
    const { bytes } = week;
    if (bytes > this.maxBytes) return;
    this.weeks.set(key, week);
    this.counted.set(key, bytes);
    this.held += bytes;
    for (const oldest of this.weeks.keys()) {
      if (this.held <= this.maxBytes) return;
      this.delete(oldest);
    }
  }

  private delete(key: string): void {
    if (!this.weeks.delete(key)) return;
    this.held -= this.counted.get(key)!;
    this.counted.delete(key);
  }
}
