/** The programs that the tests start: which are missing, and how this machine can get them. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { root } from './ensure.mjs';
import { GO_MISSING, ensureGo } from './go.mjs';

/** A library, not a program: tests/support/fake-clock.ts loads it into a bridge. */
function hasFakeTime() {
  const folders = ['/usr/lib', '/usr/lib64', '/opt/homebrew', '/usr/local'].filter(existsSync);
  return folders.some((folder) =>
    readdirSync(folder).some((each) => existsSync(`${folder}/${each}/faketime`)),
  );
}

const PROGRAMS = [
  { command: 'redis-server', probe: ['--version'], debian: 'redis-server', brew: 'redis' },
  { command: 'java', probe: ['-version'], debian: 'default-jdk-headless', brew: 'openjdk' },
  { command: 'mvn', probe: ['--version'], debian: 'maven', brew: 'maven' },
  { command: 'chromium', probe: ['--version'], debian: 'chromium', brew: 'chromium' },
  { command: 'openssl', probe: ['version'], debian: 'openssl', brew: 'openssl' },
  // Go's race detector needs a C compiler.
  { command: 'gcc', probe: ['--version'], debian: 'gcc libc6-dev', brew: 'gcc' },
  { command: 'libfaketime', probe: hasFakeTime, debian: 'libfaketime', brew: 'libfaketime' },
];

const answers = (command, args) =>
  spawnSync(command, args, { stdio: 'ignore', timeout: 20_000 }).status === 0;

function install(missing) {
  const packages = missing.flatMap((program) => program.debian.split(' '));
  const asRoot = process.getuid?.() === 0;
  const sudo = !asRoot && answers('sudo', ['-n', 'true']);
  if (existsSync('/usr/bin/apt-get') && (asRoot || sudo)) {
    const apt = (args) =>
      spawnSync(asRoot ? 'apt-get' : 'sudo', asRoot ? args : ['-n', 'apt-get', ...args], {
        stdio: ['ignore', 2, 2],
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      });
    console.log(`Installing ${packages.join(', ')} (apt-get) ...`);
    apt(['update', '-qq']);
    apt(['install', '-y', '-qq', '--no-install-recommends', ...packages]);
  } else if (answers('brew', ['--version'])) {
    spawnSync('brew', ['install', ...missing.map((program) => program.brew)], { stdio: ['ignore', 2, 2] });
  }
}

/**
 * Makes sure that the tests' programs are there. Where they are missing: with a Docker engine the same tests run
 * in a Debian container (`inDocker` true); else the system's packages are installed; else this says what to install and exits.
 */
export function ensureServices(testArguments) {
  const missing = () =>
    PROGRAMS.filter(({ command, probe }) =>
      typeof probe === 'function' ? !probe() : !answers(command, probe),
    );
  if (missing().length === 0 && ensureGo() !== null) return { inDocker: false };
  if (process.env.STREAMKPI_IN_DOCKER !== '1' && answers('docker', ['info'])) {
    const packages = [...PROGRAMS.map((program) => program.debian), 'python3-pip'].join(' ');
    const script = `apt-get update -qq && apt-get install -y -qq --no-install-recommends ${packages} >/dev/null && cp -r /source /test && cd /test && rm -rf node_modules && npm ${testArguments}`;
    console.log('Running the tests in a Debian container, because this machine lacks programs they need ...');
    const run = spawnSync(
      'docker',
      [
        'run',
        '--rm',
        '-e',
        'STREAMKPI_IN_DOCKER=1',
        '-e',
        'CI',
        '-v',
        `${root}:/source:ro`,
        'node:24.19.0-bookworm',
        'sh',
        '-c',
        script,
      ],
      { stdio: 'inherit' },
    );
    return { inDocker: true, status: run.status ?? 1 };
  }
  install(missing());
  const still = missing();
  if (still.length > 0) {
    const list = still.map((program) => program.command).join(', ');
    const debian = still.map((program) => program.debian).join(' ');
    const brew = still.map((program) => program.brew).join(' ');
    console.error(
      `The tests need ${list}. Install them:\n  Debian or Ubuntu: sudo apt-get install ${debian}\n  macOS: brew install ${brew}`,
    );
    process.exit(1);
  }
  if (ensureGo() === null) {
    console.error(GO_MISSING);
    process.exit(1);
  }
  return { inDocker: false };
}
