/**
 * All Redis keys. One hash tag per metric keeps a metric in one cluster slot, so that compare, apply and publish are
 * one atomic step (docs/decisions/0003-redis-layout.md).
 */
export interface MetricKeys {
  /**
   * Hash: shape, epoch, topic, progress, chan, next_series, run, and the sealing state (functions.lua, history.lua).
   */
  readonly meta: string;
  /** Keys of a function call: meta, and one that never exists (see functions.lua). */
  readonly step: readonly [string, string];
  /** Hash: partition number -> packed state. */
  readonly parts: string;
  /** Sorted set: series key by id. */
  readonly series: string;
  /** Sorted set of bucket numbers that have an index. */
  readonly buckets: string;
  /** Hash: start of each complete tier, and steps and bytes of its blocks (history.lua). */
  readonly tiers: string;
  /** Channel of the metric's changes. */
  readonly channel: string;
  /** Ids of the series with points in a bucket, concatenated u32. */
  index(bucket: number): string;
  /** Packed slots of a series in a bucket of fixed windows. */
  packed(seriesId: number, bucket: number): string;
  /** Hash of a series' sessions that began in a bucket. */
  sessions(seriesId: number, bucket: number): string;
  /** Hash of a tier's steps in a block's span: series id -> packed steps. */
  block(windows: number, block: number): string;
}

export function metricKeys(prefix: string, metricName: string): MetricKeys {
  // Encoded, as a brace in the name would change the hash tag.
  const base = `${prefix}:{${encodeURIComponent(metricName)}}:`;
  return {
    meta: `${base}meta`,
    step: [`${base}meta`, `${base}none`],
    parts: `${base}parts`,
    series: `${base}series`,
    buckets: `${base}buckets`,
    tiers: `${base}tiers`,
    channel: `${base}changes`,
    index: (bucket) => `${base}x:${bucket}`,
    packed: (seriesId, bucket) => `${base}b:${seriesId}:${bucket}`,
    sessions: (seriesId, bucket) => `${base}s:${seriesId}:${bucket}`,
    block: (windows, block) => `${base}t:${windows}:${block}`,
  };
}

/**
 * Keys of the function `clock`: a hash of bridge name -> clock offset to Redis and time of the report; and one that
 * never exists.
 */
export function clocksStep(prefix: string): readonly [string, string] {
  return [`${prefix}:{clocks}:ahead`, `${prefix}:{clocks}:none`];
}

/** Hash of bridge name -> digests of its definitions (definition-comparison.ts). */
export function definitionsKey(prefix: string): string {
  return `${prefix}:{definitions}:bridges`;
}

/** The store's hash: layout, epoch, rotated, and `m:<metric>` for each registered metric. */
export function storeKey(prefix: string): string {
  return `${prefix}:meta`;
}

/** Announcement counter of a running bridge. All in one cluster slot, to be read together. */
export function bridgeKey(prefix: string, bridgeId: string): string {
  return `${prefix}:{bridges}:bridge:${bridgeId}`;
}
