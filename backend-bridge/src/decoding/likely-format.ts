import { isUtf8 } from 'node:buffer';

/** Milliseconds between 2001 and 2103: random eight bytes are in this range once in four million times. */
export const isNow = (ms: bigint): boolean => ms >= 1_000_000_000_000n && ms < 4_200_000_000_000n;

/** Suggestion for a key that does not match its mapping, as the end of a sentence. */
export function likelyKey(bytes: Buffer, from: number, to: number): string {
  if (to - from >= 8 && to === bytes.length && isNow(bytes.readBigInt64BE(to - 8))) {
    const session = to - from >= 16 && isNow(bytes.readBigInt64BE(to - 16));
    return `; its last ${session ? 16 : 8} bytes are ${session ? 'the times of a session' : 'the start of a window'}; say \`windowed: ${session ? 'session' : 'time'}\``;
  }
  return likelyFormat(bytes, from, to);
}

/** Suggestion for a key whose last bytes are not a window, as the end of a sentence. */
export function likelyPlainKey(bytes: Buffer, suffix: number): string {
  const end = bytes.subarray(-suffix);
  const text =
    isUtf8(end) && end.every((byte) => byte >= 0x20)
      ? ` are the text ${JSON.stringify(end.toString())}, and`
      : '';
  return `the last ${suffix} bytes of the key${text} are not the time of a window; if the key is plain, say \`windowed: none\` and where the window starts (\`time: { start: … }\`)`;
}

/** Suggestion for a payload that does not match its mapping, as the end of a sentence; empty: none. */
export function likelyFormat(bytes: Buffer, from: number, to: number): string {
  const advice = adviceOn(bytes, from, to);
  return advice === '' ? '' : `; ${advice}`;
}

function adviceOn(bytes: Buffer, from: number, to: number): string {
  const length = to - from;
  if (length === 0) return 'it is empty';
  const first = bytes[from];
  if (length === 8 && (bytes.readInt32BE(from) === 0 || bytes.readInt32BE(from) === -1)) {
    return `its 8 bytes read as the integer ${bytes.readBigInt64BE(from)}, as Serdes.Long writes; say \`format: bigint\` and \`field: $\``;
  }
  if (first === 0 && length > 5) {
    return `it begins with the id of schema ${bytes.readUInt32BE(from + 1)} of a Schema Registry; say \`format: avro\` or \`format: protobuf\``;
  }
  if (first === 3 && length > 18 && (bytes[from + 1] === 0 || bytes[from + 1] === 5)) {
    return 'it begins as the AWS Glue Schema Registry writes; say `format: avro` or `format: protobuf` with `framing: glue`';
  }
  const payload = bytes.subarray(from, to);
  if (!isUtf8(payload) || payload.some((byte) => byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 13)) {
    const number = { 2: 'short', 4: 'int` or `float', 8: 'double' }[length];
    return number === undefined
      ? ''
      : `it has ${length} bytes, as a \`${number}\` of Kafka's serializers has; say so, and \`field: $\``;
  }
  const text = payload.toString('utf8', 0, 200).trim();
  if (/^[[{]/.test(text)) return 'it looks like JSON; say `format: json`';
  if (/^[^\s,]*(?:,[^,]*)+$/.test(text)) {
    return 'it looks like delimited text; say `format: delimited` and name its `columns`';
  }
  return 'it looks like plain text; say `format: string`, and `field: $` for the whole of it';
}
