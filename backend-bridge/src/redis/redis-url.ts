import { StartRefusedError } from '../domain/errors';

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

/** Parser of the Redis URL setting. */
export interface RedisTarget {
  /** Addresses of the server, of cluster nodes, or of Sentinels. */
  readonly addresses: readonly RedisAddress[];
  readonly cluster: boolean;
  /** Primary name watched by the Sentinels at `addresses`; null: the addresses are Redis servers. */
  readonly sentinel: string | null;
  readonly tls: boolean;
  readonly db: number;
  readonly username: string | null;
  readonly password: string | null;
}

const FORM =
  'redis://[user:password@]host[:port][,host:port...][/database][?cluster=true or ?sentinel=name], or rediss:// for TLS';
const SHAPE = /^(rediss?):\/\/(?:([^@/]*)@)?([^/?@]+)(?:\/(\d*))?(?:\?(.*))?$/;

function refuse(fault: string): StartRefusedError {
  return new StartRefusedError(`REDIS_URL: ${fault}. It has the form ${FORM}`);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refuse('the user name or password is not URL-encoded');
  }
}

function parseAddress(text: string, usualPort: number): RedisAddress {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3] ?? usualPort);
  if (host === undefined || port < 1 || port > 65_535) throw refuse(`"${text}" is not a host and port`);
  return { host, port };
}

/** Throws StartRefusedError for an invalid Redis URL; the message never contains the credentials. */
export function parseRedisUrl(url: string): RedisTarget {
  const match = SHAPE.exec(url.trim());
  if (match === null) throw refuse('not a Redis address');
  const [, scheme, credentials, hosts, database, query] = match;
  const parameters = new URLSearchParams(query ?? '');
  for (const name of parameters.keys())
    if (name !== 'cluster' && name !== 'sentinel') throw refuse(`unknown parameter "${name}"`);
  const clusterText = parameters.get('cluster') ?? 'false';
  if (clusterText !== 'true' && clusterText !== 'false') throw refuse('cluster must be true or false');
  const cluster = clusterText === 'true';
  const sentinel = parameters.get('sentinel');
  if (sentinel === '') throw refuse('sentinel must be the name of the primary that the Sentinels watch');
  if (sentinel !== null && cluster) throw refuse('a cluster has no Sentinels');
  const usualPort = sentinel === null ? 6379 : 26_379;
  const addresses = (hosts ?? '').split(',').map((host) => parseAddress(host, usualPort));
  if (addresses.length > 1 && !cluster && sentinel === null)
    throw refuse('several hosts need ?cluster=true or ?sentinel=name');
  const db = Number(database === undefined || database === '' ? 0 : database);
  if (cluster && db !== 0) throw refuse('a cluster has database 0 only');
  const colon = credentials?.indexOf(':') ?? -1;
  const username = credentials === undefined ? '' : colon < 0 ? credentials : credentials.slice(0, colon);
  const password = credentials === undefined || colon < 0 ? '' : credentials.slice(colon + 1);
  return {
    addresses,
    cluster,
    sentinel,
    tls: scheme === 'rediss',
    db,
    username: username === '' ? null : decoded(username),
    password: password === '' ? null : decoded(password),
  };
}

/** For messages and logs: addresses only. */
export function describeTarget(target: RedisTarget): string {
  return target.addresses.map((address) => `${address.host}:${address.port}`).join(',');
}
