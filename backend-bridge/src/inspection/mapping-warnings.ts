import { fieldReader } from '../decoding/field-path';
import type { SchemaSource } from '../decoding/format';
import { createFormat } from '../decoding/formats';
import { createKeyDecoder } from '../decoding/key-decoder';
import { insteadOf } from '../decoding/missing-field';
import { shown } from '../decoding/scalar';
import type { SampledRecord } from '../decoding/topic-sample';
import type { FieldPath, TopicMapping } from '../domain/mapping';
import type { PointWrite } from '../domain/point';

/** What a mapping's points show together and no single record does: fields that are nowhere, times that do not move. */

/** The point of a record, and the time with which it moves the watermark; null: none. */
export interface DecodedRecord {
  readonly record: SampledRecord;
  readonly point: PointWrite;
  readonly eventMs: number | null;
}

/** Fewer records repeat or differ by chance. */
const FEW_RECORDS = 10;
const MANY_LABELS = 20;
const FEW_WINDOWS = 3;

const iso = (ms: number): string => new Date(ms).toISOString();
const dotted = (path: FieldPath): string => (path.length === 0 ? '$' : path.join('.'));

type Part = 'key' | 'value';

/** Says what the newest record has in place of a field that no record has, as the end of a sentence. */
function fieldsInstead(
  mapping: TopicMapping,
  { record }: DecodedRecord,
  schemas: SchemaSource | null,
): (part: Part, path: FieldPath) => string {
  const value = createFormat(
    mapping.value,
    { what: 'value', name: 'the value', malformed: 'value_malformed', paths: null },
    schemas,
  );
  const content = value.read(record.value!, 0, record.value!.length, record);
  const key = createKeyDecoder(mapping, schemas)(record.key, record).content;
  return (part, path) => {
    if (path.length === 0) return '';
    const [other, others] = part === 'key' ? (['value', content] as const) : (['key', key] as const);
    const elsewhere = fieldReader(path)(others);
    if (elsewhere !== undefined && elsewhere !== null && typeof elsewhere !== 'object') {
      return `; the ${other} has it: say \`{ ${other}: ${dotted(path)} }\``;
    }
    if (part === 'key') return typeof key === 'object' ? insteadOf(key, path) : `; the key is ${shown(key)}`;
    return value.insteadOf?.(path) ?? insteadOf(content, path);
  };
}

/** An id in place of a dimension: each label is in one window only. */
function isNewInEachWindow(records: readonly DecodedRecord[], dimension: number): boolean {
  const startOf = new Map<string, number>();
  const starts = new Set<number>();
  for (const { point } of records) {
    const label = point.values[dimension]!;
    const start = startOf.get(label);
    if (start !== undefined && start !== point.startMs) return false;
    startOf.set(label, point.startMs);
    starts.add(point.startMs);
  }
  return startOf.size >= MANY_LABELS && starts.size >= FEW_WINDOWS;
}

function dimensionWarnings(
  { metric, dimensions }: TopicMapping,
  records: readonly DecodedRecord[],
  instead: ReturnType<typeof fieldsInstead>,
): string[] {
  return dimensions.flatMap((source, i) => {
    const { name } = metric.dimensions[i]!;
    if (records.every(({ point }) => point.values[i] === '')) {
      const where = source.path.length === 0 ? 'a text in it' : `\`${dotted(source.path)}\` (or it is null)`;
      return [
        `dimension ${name} is empty: none of the ${records.length} newest records has ${where} in its ${source.in}${instead(source.in, source.path)}`,
      ];
    }
    // Sessions are a few for each user, and events rare: another label each time is usual.
    if (metric.window.type === 'session' || metric.kind === 'event' || !isNewInEachWindow(records, i)) {
      return [];
    }
    return [
      `dimension ${name} has other labels in each window, such as ${JSON.stringify(records.at(-1)!.point.values[i])}: if it is the id of a row or of a request, leave it out; each label is a series, and at most ${metric.maxSeries} are stored (max_series)`,
    ];
  });
}

function measureWarnings(
  { metric, measures }: TopicMapping,
  records: readonly DecodedRecord[],
  instead: ReturnType<typeof fieldsInstead>,
): string[] {
  return measures.flatMap(({ path }, i) =>
    records.every(({ point }) => point.measures[i] === undefined)
      ? [
          `measure ${metric.measures[i]!.name} has no number: none of the ${records.length} newest records has \`${dotted(path)}\` (or it is null)${instead('value', path)}`,
        ]
      : [],
  );
}

function timeWarnings(
  { metric, start, eventTime }: TopicMapping,
  records: readonly DecodedRecord[],
  instead: ReturnType<typeof fieldsInstead>,
): string[] {
  const warnings: string[] = [];
  const starts = new Set(records.map(({ point }) => point.startMs));
  const stamps = records.map(({ record }) => record.timestampMs).filter((ms) => ms >= 0);
  const [oldest, newest] = [Math.min(...stamps), Math.max(...stamps)];
  const { startMs, endMs } = records[0]!.point;
  if (
    starts.size === 1 &&
    records.length >= FEW_RECORDS &&
    newest - oldest > 2 * (endMs - startMs) + metric.window.graceMs
  ) {
    const what = start.from === 'field' ? `\`${dotted(start.path)}\`` : 'it';
    warnings.push(
      `all ${records.length} newest records are of the window that starts at ${iso(startMs)}, and were written between ${iso(oldest)} and ${iso(newest)}: is ${what} the start of their windows?`,
    );
  }
  if (eventTime.from !== 'field') return warnings;
  const events = new Set(records.map(({ eventMs }) => eventMs));
  if (events.size > 1 || (!events.has(null) && (starts.size < FEW_WINDOWS || records.length < FEW_RECORDS))) {
    return warnings;
  }
  const name = dotted(eventTime.path);
  warnings.push(
    events.has(null)
      ? `the event time is missing: none of the ${records.length} newest records has \`${name}\` (or it is null), so windows become final by the clock only${instead('value', eventTime.path)}`
      : `the event time \`${name}\` is ${iso([...events][0]!)} in all ${records.length} newest records, and their windows differ: is it the time of the event?`,
  );
  return warnings;
}

/** Each a sentence. `records`: those that became points and no removals, the oldest first. Throws SchemaNeeded. */
export function warningsOf(
  mapping: TopicMapping,
  records: readonly DecodedRecord[],
  schemas: SchemaSource | null,
): string[] {
  const newest = records.at(-1);
  if (newest === undefined) return [];
  const instead = fieldsInstead(mapping, newest, schemas);
  return [dimensionWarnings, measureWarnings, timeWarnings].flatMap((find) =>
    find(mapping, records, instead),
  );
}
