import { parse } from 'yaml';
import { z } from 'zod';
import type { Filter } from '../domain/selection';
import type { Principal } from './access';

/** The tokens file: YAML or JSON, read and checked. */

export interface TokenEntry {
  /** SHA-256 of the token, 32 bytes. */
  readonly hash: Buffer;
  readonly principal: Principal;
  /** Changes when anything of the entry does. */
  readonly fingerprint: string;
}

const entrySchema = z.strictObject({
  name: z.string().regex(/^[\w.@ -]{1,100}$/, 'has 1 to 100 letters, digits, spaces and . _ @ -'),
  sha256: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/, 'is no SHA-256 in hexadecimal; make one with the hash command'),
  scopes: z.array(z.enum(['read', 'ingest', 'admin', 'observe'])).min(1),
  filters: z.record(z.string().min(1), z.array(z.string()).min(1)).optional(),
});

const fileSchema = z.strictObject({ tokens: z.array(entrySchema).max(1_000) });

/** Throws an Error whose message names every fault and its place. The file's secrets are hashes, and are not told. */
export function parseTokens(text: string): readonly TokenEntry[] {
  let content: unknown;
  try {
    content = parse(text);
  } catch (error) {
    throw new Error(`is neither YAML nor JSON: ${(error as Error).message.split('\n')[0]!}`, {
      cause: error,
    });
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
