import { toNumber } from '../decoding/scalar';
import type { Combine, OverTime } from '../domain/metric';
import { lastName, present, type Field } from './fields';
import { because, nearlyAll, unsure, type Note } from './sample';
import { snakeCase } from './time-fields';

/** A numeric field, and how its values of several series become one. */
export interface MeasureGuess {
  /** Unique in the metric; the first one's is `value`. */
  readonly name: string;
  readonly title: string;
  readonly field: Field;
  readonly unit: string;
  readonly combine: Combine;
  readonly overTime: OverTime | null;
  readonly sumFrom: string | null;
  readonly countFrom: string | null;
  readonly optional: boolean;
  readonly notes: readonly Note[];
}

export const MOST_MEASURES = 14;

const toNumberOrNull = (value: unknown): number | null => {
  try {
    return toNumber(value, '') ?? null;
  } catch {
    return null;
  }
};

export const isNumeric = (field: Field): boolean => {
  const values = present(field);
  return nearlyAll(values.filter((value) => toNumberOrNull(value) !== null).length, values.length);
};

/** By the words of a name; the first that fits. */
const RULES: readonly {
  readonly words: RegExp;
  readonly combine: Combine;
  readonly overTime?: OverTime;
  readonly reason: string;
}[] = [
  {
    words: /(^|_)(distinct|unique|uniq|uniques|active|cardinality|hll)(_|$)/,
    combine: 'distinct',
    reason: 'the name says that it counts distinct things, which cannot be added',
  },
  {
    words: /(^|_)(p\d{2,3}|percentile|quantile|median|stddev|stdev|variance)(_|$)/,
    combine: 'none',
    overTime: 'max',
    reason: 'a percentile or deviation cannot be combined',
  },
  {
    words: /(^|_)(rate|ratio|share|percent|pct|score|temperature|level)(_|$)/,
    combine: 'none',
    reason: 'a ratio or level cannot be combined',
  },
  { words: /(^|_)(avg|average|mean)(_|$)/, combine: 'avg', reason: 'the name says average' },
  {
    words: /(^|_)(min|minimum|lowest|smallest|fastest)(_|$)/,
    combine: 'min',
    reason: 'the name says minimum',
  },
  {
    words: /(^|_)(max|maximum|highest|largest|slowest|peak)(_|$)/,
    combine: 'max',
    reason: 'the name says maximum',
  },
  {
    words:
      /(^|_)(count|counts|cnt|num|number|n|total|totals|sum|revenue|turnover|amount|amounts|sales|quantity|qty|units|bytes|events|orders|requests|errors|failures|visits|clicks|views|hits|messages|transactions|purchases|payments|paid|users|items|pages)(_|$)/,
    combine: 'sum',
    reason: 'the name says that it is counted or summed',
  },
];

const UNITS: readonly (readonly [words: RegExp, unit: string])[] = [
  [/(^|_)(ms|millis|milliseconds)(_|$)/, 'ms'],
  [/(^|_)(seconds|secs)(_|$)/, 's'],
  [/(^|_)bytes(_|$)/, 'bytes'],
  [/(^|_)(percent|pct)(_|$)/, 'percent'],
  [/(^|_)(count|counts|cnt|events|orders|requests|errors|users|visits|clicks|transactions)(_|$)/, 'short'],
];

export const titleOf = (snake: string): string => {
  const words = snake.replaceAll('_', ' ').trim();
  return words === '' ? 'Value' : words[0]!.toUpperCase() + words.slice(1);
};

interface Ruled {
  readonly field: Field;
  readonly snake: string;
  readonly combine: Combine;
  readonly overTime: OverTime | null;
  readonly notes: readonly Note[];
}

function ruled(field: Field, topic: string): Ruled {
  const own = snakeCase(lastName(field));
  // A value without fields is called by its topic.
  const snake = own === '' ? snakeCase(topic) : own;
  const rule = RULES.find(({ words }) => words.test(snake));
  if (rule === undefined && snake.endsWith('s') && snakeCase(topic).startsWith(`${snake}_`)) {
    const note = because('combine: the topic is named after what it counts');
    return { field, snake, combine: 'sum', overTime: null, notes: [note] };
  }
  if (rule === undefined) {
    const note = unsure(
      'combine: the name does not say; `sum` if the values of two series may be added, else `min`, `max` or `none`',
    );
    return { field, snake, combine: 'none', overTime: null, notes: [note] };
  }
  return {
    field,
    snake,
    combine: rule.combine,
    overTime: rule.overTime ?? null,
    notes: [because(`combine: ${rule.reason}`)],
  };
}

/** The two sums whose quotient an average is in all records, within what a rounded average is off. */
function behind(average: Ruled, sums: readonly Ruled[]): { sum: Ruled; count: Ruled } | null {
  const at = (of: Ruled, i: number): number | null => toNumberOrNull(of.field.values[i]);
  for (const sum of sums) {
    for (const count of sums) {
      if (sum === count) continue;
      let fits = 0;
      let all = 0;
      for (const i of average.field.values.keys()) {
        const [mean, total, number] = [at(average, i), at(sum, i), at(count, i)];
        if (mean === null || total === null || number === null || number === 0) continue;
        all += 1;
        if (Math.abs(total / number - mean) <= Math.abs(mean) * 1e-6 + 1e-9) fits += 1;
      }
      // One record fits by chance.
      if (all > 1 && fits === all) return { sum, count };
    }
  }
  return null;
}

/** The measures of these numeric fields. The first that can be combined is the default one. */
export function measuresOf(fields: readonly Field[], topic: string, valuesSeen: number): MeasureGuess[] {
  const all = fields.map((field) => ruled(field, topic));
  const first = all.find(({ combine }) => combine === 'sum') ?? all[0];
  const ordered = first === undefined ? [] : [first, ...all.filter((one) => one !== first)];
  const names = new Map<Ruled, string>();
  for (const one of ordered) {
    const base = one === first ? 'value' : /^[a-z_]/.test(one.snake) ? one.snake : `m_${one.snake}`;
    let name = base.slice(0, 60);
    for (let n = 2; [...names.values()].includes(name); n += 1) name = `${base.slice(0, 56)}_${n}`;
    names.set(one, name);
  }
  const sums = all.filter(({ combine }) => combine === 'sum');
  return ordered.slice(0, MOST_MEASURES).map((one) => {
    const { field, snake, combine, overTime, notes } = one;
    const pair = combine === 'avg' ? behind(one, sums) : null;
    const missing = valuesSeen - present(field).length;
    const more: Note[] = [];
    if (combine === 'avg') {
      more.push(
        pair === null
          ? unsure(
              'no two fields are the sum and the count behind it, so it cannot be combined across series',
            )
          : because(`it is ${lastName(pair.sum.field)} / ${lastName(pair.count.field)} in all records`),
      );
    }
    if (missing > 0) more.push(because(`optional: ${missing} of ${valuesSeen} records have none`));
    return {
      name: names.get(one)!,
      title: titleOf(snake),
      field,
      unit: UNITS.find(([words]) => words.test(snake))?.[1] ?? '',
      combine,
      overTime,
      sumFrom: pair === null ? null : names.get(pair.sum)!,
      countFrom: pair === null ? null : names.get(pair.count)!,
      optional: missing > 0,
      notes: [...notes, ...more],
    };
  });
}
