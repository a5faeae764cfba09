import type { MonotonicClock } from '../domain/telemetry';

interface Line {
  writtenMs: number;
  /** Records since that line. */
  records: number;
}

/** Lets one line in ten seconds through for each key, so that a frequent cause does not hide a rare one. */
export class LogThrottle {
  private readonly lines = new Map<string, Line>();

  /** `keys` are as many as there are topics times reasons, never what a record holds. */
  constructor(
    private readonly now: MonotonicClock = () => performance.now(),
    private readonly everyMs = 10_000,
  ) {}

  /** Number of records that a line written now covers: these, and those since the last line; null: write no line yet. */
  due(key: string, records: number): number | null {
    const line = this.lines.get(key);
    const nowMs = this.now();
    if (line !== undefined && nowMs - line.writtenMs < this.everyMs) {
      line.records += records;
      return null;
    }
    this.lines.set(key, { writtenMs: nowMs, records: 0 });
    return records + (line?.records ?? 0);
  }
}
