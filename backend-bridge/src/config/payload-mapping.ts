import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { BARE_FORMATS, FIELD_FORMATS, type FormatName, type PayloadMapping } from '../domain/mapping';

/** Schema of a metric's `key` and `value`: their encoding. */

const settings = {
  columns: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('For delimited: the names of the columns, in their order.'),
  delimiter: z
    .string()
    .regex(/^(?:[^"\r\n]|TAB|SPACE)$/, 'write one character, or TAB or SPACE')
    .optional()
    .describe('For delimited: one character, `TAB` or `SPACE`. Default: a comma.'),
  schema: z
    .string()
    .min(1)
    .optional()
    .describe(
      'For avro and protobuf without a Schema Registry: a file beside this one, .avsc, .proto or a descriptor set.',
    ),
  message: z
    .string()
    .min(1)
    .optional()
    .describe('For protobuf with a file: the full name of the message, where the file has several.'),
  framing: z
    .enum(['none', 'confluent', 'glue'])
    .optional()
    .describe('For avro with a file: what comes before the Avro. Default: none.'),
};

export const keySchema = z.strictObject({
  format: z
    .enum(['none', ...BARE_FORMATS, ...FIELD_FORMATS])
    .describe('The bare formats are those of Kafka’s own serializers; long and bigint are the same.'),
  ...settings,
  windowed: z
    .enum(['none', 'time', 'session'])
    .default('none')
    .describe('time: 8-byte window start behind the inner key; session: end and start.'),
});

export const valueSchema = z.strictObject({
  format: z
    .enum([...FIELD_FORMATS, ...BARE_FORMATS])
    .default('json')
    .describe('With a bare format the measure is `field: $`, the value itself.'),
  ...settings,
});

export const hasFields = (format: FormatName): boolean => FIELD_FORMATS.some((one) => one === format);

type PayloadEntry = z.output<typeof keySchema> | z.output<typeof valueSchema>;

const WHERE: Readonly<Record<string, readonly FormatName[]>> = {
  columns: ['delimited'],
  delimiter: ['delimited'],
  schema: ['avro', 'protobuf'],
  message: ['protobuf'],
  framing: ['avro'],
};

/** Conflicting settings of a format. */
function payloadProblems(at: string, entry: PayloadEntry): string[] {
  const problems = Object.entries(WHERE).flatMap(([setting, formats]) =>
    entry[setting as keyof PayloadEntry] === undefined || formats.includes(entry.format)
      ? []
      : [`${at}.${setting}: only for format: ${formats.join(' or ')}`],
  );
  if (entry.format === 'delimited' && entry.columns === undefined) {
    problems.push(`${at}.columns: name the columns of the delimited text, in their order`);
  }
  const twice = (entry.columns ?? []).find((column, i, all) => all.indexOf(column) !== i);
  if (twice !== undefined)
    problems.push(`${at}.columns: ${twice} is there twice; give each column its own name`);
  for (const setting of ['message', 'framing'] as const) {
    if (entry[setting] !== undefined && entry.schema === undefined) {
      problems.push(`${at}.${setting}: only with a schema file; a Schema Registry says it itself`);
    }
  }
  return problems;
}

/** The metrics file that mappings are from. */
export interface FileOfMappings {
  readonly path: string;
  /** Whether the text is a caller's: it may then name schema files beside `path` only. */
  readonly foreign: boolean;
}

const NAME_OF_A_FILE = /^[\w-][\w.-]*$/;

/** The mapping of a payload with its schema file loaded; the path is relative to the metrics file. */
export function toPayload<Entry extends PayloadEntry>(
  at: string,
  entry: Entry,
  file: FileOfMappings,
  problems: string[],
): Omit<Entry, 'schema'> & PayloadMapping {
  problems.push(...payloadProblems(at, entry));
  const { schema: path, ...rest } = entry;
  if (path === undefined) return rest;
  if (file.foreign && !NAME_OF_A_FILE.test(path)) {
    problems.push(
      `${at}.schema: ${JSON.stringify(path)} is not the name of a file beside the bridge's metrics file; put it there`,
    );
    return rest;
  }
  try {
    return { ...rest, schema: { path, bytes: readFileSync(resolve(dirname(file.path), path)) } };
  } catch (error) {
    problems.push(
      `${at}.schema: cannot read ${path} (${(error as Error).message}); its path is relative to the metrics file`,
    );
    return rest;
  }
}
