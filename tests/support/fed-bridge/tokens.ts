import { writeFileSync } from 'node:fs';
import { hashToken } from '../../../backend-bridge/src/server/tokens';

/** An entry of the tokens file, with `token` in place of its hash. */
export type TokenEntry = { readonly token: string } & Readonly<Record<string, unknown>>;

export function writeTokens(file: string, tokens: readonly TokenEntry[]): void {
  const entries = tokens.map(({ token, ...rest }) => ({ ...rest, sha256: hashToken(token) }));
  writeFileSync(file, JSON.stringify({ tokens: entries }));
}
