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

/** What zod says, in words for who wrote the file. */
function sentenceOf(issue: Issue): string {
  if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => message).join('; ');
  if (issue.code !== 'invalid_type') return issue.message;
  if (/received undefined$/.test(issue.message)) return 'is missing';
  const shape = SHAPES[issue.expected];
  const received = /received (\w+)$/.exec(issue.message)?.[1];
  return shape === undefined || received === undefined
    ? issue.message
    : `expected ${shape} (${issue.expected}), received ${received}`;
}

/** Of several ways to write a value the one that was meant: that which comes furthest before it fails. */
function nearest(branches: readonly (readonly Issue[])[]): readonly Issue[] {
  const depth = (issues: readonly Issue[]): number => Math.max(0, ...issues.map(({ path }) => path.length));
  return branches.reduce((best, branch) => (depth(branch) > depth(best) ? branch : best), branches[0] ?? []);
}

function problemsAt(issue: Issue, root: readonly string[]): string[] {
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
      return meant.flatMap((inner) => problemsAt(inner, path));
    }
    const ways = issue.errors.flatMap((branch) => branch.map(sentenceOf));
    return [`${at === '' ? 'file' : at}: ${[...new Set(ways)].join('; or: ')}`];
  }
  return [`${at === '' ? 'file' : at}: ${sentenceOf(issue)}`];
}

/** One sentence a problem: where it is, what is wrong, what was found. */
export function problemsOf(error: z.ZodError, root: string): string[] {
  return error.issues.flatMap((issue) => problemsAt(issue, [root]));
}
