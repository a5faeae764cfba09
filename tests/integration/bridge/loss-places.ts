/** Redis servers that can lose what they acknowledged, each in another way. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort } from '../../support/free-port';
import { redisCommand, startRedis, startRedisCluster, startSentinels } from '../../support/redis';
import { startTcpProxy } from '../../support/tcp-proxy';
import { eventually } from '../../support/waiting';

export interface LosingRedis {
  readonly url: string;
  /** Records keep coming while it loses. */
  readonly underLoad?: boolean;
  /** What is acknowledged from now on is lost by lose(). */
  mark(): Promise<void>;
  lose(): Promise<void>;
  stop(): Promise<void>;
}

export type LosingRedisName = keyof typeof LOSING_REDIS;

/** The primary dies before its replica, cut off from it, has the last writes; the address leads to the replica then. */
async function laggingReplica(): Promise<LosingRedis> {
  const primary = await startRedis({ directives: ['repl-diskless-sync-delay 0'] });
  const replica = await startRedis();
  let target = primary.port;
  const address = await startTcpProxy(() => target);
  const link = await startTcpProxy(() => primary.port);
  await redisCommand(replica.port, `REPLICAOF 127.0.0.1 ${link.port}`);
  const offset = async (port: number): Promise<string> =>
    /master_repl_offset:(\d+)/.exec(await redisCommand(port, 'INFO replication'))?.[1] ?? '';
  return {
    url: `redis://127.0.0.1:${address.port}`,
    mark: async () => {
      await eventually(async () => {
        const at = await offset(primary.port);
        return at !== '0' && at === (await offset(replica.port));
      }, 'the replica has everything');
      link.refuse(true);
    },
    lose: async () => {
      await primary.kill9();
      await redisCommand(replica.port, 'REPLICAOF NO ONE');
      target = replica.port;
      address.cut();
    },
    stop: async () => {
      await Promise.all([address.close(), link.close(), primary.stop(), replica.stop()]);
    },
  };
}

/** The primary refuses its replica from now on, so that it falls behind. */
async function cutReplication(primary: number): Promise<void> {
  await redisCommand(primary, 'ACL SETUSER default -psync -sync -replconf');
  await redisCommand(primary, 'CLIENT KILL TYPE replica');
}

/** As laggingReplica(), but Sentinels find the primary dead, promote the replica and lead there, all under load. */
async function sentinelFailover(): Promise<LosingRedis> {
  const primary = await startRedis({ directives: ['repl-diskless-sync-delay 0'] });
  const replica = await startRedis({ directives: [`replicaof 127.0.0.1 ${primary.port}`] });
  // Sentinel asks the primary for its replicas at its start, and then every ten seconds.
  await eventually(
    async () => (await redisCommand(primary.port, 'INFO replication')).includes('state=online'),
    'the replica is connected',
  );
  const sentinels = await startSentinels(primary);
  return {
    url: `redis://${sentinels.addresses}?sentinel=main`,
    underLoad: true,
    mark: async () => {
      await sleep(1_500);
      await cutReplication(primary.port);
    },
    lose: async () => {
      await primary.kill9();
      await eventually(
        async () => (await redisCommand(replica.port, 'INFO replication')).includes('role:master'),
        'the replica took over',
      );
    },
    stop: async () => {
      await Promise.all([sentinels.stop(), primary.stop(), replica.stop()]);
    },
  };
}

/** Killed, and started with an older dump. */
async function olderDump(): Promise<LosingRedis> {
  const redis = await startRedis();
  return {
    url: redis.url,
    mark: async () => {
      await redisCommand(redis.port, 'SAVE');
    },
    lose: async () => {
      await redis.kill9();
      await redis.restart();
    },
    stop: () => redis.stop(),
  };
}

/** Killed with AOF everysec: what the disk has not seen is gone. */
async function lastSeconds(): Promise<LosingRedis> {
  const redis = await startRedis({ aof: 'everysec' });
  return {
    url: redis.url,
    mark: async () => {
      await eventually(
        async () => (await redisCommand(redis.port, 'INFO persistence')).includes('aof_pending_bio_fsync:0'),
        'the disk has everything',
      );
      await sleep(1_500);
      await redisCommand(redis.port, 'CONFIG SET appendonly no');
    },
    lose: async () => {
      await redis.kill9();
      await redis.restart();
    },
    stop: () => redis.stop(),
  };
}

/** Three nodes; the one with the metric dies, and its replica, which was refused a while ago, takes over. */
async function clusterFailover(): Promise<LosingRedis> {
  const cluster = await startRedisCluster({ directives: ['repl-diskless-sync-delay 0'] });
  const bus = await freePort();
  const replicas = await Promise.all(
    cluster.nodes.map(async (node) => {
      const id = (await redisCommand(node.port, 'CLUSTER MYID')).split('\r\n')[1]!;
      return { node, id };
    }),
  );
  const slotOwner = async (): Promise<number> => {
    const counts = await Promise.all(
      cluster.nodes.map(async ({ port }) =>
        Number(/keys=(\d+)/.exec(await redisCommand(port, 'INFO keyspace'))?.[1]),
      ),
    );
    return counts.indexOf(Math.max(...counts.map((count) => count || 0)));
  };
  const replica = await startRedis({
    directives: [
      'cluster-enabled yes',
      `cluster-port ${bus}`,
      'cluster-node-timeout 3000',
      'cluster-replica-validity-factor 0',
      'repl-diskless-sync-delay 0',
    ],
  });
  const first = cluster.nodes[0]!;
  await redisCommand(first.port, `CLUSTER MEET 127.0.0.1 ${replica.port} ${bus}`);
  let victim = 0;
  return {
    url: cluster.url,
    mark: async () => {
      victim = await slotOwner();
      const owner = replicas[victim]!;
      await eventually(
        () => redisCommand(replica.port, `CLUSTER REPLICATE ${owner.id}`).then(() => true),
        'the replica knows its primary',
      );
      await eventually(async () => {
        const info = await redisCommand(replica.port, 'INFO replication');
        return info.includes('master_link_status:up');
      }, 'the replica has everything');
      await sleep(1_500);
      await cutReplication(owner.node.port);
    },
    lose: async () => {
      await replicas[victim]!.node.kill9();
      await eventually(
        async () => (await redisCommand(replica.port, 'INFO replication')).includes('role:master'),
        'the replica took over',
      );
    },
    stop: async () => {
      await Promise.all([cluster.stop(), replica.stop()]);
    },
  };
}

/** Three nodes; the metric's slot goes from one to the next while it is written to. Nothing is lost. */
async function slotMigration(): Promise<LosingRedis> {
  const cluster = await startRedisCluster();
  const clients = cluster.nodes.map(({ port }) => new Redis(port, '127.0.0.1'));
  let moving: Promise<void> = Promise.resolve();
  const migrate = async (): Promise<void> => {
    const slot = await clients[0]!.cluster('KEYSLOT', 'streamkpi:{losses}:meta');
    const ids = await Promise.all(clients.map((client) => client.cluster('MYID')));
    const counts = await Promise.all(clients.map((client) => client.cluster('COUNTKEYSINSLOT', slot)));
    const from = counts.findIndex((count) => count > 0);
    const to = (from + 1) % clients.length;
    const [source, target] = [clients[from]!, clients[to]!];
    await target.cluster('SETSLOT', slot, 'IMPORTING', ids[from]!);
    await source.cluster('SETSLOT', slot, 'MIGRATING', ids[to]!);
    for (;;) {
      const keys = await source.cluster('GETKEYSINSLOT', slot, 1);
      if (keys.length === 0) break;
      await source.migrate('127.0.0.1', cluster.nodes[to]!.port, keys[0]!, 0, 5_000);
      await sleep(20);
    }
    for (const client of [target, source, ...clients])
      await client.cluster('SETSLOT', slot, 'NODE', ids[to]!);
  };
  return {
    url: cluster.url,
    mark: async () => {
      moving = migrate();
      await Promise.resolve();
    },
    lose: () => moving,
    stop: async () => {
      for (const client of clients) client.disconnect();
      await cluster.stop();
    },
  };
}

export const LOSING_REDIS = {
  'a failover to a replica that lags': laggingReplica,
  'a failover by three Sentinels under load, to a replica that lags': sentinelFailover,
  'the restore of an older dump': olderDump,
  'a crash that loses the last seconds of the append-only file': lastSeconds,
  'a failover in a cluster, to a replica that lags': clusterFailover,
  'a slot that a cluster moves under load': slotMigration,
} as const;
