import { durationText } from '../domain/duration-text';
import type { FieldPath, PayloadMapping } from '../domain/mapping';
import type { LabelGuess } from './labels';
import type { MeasureGuess } from './measures';
import type { Proposal, TimeGuess } from './proposal';
import type { Note } from './sample';
import type { WindowGuess } from './windows';

/** A proposal as the text of a metrics file, each guess with its reason as a comment. Doubts begin with `# ?`. */

const WIDTH = 110;
const PLAIN = /^[A-Za-z][A-Za-z0-9_.-]*$/;
const WORDS = /^(?:true|false|null|yes|no|on|off|y|n|nan|inf)$/i;

/** A YAML scalar. */
const scalar = (text: string): string =>
  PLAIN.test(text) && !WORDS.test(text) ? text : JSON.stringify(text);

const flow = (entries: readonly (readonly [name: string, value: string])[]): string =>
  `{ ${entries.map(([name, value]) => `${name}: ${value}`).join(', ')} }`;

/** What a path of names between dots cannot have: dots, and what JSONPath and JSON Pointer write. */
const NO_DOTS = /^$|^\$$|[.[\]/]/;

/** `a.b`, or a list where a name has such characters; `$` for the whole. */
function pathText(path: FieldPath): string {
  if (path.length === 0) return '$';
  return path.every((name) => !NO_DOTS.test(name))
    ? scalar(path.join('.'))
    : `[${path.map((name) => JSON.stringify(name)).join(', ')}]`;
}

/** Comment lines, wrapped. What records say is in quotes already, without line breaks. */
function comments(notes: readonly Note[], indent: string): string[] {
  return notes.flatMap(({ text, doubt }) => {
    const mark = doubt ? '# ? ' : '# ';
    const lines: string[] = [];
    let line = '';
    for (const word of text.replaceAll(/\p{Cc}+/gu, ' ').split(' ')) {
      if (line !== '' && indent.length + mark.length + line.length + 1 + word.length > WIDTH) {
        lines.push(line);
        line = word;
      } else line = line === '' ? word : `${line} ${word}`;
    }
    return [...lines, line].map((one, i) => `${indent}${i === 0 ? mark : '#   '}${one}`);
  });
}

function payloadText({ format, columns, delimiter }: PayloadMapping, windowed?: string): string {
  return flow([
    ['format', format],
    ...(columns === undefined ? [] : [['columns', `[${columns.map(scalar).join(', ')}]`] as const]),
    ...(delimiter === undefined ? [] : [['delimiter', scalar(delimiter)] as const]),
    ...(windowed === undefined || windowed === 'none' ? [] : [['windowed', windowed] as const]),
  ]);
}

const offsetEntry = (ms: number | 'any'): [string, string][] =>
  ms === 0 ? [] : [['offset', ms === 'any' ? ms : durationText(ms)]];

function windowText(window: WindowGuess, graceMs: number): string {
  const grace: [string, string] = ['grace', durationText(graceMs)];
  switch (window.type) {
    case 'tumbling':
      return flow([
        ['type', window.type],
        ['size', durationText(window.sizeMs)],
        ...offsetEntry(window.offsetMs),
        grace,
      ]);
    case 'hopping':
      return flow([
        ['type', window.type],
        ['size', durationText(window.sizeMs)],
        ['advance', durationText(window.advanceMs)],
        ...offsetEntry(window.offsetMs),
        grace,
      ]);
    case 'cumulating':
      return flow([
        ['type', window.type],
        ['size', durationText(window.sizeMs)],
        ['step', durationText(window.stepMs)],
        ...offsetEntry(window.offsetMs),
        grace,
      ]);
    case 'sliding':
      return flow([['type', window.type], ['size', durationText(window.sizeMs)], grace]);
    case 'session':
      return flow([['type', window.type], ['gap', durationText(window.gapMs)], grace]);
    case 'calendar':
      return flow([['type', window.type], ['unit', window.unit], ['timezone', window.timezone], grace]);
  }
}

function timeText(time: TimeGuess): string {
  if (time.from !== 'field') return time.from;
  const { field, unit } = time.field;
  return flow([
    ['field', pathText(field.path)],
    ['unit', unit],
    ...(field.in === 'key' ? [['in', 'key'] as const] : []),
  ]);
}

function labelText({ title, field: { in: part, path } }: LabelGuess): string {
  const from = part === 'key' && path.length === 0 ? 'key' : flow([[part, pathText(path)]]);
  return flow([
    ['title', scalar(title)],
    ['from', from],
  ]);
}

function measureText(measure: MeasureGuess): string {
  const { title, field, unit, combine, overTime, sumFrom, countFrom, optional } = measure;
  return flow([
    ['title', scalar(title)],
    ['field', pathText(field.path)],
    ...(unit === '' ? [] : [['unit', unit] as const]),
    ['combine', combine],
    ...(overTime === null ? [] : [['over_time', overTime] as const]),
    ...(sumFrom === null ? [] : [['sum_from', sumFrom] as const]),
    ...(countFrom === null ? [] : [['count_from', countFrom] as const]),
    ...(optional ? [['optional', 'true'] as const] : []),
  ]);
}

const DEFAULT_GRACE_MS = 30_000;
const DEFAULT_RETENTION_MS = 86_400_000;
const DAYS_OF_LONG_WINDOWS = 30;

const CALENDAR_MS = { day: 86_400_000, week: 7 * 86_400_000, month: 31 * 86_400_000 } as const;

const sizeOf = (window: WindowGuess): number => {
  if (window.type === 'session') return window.gapMs;
  return window.type === 'calendar' ? CALENDAR_MS[window.unit] : window.sizeMs;
};

/** The metrics file with this one metric. */
export function mappingText(proposal: Proposal): string {
  const { metric, title, topic, key, value, window, start, end, labels, measures } = proposal;
  const inner = '    ';
  const deeper = '      ';
  const size = sizeOf(window);
  const lines = [
    '# Proposed from the records of the topic. Lines that begin with `# ?` ask you to look.',
    'version: 1',
    'metrics:',
    `  ${scalar(metric)}:`,
    ...comments(proposal.notes, inner),
    `${inner}title: ${scalar(title)}`,
    `${inner}topic: ${scalar(topic)}`,
    ...comments(proposal.keyNotes, inner),
    `${inner}key: ${payloadText(key.mapping, key.windowed)}`,
    ...comments(proposal.valueNotes, inner),
    `${inner}value: ${payloadText(value)}`,
    ...comments(proposal.windowNotes, inner),
    `${inner}window: ${windowText(window, DEFAULT_GRACE_MS)}`,
  ];
  const times = [
    ...(start === null ? [] : [`${deeper}start: ${timeText(start)}`]),
    ...(end === null ? [] : [`${deeper}end: ${timeText(end)}`]),
  ];
  if (times.length > 0) lines.push(...comments(proposal.timeNotes, inner), `${inner}time:`, ...times);
  if (2 * (size + DEFAULT_GRACE_MS) >= DEFAULT_RETENTION_MS) {
    lines.push(
      `${inner}# windows of ${durationText(size)} do not fit the default of a day`,
      `${inner}retention: ${durationText(DAYS_OF_LONG_WINDOWS * Math.max(size, DEFAULT_RETENTION_MS))}`,
    );
  }
  lines.push(...comments(proposal.labelNotes, inner));
  if (labels.length > 0) {
    lines.push(`${inner}dimensions:`);
    for (const label of labels) {
      lines.push(...comments(label.notes, deeper), `${deeper}${scalar(label.name)}: ${labelText(label)}`);
    }
  }
  lines.push(...comments(proposal.measureNotes, inner), `${inner}measures:`);
  for (const measure of measures) {
    lines.push(
      ...comments(measure.notes, deeper),
      `${deeper}${scalar(measure.name)}: ${measureText(measure)}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** What a person has to look at, as sentences. */
export function doubtsOf(proposal: Proposal): string[] {
  const { notes, keyNotes, valueNotes, windowNotes, timeNotes, labelNotes, measureNotes } = proposal;
  const of = (about: string, list: readonly Note[]): string[] =>
    list.filter(({ doubt }) => doubt).map(({ text }) => `${about}: ${text}`);
  return [
    ...of('topic', notes),
    ...of('key', keyNotes),
    ...of('value', valueNotes),
    ...of('window', windowNotes),
    ...of('time', timeNotes),
    ...of('dimensions', labelNotes),
    ...proposal.labels.flatMap(({ name, notes: own }) => of(`dimension ${name}`, own)),
    ...of('measures', measureNotes),
    ...proposal.measures.flatMap(({ name, notes: own }) => of(`measure ${name}`, own)),
  ];
}
