const MASK = '********';

/**
 * The text with the user and password of every URL in it masked. Everything from `//` to the last `@` of a word
 * counts as user and password, since one that is not URL-encoded may hold `/` and `@` itself: too much is masked
 * rather than too little.
 */
export function withoutCredentials(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s"]*@/gi, `$1${MASK}@`);
}
