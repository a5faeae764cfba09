import { isUtf8 } from 'node:buffer';

/** The end of a sentence on a payload that does not fit its mapping: what it looks like; empty: no idea. */
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
