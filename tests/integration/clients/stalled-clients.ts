import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startBridge, type BridgeProcess } from '../../support/bridge-process';
import { ingest, putProfiles, temporaryFolder } from '../../support/embedded-bridge';
import { startLoad } from '../../support/load-process';
import { MINUTE_MS } from '../../support/raw-events';
import { median } from './stalled-comparison';
import type { LoadPlan, LoadStep } from './stalled-load';

/** A bridge with many clients of which some stop reading; the load runs in its own process. */

export interface StalledReport {
  readonly p99AllRead: readonly number[];
  readonly p99SomeStalled: readonly number[];
  readonly p50AllRead: number;
  readonly p50SomeStalled: number;
  readonly samplesARun: number;
  readonly clients: number;
  readonly end: Extract<LoadStep, { step: 'end' }>;
  /** Resident memory of the bridge in MB: when all were connected, and at its highest after that. */
  readonly connectedMb: number;
  readonly highestMb: number;
  /** Bytes that the bridge kept for clients by its own count, at the highest. */
  readonly highestQueueBytes: number;
}

export type StalledSize = Omit<LoadPlan, 'port' | 'windowMs' | 'segments' | 'slowClientTimeoutMs'> & {
  readonly segments?: number;
  readonly slowClientTimeoutMs?: number;
};

/** The smallest that may be set. */
export const CLIENT_BUFFER_BYTES = 65_536;
const HISTORY_MINUTES = 30;

function residentMb(pid: number): number {
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(match![1]) / 1_024;
}

async function queueBytes(bridge: BridgeProcess): Promise<number> {
  const text = await (await fetch(`${bridge.url}/metrics`)).text();
  return Number(/^streamkpi_\w*queue_bytes(?:{[^}]*})? (\S+)$/m.exec(text)![1]);
}

/** Hundreds of series with a history, and one more that is measured. */
async function fillIn(bridge: BridgeProcess, segments: number, windowMs: number): Promise<void> {
  const users = Array.from({ length: segments }, (_, i) => `user-${i}`);
  const profiles: Record<string, string> = { live: 'live' };
  for (const user of users) profiles[user] = `segment-of-${user}`;
  await putProfiles(bridge, profiles);
  const history = Array.from(
    { length: HISTORY_MINUTES },
    (_, i) => windowMs - (HISTORY_MINUTES - i) * MINUTE_MS,
  );
  const events = history.flatMap((timestamp) =>
    users.map((user_id) => ({ user_id, event_type: 'page_view', timestamp, properties: {} })),
  );
  for (let from = 0; from < events.length; from += 6_000)
    await ingest(bridge, events.slice(from, from + 6_000));
}

export async function runStalled(size: StalledSize): Promise<StalledReport> {
  const folder = temporaryFolder();
  const segments = size.segments ?? 600;
  const slowClientTimeoutMs = size.slowClientTimeoutMs ?? 6_000;
  const bridge = await startBridge({
    STORE_PATH: `${folder.path}/data`,
    DEMO: 'off',
    BRIDGE_CONFIG: folder.file(
      'bridge.yaml',
      `limits:\n  client_buffer_bytes: ${CLIENT_BUFFER_BYTES}\n  slow_client_timeout: ${slowClientTimeoutMs}ms\n`,
    ),
  });
  try {
    await bridge.ready();
    const windowMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
    await fillIn(bridge, segments, windowMs);
    const steps: LoadStep[] = [];
    const memory: { connected: number; highest: number; queue: number } = {
      connected: 0,
      highest: 0,
      queue: 0,
    };
    const watch = setInterval(() => {
      memory.highest = Math.max(memory.highest, residentMb(bridge.process.pid!));
      queueBytes(bridge).then(
        (bytes) => (memory.queue = Math.max(memory.queue, bytes)),
        () => undefined,
      );
    }, 500);
    try {
      const plan: LoadPlan = { ...size, port: bridge.port, segments, windowMs, slowClientTimeoutMs };
      const source = join(__dirname, 'stalled-load.ts');
      const load = await startLoad(source, folder.path, plan, (line) => {
        const step = JSON.parse(line) as LoadStep;
        steps.push(step);
        if (step.step === 'connected') memory.connected = residentMb(bridge.process.pid!);
      });
      await load.ended;
    } finally {
      clearInterval(watch);
    }
    const runs = steps.filter((step) => step.step === 'run');
    const allRead = runs.filter(({ stalled }) => !stalled);
    const someStalled = runs.filter(({ stalled }) => stalled);
    const round = (value: number): number => Math.round(value * 100) / 100;
    return {
      p99AllRead: allRead.map(({ p99 }) => round(p99)),
      p99SomeStalled: someStalled.map(({ p99 }) => round(p99)),
      p50AllRead: round(median(allRead.map(({ p50 }) => p50))),
      p50SomeStalled: round(median(someStalled.map(({ p50 }) => p50))),
      samplesARun: median(runs.map(({ samples }) => samples)),
      clients: steps.find((step) => step.step === 'connected')!.clients,
      end: steps.find((step) => step.step === 'end')!,
      connectedMb: Math.round(memory.connected),
      highestMb: Math.round(memory.highest),
      highestQueueBytes: memory.queue,
    };
  } finally {
    await bridge.kill9();
    folder.remove();
  }
}
