import type { ForecastSeries } from '../domain/forecasting';
import { BoundedCache } from './bounded-cache';

/** Of a step: its five columns, and the text that they become when they are sent. */
const BYTES_PER_STEP = 5 * 8 + 100;
const SERIES_BYTES = 1_000;

interface Entry {
  /** Of the closed steps that the forecast was made from; they may be dropped meanwhile. */
  readonly memory: WeakRef<ArrayBufferLike>;
  readonly offset: number;
  readonly length: number;
  readonly series: ForecastSeries;
}

/**
 * Forecasts as they were answered before, for panels that ask again before a step has closed. One is found only with
 * the very column that it was made from, whose values never change: so an answer does not depend on what is cached.
 */
export class ForecastCache {
  private readonly entries: BoundedCache<Entry>;

  constructor(maxBytes: number) {
    this.entries = new BoundedCache(maxBytes);
  }

  get bytes(): number {
    return this.entries.bytes;
  }

  /** @param key of the series and of all that the forecast was asked with */
  get(key: string, { buffer, byteOffset, length }: Float64Array): ForecastSeries | undefined {
    const entry = this.entries.get(key);
    const isSame = entry?.memory.deref() === buffer && entry.offset === byteOffset && entry.length === length;
    return isSame ? entry.series : undefined;
  }

  set(key: string, { buffer, byteOffset, length }: Float64Array, series: ForecastSeries): void {
    const entry = { memory: new WeakRef(buffer), offset: byteOffset, length, series };
    this.entries.set(key, entry, SERIES_BYTES + series.actual.length * BYTES_PER_STEP);
  }
}
