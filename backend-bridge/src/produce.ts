import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  Kafka,
  KafkaJSNonRetriableError,
  logLevel,
  Partitioners,
  type Admin,
  type KafkaConfig,
  type Message,
  type Producer,
} from 'kafkajs';
import { parseDuration } from './config/duration';
import { loadSettings, type Settings } from './config/settings';
import { withoutCredentials } from './domain/credentials';
import { StartRefusedError } from './domain/errors';
import { brokerOptions } from './kafka-connection';
import { saslFor } from './kafka/login/sasl';
import {
  createTraffic,
  DEFAULT_TRAFFIC,
  trafficProfiles,
  type TrafficOptions,
} from './pipeline/demo-traffic';

/** `npm run produce`: the demo traffic into a real Kafka, for a demonstration or a load test. */

const EVENTS_TOPIC = 'raw-events';
const PROFILES_TOPIC = 'user-profiles';

export interface ProduceOptions {
  readonly traffic: TrafficOptions;
  /** Traffic of so long ago until now goes out first, as fast as it can. */
  readonly backfillMs: number;
  /** How long live traffic runs; null: until it is stopped. */
  readonly durationMs: number | null;
  /** Of topics that have to be made. */
  readonly partitions: number;
}

const HELP = `Sends demo traffic to the topics ${EVENTS_TOPIC} and ${PROFILES_TOPIC}.

  npm run produce -- [options]

  --rate N         events per second (default ${DEFAULT_TRAFFIC.rate})
  --flat           the same rate at every hour; otherwise it follows the time of day
  --users N        different users (default ${DEFAULT_TRAFFIC.users})
  --burst N        bursts an hour in which one user passes 100 events in five minutes (default ${DEFAULT_TRAFFIC.burstsPerHour})
  --seed N         the same seed gives the same events for the same time (default ${DEFAULT_TRAFFIC.seed})
  --backfill T     first send what would have come in the last T, e.g. 3h (default 0s)
  --duration T     stop after T of live traffic, e.g. 10m; 0s: only the backfill (default: continue)
  --partitions N   of the topics, if they have to be created (default 1)
  --help

Kafka is found by KAFKA_BROKERS (host:port, several with commas) and, where it asks for them, KAFKA_SSL,
KAFKA_SSL_CA_FILE, KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD (or KAFKA_SASL_PASSWORD_FILE).`;

function parsed(argv: readonly string[]): Record<string, string | boolean | undefined> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = { rate: text, flat: flag, users: text, burst: text, seed: text, backfill: text };
  try {
    return parseArgs({
      args: [...argv],
      options: { ...options, duration: text, partitions: text, help: flag },
    }).values;
  } catch (error) {
    throw new StartRefusedError(`${(error as Error).message}\n\n${HELP}`, { cause: error });
  }
}

/** Null when help was requested. Throws a StartRefusedError that names every invalid option. */
export function readOptions(argv: readonly string[]): ProduceOptions | null {
  const values = parsed(argv);
  if (values['help'] === true) return null;
  const problems: string[] = [];
  const number = (name: string, otherwise: number, least: number, integer: boolean): number => {
    const given = values[name];
    if (typeof given !== 'string') return otherwise;
    const value = Number(given);
    if (given.trim() !== '' && value >= least && (integer ? Number.isSafeInteger(value) : value <= 1e6)) {
      return value;
    }
    problems.push(`--${name} ${given}: give ${integer ? 'an integer' : 'a number'} of at least ${least}`);
    return otherwise;
  };
  const span = (name: string): number | null => {
    const given = values[name];
    if (typeof given !== 'string') return null;
    const ms = parseDuration(given);
    if (ms === null) problems.push(`--${name} ${given}: write e.g. 30s, 10m or 3h`);
    return ms;
  };
  const options: ProduceOptions = {
    traffic: {
      rate: number('rate', DEFAULT_TRAFFIC.rate, 0, false),
      users: number('users', DEFAULT_TRAFFIC.users, 1, true),
      burstsPerHour: number('burst', DEFAULT_TRAFFIC.burstsPerHour, 0, false),
      seed: number('seed', DEFAULT_TRAFFIC.seed, 0, true),
      dayCurve: values['flat'] !== true,
    },
    backfillMs: span('backfill') ?? 0,
    durationMs: span('duration'),
    partitions: number('partitions', 1, 1, true),
  };
  if (problems.length > 0) throw new StartRefusedError(problems.join('\n'));
  return options;
}

function kafkaConfig({ kafka }: Settings): KafkaConfig {
  const { brokers, ssl, sasl } = brokerOptions(kafka);
  return {
    clientId: `${kafka.client_id}-produce`,
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    retry: { retries: 8 },
    ssl: typeof ssl === 'object' ? { ...ssl } : ssl === true,
    ...(sasl === undefined ? {} : { sasl: saslFor(sasl) }),
  };
}

async function makeTopics(admin: Admin, partitions: number): Promise<void> {
  const present = await admin.listTopics();
  const wanted = [
    { topic: EVENTS_TOPIC, configEntries: [] },
    // Compacted: a profile stays until it is replaced.
    { topic: PROFILES_TOPIC, configEntries: [{ name: 'cleanup.policy', value: 'compact' }] },
  ];
  const missing = wanted.filter(({ topic }) => !present.includes(topic));
  if (missing.length > 0) {
    await admin.createTopics({
      waitForLeaders: true,
      topics: missing.map((topic) => ({ ...topic, numPartitions: partitions })),
    });
  }
  const { topics } = await admin.fetchTopicMetadata({ topics: wanted.map(({ topic }) => topic) });
  const counts = new Map(topics.map(({ name, partitions: list }) => [name, list.length]));
  if (counts.get(EVENTS_TOPIC) !== counts.get(PROFILES_TOPIC)) {
    throw new StartRefusedError(
      `${EVENTS_TOPIC} has ${counts.get(EVENTS_TOPIC)} partitions and ${PROFILES_TOPIC} ${counts.get(PROFILES_TOPIC)}: events would not find their users' profiles. Delete one of them and run this again with --partitions.`,
    );
  }
}

/** The message for one arrival: keyed by user, so that one user's events stay in order and meet the profile. */
export function eventMessage(event: unknown, arrivalMs: number): Message {
  const user = (event as { user_id?: unknown }).user_id;
  return {
    key: typeof user === 'string' ? user : null,
    value: JSON.stringify(event),
    timestamp: String(arrivalMs),
  };
}

const CHUNK = 1_000;
const STEP_MS = 200;
const PROGRESS_MS = 2_000;

class Progress {
  sent = 0;
  private lastSent = 0;
  private lastMs = performance.now();

  constructor(private readonly print: (line: string) => void) {}

  add(count: number, arrivalMs: number): void {
    this.sent += count;
    const ms = performance.now() - this.lastMs;
    if (ms >= PROGRESS_MS) this.line(ms, arrivalMs);
  }

  private line(ms: number, arrivalMs: number): void {
    const rate = Math.round(((this.sent - this.lastSent) * 1_000) / ms);
    this.print(`${this.sent} events sent, ${rate}/s, at ${new Date(arrivalMs).toISOString()}`);
    this.lastSent = this.sent;
    this.lastMs = performance.now();
  }
}

async function sendSpan(
  producer: Producer,
  arrivals: Iterable<{ arrivalMs: number; event: unknown }>,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  let messages: Message[] = [];
  let atMs = 0;
  const flush = async (): Promise<void> => {
    if (messages.length === 0) return;
    await producer.send({ topic: EVENTS_TOPIC, messages });
    progress.add(messages.length, atMs);
    messages = [];
  };
  for (const { arrivalMs, event } of arrivals) {
    if (signal.aborted) break;
    messages.push(eventMessage(event, arrivalMs));
    atMs = arrivalMs;
    if (messages.length >= CHUNK) await flush();
  }
  await flush();
}

/**
 * Sends traffic until the duration is over or the signal aborts; resolves with the number of events sent.
 * Rejects with StartRefusedError where the settings or the topics do not fit, and with kafkajs's errors.
 */
export async function produce(
  options: ProduceOptions,
  environment: NodeJS.ProcessEnv,
  print: (line: string) => void,
  signal: AbortSignal,
): Promise<number> {
  const settings = loadSettings(environment);
  if (settings.kafka.brokers.length === 0) {
    throw new StartRefusedError('KAFKA_BROKERS is not set; give host:port of a broker, e.g. localhost:9092');
  }
  const kafka = new Kafka(kafkaConfig(settings));
  const admin = kafka.admin();
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  const progress = new Progress(print);
  try {
    await admin.connect();
    await makeTopics(admin, options.partitions);
    await producer.connect();
    const startMs = Date.now();
    const fromMs = startMs - options.backfillMs;
    // Stamped before every event: readers that join by time must have the profile first.
    const profiles = trafficProfiles(options.traffic).map(({ userId, profile }) => ({
      key: userId,
      value: JSON.stringify(profile),
      timestamp: String(fromMs - 3_600_000),
    }));
    for (let i = 0; i < profiles.length; i += CHUNK) {
      await producer.send({ topic: PROFILES_TOPIC, messages: profiles.slice(i, i + CHUNK) });
    }
    print(`${profiles.length} profiles sent to ${PROFILES_TOPIC}; events go to ${EVENTS_TOPIC}`);
    const traffic = createTraffic(options.traffic);
    const endMs = options.durationMs === null ? Number.POSITIVE_INFINITY : startMs + options.durationMs;
    for (let cursorMs = fromMs; cursorMs < endMs && !signal.aborted;) {
      const untilMs = Math.min(Date.now(), endMs);
      await sendSpan(producer, traffic(cursorMs, untilMs), progress, signal);
      cursorMs = untilMs;
      if (cursorMs < endMs) await sleep(STEP_MS, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    await Promise.allSettled([producer.disconnect(), admin.disconnect()]);
  }
  print(`done: ${progress.sent} events sent`);
  return progress.sent;
}

/** A sentence that a person can act on. */
export function explain(error: unknown, brokers: string): string {
  if (error instanceof StartRefusedError) return error.message;
  const { name, message } = error as Error;
  const cause = error instanceof KafkaJSNonRetriableError ? error.cause : undefined;
  const text = `${name}: ${message}${cause === undefined ? '' : ` (${cause.message})`}`;
  if (/SASL|Authentication/i.test(text)) {
    return `Kafka at ${brokers} refused the login; check KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD. ${text}`;
  }
  if (/Connection|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|timeout|Broker/i.test(text)) {
    return `Kafka at ${brokers} cannot be reached; check KAFKA_BROKERS, KAFKA_SSL and that the broker runs. ${text}`;
  }
  return `The traffic stopped: ${text}`;
}

async function main(): Promise<number> {
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  const abort = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => abort.abort());
  try {
    const options = readOptions(process.argv.slice(2));
    if (options === null) print(HELP);
    else await produce(options, process.env, print, abort.signal);
    return 0;
  } catch (error) {
    const sentence = explain(error, process.env['KAFKA_BROKERS'] ?? '(none)');
    process.stderr.write(`${withoutCredentials(sentence)}\n`);
    return 1;
  }
}

if (require.main === module) void main().then((code) => (process.exitCode = code));
