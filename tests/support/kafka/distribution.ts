/** The broker's program: its jars, fetched once by Maven, and formatted storage to copy from. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const POM = join(__dirname, 'pom.xml');
export const LOG_CONFIGURATION = join(__dirname, 'log4j2.xml');
const LOCK_STALE_MS = 10 * 60_000;
const MAVEN_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies';

/** Kafka's version, as the pom says it. */
export function kafkaVersion(): string {
  const version = /<artifactId>kafka_2\.13<\/artifactId>\s*<version>([^<]+)</.exec(readFileSync(POM, 'utf8'));
  if (version?.[1] === undefined) throw new Error(`${POM} names no version of kafka_2.13`);
  return version[1];
}

function cacheFolder(): string {
  const base = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return join(base, 'streamkpi', `kafka-${kafkaVersion()}`);
}

/** Runs a program and gives its output; says what to install when it is missing. */
export function runTool(command: 'java' | 'mvn' | 'openssl', args: readonly string[], cwd?: string): string {
  const packages = { java: 'default-jdk-headless', mvn: 'maven', openssl: 'openssl' };
  const result = spawnSync(command, [...args], { cwd, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (result.error !== undefined) {
    const missing = (result.error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new Error(
      missing
        ? `${command} is not installed, and the tests start a real Kafka with it: apt-get install -y ${packages[command]}` +
            (command === 'java' ? ' (Java 17 or newer)' : '')
        : `${command}: ${result.error.message}`,
    );
  }
  if (result.status !== 0) {
    throw new Error(`${command} ended with ${result.status}:\n${result.stdout}\n${result.stderr}`);
  }
  return result.stdout;
}

function lockedByLivingProcess(lock: string): boolean {
  try {
    if (Date.now() - statSync(lock).mtimeMs > LOCK_STALE_MS) return false;
    const pid = Number(readFileSync(join(lock, 'pid'), 'utf8'));
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Between the lock's mkdir and its pid file there is a moment without one; the lock's age settles that.
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EPERM') return true;
    try {
      return code === 'ENOENT' && Date.now() - statSync(lock).mtimeMs < 2_000;
    } catch {
      return false;
    }
  }
}

/** Makes the file or folder `path` by `make` once, whichever process comes first; the others wait for it. */
async function once(path: string, make: (temporary: string) => void | Promise<void>): Promise<string> {
  const lock = `${path}.lock`;
  while (!existsSync(path)) {
    mkdirSync(join(path, '..'), { recursive: true });
    try {
      mkdirSync(lock);
    } catch {
      if (!lockedByLivingProcess(lock)) rmSync(lock, { recursive: true, force: true });
      await new Promise((resolve) => setTimeout(resolve, 100));
      continue;
    }
    try {
      writeFileSync(join(lock, 'pid'), String(process.pid));
      if (existsSync(path)) break;
      const temporary = `${path}.part`;
      rmSync(temporary, { recursive: true, force: true });
      await make(temporary);
      renameSync(temporary, path);
    } finally {
      rmSync(lock, { recursive: true, force: true });
    }
  }
  return path;
}

/** The folder with the broker's jars. The first call of a machine asks Maven for them (45 MB). */
export async function kafkaJars(): Promise<string> {
  return once(join(cacheFolder(), 'lib'), (temporary) => {
    runTool('java', ['-version']);
    runTool('mvn', ['-B', '-q', '-f', POM, MAVEN_PLUGIN, `-DoutputDirectory=${temporary}`]);
  });
}

/**
 * The broker's classes as Java maps them (class data sharing): a start takes half the time. `run` starts a broker with
 * these options and ends it in order. Java ignores an archive that another version of it made.
 */
export async function classArchive(run: (java: readonly string[]) => Promise<void>): Promise<string> {
  return once(join(cacheFolder(), 'classes.jsa'), async (temporary) => {
    await run([`-XX:ArchiveClassesAtExit=${temporary}`]).catch(() => undefined);
    // A Java that was installed without an archive of its own can make none; it ignores an empty one.
    if (!existsSync(temporary)) writeFileSync(temporary, '');
  });
}

/** Formatted storage for a broker with these SCRAM credentials: a folder to be copied. */
export async function formattedStorage(jars: string, scram: readonly string[]): Promise<string> {
  const name = createHash('sha256').update(scram.join('\n')).digest('hex').slice(0, 16);
  return once(join(cacheFolder(), `storage-${name}`), (temporary) => {
    mkdirSync(temporary, { recursive: true });
    const properties = join(temporary, 'format.properties');
    writeFileSync(
      properties,
      [
        'process.roles=broker,controller',
        'node.id=1',
        'controller.quorum.voters=1@127.0.0.1:9093',
        'controller.listener.names=CONTROLLER',
        'listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093',
        `log.dirs=${join(temporary, 'data')}`,
      ].join('\n'),
    );
    const clusterId = 'c3RyZWFta3BpLXRlc3RzMQ';
    const users = scram.flatMap((credential) => ['--add-scram', credential]);
    runTool('java', [
      '-XX:TieredStopAtLevel=1',
      '-cp',
      `${jars}/*`,
      'kafka.tools.StorageTool',
      'format',
      '-t',
      clusterId,
      '-c',
      properties,
      ...users,
    ]);
  });
}
