import { createApp } from './app';
import { loadSettings, printableSettings } from './config/settings';
import { StartRefusedError } from './domain/errors';
import { createLog } from './observability/log';
import { hashToken } from './server/tokens';
import { version } from '../package.json';

/** The process: reads settings, builds the app, runs it until a signal. Exit codes: 0 ended, 1 fault, 2 refused to start. */

const USAGE = `streamkpi-bridge ${version}
  --print-config   the settings as they take effect, secrets masked
  --hash-token T   what the tokens file holds for the token T
  --insecure       serve other addresses than loopback without tokens
  --version, --help
Settings come from the file named by BRIDGE_CONFIG and from the environment; see docs/reference/settings.md.`;

const FLAGS = new Set(['--print-config', '--hash-token', '--insecure', '--version', '--help']);
/** A drain that takes longer is cut off: orchestrators kill after their own patience. */
const DRAIN_MS = 5_000;

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** A refused start is no crash: one sentence for the person, and a code that restarting does not cure. */
function refuse(error: StartRefusedError): never {
  process.stderr.write(`${error.message}\n`);
  process.exit(2);
}

async function run(args: readonly string[]): Promise<void> {
  const hashAt = args.indexOf('--hash-token');
  const unknown = args.find((arg, index) => !FLAGS.has(arg) && !(hashAt >= 0 && index === hashAt + 1));
  if (unknown !== undefined) throw new StartRefusedError(`${unknown}: unknown option\n${USAGE}`);
  if (args.includes('--help')) {
    print(USAGE);
    return;
  }
  if (args.includes('--version')) {
    print(version);
    return;
  }
  if (hashAt >= 0) {
    const token = args[hashAt + 1];
    if (token === undefined) throw new StartRefusedError('--hash-token: give the token behind it');
    print(hashToken(token));
    return;
  }
  const settings = loadSettings(process.env, { insecure: args.includes('--insecure') });
  if (args.includes('--print-config')) {
    print(printableSettings(settings));
    return;
  }

  const log = createLog(settings.log_level);
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
  await app.start();
}

run(process.argv.slice(2)).catch((error: unknown) => {
  if (error instanceof StartRefusedError) refuse(error);
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
});
