import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createApp } from './app';
import { checkMetricsFile } from './check';
import { loadSettings, printableSettings, secretValues } from './config/settings';
import { withoutCredentials } from './domain/credentials';
import { StartRefusedError, UnavailableError } from './domain/errors';
import { createLog } from './observability/log';
import { hashToken } from './server/tokens';
import { version } from '../package.json';

/** The process: reads settings, builds the app, runs it until a signal. Exit codes: 0 ended, 1 fault, 2 refused to start. */

const USAGE = `streamkpi-bridge ${version}
  --print-config   the settings as they take effect, secrets masked
  --check FILE     the faults of a metrics file, and what the newest records of its topics would become
  --hash-token     what the tokens file holds for the token on standard input; without one, for a new random token
  --insecure       serve other addresses than loopback without tokens
  --version, --help
Settings come from the file named by BRIDGE_CONFIG and from the environment; see docs/reference/settings.md.`;

const FLAGS = new Set(['--print-config', '--hash-token', '--insecure', '--version', '--help']);
/** A drain that takes longer is cut off: orchestrators kill after their own patience. */
const DRAIN_MS = 5_000;
/** A parent that ends with its terminal is gone by then. */
const ORPHANED_MS = 1_000;

/** A token that is 256 random bits in base64url has as many characters; half of that cannot be guessed either. */
const SHORTEST_TOKEN = 22;
const TOKEN_AS_ARGUMENT = `--hash-token: takes no argument, because everybody on this machine can read it in the list of processes. Pipe the token:
  printf %s "$token" | npm run --silent bridge -- --hash-token
or leave it out for a new random token with its hash`;

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** A refused start is not a crash: prints one sentence, and exits with a code that a restart cannot fix. */
function refuse(error: StartRefusedError): never {
  process.stderr.write(`${error.message}\n`);
  process.exit(2);
}

/** What --hash-token prints: the hash of the given token, or a new token and its hash. */
function hashedToken(input: string): string {
  const given = input.replace(/\r?\n$/, '');
  if (given === '') {
    const token = randomBytes(32).toString('base64url');
    return `token:  ${token}\nsha256: ${hashToken(token)}`;
  }
  if (/\s/.test(given))
    throw new StartRefusedError('--hash-token: a token has no spaces or line breaks in it');
  if (given.length < SHORTEST_TOKEN) {
    process.stderr.write(
      '--hash-token: a token this short can be guessed; leave it out for a new random one\n',
    );
  }
  return hashToken(given);
}

/** The file of `--check FILE`, and the other arguments. Throws StartRefusedError where there is none. */
function takeCheck(args: readonly string[]): { checked: string | null; others: readonly string[] } {
  const at = args.indexOf('--check');
  if (at < 0) return { checked: null, others: args };
  const file = args[at + 1];
  if (file === undefined || file.startsWith('--')) {
    throw new StartRefusedError('--check: name the metrics file: --check metrics.yaml');
  }
  return { checked: file, others: args.toSpliced(at, 2) };
}

async function run(given: readonly string[]): Promise<void> {
  const { checked, others: args } = takeCheck(given);
  const hashing = args.some((arg) => arg === '--hash-token' || arg.startsWith('--hash-token='));
  const unknown = args.find((arg) => !FLAGS.has(arg));
  // The text is not repeated: it may be a token.
  if (unknown !== undefined && hashing) throw new StartRefusedError(TOKEN_AS_ARGUMENT);
  if (unknown !== undefined) throw new StartRefusedError(`${unknown}: unknown option\n${USAGE}`);
  if (args.includes('--help')) {
    print(USAGE);
    return;
  }
  if (args.includes('--version')) {
    print(version);
    return;
  }
  if (hashing) {
    print(hashedToken(process.stdin.isTTY ? '' : readFileSync(0, 'utf8')));
    return;
  }
  const settings = loadSettings(process.env, { insecure: args.includes('--insecure') });
  if (checked !== null) {
    print(
      await checkMetricsFile(checked, settings, createLog('error', {}, undefined, secretValues(settings))),
    );
    process.exit(0);
  }
  if (args.includes('--print-config')) {
    print(printableSettings(settings));
    return;
  }

  const log = createLog(settings.log_level, {}, undefined, secretValues(settings));
  const app = createApp(settings, { log, version, onRefused: (error) => refuse(error) });
  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'draining');
    setTimeout(() => {
      log.error({}, 'the drain took too long; ending now, the source reads the rest again at the next start');
      process.exit(1);
    }, DRAIN_MS).unref();
    app.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ error }, 'the drain failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  const parent = process.ppid;
  process.on('SIGHUP', () => {
    void app.reload();
    // A terminal that closes sends it as well, and ends the process that started the bridge.
    setTimeout(() => {
      if (process.ppid !== parent) stop('SIGHUP');
    }, ORPHANED_MS).unref();
  });
  await app.start();
}

run(process.argv.slice(2)).catch((error: unknown) => {
  if (error instanceof StartRefusedError) refuse(error);
  if (error instanceof UnavailableError) {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`${withoutCredentials(text)}\n`);
  process.exit(1);
});
