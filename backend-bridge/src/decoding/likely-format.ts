import { isUtf8 } from 'node:buffer';

/** What bytes look like that do not match their mapping, for error messages. */

/** Milliseconds between 2001 and 2103: random eight bytes are in this range once in four million times. */
export const isNow = (ms: bigint): boolean => ms >= 1_000_000_000_000n && ms < 4_200_000_000_000n;

type What = 'key' | 'value';

/** Whether the 8 bytes before `end` are a time of today. */
const isTimeBefore = (bytes: Buffer, end: number): boolean =>
  end >= 8 && end <= bytes.length && isNow(bytes.readBigInt64BE(end - 8));

/** Suggestion for a key that does not match its mapping, as the end of a sentence. */
export function likelyKey(bytes: Buffer, from: number, to: number): string {
  const suffix = bytes.length - to;
  if (
    to - from >= 8 &&
    isTimeBefore(bytes, to) &&
    (suffix === 0 || (suffix === 8 && isTimeBefore(bytes, bytes.length)))
  ) {
    const session = suffix === 8 || (to - from >= 16 && isTimeBefore(bytes, to - 8));
    return `; its last ${session ? 16 : 8} bytes are ${session ? 'the times of a session' : 'the start of a window'}; say \`windowed: ${session ? 'session' : 'time'}\``;
  }
  return asClause(adviceOn(bytes.subarray(from, to), 'key'));
}

/** Whether the last 8 bytes of a key are text: as a number they may look like a time. */
export const endsWithText = (bytes: Buffer): boolean => isText(bytes.subarray(-8));

/** Suggestion for a key whose last bytes are not a window, as the end of a sentence. */
export function likelyPlainKey(bytes: Buffer, suffix: number): string {
  if (suffix === 16 && isTimeBefore(bytes, bytes.length)) {
    return 'the last 16 bytes of the key are not the times of a session, but the last 8 are the start of a window; say `windowed: time`';
  }
  const end = bytes.subarray(-suffix);
  const text = isText(end) ? ` are the text ${JSON.stringify(end.toString())}, and` : '';
  return `the last ${suffix} bytes of the key${text} are not the time of a window; if the key is plain, say \`windowed: none\` and where the window starts (\`time: { start: … }\`)`;
}

/** Suggestion for a value that does not match its mapping, as the end of a sentence; empty: none. */
export function likelyFormat(bytes: Buffer, from: number, to: number): string {
  return asClause(adviceOn(bytes.subarray(from, to), 'value'));
}

/** The same for bytes that were expected to be binary, where only text and files are recognised. */
export function likelyText(bytes: Buffer, what: What): string {
  return asClause(
    bytes.length === 0 ? EMPTY : (fileAdvice(bytes) ?? (isText(bytes) ? textAdvice(bytes, what) : '')),
  );
}

/** Suggestion for bytes that are a file, compressed or in another encoding, as the end of a sentence; empty: none. */
export const likelyFile = (bytes: Buffer): string => asClause(fileAdvice(bytes) ?? '');

const asClause = (advice: string): string => (advice === '' ? '' : `; ${advice}`);

const EMPTY = 'it is empty; a delete is a record without a value (null), not one of no bytes';

/** Text that a person can read. */
export function isText(bytes: Buffer): boolean {
  return isUtf8(bytes) && !bytes.some((byte) => byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 13);
}

export const MARK = '\ufeff';
export const BEGINS_WITH_MARK = 'begins with a byte order mark; let the producer write UTF-8 without it';
const COMPRESSED = 'unpack it in the producer, and set its compression.type instead';
/** First bytes in hex, and what they say. */
const SIGNATURES: readonly (readonly [hex: string, advice: string])[] = [
  ['1f8b08', `it is compressed with gzip; ${COMPRESSED}`],
  ['28b52ffd', `it is compressed with Zstandard; ${COMPRESSED}`],
  ['04224d18', `it is compressed with LZ4; ${COMPRESSED}`],
  ['ff060000734e615050', `it is compressed with Snappy; ${COMPRESSED}`],
  ['82534e41505059', `it is compressed with Snappy; ${COMPRESSED}`],
  ['504b0304', `it is a zip file; ${COMPRESSED}`],
  ['4f626a01', 'it is an Avro file, with a schema and blocks; let the producer write single records'],
  [
    'c301',
    'it begins as Avro’s single-object encoding, which is not supported; let the producer write the schema id of a registry, or the Avro alone with `schema: …` in the mapping',
  ],
  ['efbbbf', `it ${BEGINS_WITH_MARK}`],
  ['fffe', 'it is UTF-16; let the producer write UTF-8'],
  ['feff', 'it is UTF-16; let the producer write UTF-8'],
];

function fileAdvice(bytes: Buffer): string | undefined {
  const begin = bytes.toString('hex', 0, 9);
  const signature = SIGNATURES.find(([hex]) => begin.startsWith(hex));
  if (signature !== undefined) return signature[1];
  // `{` or `[` and a zero byte.
  return /^(?:[57]b00|00[57]b)/.test(begin) ? 'it is UTF-16; let the producer write UTF-8' : undefined;
}

function textAdvice(bytes: Buffer, what: What): string {
  const text = bytes.toString('utf8', 0, 200).trim();
  if (/^[[{]/.test(text)) return 'it looks like JSON; say `format: json`';
  if (text.startsWith('<')) return 'it looks like XML, which is not supported';
  if (/^[^\s,]*(?:,[^,]*)+$/.test(text)) {
    return 'it looks like delimited text; say `format: delimited` and name its `columns`';
  }
  if (what === 'key') return 'it looks like plain text; say `format: string`';
  return 'it looks like plain text; say `format: string`, and `field: $` for the whole of it';
}

function adviceOn(bytes: Buffer, what: What): string {
  const { length } = bytes;
  if (length === 0) return what === 'key' ? 'it is empty' : EMPTY;
  const file = fileAdvice(bytes);
  if (file !== undefined) return file;
  const [first] = bytes;
  const field = what === 'key' ? '' : ' and `field: $`';
  if (length === 8 && (bytes.readInt32BE(0) === 0 || bytes.readInt32BE(0) === -1)) {
    return `its 8 bytes read as the integer ${bytes.readBigInt64BE(0)}, as Serdes.Long writes; say \`format: bigint\`${field}`;
  }
  if (first === 0 && length > 5) {
    return `it begins with the id of schema ${bytes.readUInt32BE(1)} of a Schema Registry; say \`format: avro\` or \`format: protobuf\``;
  }
  if (first === 3 && length > 18 && (bytes[1] === 0 || bytes[1] === 5)) {
    return 'it begins as the AWS Glue Schema Registry writes; say `format: avro` or `format: protobuf` with `framing: glue`';
  }
  if (isText(bytes)) return textAdvice(bytes, what);
  const number = { 2: '`short`', 4: '`int` or `float`', 8: '`double`' }[length];
  return number === undefined
    ? ''
    : `it has ${length} bytes, as a ${number} of Kafka's serializers has; say so${what === 'key' ? '' : ', and `field: $`'}`;
}
