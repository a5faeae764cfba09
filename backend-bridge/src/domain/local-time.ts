/** Wall-clock time of a zone, so that daily patterns follow changes of the clocks. */

const DAY = 86_400_000;
const QUARTER = 900_000;
/** Zones and days remembered; beyond that the oldest are forgotten. */
const MAX_ZONES = 64;
const MAX_DAYS = 4_096;

export class LocalTime {
  private readonly format: Intl.DateTimeFormat;
  /** UTC day -> offset of the whole day, or its offsets by quarters of an hour where the clocks change in it. */
  private readonly days = new Map<number, number | Float64Array>();
  private lastDay = Number.NaN;
  private lastOffsets: number | Float64Array = 0;

  /** @throws RangeError for a zone that the runtime does not know */
  constructor(timeZone: string) {
    this.format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  /** The wall clock at `timeMs`, as milliseconds that read as UTC. */
  wallClock(timeMs: number): number {
    const day = Math.floor(timeMs / DAY);
    if (day !== this.lastDay) {
      this.lastOffsets = this.offsetsOf(day);
      this.lastDay = day;
    }
    const offsets = this.lastOffsets;
    return (
      timeMs + (typeof offsets === 'number' ? offsets : offsets[Math.floor((timeMs - day * DAY) / QUARTER)]!)
    );
  }

  /**
   * When the wall clock shows `wallMs`. Of two such times, where the clocks go back, the first; a time that they skip is
   * as much later as they go forward.
   */
  instantOf(wallMs: number): number {
    const before = wallMs - this.offsetAround(wallMs - DAY);
    if (this.wallClock(before) === wallMs) return before;
    const after = wallMs - this.offsetAround(wallMs + DAY);
    return this.wallClock(after) === wallMs ? after : before;
  }

  private offsetAround(timeMs: number): number {
    return this.wallClock(timeMs) - timeMs;
  }

  private offsetsOf(day: number): number | Float64Array {
    const known = this.days.get(day);
    if (known !== undefined) return known;
    const first = this.offsetAt(day * DAY);
    let offsets: number | Float64Array = first;
    if (this.offsetAt((day + 1) * DAY - QUARTER) !== first) {
      offsets = Float64Array.from({ length: DAY / QUARTER }, (_, index) =>
        this.offsetAt(day * DAY + index * QUARTER),
      );
    }
    if (this.days.size >= MAX_DAYS) this.days.delete(this.days.keys().next().value!);
    this.days.set(day, offsets);
    return offsets;
  }

  private offsetAt(timeMs: number): number {
    const part: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
    for (const { type, value } of this.format.formatToParts(timeMs)) part[type] = Number(value);
    return Date.UTC(part.year!, part.month! - 1, part.day, part.hour, part.minute, part.second) - timeMs;
  }
}

const zones = new Map<string, LocalTime>();

/** The shared instance of a zone: its table of offsets is the same for all series. */
export function localTime(timeZone: string): LocalTime {
  const known = zones.get(timeZone);
  if (known !== undefined) return known;
  const created = new LocalTime(timeZone);
  if (zones.size >= MAX_ZONES) zones.delete(zones.keys().next().value!);
  zones.set(timeZone, created);
  return created;
}
