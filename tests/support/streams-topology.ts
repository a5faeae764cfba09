/** The Kafka Streams topology of ksql/kafka-streams, built by Maven and run for the tests. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTool } from './kafka/distribution';

const root = join(__dirname, '../..');
const project = join(__dirname, 'streams-topology');
const START_TIMEOUT_MS = 90_000;
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

function sourcesHash(): string {
  const hash = createHash('sha256').update(readFileSync(join(project, 'pom.xml')));
  for (const folder of [join(project, 'src'), join(root, 'ksql/kafka-streams/src')]) {
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
      if (name.endsWith('.java')) hash.update(name).update(readFileSync(join(folder, name)));
    }
  }
  return hash.digest('hex').slice(0, 16);
}

/** Folder with the jar and its libraries; built once for each state of the sources. */
function topologyFolder(): string {
  const services = join(root, 'tests/.services');
  const folder = join(services, `streams-topology-${sourcesHash()}`);
  if (existsSync(folder)) return folder;
  mkdirSync(services, { recursive: true });
  const temporary = `${folder}.${process.pid}`;
  rmSync(temporary, { recursive: true, force: true });
  runTool('mvn', ['-B', '-q', '-f', join(project, 'pom.xml'), 'package', `-DbuildFolder=${temporary}`]);
  try {
    renameSync(temporary, folder);
  } catch (error) {
    // Another process has built it meanwhile.
    if (!existsSync(folder)) throw error;
    rmSync(temporary, { recursive: true, force: true });
  }
  return folder;
}

function java(main: string, args: readonly string[], environment: Record<string, string>): ChildProcess {
  const folder = topologyFolder();
  const child = spawn(
    'java',
    [
      '-Xms32m',
      '-Xmx512m',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-cp',
      `${join(folder, 'streams-topology.jar')}:${join(folder, 'lib')}/*`,
      `io.streamkpi.streams.${main}`,
      ...args,
    ],
    { env: { ...process.env, ...environment }, stdio: ['pipe', 'pipe', 'pipe'] },
  );
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

export interface WrittenRecord {
  readonly topic: string;
  readonly key_hex: string;
  readonly timestamp: number;
  readonly value_raw: string;
}

/**
 * Runs the topology without a broker on records, as JSON lines {topic, key, timestamp, value}; returns what it wrote, by topic.
 * `tasksIdle`: records wait for topics without any, by the wall clock, as on a broker.
 */
export async function replay(
  lines: string,
  topics: readonly string[],
  { tasksIdle = false } = {},
): Promise<Map<string, WrittenRecord[]>> {
  const child = java('Replay', topics, tasksIdle ? { TASKS_IDLE: 'true' } : {});
  let output = '';
  let log = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (log += text));
  child.stdin!.end(lines);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (status !== 0) throw new Error(`the replay ended with ${status}:\n${log.slice(-4_000)}`);
  const written = new Map<string, WrittenRecord[]>(topics.map((topic) => [topic, []]));
  for (const line of output.split('\n')) {
    if (line === '') continue;
    const record = JSON.parse(line) as WrittenRecord;
    written.get(record.topic)!.push(record);
  }
  return written;
}

export interface RunningTopology {
  /** The end of its output. */
  log(): string;
  stop(): Promise<void>;
}

/** Starts the topology on a broker and waits until it runs. Its source and sink topics must exist. */
export async function startTopology(
  bootstrap: string,
  environment: Record<string, string> = {},
): Promise<RunningTopology> {
  const state = mkdtempSync(join(tmpdir(), 'streams-'));
  const child = java('Main', [], {
    KAFKA_BROKERS: bootstrap,
    APPLICATION_ID: 'streams-topology',
    STATE_PATH: state,
    FINALS: 'false',
    ...environment,
  });
  let log = '';
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
    await gone;
    clearTimeout(timer);
    rmSync(state, { recursive: true, force: true });
  };
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`the topology did not run within ${START_TIMEOUT_MS} ms:\n${log}`)),
        START_TIMEOUT_MS,
      );
      const read = (text: string): void => {
        log = (log + text).slice(-100_000);
        if (!log.includes('state RUNNING')) return;
        clearTimeout(timer);
        resolve();
      };
      child.stdout!.setEncoding('utf8').on('data', read);
      child.stderr!.setEncoding('utf8').on('data', read);
      child.once('error', reject);
      child.once('close', (status) => {
        clearTimeout(timer);
        reject(new Error(`the topology ended with ${status}:\n${log.slice(-4_000)}`));
      });
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { log: () => log, stop };
}
