import { loadSettings, secretValues } from './config/settings';
import { withoutCredentials } from './domain/credentials';
import { RequestError, StartRefusedError, UnavailableError } from './domain/errors';
import { inspectionText } from './inspection/report-text';
import { createInspector } from './inspector';
import { createLog } from './observability/log';

/** A program of its own: looks at a topic and prints a metrics file for it. Exit codes: 0 done, 1 fault, 2 not possible as asked. */

const USAGE = `npm run --silent inspect -- --topic orders > metrics.yaml
Reads some records of a topic and prints a metrics file for it, with the reason for each guess as comments. Nothing is
written to Kafka. Brokers, logins and the Schema Registry are the bridge's settings (docs/reference/settings.md):
  KAFKA_BROKERS=broker-1:9092 npm run inspect -- --topic orders`;

/** The topic of the arguments. Throws StartRefusedError where they name none. */
function topicOf(args: readonly string[]): string {
  const [flag, topic, ...rest] = args.flatMap((arg) =>
    arg.startsWith('--topic=') ? ['--topic', arg.slice('--topic='.length)] : [arg],
  );
  if (flag === '--topic' && topic !== undefined && topic !== '' && rest.length === 0) return topic;
  throw new StartRefusedError(`Name one topic: --topic orders\n${USAGE}`);
}

async function run(args: readonly string[]): Promise<void> {
  if (args.includes('--help')) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const topic = topicOf(args);
  const settings = loadSettings(process.env, { insecure: false });
  const inspector = createInspector(
    settings,
    { metricsFile: 'metrics.yaml', foreign: false },
    { log: createLog('error', {}, process.stderr, secretValues(settings)), clock: Date.now },
  );
  process.stdout.write(inspectionText(await inspector.inspect(topic)));
}

run(process.argv.slice(2)).then(
  () => process.exit(0),
  (error: unknown) => {
    const expected =
      error instanceof StartRefusedError ||
      error instanceof RequestError ||
      error instanceof UnavailableError;
    const text = expected ? error.message : ((error as Error).stack ?? String(error));
    process.stderr.write(`${withoutCredentials(text)}\n`);
    process.exit(expected ? 2 : 1);
  },
);
