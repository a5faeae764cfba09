import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { StartRefusedError } from '../domain/errors';
import { fileText } from '../domain/file-text';
import type { Log, MonotonicClock } from '../domain/telemetry';
import type { Access, AccessRefusal, Principal, Scope } from './access';
import { FailedAttempts } from './failed-attempts';
import { HostList, OriginList } from './origins';
import { parseTokens, type TokenEntry } from './tokens-file';

/**
 * SHA-256 of a token. Slow, salted hashes protect guessable passwords; a token is 256 random bits and is checked on
 * every request.
 */
export function hashToken(token: string): string {
  return createHash('sha256').update(token, 'utf8').digest('hex');
}

export interface AccessOptions {
  /** Undefined: no tokens, every caller is accepted. */
  readonly tokensFile?: string | undefined;
  readonly allowedOrigins: readonly string[];
  readonly allowedHosts: readonly string[];
  /** The address that the server binds to. */
  readonly boundHost: string;
  readonly log: Log;
  readonly monotonic?: MonotonicClock;
  /** How often the tokens file is checked for changes. */
  readonly pollMs?: number;
}

const EVERY_SCOPE: ReadonlySet<Scope> = new Set(['read', 'ingest', 'admin', 'observe']);
const ANYBODY: Principal = { name: 'anybody', scopes: EVERY_SCOPE, tenant: [] };
const MAX_TOKEN_LENGTH = 1_000;

export interface ClosableAccess extends Access {
  /** Stops watching the tokens file. */
  close(): void;
}

/** Whether the principal has the scope. */
export function hasScope(principal: Principal, scope: Scope): boolean {
  return principal.scopes.has(scope) || principal.scopes.has('admin');
}

/** Reads the tokens file. Throws StartRefusedError when it, an origin or a host is invalid. */
export function createAccess(options: AccessOptions): ClosableAccess {
  return new FileAccess(options);
}

class FileAccess implements ClosableAccess {
  readonly required: boolean;
  private readonly origins: OriginList;
  private readonly hosts: HostList;
  private readonly attempts: FailedAttempts;
  private readonly listeners = new Set<(principal: Principal) => void>();
  private entries: readonly TokenEntry[] = [];
  private seen = '';
  private changing = '';
  private complaint = '';
  private readonly timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: AccessOptions) {
    this.required = options.tokensFile !== undefined;
    this.origins = new OriginList(options.allowedOrigins);
    this.hosts = new HostList(options.boundHost, options.allowedHosts);
    this.attempts = new FailedAttempts(options.monotonic ?? (() => performance.now()));
    if (options.tokensFile === undefined) return;
    const file = options.tokensFile;
    try {
      this.seen = signature(file);
      this.entries = parseTokens(fileText(readFileSync(file)));
    } catch (error) {
      throw new StartRefusedError(
        `tokens_file: ${file} cannot be used: ${(error as Error).message}. See docs/reference/access.md.`,
        { cause: error },
      );
    }
    // Polling twice a second survives editors that replace the file and Kubernetes' swapped symlinks, which end a watch
    // on the file itself.
    this.timer = setInterval(() => this.reload(file), options.pollMs ?? 500);
    this.timer.unref();
  }

  fromHeader(authorization: string | undefined, remoteAddress: string): Principal | AccessRefusal {
    if (!this.required) return ANYBODY;
    if (authorization === undefined) {
      return { code: 'unauthenticated', message: 'Send a token: Authorization: Bearer <token>' };
    }
    const match = /^Bearer +([^\s]+) *$/i.exec(authorization.slice(0, MAX_TOKEN_LENGTH + 20));
    return this.fromToken(match?.[1] ?? '', remoteAddress);
  }

  fromToken(token: string, remoteAddress: string): Principal | AccessRefusal {
    if (!this.required) return ANYBODY;
    // Before the rate limit: others behind the same proxy must not lock out a valid token.
    const entry = this.find(token);
    if (entry) return entry.principal;
    if (this.attempts.limited(remoteAddress)) {
      return { code: 'rate_limited', message: 'Too many wrong tokens from this address; wait a minute' };
    }
    this.attempts.failed(remoteAddress);
    return { code: 'unauthenticated', message: 'The token is unknown or was revoked' };
  }

  originAllowed(origin: string | undefined): boolean {
    return this.origins.allows(origin);
  }

  hostAllowed(host: string | undefined): boolean {
    return this.hosts.allows(host);
  }

  onRevoked(listener: (principal: Principal) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  close(): void {
    clearInterval(this.timer);
    this.listeners.clear();
  }

  /** Compares with every token in constant time, so that timing does not reveal how close a guess is. */
  private find(token: string): TokenEntry | undefined {
    if (token === '' || token.length > MAX_TOKEN_LENGTH) return undefined;
    const hash = createHash('sha256').update(token, 'utf8').digest();
    let found: TokenEntry | undefined;
    for (const entry of this.entries) if (timingSafeEqual(entry.hash, hash)) found = entry;
    return found;
  }

  private reload(file: string): void {
    let next: readonly TokenEntry[];
    try {
      const now = signature(file);
      if (now === this.seen) return;
      // Read only when unchanged for one poll: a half-written file would revoke tokens.
      const settled = now === this.changing;
      this.changing = now;
      if (!settled) return;
      next = parseTokens(fileText(readFileSync(file)));
      this.seen = now;
    } catch (error) {
      this.complain(file, (error as Error).message);
      return;
    }
    this.complaint = '';
    const before = new Map(this.entries.map((entry) => [entry.fingerprint, entry]));
    // Unchanged entries keep their principal, so that their connections stay open.
    this.entries = next.map((entry) => before.get(entry.fingerprint) ?? entry);
    const kept = new Set(this.entries.map((entry) => entry.fingerprint));
    const gone = [...before.values()].filter((entry) => !kept.has(entry.fingerprint));
    this.options.log.info(
      { tokens: this.entries.length, withdrawn: gone.map((entry) => entry.principal.name) },
      'tokens file reloaded',
    );
    for (const entry of gone) for (const listener of [...this.listeners]) listener(entry.principal);
  }

  /** An unreadable file keeps the current tokens, and is logged once per reason. */
  private complain(file: string, reason: string): void {
    if (reason === this.complaint) return;
    this.complaint = reason;
    this.options.log.error({ file, reason }, 'tokens file invalid; keeping the previous tokens');
  }
}

/** Signature of the file, symlinks resolved. */
function signature(file: string): string {
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
  return [dev, ino, size, mtimeNs, ctimeNs].join('.');
}
