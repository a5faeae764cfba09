import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

const SHAPES: Readonly<Record<string, string>> = {
  object: 'settings by name',
  record: 'entries by name',
  array: 'a list',
  string: 'text',
  number: 'a number',
  boolean: 'true or false',
};

/** The value at a path of the file; `undefined`: none. */
function valueAt(input: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, name) =>
      typeof value === 'object' && value !== null
        ? (value as Readonly<Record<string, unknown>>)[name]
        : undefined,
    input,
  );
}

/** Message for enumerated values: the allowed ones, the one found, and a suggestion. */
function choiceSentence(given: unknown, choices: readonly unknown[]): string {
  const list = choices.map((choice) => JSON.stringify(choice)).join(', ');
  if (given === undefined || given === null) return `is missing; write one of ${list}`;
  if (typeof given === 'object') return `expected one of ${list}`;
  if (choices.length === 1) return `write ${list}, not ${JSON.stringify(given)}`;
  const word = (typeof given === 'string' ? given : JSON.stringify(given)).toLowerCase();
  const meant =
    choices.find((choice) => String(choice).toLowerCase() === word) ??
    choices.find((choice) => word.startsWith(String(choice)) || String(choice).startsWith(word.slice(0, 4)));
  const question = meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`;
  return `${JSON.stringify(given)} is not one of ${list}${question}`;
}

/** A zod issue as a sentence for the author of the file; `given` is the value found there. */
function sentenceOf(issue: Issue, given: unknown): string {
  if (issue.code === 'invalid_value') return choiceSentence(given, issue.values);
  if (issue.code === 'invalid_union' && issue.errors.length === 0) {
    // The choices of a discriminator are only in its message.
    return choiceSentence(
      given,
      [...issue.message.matchAll(/'([^']+)'/g)].map((match) => match[1]),
    );
  }
  if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => message).join('; ');
  if (issue.code !== 'invalid_type' || !/received \w+$/.test(issue.message)) return issue.message;
  if (/received undefined$/.test(issue.message)) return 'is missing';
  const shape = SHAPES[issue.expected];
  if (shape !== undefined && given === null) return `is empty; write ${shape} under it`;
  const received = /received (\w+)$/.exec(issue.message)?.[1];
  return shape === undefined || received === undefined
    ? issue.message
    : `expected ${shape} (${issue.expected}), received ${received}`;
}

/** The most likely intended variant of a union: the one that fails deepest. */
function nearest(branches: readonly (readonly Issue[])[]): readonly Issue[] {
  const depth = (issues: readonly Issue[]): number => Math.max(0, ...issues.map(({ path }) => path.length));
  return branches.reduce((best, branch) => (depth(branch) > depth(best) ? branch : best), branches[0] ?? []);
}

function problemsAt(issue: Issue, root: readonly string[], input: unknown): string[] {
  const path = [...root, ...issue.path.map(String)].filter((part) => part !== '');
  const at = path.join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(
      (key) => `${at === '' ? key : `${at}.${key}`}: unknown setting; remove it or correct its name`,
    );
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const meant = nearest(issue.errors);
    if (meant.some((inner) => inner.path.length > 0 || inner.code === 'unrecognized_keys')) {
      return meant.flatMap((inner) => problemsAt(inner, path, input));
    }
    const ways = issue.errors.flatMap((branch) =>
      branch.map((inner) => sentenceOf(inner, valueAt(input, path))),
    );
    return [`${at === '' ? 'file' : at}: ${[...new Set(ways)].join('; or: ')}`];
  }
  return [`${at === '' ? 'file' : at}: ${sentenceOf(issue, valueAt(input, path))}`];
}

/** One sentence per problem of `input`: its path, what is wrong, what was found. */
export function problemsOf(error: z.ZodError, input: unknown): string[] {
  return error.issues.flatMap((issue) => problemsAt(issue, [], input));
}
