import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { kafkaVersion } from '../support/kafka/distribution';

/** The machine and the versions a figure was measured with. */

const PACKAGES = ['kafkajs', 'ioredis', 'lmdb', 'ws', 'fastify'] as const;

function packageVersion(name: string): string {
  const paths = createRequire(join(process.cwd(), 'backend-bridge/package.json')).resolve.paths(name) ?? [];
  for (const path of paths) {
    const file = join(path, name, 'package.json');
    if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  }
  return 'unknown';
}

function redisVersion(): string {
  try {
    const text = execFileSync('redis-server', ['--version'], { encoding: 'utf8' });
    return /v=([\d.]+)/.exec(text)?.[1] ?? 'unknown';
  } catch {
    return 'not installed';
  }
}

export function versions(): Record<string, string> {
  const found: Record<string, string> = {
    node: process.versions.node,
    redis: redisVersion(),
    kafka: kafkaVersion(),
  };
  for (const name of PACKAGES) found[name] = packageVersion(name);
  return found;
}

export function machine(): Record<string, string | number> {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memory_gib: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    load_before: Number((loadavg()[0] ?? 0).toFixed(2)),
  };
}

/** Resident memory of a process in bytes: now and, where the system tells, at its peak. */
export function residentMemory(pid: number): { rss: number; peak_rss?: number } {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kib = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0);
    return { rss: kib('VmRSS') * 1_024, peak_rss: kib('VmHWM') * 1_024 };
  } catch {
    const text = execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
    return { rss: Number(text.trim()) * 1_024 };
  }
}

/** Processor time that a process has used, in seconds; NaN where the system does not tell. */
export function cpuSeconds(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    // User and system time, in hundredths of a second.
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return Number.NaN;
  }
}
