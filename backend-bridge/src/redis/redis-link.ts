import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { backoffMs } from '../domain/backoff';
import { withDeadline } from '../domain/deadline';
import { UnavailableError } from '../domain/errors';
import type { Telemetry } from '../domain/telemetry';
import { functionName, libraryCode, type FunctionName } from './function-library';
import { describeTarget, type RedisTarget } from './redis-url';
import { redisErrorCode, unavailable } from './store-errors';

export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly rejectUnauthorized?: boolean;
}

export interface LinkOptions {
  readonly target: RedisTarget;
  readonly username: string | null;
  readonly password: string | null;
  readonly tls: TlsOptions | null;
  readonly commandTimeoutMs: number;
  readonly telemetry: Telemetry;
  /** Called on connect, before any command: another Redis may answer than before. */
  readonly onConnected: () => void;
}

type Address = Pick<
  RedisOptions,
  | 'host'
  | 'port'
  | 'sentinels'
  | 'name'
  | 'sentinelRetryStrategy'
  | 'enableTLSForSentinelMode'
  | 'sentinelTLS'
>;
type Argument = string | number | Buffer;
export type Command = readonly [string, ...Argument[]];
/** Reads several keys of one slot in one round trip. Rejects when one read fails. */
export type Pipeline = (commands: readonly Command[]) => Promise<unknown[]>;
type NodeOptions = Omit<
  RedisOptions,
  | 'host'
  | 'port'
  | 'path'
  | 'sentinels'
  | 'retryStrategy'
  | 'enableOfflineQueue'
  | 'readOnly'
  | 'himportFieldsets'
  | 'replyMapping'
>;

/** Most commands in flight; further ones are refused, as Redis does not keep up. */
const MAX_IN_FLIGHT = 1024;
const RECONNECT_MIN_MS = 50;
const RECONNECT_MAX_MS = 1000;

export const reconnectDelay = (attempt: number): number =>
  backoffMs(attempt, RECONNECT_MIN_MS, RECONNECT_MAX_MS);

/**
 * The command connection. Commands are not queued while it is down: they fail at once, or after commandTimeoutMs when
 * Redis accepts but does not answer; the socket is then closed too.
 */
export class RedisLink {
  private readonly client: Redis | Cluster;
  private inFlight = 0;
  private lastError: Error | null = null;
  private closed = false;
  /** Nodes of a cluster without a connection, by address, with the reason. */
  private readonly lostNodes = new Map<string, Error>();
  /** The newest read of each operation that the user may not do. */
  private readonly forbidden = new Map<string, () => Promise<unknown>>();

  constructor(private readonly options: LinkOptions) {
    const { target } = options;
    if (target.cluster) {
      this.client = new Cluster(
        target.addresses.map(({ host, port }) => ({ host, port })),
        {
          lazyConnect: true,
          enableOfflineQueue: false,
          clusterRetryStrategy: reconnectDelay,
          clusterNodeRetryStrategy: reconnectDelay,
          slotsRefreshTimeout: options.commandTimeoutMs,
          retryDelayOnTryAgain: 50,
          redisOptions: this.nodeOptions(),
        },
      );
    } else {
      this.client = new Redis({
        ...this.nodeOptions(),
        ...this.primary(reconnectDelay),
        db: target.db,
        lazyConnect: true,
        enableOfflineQueue: false,
        retryStrategy: reconnectDelay,
      });
    }
    this.client.on('error', (error: Error) => {
      this.lastError = error;
    });
    this.client.on('ready', () => {
      this.lastError = null;
      options.onConnected();
    });
    // Connections to cluster nodes reconnect by themselves.
    this.client.on('+node', (node: Redis) =>
      node.on('ready', () => {
        this.lostNodes.delete(addressOf(node.options));
        options.onConnected();
      }),
    );
    this.client.on('-node', (node: Redis) => this.lostNodes.delete(addressOf(node.options)));
    this.client.on('node error', (error: Error, address: string) => this.lostNodes.set(address, error));
  }

  get isCluster(): boolean {
    return this.client instanceof Cluster;
  }

  /** Resolves when connected; reconnects until close(). */
  async connect(): Promise<void> {
    if (this.isReady()) return;
    const ready = new Promise<void>((resolve) => this.client.once('ready', () => resolve()));
    const connected =
      this.client.status === 'wait' || this.client.status === 'end'
        ? this.client.connect().then(() => (this.isReady() ? undefined : ready))
        : ready;
    try {
      await withDeadline(connected, this.options.commandTimeoutMs, () => this.unreachable());
    } catch (error) {
      throw redisErrorCode(error) === '' ? this.unreachable(error) : unavailable(error);
    }
  }

  /** Calls a library function on the node that holds the keys; loads the library if missing. */
  async call(name: FunctionName, keys: readonly string[], ...args: Argument[]): Promise<unknown> {
    const call = (): Promise<unknown> => this.client.fcall(functionName(name), keys.length, ...keys, ...args);
    return this.timed(name, async () => {
      try {
        return await call();
      } catch (error) {
        if (!isMissingFunction(error)) throw error;
        await this.loadLibrary();
        return call();
      }
    });
  }

  async hgetall(key: string): Promise<Record<string, string>> {
    return this.read('hgetall', () => this.client.hgetall(key));
  }

  async hgetallBuffer(key: string): Promise<Buffer[]> {
    const flat = await this.read('hgetall', () => this.client.callBuffer('HGETALL', key));
    return Array.isArray(flat) ? (flat as Buffer[]) : [];
  }

  async hmget(key: string, ...fields: string[]): Promise<(string | null)[]> {
    return this.read('hmget', () => this.client.hmget(key, ...fields));
  }

  async hset(key: string, field: string, value: string): Promise<void> {
    await this.timed('hset', () => this.client.hset(key, field, value));
  }

  async hsetnx(key: string, field: string, value: string): Promise<void> {
    await this.timed('hsetnx', () => this.client.hsetnx(key, field, value));
  }

  async mget(keys: readonly string[]): Promise<(Buffer | null)[]> {
    return this.read('mget', () => this.client.mgetBuffer(...keys));
  }

  async zrangeByScore(key: string, min: string, max: string, count: number): Promise<string[]> {
    return this.read('zrangebyscore', () =>
      this.client.zrangebyscore(key, min, max, 'WITHSCORES', 'LIMIT', 0, count),
    );
  }

  async zcard(key: string): Promise<number> {
    return this.read('zcard', () => this.client.zcard(key));
  }

  readonly pipeline: Pipeline = (commands) =>
    this.read(namesOf(commands), async () => {
      const pipeline = this.client.pipeline();
      for (const [command, ...args] of commands) pipeline.callBuffer(command, ...args);
      const results = (await pipeline.exec()) ?? [];
      return results.map(([error, value]) => {
        if (error !== null) throw error;
        return value;
      });
    });

  /** Rejects while the user may not do a read that it was refused before; nobody else may try it again. */
  async checkPermissions(): Promise<void> {
    for (const [operation, run] of this.forbidden) await this.read(operation, run);
  }

  /** Runs INFO on every primary. */
  async infoOfMasters(): Promise<readonly string[]> {
    return this.read('info', () => Promise.all(this.masters().map((node) => node.info())));
  }

  /** An existing library is kept: it holds the runs of its metrics, and equal names have equal content. */
  async loadLibrary(): Promise<void> {
    await Promise.all(
      this.masters().map(async (node) => {
        try {
          await node.call('FUNCTION', 'LOAD', libraryCode);
        } catch (error) {
          if (!(error instanceof Error && error.message.includes('already exists'))) throw error;
        }
      }),
    );
  }

  /** A separate connection for subscriptions, without automatic reconnect. */
  subscriberConnection(): Redis {
    return new Redis({
      ...this.nodeOptions(),
      ...(this.client instanceof Cluster ? this.anyNode(this.client) : this.primary(() => null)),
      lazyConnect: true,
      enableOfflineQueue: false,
      autoResubscribe: false,
      retryStrategy: null,
    });
  }

  /** Connection options without a cluster: the address, or the Sentinels to query for the primary at each connect. */
  private primary(sentinelRetryStrategy: (attempt: number) => number | null): Address {
    const { addresses, sentinel, tls } = this.options.target;
    if (sentinel === null) return { ...addresses[0]! };
    return {
      sentinels: addresses.map((address) => ({ ...address })),
      name: sentinel,
      sentinelRetryStrategy,
      ...(tls ? { enableTLSForSentinelMode: true, sentinelTLS: { ...this.options.tls } } : {}),
    };
  }

  /** Messages reach every node of a cluster. */
  private anyNode(cluster: Cluster): Address {
    const nodes = cluster.nodes('all').map((node) => node.options);
    const addresses = nodes.length > 0 ? nodes : this.options.target.addresses;
    const { host, port } = addresses[Math.floor(Math.random() * addresses.length)]!;
    return { ...(host === undefined ? {} : { host }), ...(port === undefined ? {} : { port }) };
  }

  private isReady(): boolean {
    return this.client.status === 'ready';
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.client.disconnect();
    await Promise.resolve();
  }

  private masters(): Redis[] {
    return this.client instanceof Cluster ? this.client.nodes('master') : [this.client];
  }

  private nodeOptions(): NodeOptions {
    const { username, password, tls, commandTimeoutMs, target } = this.options;
    return {
      ...(username === null ? {} : { username }),
      ...(password === null ? {} : { password }),
      ...(target.tls ? { tls: { ...tls } } : {}),
      // RESP2: the same replies on every server, and no HELLO, which needs a permission.
      protocol: 2,
      connectTimeout: commandTimeoutMs,
      socketTimeout: commandTimeoutMs,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      // A loading server answers LOADING, which says more than a connection that is not ready.
      enableReadyCheck: false,
      disableClientInfo: true,
      // After a failover the name may resolve to the new primary.
      reconnectOnError: (error) => (redisErrorCode(error) === 'READONLY' ? 1 : false),
    };
  }

  /** The error of a command that was not answered in time. */
  late(limitMs: number, operation?: string): UnavailableError {
    const what = operation === undefined ? '' : ` (${operation})`;
    return (
      this.lostNode() ?? new UnavailableError('store', `Redis did not answer within ${limitMs} ms${what}`)
    );
  }

  /** The error of a cluster node that cannot be reached; null: there is none. */
  private lostNode(): UnavailableError | null {
    const [lost] = this.lostNodes;
    if (lost === undefined) return null;
    const [address, reason] = lost;
    if (redisErrorCode(reason) !== '') return unavailable(reason);
    const isGiven = this.options.target.addresses.some((given) => addressOf(given) === address);
    const remedy = isGiven
      ? ''
      : '; the cluster itself names this address: let its nodes announce one that the bridge reaches ' +
        '(cluster-announce-ip, cluster-announce-hostname)';
    const message = `The node ${address} of the Redis cluster cannot be reached: ${reason.message}${remedy}`;
    return new UnavailableError('store', message, { cause: reason });
  }

  private unreachable(cause?: unknown): UnavailableError {
    const lostNode = this.lostNode();
    if (lostNode !== null) return lostNode;
    const reason = this.lastError ?? (cause instanceof Error ? cause : null);
    if (reason !== null && redisErrorCode(reason) !== '') return unavailable(reason);
    const detail = reason === null || isNotWritable(reason) ? '' : `: ${reason.message}`;
    const where = describeTarget(this.options.target);
    return new UnavailableError('store', `Redis at ${where} cannot be reached${detail}`, { cause });
  }

  /** A command that changes nothing. */
  private async read<T>(operation: string, run: () => Promise<T>): Promise<T> {
    try {
      const answer = await this.timed(operation, run);
      this.forbidden.delete(operation);
      return answer;
    } catch (error) {
      if (redisErrorCode((error as Error).cause) === 'NOPERM') this.forbidden.set(operation, run);
      throw error;
    }
  }

  /** One bounded, timed command. */
  private async timed<T>(operation: string, run: () => Promise<T>): Promise<T> {
    if (this.closed) throw new UnavailableError('store', 'The store is closed');
    if (!this.isReady()) throw this.unreachable();
    if (this.inFlight >= MAX_IN_FLIGHT)
      throw new UnavailableError('store', `Redis does not keep up: ${MAX_IN_FLIGHT} commands are waiting`);
    this.inFlight += 1;
    const begin = performance.now();
    const { commandTimeoutMs } = this.options;
    try {
      return await withDeadline(run(), commandTimeoutMs, () => this.late(commandTimeoutMs, operation));
    } catch (error) {
      const lost = !this.isReady() || isNotWritable(error) || this.lostNodes.size > 0;
      throw lost && redisErrorCode(error) === '' ? this.unreachable(error) : unavailable(error);
    } finally {
      this.inFlight -= 1;
      this.options.telemetry.storeLatency(operation, (performance.now() - begin) / 1000);
    }
  }
}

function addressOf({ host = '', port = 0 }: Pick<RedisOptions, 'host' | 'port'>): string {
  return `${host}:${port}`;
}

/** A user may lack one of the commands, while pipelines of others succeed. */
function namesOf(commands: readonly Command[]): string {
  return [...new Set(commands.map(([name]) => name.toLowerCase()))].join('+');
}

/** A connection that is closing, and that ioredis still calls ready. */
function isNotWritable(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("Stream isn't writeable");
}

function isMissingFunction(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('ERR Function not found');
}
