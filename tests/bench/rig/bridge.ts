import { setTimeout as sleep } from 'node:timers/promises';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBridge, type BridgeProcess } from '../../support/bridge-process';
import { startKafka, type KafkaBroker } from '../../support/kafka';
import { startRedis } from '../../support/redis';
import { round, type Endings } from '../scenario';
import { cpuSeconds } from '../surroundings';
import { metricsFile, ONE_MEASURE } from './records';

export type StoreKind = 'redis' | 'lmdb';

/** A broker with room for load; the tests' default is made for a fast start. */
export async function startBroker(endings: Endings): Promise<KafkaBroker> {
  const kafka = await startKafka({ java: ['-Xmx1g', '-XX:TieredStopAtLevel=4'] });
  endings.add(() => kafka.stop());
  await kafka.createTopic('streamkpi-dead-letters');
  return kafka;
}

/** A folder that goes away at the end. */
export function temporaryFolder(endings: Endings): string {
  const path = mkdtempSync(join(tmpdir(), 'streamkpi-bench-'));
  endings.add(async () => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Where a bridge keeps its points: a fresh durable Redis (append-only file, fsync each second), or a fresh folder. */
export interface BenchStore {
  readonly kind: StoreKind;
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly redis: { readonly port: number; readonly pid: number } | null;
}

export async function freshStore(kind: StoreKind, endings: Endings): Promise<BenchStore> {
  const folder = temporaryFolder(endings);
  if (kind === 'lmdb') return { kind, environment: { STORE_PATH: folder }, folder, redis: null };
  const redis = await startRedis({ aof: 'everysec' });
  endings.add(() => redis.stop());
  return {
    kind,
    environment: { STORE_PATH: folder, REDIS_URL: redis.url },
    folder: redis.dir,
    redis: { port: redis.port, pid: redis.pid() },
  };
}

let groups = 0;

/**
 * A real bridge in its own process on one of the benches' metrics. BENCH_PROFILE: a folder for its CPU profile;
 * BENCH_NODE_OPTIONS: further options of Node for it.
 */
export async function startBenchBridge(
  kafka: KafkaBroker,
  store: BenchStore,
  endings: Endings,
  environment: Readonly<Record<string, string>> = {},
  metric = ONE_MEASURE,
): Promise<BridgeProcess> {
  const file = join(temporaryFolder(endings), 'metrics.yaml');
  writeFileSync(file, metricsFile(metric));
  groups += 1;
  const profile = process.env['BENCH_PROFILE'];
  const bridge = await startBridge({
    KAFKA_BROKERS: kafka.bootstrap,
    KAFKA_GROUP_ID: `bench-${process.pid}-${groups}`,
    METRICS_FILE: file,
    LOG_LEVEL: 'warn',
    ...(profile === undefined ? {} : { BENCH_PROFILE: profile }),
    NODE_OPTIONS: `--require ${join(process.env['BENCH_BUNDLES'] ?? '', 'probe.cjs')} ${process.env['BENCH_NODE_OPTIONS'] ?? ''}`,
    ...store.environment,
    ...environment,
  });
  endings.add(() => bridge.stop());
  return bridge;
}

/** Points of a metric that the bridge's store has accepted since its start. */
export async function acceptedPoints(bridge: BridgeProcess, metric: string): Promise<number> {
  const text = await (await fetch(`${bridge.url}/metrics`)).text();
  for (const line of text.split('\n')) {
    if (!line.startsWith('streamkpi_points_written_total{')) continue;
    if (line.includes(`metric="${metric}"`) && line.includes('"accepted"'))
      return Number(line.split(' ').at(-1));
  }
  return 0;
}

export interface IngestRate {
  readonly rate: number;
  /** Processor time of the bridge and of its Redis for one point, in microseconds. */
  readonly cpuMicros: { readonly bridge: number; readonly redis: number };
}

const INGEST_TIMEOUT_MS = 300_000;

/** Polls until the store has accepted `n` points; the rate from the first poll that saw some to the last. */
export async function ingestRate(
  bridge: BridgeProcess,
  store: BenchStore,
  metric: string,
  n: number,
): Promise<IngestRate> {
  const until = Date.now() + INGEST_TIMEOUT_MS;
  const used = (): { bridge: number; redis: number } => ({
    bridge: cpuSeconds(bridge.process.pid!),
    redis: store.redis === null ? 0 : cpuSeconds(store.redis.pid),
  });
  let first: { count: number; at: number; cpu: ReturnType<typeof used> } | null = null;
  for (;;) {
    const count = await acceptedPoints(bridge, metric).catch(() => 0);
    const at = performance.now();
    if (first === null && count > 0) first = { count, at, cpu: used() };
    if (count >= n && first !== null) {
      const points = count - first.count;
      const cpu = used();
      const each = (before: number, after: number): number => round(((after - before) * 1e6) / points);
      return {
        rate: (points * 1_000) / (at - first.at),
        cpuMicros: {
          bridge: each(first.cpu.bridge, cpu.bridge),
          redis: each(first.cpu.redis, cpu.redis),
        },
      };
    }
    if (Date.now() > until)
      throw new Error(`only ${count} of ${n} points after ${INGEST_TIMEOUT_MS} ms:\n${bridge.output()}`);
    await sleep(25);
  }
}
