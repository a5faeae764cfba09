const MASK = '********';

/**
 * The text with the user and password of every URL in it masked. Everything from `//` to the last `@` of a word
 * counts as user and password, since one that is not URL-encoded may hold `/` and `@` itself: too much is masked
 * rather than too little.
 */
export function withoutCredentials(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s"]*@/gi, `$1${MASK}@`);
}

/**
 * The text with the secrets in it masked, as they are and as URLs and JSON write them: servers repeat what they were
 * sent in their refusals.
 */
export function withoutSecrets(text: string, secrets: readonly (string | undefined)[]): string {
  let masked = text;
  for (const secret of secrets) {
    if (secret === undefined || secret === '') continue;
    const inUrl = encodeURIComponent(Buffer.from(secret).toString());
    const inJson = JSON.stringify(secret).slice(1, -1);
    for (const written of [secret, inUrl, inJson]) masked = masked.replaceAll(written, MASK);
  }
  return masked;
}
