import { parseDocument, YAMLError } from 'yaml';
import { z } from 'zod';
import type { Filter } from '../domain/selection';
import type { Principal } from './access';

/** Parser of the tokens file, YAML or JSON. */

export interface TokenEntry {
  /** SHA-256 of the token, 32 bytes. */
  readonly hash: Buffer;
  readonly principal: Principal;
  /** Changes with any field of the entry. */
  readonly fingerprint: string;
}

const MAKE_ONE = 'make a token and its hash with npm run --silent bridge -- --hash-token';
/** Hashes of example tokens in earlier versions of the guides, which are public. */
const PUBLISHED = new Set([
  '2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b',
  '4fa511f52165dfd5e3c13ffc5d26d7ea4540c45ff9fd53489ffa9b87d22cda72',
  '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
]);

const IN_QUOTES = 'is no text; write the value in quotes, e.g. "7"';

/** A dimension's values. An object of zod's skips `__proto__`, and a token would go without its filter. */
const filtersSchema = z
  .unknown()
  .refine((given) => !Object.keys(given ?? {}).includes('__proto__'), {
    error: '"__proto__" is not the name of a dimension',
    abort: true,
  })
  .pipe(z.record(z.string().min(1), z.array(z.string(IN_QUOTES)).min(1)))
  .refine((filters) => Object.keys(filters).length > 0, {
    error: 'is empty; name a dimension, or leave it out for a token without filters',
  });

const entrySchema = z.strictObject({
  name: z.string().regex(/^[\w.@ -]{1,100}$/, 'has 1 to 100 letters, digits, spaces and . _ @ -'),
  sha256: z.string().regex(/^[0-9a-fA-F]{64}$/, `is not a SHA-256 in hexadecimal; ${MAKE_ONE}`),
  scopes: z.array(z.enum(['read', 'ingest', 'admin', 'observe'])).min(1),
  filters: filtersSchema.optional(),
});

const fileSchema = z.strictObject({ tokens: z.array(entrySchema).max(1_000) });

/** Throws an Error, also for a tag, of which the parser would warn with the line. */
function contentOf(text: string): unknown {
  const document = parseDocument(text);
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault !== undefined) throw fault;
  return document.toJS();
}

/** Throws an Error that lists every problem with its path. Never quotes the file's hashes. */
export function parseTokens(text: string): readonly TokenEntry[] {
  let content: unknown;
  try {
    content = contentOf(text);
  } catch (error) {
    // The parser's own message quotes the file.
    const where = error instanceof YAMLError ? error.linePos?.[0] : undefined;
    const at = where === undefined ? '' : ` (line ${where.line}, column ${where.col})`;
    throw new Error(`is neither YAML nor JSON${at}`, { cause: error });
  }
  const result = fileSchema.safeParse(content);
  if (!result.success) {
    throw new Error(
      result.error.issues
        .map((issue) => `${issue.path.map(String).join('.') || 'file'}: ${issue.message}`)
        .join('; '),
    );
  }
  const names = new Set<string>();
  const hashes = new Set<string>();
  return result.data.tokens.map((entry) => {
    const hash = entry.sha256.toLowerCase();
    if (PUBLISHED.has(hash))
      throw new Error(`${entry.name} has the hash of a published example token; ${MAKE_ONE}`);
    if (names.has(entry.name)) throw new Error(`two tokens are named ${entry.name}; give each its own name`);
    if (hashes.has(hash)) throw new Error(`${entry.name} has the token of another entry; make a new one`);
    names.add(entry.name);
    hashes.add(hash);
    const tenant: Filter[] = Object.entries(entry.filters ?? {})
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([dimension, values]) => ({ dimension, op: '=', values }));
    const scopes = [...new Set(entry.scopes)].sort();
    return {
      hash: Buffer.from(hash, 'hex'),
      principal: { name: entry.name, scopes: new Set(scopes), tenant },
      fingerprint: JSON.stringify([entry.name, hash, scopes, tenant]),
    };
  });
}
