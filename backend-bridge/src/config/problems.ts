import type { z } from 'zod';

/** One sentence a problem: where it is, what is wrong, what was found. */
export function problemsOf(error: z.ZodError, root: string): string[] {
  return error.issues.flatMap((issue) => {
    const at = [root, ...issue.path.map(String)].filter((part) => part !== '').join('.');
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map(
        (key) => `${at === '' ? key : `${at}.${key}`}: unknown setting; remove it or correct its name`,
      );
    }
    return [`${at === '' ? 'file' : at}: ${issue.message}`];
  });
}
