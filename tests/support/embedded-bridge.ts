import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { BridgeProcess } from './bridge-process';
import type { EventMessage, SeriesMessage } from './selection-copy';

/** What tests of a whole bridge without Kafka and Redis need around it. */

const BRIDGE = join(__dirname, '../../backend-bridge');

/** A new folder; `remove` takes it away with all that is in it. */
export function temporaryFolder(): {
  readonly path: string;
  file(name: string, text: string): string;
  remove(): void;
} {
  const path = mkdtempSync(join(tmpdir(), 'streamkpi-bridge-'));
  return {
    path,
    file: (name, text) => {
      const file = join(path, name);
      writeFileSync(file, text);
      return file;
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

/**
 * The default metrics, with partitions that are never idle within a test: windows then close by event time alone,
 * so that a test in simulated time decides what is open.
 */
export function metricsWithoutIdling(): string {
  const file = parse(readFileSync(join(BRIDGE, 'metrics.yaml'), 'utf8')) as {
    metrics: Record<string, Record<string, unknown>>;
  };
  for (const metric of Object.values(file.metrics)) metric['idle'] = '20h';
  return stringify(file);
}

/** Runs the bridge until it ends by itself. */
export async function runToEnd(
  environment: Record<string, string>,
  args: readonly string[] = [],
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawn(process.execPath, ['--enable-source-maps', join(BRIDGE, 'dist/main.js'), ...args], {
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
  await once(child, 'close');
  clearTimeout(timer);
  return { code: child.exitCode, stdout, stderr };
}

export interface QueryBody {
  readonly metric: string;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly [selector: string]: unknown;
}
export interface QueryAnswer {
  readonly watermark_ms: number | null;
  readonly store_epoch: string;
  readonly server_time_ms: number;
  readonly series: readonly SeriesMessage[];
  readonly warnings: readonly { readonly code: string }[];
}
export interface SummarySeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly last: number | null;
  readonly last_time_ms: number;
  readonly previous: number | null;
  readonly delta: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly avg: number | null;
  readonly sum: number | null;
  readonly count: number;
}

export const query = (bridge: BridgeProcess, body: QueryBody): Promise<QueryAnswer> =>
  bridge.post<QueryAnswer>('/api/v1/query', { include_revisions: true, ...body });

export const summary = (
  bridge: BridgeProcess,
  body: QueryBody,
): Promise<{ readonly series: readonly SummarySeries[] }> => bridge.post('/api/v1/summary', body);

export const queryEvents = (
  bridge: BridgeProcess,
  body: QueryBody,
): Promise<{ readonly events: readonly EventMessage[] }> => bridge.post('/api/v1/events/query', body);

export interface IngestAnswer {
  readonly accepted: number;
  readonly rejected: readonly { readonly index: number; readonly reason: string }[];
}

export const ingest = (bridge: BridgeProcess, events: readonly unknown[]): Promise<IngestAnswer> =>
  bridge.post<IngestAnswer>('/api/v1/ingest/events', events);

/** Gives users their segments. */
export async function putProfiles(
  bridge: BridgeProcess,
  segments: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  const put = async (user: string, segment: string): Promise<void> => {
    const answer = await fetch(`${bridge.url}/api/v1/ingest/profiles/${encodeURIComponent(user)}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ segment }),
    });
    if (!answer.ok) throw new Error(`profile of ${user}: ${answer.status} ${await answer.text()}`);
  };
  const entries = Object.entries(segments);
  // Fewer at once than a bridge takes.
  for (let from = 0; from < entries.length; from += 30) {
    await Promise.all(entries.slice(from, from + 30).map(([user, segment]) => put(user, segment)));
  }
}
