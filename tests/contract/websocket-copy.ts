import type { Message } from './websocket-client';

interface SeriesMessage {
  labels: Record<string, string>;
  times: number[];
  values: (number | null)[];
  revisions: number[];
  removed?: number[];
  removed_revisions?: number[];
  open_from_ms?: number;
}
interface HeldPoint {
  value: number | null;
  revision: number;
  removed: boolean;
}

/** A subscriber's copy of one selection, kept as websocket.yaml says; it notes every breach of the rules. */
export class Copy {
  readonly series = new Map<string, Map<number, HeldPoint>>();
  readonly openFrom = new Map<string, number | undefined>();
  readonly faults: string[] = [];
  private epoch = '';
  private seq = 0;
  synced = false;
  updates = 0;
  resyncs = 0;

  constructor(private readonly id: string) {}

  apply(message: Message): void {
    if (message.id !== this.id) return;
    if (message.type === 'resync') {
      this.synced = false;
      this.resyncs += 1;
    } else if (message.type === 'subscribed') {
      const before = new Map(this.series);
      this.series.clear();
      this.openFrom.clear();
      this.seq = 0;
      this.synced = true;
      const sameEpoch = this.epoch === message.store_epoch;
      this.epoch = message.store_epoch as string;
      for (const one of message.series as SeriesMessage[]) this.take(one, sameEpoch ? before : null);
    } else if (message.type === 'series_update') {
      if (!this.synced) this.faults.push('an update between resync and subscribed');
      this.seq += 1;
      this.updates += 1;
      if (message.seq !== this.seq) this.faults.push(`seq ${String(message.seq)} where ${this.seq} is due`);
      for (const one of message.series as SeriesMessage[]) this.take(one, this.series);
    }
  }

  /** Living points as `labels -> [time, value, revision][]`, for comparison with a query. */
  points(): Record<string, [number, number | null, number][]> {
    const all: Record<string, [number, number | null, number][]> = {};
    for (const [key, points] of [...this.series].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const living = [...points]
        .filter(([, point]) => !point.removed)
        .sort(([a], [b]) => a - b)
        .map(([time, point]): [number, number | null, number] => [time, point.value, point.revision]);
      if (living.length > 0) all[key] = living;
    }
    return all;
  }

  private take(one: SeriesMessage, known: Map<string, Map<number, HeldPoint>> | null): void {
    const key = JSON.stringify(one.labels);
    const points = this.series.get(key) ?? new Map<number, HeldPoint>();
    this.series.set(key, points);
    const put = (time: number, point: HeldPoint): void => {
      const held = known?.get(key)?.get(time);
      if (held !== undefined && held.revision > point.revision) {
        this.faults.push(`${key} ${time} went back from revision ${held.revision} to ${point.revision}`);
      }
      if (
        held !== undefined &&
        held.revision === point.revision &&
        held.value !== point.value &&
        !point.removed
      ) {
        this.faults.push(`${key} ${time} has two values in revision ${point.revision}`);
      }
      points.set(time, point);
    };
    one.times.forEach((time, i) =>
      put(time, { value: one.values[i]!, revision: one.revisions[i]!, removed: false }),
    );
    one.removed?.forEach((time, i) =>
      put(time, { value: null, revision: one.removed_revisions![i]!, removed: true }),
    );
    this.openFrom.set(key, one.open_from_ms);
  }
}
