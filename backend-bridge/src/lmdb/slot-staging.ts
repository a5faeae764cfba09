import { bucketBytes, bucketOf } from '../domain/packed-point';
import type { Environment } from './environment';
import type { MetricState } from './metric-state';
import { bucketKey, sessionKey } from './point-keys';

/** A stored value being changed. */
export interface StagedValue {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  changed: boolean;
  /** True when nothing was stored under the key before. */
  readonly fresh: boolean;
}

/**
 * Values of one metric that a transaction changes: each is read and written once, however many of its points change.
 * Nothing is written before flush().
 */
export class SlotStaging {
  /** By bucket (sessions: by start), then by series. */
  private readonly values = new Map<number, Map<number, StagedValue>>();
  private readonly series = new Set<number>();

  constructor(
    private readonly env: Environment,
    private readonly state: MetricState,
  ) {}

  value(startMs: number, seriesId: number): StagedValue {
    const { layout } = this.state;
    const place = layout.irregular ? startMs : bucketOf(layout, startMs);
    let ofPlace = this.values.get(place);
    if (ofPlace === undefined) {
      ofPlace = new Map();
      this.values.set(place, ofPlace);
    }
    let staged = ofPlace.get(seriesId);
    if (staged === undefined) {
      const stored = this.env.points.getBinary(this.key(place, seriesId));
      const bytes = stored ?? new Uint8Array(bucketBytes(layout));
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      staged = { bytes, view, changed: false, fresh: stored === undefined };
      ofPlace.set(seriesId, staged);
    }
    return staged;
  }

  seriesChanged(seriesId: number): void {
    this.series.add(seriesId);
  }

  /** Within a transaction. */
  flush(): void {
    for (const [place, ofPlace] of this.values) {
      for (const [seriesId, staged] of ofPlace) {
        if (staged.changed) this.env.points.putSync(this.key(place, seriesId), staged.bytes);
      }
    }
    for (const seriesId of this.series) this.state.saveSeries(this.env, seriesId);
    this.state.save(this.env);
  }

  private key(place: number, seriesId: number): Buffer {
    const { id, layout } = this.state;
    if (layout.irregular) return sessionKey(id, bucketOf(layout, place), seriesId, place);
    return bucketKey(id, place, seriesId);
  }
}
