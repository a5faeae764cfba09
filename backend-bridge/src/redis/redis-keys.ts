/**
 * Names of everything in Redis. One hash tag per metric: all of a metric lives in one slot of a cluster,
 * so that compare, apply and publish are one step (docs/decisions/0003-redis-layout.md).
 */
export interface MetricKeys {
  /** Hash: shape, epoch, topic, progress, chan, next_series, run, and how far the metric is sealed (functions.lua, history.lua). */
  readonly meta: string;
  /** Keys of a function's call: meta, and one that never exists (functions.lua says why). */
  readonly step: readonly [string, string];
  /** Hash: partition number -> packed state. */
  readonly parts: string;
  /** Sorted set: series key by id. */
  readonly series: string;
  /** Sorted set of bucket numbers that have an index. */
  readonly buckets: string;
  /** Hash: since when a tier is complete, and steps and bytes of each of its blocks (history.lua). */
  readonly tiers: string;
  /** Channel of the metric's changes. */
  readonly channel: string;
  /** The ids of the series that have points in a bucket, u32 after u32. */
  index(bucket: number): string;
  /** Packed slots of a series in a bucket of fixed windows. */
  packed(seriesId: number, bucket: number): string;
  /** Hash of a series' sessions that began in a bucket. */
  sessions(seriesId: number, bucket: number): string;
  /** Hash of a tier's steps in a block's span: series id -> packed steps. */
  block(windows: number, block: number): string;
}

export function metricKeys(prefix: string, metricName: string): MetricKeys {
  // Encoded, because a brace in the name would change the hash tag.
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
 * Keys of the function `clock`: a hash of a bridge's name -> how far its clock is ahead of Redis's, and when it said so;
 * and one that never exists.
 */
export function clocksStep(prefix: string): readonly [string, string] {
  return [`${prefix}:{clocks}:ahead`, `${prefix}:{clocks}:none`];
}

/** The store's own hash: layout, epoch, rotated, and `m:<metric>` for each metric that was registered. */
export function storeKey(prefix: string): string {
  return `${prefix}:meta`;
}

/** How often a running bridge has announced itself. All of them in one slot of a cluster, to be read together. */
export function bridgeKey(prefix: string, bridgeId: string): string {
  return `${prefix}:{bridges}:bridge:${bridgeId}`;
}
