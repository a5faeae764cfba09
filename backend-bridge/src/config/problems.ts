import type { z } from 'zod';
import { similarName } from '../domain/similar-name';

type Issue = z.core.$ZodIssue;

/** What the author of a file may have meant. A path has the names of settings from the outside in. */
export interface Vocabulary {
  /** For a text that is not one of a setting's choices: the choice that is meant, or a clause with what to write. */
  instead(path: readonly string[], given: string): string | undefined;
  /** A setting as it is written. */
  example(path: readonly string[]): string | undefined;
  /** What to write in place of an unknown setting in `path`. */
  unknown(path: readonly string[], name: string): string | undefined;
}

const NO_WORDS: Vocabulary = {
  instead: () => undefined,
  example: () => undefined,
  unknown: () => undefined,
};

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
function choiceSentence(given: unknown, choices: readonly unknown[], { path, words }: Place): string {
  const list = choices.map((choice) => JSON.stringify(choice)).join(', ');
  if (given === undefined || given === null) {
    return `is missing; write ${choices.length === 1 ? '' : 'one of '}${list}`;
  }
  if (typeof given === 'object') return `expected one of ${list}`;
  if (choices.length === 1) return `write ${list}, not ${JSON.stringify(given)}`;
  const word = (typeof given === 'string' ? given : JSON.stringify(given)).toLowerCase();
  const is = `${JSON.stringify(given)} is not one of ${list}`;
  const same = choices.find((choice) => String(choice).toLowerCase() === word);
  const instead = same === undefined ? words.instead(path, word) : undefined;
  if (instead !== undefined && !choices.includes(instead)) return `${is}; ${instead}`;
  const meant = same ?? instead ?? similarName(word, choices.map(String));
  return meant === undefined ? is : `${is}; did you mean ${JSON.stringify(meant)}?`;
}

/** Where a problem is, and in which words its author may have written. */
interface Place {
  readonly path: readonly string[];
  readonly words: Vocabulary;
}

/** `; write ...` of a setting; empty where no example is known. */
function exampleOf({ path, words }: Place): string {
  const example = words.example(path);
  return example === undefined ? '' : `; write e.g. ${example}`;
}

/** A zod issue as a sentence for the author of the file; `given` is the value found there. */
function sentenceOf(issue: Issue, given: unknown, place: Place): string {
  if (issue.code === 'invalid_value') return choiceSentence(given, issue.values, place);
  if (issue.code === 'invalid_union' && issue.errors.length === 0) {
    // The choices of a discriminator are only in its message.
    return choiceSentence(
      given,
      [...issue.message.matchAll(/'([^']+)'/g)].map((match) => match[1]),
      place,
    );
  }
  if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => message).join('; ');
  if (issue.code !== 'invalid_type' || !/received \w+$/.test(issue.message)) return issue.message;
  const example = exampleOf(place);
  if (/received undefined$/.test(issue.message)) return `is missing${example}`;
  const shape = SHAPES[issue.expected];
  if (shape !== undefined && given === null) {
    const isGroup = ['object', 'record', 'array'].includes(issue.expected);
    return isGroup ? `is empty; write ${shape} under it, indented further` : `is empty${example}`;
  }
  const received = /received (\w+)$/.exec(issue.message)?.[1];
  return shape === undefined || received === undefined
    ? issue.message
    : `expected ${shape} (${issue.expected}), received ${received}${example}`;
}

/**
 * What no schema reports, with its place: a name that it would silently leave out, and a part of the document that
 * contains itself.
 */
export function documentProblems(
  value: unknown,
  path: readonly string[] = [],
  above: readonly unknown[] = [],
): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const at = path.join('.');
  if (above.includes(value)) {
    return [`${at}: is part of itself; write the settings out in place of the alias (\`*name\`)`];
  }
  return Object.entries(value).flatMap(([key, inner]) =>
    key === '__proto__'
      ? [`${[...path, key].join('.')}: cannot be a name; take another`]
      : documentProblems(inner, [...path, key], [...above, value]),
  );
}

/** The most likely intended variant of a union: the one that fails deepest, and with the fewest problems. */
function nearest(branches: readonly (readonly Issue[])[]): readonly Issue[] {
  const depth = (issues: readonly Issue[]): number => Math.max(0, ...issues.map(({ path }) => path.length));
  const isNearer = (a: readonly Issue[], b: readonly Issue[]): boolean =>
    depth(a) > depth(b) || (depth(a) === depth(b) && a.length < b.length);
  return branches.reduce((best, branch) => (isNearer(branch, best) ? branch : best), branches[0] ?? []);
}

function problemsAt(issue: Issue, root: readonly string[], input: unknown, words: Vocabulary): string[] {
  const path = [...root, ...issue.path.map(String)].filter((part) => part !== '');
  const at = path.join('.');
  const place: Place = { path, words };
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const advice = words.unknown(path, key) ?? 'remove it or correct its name';
      return `${at === '' ? key : `${at}.${key}`}: unknown setting; ${advice}`;
    });
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const meant = nearest(issue.errors);
    if (meant.some((inner) => inner.path.length > 0 || inner.code === 'unrecognized_keys')) {
      return meant.flatMap((inner) => problemsAt(inner, path, input, words));
    }
    const given = valueAt(input, path);
    const refused = issue.errors.flat().filter(({ code }) => code === 'custom');
    if (refused.length > 0) return refused.map(({ message }) => `${at}: ${message}`);
    const example = words.example(path);
    if (example !== undefined) {
      const is = given === undefined ? 'is missing' : `${JSON.stringify(given)} is not valid`;
      return [`${at}: ${is}; write ${example}`];
    }
    const ways = issue.errors.flatMap((branch) => branch.map((inner) => sentenceOf(inner, given, place)));
    return [`${at === '' ? 'file' : at}: ${[...new Set(ways)].join('; or: ')}`];
  }
  return [`${at === '' ? 'file' : at}: ${sentenceOf(issue, valueAt(input, path), place)}`];
}

/** One sentence per problem of `input`: its path, what is wrong, what was found, what to write. */
export function problemsOf(error: z.ZodError, input: unknown, words: Vocabulary = NO_WORDS): string[] {
  return error.issues.flatMap((issue) => problemsAt(issue, [], input, words));
}
