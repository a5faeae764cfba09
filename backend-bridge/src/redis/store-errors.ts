import { StartRefusedError, UnavailableError } from '../domain/errors';

/** Explanations and remedies by Redis error code. */
const SENTENCES: Readonly<Record<string, string>> = {
  OOM: "Redis is out of memory (maxmemory); raise maxmemory or shorten the metrics' retention",
  READONLY: 'Redis is a read-only replica; point REDIS_URL at the primary, or wait for the failover to end',
  LOADING: 'Redis is loading its data after a restart; it will answer when that is done',
  BUSY: 'Redis is busy with a long script; wait for it or end it with FUNCTION KILL or SCRIPT KILL',
  MISCONF: 'Redis cannot persist its data and refuses writes; check its log and its disk',
  NOAUTH: 'Redis requires a password; set it in REDIS_URL or REDIS_URL_FILE',
  WRONGPASS: 'Redis refused the user name or password of REDIS_URL',
  NOPERM: 'The Redis user lacks a permission that the bridge needs',
  CLUSTERDOWN: 'The Redis cluster is down: some of its slots have no node',
  MASTERDOWN: 'The Redis replica has lost its primary',
  NOREPLICAS: 'Redis has fewer replicas than min-replicas-to-write requires',
  TRYAGAIN: 'The Redis cluster is moving slots; retry',
  MOVED: 'Redis runs as a cluster; add ?cluster=true to REDIS_URL',
  CROSSSLOT: 'Redis runs as a cluster; add ?cluster=true to REDIS_URL',
  UNKILLABLE: 'Redis is busy with a script that has already written data',
  WRONGTYPE:
    'Another program uses the same keys in Redis; give this bridge another redis.key_prefix, or delete the keys of ' +
    'the other one',
  DENIED:
    'Redis is in protected mode and serves its own machine only; give it a password, and REDIS_URL the same',
};

/** The same for errors without a code of their own. */
const ERR_SENTENCES: readonly (readonly [RegExp, string])[] = [
  [/^ERR max number of clients/, 'Redis has no connection left; raise maxclients, or end other clients'],
  [
    /^ERR unknown command/,
    'Redis does not know a command that the bridge needs; undo its rename-command, or use Redis itself in place of ' +
      'what answers here',
  ],
];

/** Error codes that a retry cannot fix: the settings are wrong. */
const SETTINGS_AT_FAULT = ['WRONGPASS', 'NOAUTH', 'NOPERM', 'MOVED', 'CROSSSLOT'];

const PERMISSIONS = 'docs/decisions/0003-redis-layout.md lists them';
/** Permission error of a command that a function calls; Redis 7.0 does not name the command. */
const FORBIDDEN_IN_FUNCTION = /^ERR (ACL failure in script|The user executing the script can't)/;

/** Error of a slot in migration, where two nodes redirect the client to each other. */
const REDIRECTED = /^Too many Cluster redirections.*\b(?:MOVED|ASK|TRYAGAIN)\b/;

/** The code of a Redis error, such as `OOM`; empty for other errors. */
export function redisErrorCode(error: unknown): string {
  if (!(error instanceof Error)) return '';
  if (REDIRECTED.test(error.message)) return 'TRYAGAIN';
  if (FORBIDDEN_IN_FUNCTION.test(error.message)) return 'NOPERM';
  return /^-?([A-Z]+)\b/.exec(error.message)?.[1] ?? '';
}

/** Converts any client error to UnavailableError. */
export function unavailable(error: unknown): UnavailableError {
  if (error instanceof UnavailableError) return error;
  const code = redisErrorCode(error);
  const detail = error instanceof Error ? error.message : String(error);
  const known = SENTENCES[code] ?? ERR_SENTENCES.find(([pattern]) => pattern.test(detail))?.[1];
  if (code === 'NOPERM')
    return new UnavailableError('store', `${known} (${missing(detail)}${PERMISSIONS})`, { cause: error });
  if (known !== undefined) return new UnavailableError('store', known, { cause: error });
  return new UnavailableError('store', `Redis command failed: ${detail}`, { cause: error });
}

/** What a permission error of Redis says is missing, without the user and the keys in it. */
function missing(detail: string): string {
  const command = /'([\w|]+)' command/.exec(detail)?.[1];
  if (command !== undefined) return `+${command}; `;
  const kind = /\b(key|channel)s?\b/.exec(detail)?.[1];
  if (kind !== undefined) return `to a ${kind}; `;
  return FORBIDDEN_IN_FUNCTION.test(detail) ? 'a command of its functions; ' : '';
}

/** The error to start with: a StartRefusedError where the settings are wrong, else the same. */
export function startRefusal(error: unknown): unknown {
  const isRefused =
    error instanceof UnavailableError && SETTINGS_AT_FAULT.includes(redisErrorCode(error.cause));
  return isRefused ? new StartRefusedError(error.message, { cause: error }) : error;
}
