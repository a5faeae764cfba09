import { Instant } from '../decoding/instant';
import { isText } from '../decoding/likely-format';
import type { SampledRecord } from '../decoding/topic-sample';
import type { ShownRecord } from '../domain/inspecting';
import type { DetectedKey } from './key-layout';

/** Records for people to look at. */

const MOST_CHARACTERS = 500;
const MOST_RECORDS = 5;

const shortened = (text: string): string =>
  text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;

/** Decoded content as text; bytes that could not be decoded as text or in hex. */
function contentText(content: unknown, bytes: Buffer): string {
  if (content === undefined) return shortened(isText(bytes) ? bytes.toString('utf8') : bytes.toString('hex'));
  if (typeof content === 'string') return shortened(content);
  const text = JSON.stringify(content, (_, value: unknown) => {
    if (typeof value === 'bigint') return String(value);
    if (Buffer.isBuffer(value)) return value.toString('hex');
    return value instanceof Instant ? value.written : value;
  });
  return shortened(text);
}

const iso = (ms: number | undefined): string => (ms === undefined ? '?' : new Date(ms).toISOString());

function keyText(record: SampledRecord, index: number, key: DetectedKey): string | null {
  if (record.key === null) return null;
  const inner = contentText(key.contents[index], record.key);
  switch (key.windowed) {
    case 'none':
      return inner;
    case 'time':
      return `${inner} @ ${iso(key.starts[index])}`;
    case 'session':
      return `${inner} @ ${iso(key.starts[index])} to ${iso(key.ends[index])}`;
  }
}

/** The newest few records. */
export function shownRecords(
  records: readonly SampledRecord[],
  key: DetectedKey,
  values: readonly unknown[],
): ShownRecord[] {
  const newest = [...records.keys()]
    .sort(
      (a, b) => records[b]!.timestampMs - records[a]!.timestampMs || records[b]!.offset - records[a]!.offset,
    )
    .slice(0, MOST_RECORDS);
  return newest.map((index) => {
    const record = records[index]!;
    const { partition, offset, timestampMs, value } = record;
    return {
      partition,
      offset,
      timestampMs,
      key: keyText(record, index, key),
      value: value === null ? null : contentText(values[index], value),
    };
  });
}
