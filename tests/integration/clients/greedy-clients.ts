import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { startBridge, type BridgeProcess } from '../../support/bridge-process';
import { temporaryFolder } from '../../support/embedded-bridge';
import { startLoad, type LoadProcess } from '../../support/load-process';
import { hashToken } from '../../../backend-bridge/src/server/tokens';
import { fillMinutes, type History } from './fill-minutes';
import type { GreedyLoadPlan } from './greedy-load';

/** A bridge with a small heap under the load of greedy-load.ts, and another token that is measured. */

export interface GreedySize extends History {
  readonly maxClients: number;
  /** Requests of the other token. */
  readonly samples: number;
}

export interface GreedyReport {
  readonly p50: number;
  readonly p99: number;
  /** Requests by status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** By the bridge's own count. */
  readonly highestLoopLagMs: number;
  readonly highestMb: number;
  /** The bridge is the same process as at the beginning. */
  readonly alive: boolean;
  /** From when the restarted bridge says that it is ready to the other token's first answer. */
  readonly servedAfterRestartMs: number;
}

const HEAP_MB = 512;
const GREEDY = 'greedy-token-of-the-test-0123456789';
const OTHER = 'other-token-of-the-test-0123456789';
const PAUSE_MS = 20;

interface Outcome {
  readonly status: number;
  readonly ms: number;
}

export async function runGreedy(size: GreedySize): Promise<GreedyReport> {
  const folder = temporaryFolder();
  const environment = { STORE_PATH: `${folder.path}/data`, DEMO: 'off', LOG_LEVEL: 'warn' };
  const tokens = [GREEDY, OTHER].map((token) => ({
    name: token.slice(0, 6),
    sha256: hashToken(token),
    scopes: ['read'],
  }));
  const secured = {
    ...environment,
    NODE_OPTIONS: `--max-old-space-size=${HEAP_MB}`,
    BRIDGE_TOKENS_FILE: folder.file('tokens.json', JSON.stringify({ tokens })),
    BRIDGE_CONFIG: folder.file('bridge.yaml', `limits: { max_clients: ${size.maxClients} }\n`),
  };
  let bridge = await startBridge(environment);
  let load: LoadProcess | null = null;
  try {
    await bridge.ready();
    const firstMs = await fillMinutes(bridge, size);
    await bridge.stop();
    bridge = await startBridge(secured);
    await bridge.ready();
    const { port } = bridge;
    load = await startGreedy(folder.path, {
      port,
      token: GREEDY,
      firstMs,
      toMs: Date.now(),
      anonymous: 2 * size.maxClients,
    });
    const measured = await measure(bridge, size.samples, firstMs);
    const alive = bridge.process.exitCode === null && bridge.process.signalCode === null;
    await bridge.kill9();
    bridge = await startBridge({ ...secured, BRIDGE_PORT: String(port) });
    await bridge.ready();
    const ready = performance.now();
    while ((await query(bridge, firstMs)).status !== 200) await sleep(PAUSE_MS);
    return { ...measured, alive, servedAfterRestartMs: Math.round(performance.now() - ready) };
  } finally {
    load?.process.kill('SIGKILL');
    await bridge.kill9();
    folder.remove();
  }
}

/** Resolves once all of the load is there. */
async function startGreedy(folder: string, plan: GreedyLoadPlan): Promise<LoadProcess> {
  let settle = (): void => undefined;
  const settled = new Promise<void>((resolve) => (settle = resolve));
  const load = await startLoad(join(__dirname, 'greedy-load.ts'), folder, plan, (line) => {
    if (line === 'settled') settle();
  });
  // It is killed at the end; before it has settled it must not end.
  load.ended.catch(() => undefined);
  await Promise.race([settled, load.ended]);
  return load;
}

/** Queries, and now and then a WebSocket up to its current_state, which must be as quick. */
async function measure(
  bridge: BridgeProcess,
  samples: number,
  firstMs: number,
): Promise<Omit<GreedyReport, 'alive' | 'servedAfterRestartMs'>> {
  const times: number[] = [];
  const statuses: Record<string, number> = {};
  let highestMb = 0;
  let highestLoopLagMs = 0;
  for (let n = 0; n < samples; n += 1) {
    const { status, ms } = n % 20 === 19 ? await openSocket(bridge) : await query(bridge, firstMs);
    times.push(ms);
    statuses[status] = (statuses[status] ?? 0) + 1;
    if (n % 20 === 0) {
      const { loop_lag_ms } = await bridge.get<{ loop_lag_ms: number }>('/healthz');
      highestLoopLagMs = Math.max(highestLoopLagMs, loop_lag_ms);
    }
    highestMb = Math.max(highestMb, residentMb(bridge.process.pid!));
    await sleep(PAUSE_MS);
  }
  times.sort((a, b) => a - b);
  const percentile = (share: number): number => Math.round(times[Math.ceil(times.length * share) - 1]!);
  return { p50: percentile(0.5), p99: percentile(0.99), statuses, highestLoopLagMs, highestMb };
}

async function query(bridge: BridgeProcess, firstMs: number): Promise<Outcome> {
  const began = performance.now();
  try {
    const answer = await fetch(`${bridge.url}/api/v1/query`, {
      method: 'POST',
      headers: { authorization: `Bearer ${OTHER}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        metric: 'events_per_minute',
        from_ms: firstMs,
        to_ms: Date.now(),
        filters: [{ dimension: 'segment', op: '=', values: ['segment-of-user-1'] }],
      }),
      signal: AbortSignal.timeout(10_000),
    });
    await answer.arrayBuffer();
    return { status: answer.status, ms: performance.now() - began };
  } catch {
    return { status: 0, ms: performance.now() - began };
  }
}

async function openSocket(bridge: BridgeProcess): Promise<Outcome> {
  const began = performance.now();
  const ws = new WebSocket(bridge.wsUrl, { headers: { authorization: `Bearer ${OTHER}` } });
  const status = await new Promise<number>((resolve) => {
    ws.on('message', () => resolve(200));
    ws.on('close', resolve);
    ws.on('error', () => resolve(0));
  });
  ws.terminate();
  return { status, ms: performance.now() - began };
}

function residentMb(pid: number): number {
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Math.round(Number(match?.[1] ?? 0) / 1_024);
}
