const MASK = '********';

/**
 * Masks user and password of every URL in the text. Everything from `//` to the last `@` of a word counts as
 * credentials, since one that is not URL-encoded may contain `/` and `@`: better to mask too much than too little.
 */
export function withoutCredentials(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s"]*@/gi, `$1${MASK}@`);
}

/** Masks the secrets in the text, raw and as encoded in URLs and JSON: servers may quote requests in errors. */
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
