/** Keys of the points and series databases (environment.ts). Each function but one returns a new buffer, safe to keep. */

const METRIC_BYTES = 2;
const BUCKET_BYTES = 6;
const SERIES_BYTES = 4;
const BUCKET_AT = METRIC_BYTES;
const SERIES_AT = BUCKET_AT + BUCKET_BYTES;
const START_AT = SERIES_AT + SERIES_BYTES;
const SESSION_KEY_BYTES = START_AT + BUCKET_BYTES;

/** Key of a series' bucket of fixed windows; also the lower bound of a series' sessions in a bucket. */
export function bucketKey(metricId: number, bucket: number, seriesId: number): Buffer {
  const key = Buffer.allocUnsafe(START_AT);
  key.writeUInt16BE(metricId, 0);
  key.writeUIntBE(bucket, BUCKET_AT, BUCKET_BYTES);
  key.writeUInt32BE(seriesId, SERIES_AT);
  return key;
}

/** Turns the key of a bucket into that of another series, in place: for a look-up right now. */
export function withSeries(key: Buffer, seriesId: number): Buffer {
  key.writeUInt32BE(seriesId, SERIES_AT);
  return key;
}

export function sessionKey(metricId: number, bucket: number, seriesId: number, startMs: number): Buffer {
  const key = Buffer.allocUnsafe(SESSION_KEY_BYTES);
  key.writeUInt16BE(metricId, 0);
  key.writeUIntBE(bucket, BUCKET_AT, BUCKET_BYTES);
  key.writeUInt32BE(seriesId, SERIES_AT);
  key.writeUIntBE(startMs, START_AT, BUCKET_BYTES);
  return key;
}

/** Lower bound of a bucket's keys; that of the next bucket is the upper bound. */
export function bucketBound(metricId: number, bucket: number): Buffer {
  const key = Buffer.allocUnsafe(SERIES_AT);
  key.writeUInt16BE(metricId, 0);
  key.writeUIntBE(bucket, BUCKET_AT, BUCKET_BYTES);
  return key;
}

/** Lower bound of a metric's keys. */
export function metricBound(metricId: number): Buffer {
  const key = Buffer.allocUnsafe(METRIC_BYTES);
  key.writeUInt16BE(metricId, 0);
  return key;
}

export function seriesRecordKey(metricId: number, seriesId: number): Buffer {
  const key = Buffer.allocUnsafe(METRIC_BYTES + SERIES_BYTES);
  key.writeUInt16BE(metricId, 0);
  key.writeUInt32BE(seriesId, METRIC_BYTES);
  return key;
}

export function bucketIn(key: Uint8Array): number {
  return asBuffer(key).readUIntBE(BUCKET_AT, BUCKET_BYTES);
}

export function seriesIn(key: Uint8Array): number {
  return asBuffer(key).readUInt32BE(SERIES_AT);
}

export function startIn(key: Uint8Array): number {
  return asBuffer(key).readUIntBE(START_AT, BUCKET_BYTES);
}

export function seriesOfRecord(key: Uint8Array): number {
  return asBuffer(key).readUInt32BE(METRIC_BYTES);
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const STEP_BLOCK_AT = METRIC_BYTES + 2;
const STEP_SERIES_AT = STEP_BLOCK_AT + BUCKET_BYTES;

/** Key of a block of steps (environment.ts, `steps`). @param windows windows per step */
export function stepBlockKey(metricId: number, windows: number, block: number, seriesId: number): Buffer {
  const key = Buffer.allocUnsafe(STEP_SERIES_AT + SERIES_BYTES);
  key.writeUInt16BE(metricId, 0);
  key.writeUInt16BE(windows, METRIC_BYTES);
  key.writeUIntBE(block, STEP_BLOCK_AT, BUCKET_BYTES);
  key.writeUInt32BE(seriesId, STEP_SERIES_AT);
  return key;
}

/** Lower bound of a tier's blocks, or of those with at least this number. */
export function tierBound(metricId: number, windows: number, block = 0): Buffer {
  return stepBlockKey(metricId, windows, block, 0);
}

export function seriesOfStepKey(key: Uint8Array): number {
  return asBuffer(key).readUInt32BE(STEP_SERIES_AT);
}
