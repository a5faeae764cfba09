import type { SchemaSource } from '../decoding/format';
import type { ShownRecord } from '../domain/inspecting';
import type { PayloadMapping } from '../domain/mapping';
import { durationInName } from './duration-in-name';
import { fieldsOf, isAdded, lastName, type Field } from './fields';
import { detectKey, type DetectedKey } from './key-layout';
import { isLabel, labelsOf, type FoundLabels } from './labels';
import { isNumeric, measuresOf, MOST_MEASURES, titleOf, type MeasureGuess } from './measures';
import { detectFormat } from './payload-format';
import type { TopicSample } from '../decoding/topic-sample';
import { because, notInspectable, unsure, type Note } from './sample';
import { shownRecords } from './shown-records';
import { zoneNotes } from './missing-zone';
import { gridOf } from './spacing';
import { snakeCase, timeFields, type TimeField } from './time-fields';
import { detectSession, detectWindow, type DetectedWindow, type SeenWindow } from './windows';

/** Where a window's bound is read. */
export type TimeGuess =
  | { readonly from: 'key' }
  | { readonly from: 'timestamp' }
  | { readonly from: 'field'; readonly field: TimeField };

/** A mapping for one topic, each part with what it was concluded from. */
export interface Proposal {
  readonly metric: string;
  readonly title: string;
  readonly topic: string;
  readonly key: { readonly mapping: PayloadMapping; readonly windowed: DetectedKey['windowed'] };
  readonly keyNotes: readonly Note[];
  readonly value: PayloadMapping;
  readonly valueNotes: readonly Note[];
  readonly window: DetectedWindow['window'];
  readonly windowNotes: readonly Note[];
  /** Null: not in the mapping. */
  readonly start: TimeGuess | null;
  readonly end: TimeGuess | null;
  readonly timeNotes: readonly Note[];
  readonly labels: FoundLabels['labels'];
  readonly labelNotes: readonly Note[];
  readonly measures: readonly MeasureGuess[];
  readonly measureNotes: readonly Note[];
  /** About the topic as a whole. */
  readonly notes: readonly Note[];
  /** The newest few, as they were read. */
  readonly records: readonly ShownRecord[];
}

/** Starts on no grid of at least this are times of single events. */
const SHORTEST_GRID_MS = 1_000;
const FEW_TIMES = 3;
const GRACE_NOTE = unsure(
  'grace: not in any record; write the query’s (GRACE PERIOD of ksqlDB, ofSizeAndGrace of Kafka Streams, the delay of the watermark in Flink)',
);

const nameOf = (topic: string): string => {
  const snake = snakeCase(topic);
  return (/^[a-z]/.test(snake) ? snake : `m_${snake}`).slice(0, 64);
};

const where = ({ field }: TimeField): string => `${field.path.join('.') || 'the whole'} of the ${field.in}`;

/** The fields that hold a window's start and end. */
function boundsOf(
  times: readonly TimeField[],
  key: DetectedKey,
): { start: TimeField | null; end: TimeField | null; notes: Note[] } {
  const named = (role: TimeField['role']): TimeField | undefined => times.find((time) => time.role === role);
  if (key.windowed !== 'none') {
    // Copies of what the key says tell the size.
    const end = times.find(({ role, ms }) => role === 'end' && ms.some((at) => at !== undefined)) ?? null;
    return { start: null, end, notes: [] };
  }
  const end = named('end') ?? null;
  const start =
    named('start') ??
    // Without a name that says so: a time that is the same for several records.
    times.find((time) => time !== end && isAligned(time)) ??
    (end === null ? times[0] : undefined) ??
    null;
  const notes = [start, end].flatMap((time) =>
    time === null ? [] : [because(`${where(time)}: ${time.reason}`)],
  );
  if (start !== null && start.role !== 'start') {
    notes.push(unsure(`that windows start at ${where(start)} is a guess from its values`));
  }
  return { start, end, notes };
}

const isAligned = ({ ms }: TimeField): boolean =>
  gridOf(ms.filter((at) => at !== undefined)).step % SHORTEST_GRID_MS === 0;

/** Refuses topics of single events: their times lie on no grid. */
function refuseEvents(start: TimeField | null, end: TimeField | null, topic: string): void {
  if (start === null || end !== null) return;
  const grid = gridOf(start.ms.filter((at) => at !== undefined));
  if (grid.times >= FEW_TIMES && grid.step % SHORTEST_GRID_MS !== 0) {
    throw notInspectable(
      `The records of ${topic} look like single events (their times, ${where(start)}, lie on no grid) and not like windows; count them per window first, with ksqlDB, Kafka Streams or Flink, and inspect the topic that it writes.`,
    );
  }
}

function refuseEmpty({ topic, records }: TopicSample): void {
  if (records.length === 0) {
    throw notInspectable(`Topic ${topic} is empty; write records to it, and inspect it again.`);
  }
  if (records.every(({ value }) => value === null)) {
    throw notInspectable(
      `All ${records.length} records that were read of ${topic} are tombstones (records without a value), which do not show what its values are; inspect it again when it has values.`,
    );
  }
}

function tombstoneNotes(sample: TopicSample, start: TimeGuess | null, labels: FoundLabels): Note[] {
  const tombstones = sample.records.filter(({ value }) => value === null).length;
  if (tombstones === 0) return [];
  const inValue =
    (start?.from === 'field' && start.field.field.in === 'value') ||
    labels.labels.some(({ field }) => field.in === 'value');
  return [
    inValue
      ? unsure(
          `${tombstones} of ${sample.records.length} records are tombstones, which do not say which point they remove, because the key has not all of it: they would be dead letters`,
        )
      : because(`${tombstones} of ${sample.records.length} records are tombstones, each removes its point`),
  ];
}

const seriesText = (content: unknown): string =>
  content === undefined
    ? ''
    : JSON.stringify(content, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));

interface Times {
  readonly start: TimeGuess | null;
  readonly end: TimeGuess | null;
  readonly notes: readonly Note[];
  readonly window: DetectedWindow;
  readonly starts: readonly (number | undefined)[];
}

function timesOf(sample: TopicSample, key: DetectedKey, times: readonly TimeField[]): Times {
  const { topic, records } = sample;
  const bounds = boundsOf(times, key);
  refuseEvents(bounds.start, bounds.end, topic);
  const ofKey = key.windowed !== 'none';
  const starts = ofKey ? key.starts : (bounds.start?.ms ?? records.map(() => undefined));
  const ends = key.windowed === 'session' ? key.ends : (bounds.end?.ms ?? records.map(() => undefined));
  const seen = records.map(({ timestampMs }, i): SeenWindow => ({
    startMs: starts[i],
    // A copy that disagrees with the key's start is another time.
    endMs: (ends[i] ?? 0) >= (starts[i] ?? 0) ? ends[i] : undefined,
    timestampMs,
    series: seriesText(key.contents[i]),
  }));
  const named = durationInName(snakeCase(topic));
  const window =
    key.windowed === 'session' ? detectSession(seen) : detectWindow(seen, { named, stamped: ofKey });
  const fixed = window.window.type !== 'session';
  const notes = [...bounds.notes, ...zoneNotes([bounds.start, bounds.end], seen, window)];
  if (!ofKey && bounds.start === null && bounds.end === null) {
    notes.push(
      unsure(
        'neither the key nor a field has the start of a window: the timestamps of the records are taken, rounded down to the size',
      ),
    );
  }
  return {
    start: ofKey
      ? null
      : bounds.start !== null
        ? { from: 'field', field: bounds.start }
        : bounds.end === null
          ? { from: 'timestamp' }
          : null,
    end:
      !ofKey &&
      bounds.end !== null &&
      (!fixed || bounds.start === null || window.window.type === 'cumulating')
        ? { from: 'field', field: bounds.end }
        : null,
    notes,
    window,
    starts,
  };
}

/** Whether a field always says the same as one of that name in the key. */
const isCopy = (field: Field, keyFields: readonly Field[]): boolean =>
  keyFields.some(
    (key) =>
      key.path.length > 0 &&
      snakeCase(lastName(key)) === snakeCase(lastName(field)) &&
      field.values.every((value, i) => value === undefined || value === null || value === key.values[i]),
  );

const pathId = ({ in: part, path }: Field): string => JSON.stringify([part, path]);

/** A mapping for this topic. Throws SchemaNeeded for a schema that is not fetched yet, RequestError for a topic of which none can be made. */
export function proposeMapping(sample: TopicSample, schemas: SchemaSource | null): Proposal {
  refuseEmpty(sample);
  const { topic, records } = sample;
  const key = detectKey(records, schemas);
  const value = detectFormat(
    records.map((record) => ({ bytes: record.value, record })),
    'value',
    schemas,
  );
  const keyFound = fieldsOf(key.contents, 'key');
  const valueFound = fieldsOf(value.contents, 'value');
  const added = valueFound.fields.filter(isAdded);
  const own = valueFound.fields.filter((field) => !isAdded(field));
  const times = timeFields([...keyFound.fields, ...own], records);
  const { start, end, notes, window, starts } = timesOf(sample, key, times);
  const isTime = new Set(times.map(({ field }) => pathId(field)));
  const withoutTimes = (fields: readonly Field[]): Field[] =>
    fields.filter((field) => !isTime.has(pathId(field)));
  const valueFields = withoutTimes(own);
  const startInKey = start?.from === 'field' && start.field.field.in === 'key';
  const labels = labelsOf({
    topic,
    keyFields: withoutTimes(keyFound.fields),
    valueFields,
    starts,
    windowInKey: key.windowed !== 'none' || startInKey,
  });
  const bare = valueFields.length === 1 && valueFields[0]!.path.length === 0;
  const copies = valueFields.filter((field) => isCopy(field, keyFound.fields));
  const numbers = valueFields.filter(
    (field) => isNumeric(field) && (bare || !isLabel(field)) && !copies.includes(field),
  );
  const valuesSeen = value.contents.filter(
    (content, i) => content !== undefined && records[i]!.value !== null,
  ).length;
  const measures = measuresOf(numbers, topic, rowsSeen(valuesSeen, numbers));
  if (measures.length === 0) {
    throw notInspectable(
      `No field of the values of ${topic} is a number, so there is nothing to measure; its fields are ${valueFound.fields
        .map(({ path }) => path.join('.') || 'the value itself')
        .slice(0, 10)
        .join(', ')}.`,
    );
  }
  const unused = times.filter((time) => time.field !== (start?.from === 'field' ? start.field.field : null));
  return {
    metric: nameOf(topic),
    title: titleOf(nameOf(topic)),
    topic,
    key: { mapping: key.mapping, windowed: key.windowed },
    keyNotes: key.notes,
    value: value.mapping,
    valueNotes: value.notes,
    window: window.window,
    windowNotes: [...window.notes, GRACE_NOTE],
    start,
    end,
    timeNotes: notes,
    labels: labels.labels,
    labelNotes: labels.notes,
    measures,
    measureNotes: [
      ...(numbers.length > MOST_MEASURES
        ? [
            unsure(
              `a point has at most ${MOST_MEASURES} measures; ${numbers.length - MOST_MEASURES} more numbers are left out`,
            ),
          ]
        : []),
      ...copies
        .filter((field) => isNumeric(field))
        .map(({ path }) => because(`${path.join('.')} is left out: it is a copy of the key's`)),
      ...(added.length > 0
        ? [
            because(
              `${added.map(({ path }) => path.join('.')).join(', ')}: left out, as what Debezium's ExtractNewRecordState adds`,
            ),
          ]
        : []),
      ...valueFound.skipped.map((path) => because(`${path} is left out: it is a list or bytes`)),
      ...unused
        .filter(
          ({ field }) => field.in === 'value' && field !== (end?.from === 'field' ? end.field.field : null),
        )
        .map((time) => because(`${time.field.path.join('.')} is left out: ${time.reason}`)),
    ],
    notes: tombstoneNotes(sample, start, labels),
    records: shownRecords(records, key, value.contents),
  };
}

/** Deletes of change events have no row: their numbers are not missing. */
function rowsSeen(values: number, numbers: readonly Field[]): number {
  if (!numbers.every(({ path }) => path[0] === 'after')) return values;
  const rows = new Set(
    numbers.flatMap(({ values: all }) =>
      [...all.entries()].flatMap(([i, one]) => (one === null || one === undefined ? [] : [i])),
    ),
  );
  return rows.size;
}
