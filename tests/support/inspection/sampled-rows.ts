import type { SampledRecord } from '../../../backend-bridge/src/decoding/topic-sample';

/** Rows of a topic, as inspect samples them. */

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const START = Date.UTC(2025, 10, 24);

export const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
export const int64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
};
export const windowed = (inner: string, ...times: number[]): Buffer =>
  Buffer.concat([Buffer.from(inner), ...times.map(int64)]);

/** Without seconds. */
export const sqlTime = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');

export type Row = { readonly key: Buffer | null; readonly value: Buffer | null; readonly ts: number };

export const recordsOf = (rows: readonly Row[]): SampledRecord[] =>
  rows.map(({ key, value, ts }, offset) => ({ partition: 0, offset, key, value, timestampMs: ts }));

/** Two shops, `count` windows each. */
export const rows = (count: number, row: (shop: string, i: number) => Row): SampledRecord[] =>
  recordsOf(Array.from({ length: count }, (_, i) => ['berlin', 'paris'].map((shop) => row(shop, i))).flat());
