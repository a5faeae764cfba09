export type Labels = Readonly<Record<string, string>>;

/** The same for equal labels, whatever the order of their names. */
export const seriesKey = (labels: Labels): string => JSON.stringify(sortedEntries(labels));

const sortedEntries = (labels: Labels): [string, string][] =>
  Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));

const PLACEHOLDER = /\{\{\s*([^{}]+?)\s*\}\}/g;
const NO_LABEL = '(none)';

export interface NameWords {
  /** `{{name}}` is replaced by a label or by one of the words. */
  readonly alias: string | undefined;
  /** What the metric is called, for a series without labels. */
  readonly title: string;
  readonly words: Readonly<Record<string, string>>;
}

/**
 * The name of a series, as the backend forms it (pkg/frames/names.go): the alias, else its labels, else the title.
 * An unknown placeholder becomes nothing; a label wins over a word of the same name.
 */
export function seriesName(labels: Labels, { alias, title, words }: NameWords): string {
  if (alias !== undefined && alias !== '') {
    return alias.replace(PLACEHOLDER, (_, name: string) => labels[name] ?? words[name] ?? '');
  }
  const entries = sortedEntries(labels);
  const [first] = entries;
  if (first === undefined) return title;
  if (entries.length === 1) return first[1] || NO_LABEL;
  return entries.map(([name, value]) => `${name}=${value || NO_LABEL}`).join(', ');
}

/** Above this the orders of dimensions are too many to try. */
const MOST_DIMENSIONS = 5;

/**
 * The order in which the backend lists series: by their labels, dimension by dimension in the order in which the
 * metric declares them. That order is in no answer, so it is taken from the series of one: the first order of the
 * names that explains each of its lists. Undefined where none does.
 */
export function dimensionOrder(...lists: (readonly Labels[])[]): readonly string[] | undefined {
  const names = [...new Set(lists.flat().flatMap((labels) => Object.keys(labels)))].sort();
  if (names.length > MOST_DIMENSIONS) return undefined;
  const explains = (order: readonly string[]) => (listed: readonly Labels[]) =>
    listed.every((labels, index) => index === 0 || compareLabels(listed[index - 1]!, labels, order) < 0);
  return permutations(names).find((order) => lists.every(explains(order)));
}

/** By code units, dimension by dimension; a missing label is the empty text. */
export function compareLabels(a: Labels, b: Labels, order: readonly string[]): number {
  for (const name of order) {
    const left = a[name] ?? '';
    const right = b[name] ?? '';
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

function permutations(names: readonly string[]): string[][] {
  if (names.length <= 1) return [[...names]];
  return names.flatMap((first, index) =>
    permutations([...names.slice(0, index), ...names.slice(index + 1)]).map((rest) => [first, ...rest]),
  );
}
