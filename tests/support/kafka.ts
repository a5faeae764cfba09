/** A real Kafka broker for the tests: one KRaft node in its own folder, on free ports of 127.0.0.1. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, Partitioners, logLevel, type Admin, type KafkaConfig, type Producer } from 'kafkajs';
import { freePort } from './free-port';
import { ended, launchServer, type ServerProcess } from './server-process';
import { classArchive, formattedStorage, kafkaJars, LOG_CONFIGURATION, runTool } from './kafka/distribution';

// The partitioner is kafkajs's default on purpose (murmur2, as Java); no notice about it in every test.
process.env['KAFKAJS_NO_PARTITIONER_WARNING'] = '1';

export interface KafkaOptions {
  /** A second listener (`secure`) asks for these credentials, by PLAIN or SCRAM-SHA-256/512. */
  readonly sasl?: { readonly username: string; readonly password: string };
  /** The second listener takes OAuth bearer tokens: those signed by the keys at this URL; `unsecured`: any unsigned one. */
  readonly oauth?: { readonly jwksUrl: string; readonly audience: string } | 'unsecured';
  /** The second listener speaks TLS, with certificates made for this broker. */
  readonly tls?: boolean;
  /** A further listener for each of these addresses, which the broker names to its clients in place of the true one. */
  readonly advertised?: readonly string[];
  /** Further lines of server.properties. */
  readonly properties?: readonly string[];
  /** Java options; by default few resources and a fast start. For load: `['-Xmx1g']`. */
  readonly java?: readonly string[];
}

export interface RawRecord {
  readonly partition?: number;
  readonly key: Buffer | string | null;
  readonly value: Buffer | string | null;
  /** Milliseconds. */
  readonly timestamp?: number;
  readonly headers?: Readonly<Record<string, Buffer | string>>;
}

export interface TopicOptions {
  readonly partitions?: number;
  /** Topic settings, e.g. `{ 'compression.type': 'zstd' }`: the broker then compresses as Java does. */
  readonly config?: Readonly<Record<string, string>>;
}

export interface KafkaBroker {
  /** host:port of the plain listener, for every helper here. */
  readonly bootstrap: string;
  /** host:port of the SASL or TLS listener; null without those options. */
  readonly secure: string | null;
  /** host:port of the listeners that name another address, in the order of the option. */
  readonly misnamed: readonly string[];
  /** PEM texts when TLS is on: the authority, and a client's certificate and key signed by it. */
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string } | null;
  readonly dir: string;
  pid(): number;
  /** What the broker printed last. */
  log(): string;
  /** A kafkajs client of the plain listener; close what you open with it. */
  client(config?: Partial<KafkaConfig>): Kafka;
  /** An admin client that lives as long as the broker object. */
  admin(): Promise<Admin>;
  createTopic(topic: string, options?: TopicOptions): Promise<void>;
  deleteTopic(topic: string): Promise<void>;
  addPartitions(topic: string, total: number): Promise<void>;
  /** Writes records as they are, in order within each partition; resolves when all are acknowledged. */
  produce(topic: string, records: readonly RawRecord[]): Promise<void>;
  /** End offset of each partition, by partition number. */
  ends(topic: string): Promise<number[]>;
  /** Next offset that the group would read, by partition number; -1: none committed. */
  committed(group: string, topic: string): Promise<number[]>;
  /** Kills it, as nobody needs its folder any more, and removes that. */
  stop(): Promise<void>;
  /** SIGKILL; the folder stays, for restart(). */
  kill9(): Promise<void>;
  /** Ends it in order and keeps the folder, for restart(). */
  halt(): Promise<void>;
  /** Starts it again on the same ports and folder; ends it in order first when it still runs. */
  restart(): Promise<void>;
  /** SIGSTOP: the ports accept, nobody answers. */
  pauseProcess(): void;
  /** SIGCONT. */
  resume(): void;
}

const SMALL_JAVA = ['-Xms64m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
const START_TIMEOUT_MS = 100_000;
const BATCH_RECORDS = 2_000;
const folders = new Set<string>();

process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function makeCertificates(dir: string): { ca: string; cert: string; key: string } {
  const request = ['req', '-newkey', 'rsa:2048', '-nodes'];
  const openssl = (...args: string[]): void => void runTool('openssl', args, dir);
  openssl(...request, '-x509', '-keyout', 'ca.key', '-out', 'ca.crt', '-days', '2', '-subj', '/CN=Test CA');
  writeFileSync(join(dir, 'names.ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  const authority = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2'];
  for (const name of ['broker', 'client']) {
    openssl(...request, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      ...authority,
      '-extfile',
      'names.ext',
      '-out',
      `${name}.crt`,
    );
  }
  const text = (name: string): string => readFileSync(join(dir, name), 'utf8');
  writeFileSync(join(dir, 'broker.pem'), text('broker.key') + text('broker.crt') + text('ca.crt'));
  return { ca: text('ca.crt'), cert: text('client.crt'), key: text('client.key') };
}

interface Ports {
  readonly plain: number;
  readonly controller: number;
  readonly secure: number;
  readonly misnamed: readonly number[];
}

function serverProperties(options: KafkaOptions, dir: string, ports: Ports): string {
  const isLogin = options.sasl !== undefined || options.oauth !== undefined;
  const security = isLogin ? (options.tls ? 'SASL_SSL' : 'SASL_PLAINTEXT') : options.tls ? 'SSL' : null;
  const listeners = [`PLAINTEXT://127.0.0.1:${ports.plain}`];
  if (security !== null) listeners.push(`SECURE://127.0.0.1:${ports.secure}`);
  const { advertised = [] } = options;
  const misnamed = advertised.map((_, i) => `MISNAMED${i}`);
  const protocols = [
    'PLAINTEXT:PLAINTEXT',
    'CONTROLLER:PLAINTEXT',
    `SECURE:${security ?? 'PLAINTEXT'}`,
    ...misnamed.map((name) => `${name}:PLAINTEXT`),
  ];
  const lines = [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@127.0.0.1:${ports.controller}`,
    'controller.listener.names=CONTROLLER',
    'inter.broker.listener.name=PLAINTEXT',
    `listeners=${[
      ...listeners,
      `CONTROLLER://127.0.0.1:${ports.controller}`,
      ...misnamed.map((name, i) => `${name}://127.0.0.1:${ports.misnamed[i]!}`),
    ].join(',')}`,
    `advertised.listeners=${[...listeners, ...misnamed.map((name, i) => `${name}://${advertised[i]!}`)].join(
      ',',
    )}`,
    `listener.security.protocol.map=${protocols.join(',')}`,
    `log.dirs=${join(dir, 'data')}`,
    'offsets.topic.num.partitions=1',
    'offsets.topic.replication.factor=1',
    'transaction.state.log.num.partitions=1',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    'share.coordinator.state.topic.num.partitions=1',
    'share.coordinator.state.topic.replication.factor=1',
    'share.coordinator.state.topic.min.isr=1',
    'group.initial.rebalance.delay.ms=0',
    'auto.create.topics.enable=false',
    'log.cleaner.dedupe.buffer.size=2097152',
    'log.retention.ms=-1',
    'file.delete.delay.ms=1000',
  ];
  if (options.sasl !== undefined) {
    const { username, password } = options.sasl;
    const module = (name: string, rest = ''): string =>
      `org.apache.kafka.common.security.${name} required${rest};`;
    lines.push(
      'sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
      `listener.name.secure.plain.sasl.jaas.config=${module('plain.PlainLoginModule', ` user_${username}="${password}"`)}`,
      `listener.name.secure.scram-sha-256.sasl.jaas.config=${module('scram.ScramLoginModule')}`,
      `listener.name.secure.scram-sha-512.sasl.jaas.config=${module('scram.ScramLoginModule')}`,
    );
  }
  if (options.oauth !== undefined) {
    const bearer = 'listener.name.secure.oauthbearer.sasl';
    lines.push(
      'sasl.enabled.mechanisms=OAUTHBEARER',
      // The broker logs in too, by a token of its own that nobody asks for.
      `${bearer}.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
    );
    if (options.oauth !== 'unsecured') {
      lines.push(
        `${bearer}.server.callback.handler.class=org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler`,
        `${bearer}.oauthbearer.jwks.endpoint.url=${options.oauth.jwksUrl}`,
        `${bearer}.oauthbearer.expected.audience=${options.oauth.audience}`,
      );
    }
  }
  if (options.tls) {
    lines.push(
      'listener.name.secure.ssl.keystore.type=PEM',
      `listener.name.secure.ssl.keystore.location=${join(dir, 'broker.pem')}`,
      'listener.name.secure.ssl.truststore.type=PEM',
      `listener.name.secure.ssl.truststore.location=${join(dir, 'ca.crt')}`,
      'listener.name.secure.ssl.client.auth=requested',
    );
  }
  return [...lines, ...(options.properties ?? [])].join('\n');
}

const launch = (jars: string, dir: string, java: readonly string[]): Promise<ServerProcess> =>
  launchServer({
    name: 'Kafka',
    command: 'java',
    args: [
      ...java,
      `-Dlog4j2.configurationFile=${LOG_CONFIGURATION}`,
      '-cp',
      `${jars}/*`,
      'kafka.Kafka',
      join(dir, 'server.properties'),
    ],
    cwd: dir,
    readyText: 'Kafka Server started',
    timeoutMs: START_TIMEOUT_MS,
  });

function brokerFolder(storage: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'streamkpi-kafka-'));
  folders.add(dir);
  cpSync(join(storage, 'data'), join(dir, 'data'), { recursive: true });
  return dir;
}

async function freePorts(misnamedCount = 0): Promise<Ports> {
  const misnamed: number[] = [];
  while (misnamed.length < misnamedCount) misnamed.push(await freePort());
  return { plain: await freePort(), controller: await freePort(), secure: await freePort(), misnamed };
}

/** Starts and ends a broker once on each machine, to keep the classes that every other start needs. */
function sharedClasses(jars: string): Promise<string> {
  return classArchive(async (archiving) => {
    const dir = brokerFolder(await formattedStorage(jars, []));
    writeFileSync(join(dir, 'server.properties'), serverProperties({}, dir, await freePorts()));
    const { child } = await launch(jars, dir, [...SMALL_JAVA, ...archiving]);
    child.kill('SIGTERM');
    await ended(child);
    rmSync(dir, { recursive: true, force: true });
    folders.delete(dir);
  });
}

/** Starts a broker; ready in 2 to 6 s. The first start of a machine fetches Kafka by Maven. */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaBroker> {
  const jars = await kafkaJars();
  const credentials = options.sasl;
  const scram =
    credentials === undefined
      ? []
      : ['SCRAM-SHA-256', 'SCRAM-SHA-512'].map(
          (mechanism) => `${mechanism}=[name=${credentials.username},password=${credentials.password}]`,
        );
  const storage = await formattedStorage(jars, scram);
  const dir = brokerFolder(storage);
  const tls = options.tls ? makeCertificates(dir) : null;
  const ports = await freePorts(options.advertised?.length);
  writeFileSync(join(dir, 'server.properties'), serverProperties(options, dir, ports));
  const { oauth = 'unsecured' } = options;
  const jwks =
    oauth === 'unsecured' ? [] : [`-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=${oauth.jwksUrl}`];
  const java = [
    ...SMALL_JAVA,
    ...jwks,
    `-XX:SharedArchiveFile=${await sharedClasses(jars)}`,
    ...(options.java ?? []),
  ];
  let broker = await launch(jars, dir, java);

  const bootstrap = `127.0.0.1:${ports.plain}`;
  let admin: Promise<Admin> | null = null;
  let producer: Promise<Producer> | null = null;
  const retired: Promise<Producer>[] = [];
  const client = (config: Partial<KafkaConfig> = {}): Kafka =>
    new Kafka({
      clientId: 'tests',
      brokers: [bootstrap],
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 50, maxRetryTime: 1_000, retries: 30 },
      ...config,
    });
  const getAdmin = (): Promise<Admin> =>
    (admin ??= (async () => {
      const made = client().admin();
      await made.connect();
      return made;
    })());
  const getProducer = (): Promise<Producer> =>
    (producer ??= (async () => {
      const made = client().producer({
        createPartitioner: Partitioners.DefaultPartitioner,
        idempotent: true,
        maxInFlightRequests: 1,
      });
      await made.connect();
      return made;
    })());
  /** kafkajs drops records for a partition that its cached metadata lacks, without a word: the next one asks anew. */
  const forgetProducer = (): void => {
    if (producer !== null) retired.push(producer);
    producer = null;
  };
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    broker.child.kill('SIGCONT');
    broker.child.kill(signal);
    const late = setTimeout(() => broker.child.kill('SIGKILL'), 15_000);
    await ended(broker.child);
    clearTimeout(late);
  };
  const whenTopic = async (topic: string, holds: (partitions: number) => boolean): Promise<void> => {
    const until = Date.now() + 60_000;
    for (;;) {
      const partitions = await getAdmin()
        .then((made) => made.fetchTopicMetadata({ topics: [topic] }))
        .then((metadata) => metadata.topics[0]?.partitions.length ?? 0)
        .catch(() => 0);
      if (holds(partitions)) return;
      if (Date.now() > until) throw new Error(`topic ${topic}: ${partitions} partitions after 60 s`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  return {
    bootstrap,
    secure:
      options.sasl !== undefined || options.oauth !== undefined || options.tls === true
        ? `127.0.0.1:${ports.secure}`
        : null,
    misnamed: ports.misnamed.map((port) => `127.0.0.1:${port}`),
    tls,
    dir,
    pid: () => broker.child.pid ?? -1,
    log: () => broker.log(),
    client,
    admin: getAdmin,
    createTopic: async (topic, { partitions = 1, config = {} } = {}) => {
      const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
      const made = await getAdmin();
      await made.createTopics({
        topics: [{ topic, numPartitions: partitions, replicationFactor: 1, configEntries }],
        waitForLeaders: false,
      });
      await whenTopic(topic, (there) => there === partitions);
    },
    deleteTopic: async (topic) => {
      await (await getAdmin()).deleteTopics({ topics: [topic] });
      await whenTopic(topic, (there) => there === 0);
      forgetProducer();
    },
    addPartitions: async (topic, total) => {
      await (await getAdmin()).createPartitions({ topicPartitions: [{ topic, count: total }] });
      await whenTopic(topic, (there) => there === total);
      forgetProducer();
    },
    produce: async (topic, records) => {
      const made = await getProducer();
      for (let from = 0; from < records.length; from += BATCH_RECORDS) {
        const messages = records
          .slice(from, from + BATCH_RECORDS)
          .map(({ partition, key, value, timestamp, headers }) => ({
            key,
            value,
            ...(partition === undefined ? {} : { partition }),
            ...(timestamp === undefined ? {} : { timestamp: String(timestamp) }),
            ...(headers === undefined ? {} : { headers: { ...headers } }),
          }));
        await made.send({ topic, messages, acks: -1 });
      }
    },
    ends: async (topic) => {
      const offsets = await (await getAdmin()).fetchTopicOffsets(topic);
      const ends: number[] = [];
      for (const { partition, offset } of offsets) ends[partition] = Number(offset);
      return ends;
    },
    committed: async (groupId, topic) => {
      const offsets = await (await getAdmin()).fetchOffsets({ groupId, topics: [topic] });
      const next: number[] = [];
      for (const { partition, offset } of offsets[0]?.partitions ?? []) next[partition] = Number(offset);
      return next;
    },
    stop: async () => {
      const open = await Promise.allSettled([admin, producer, ...retired]);
      for (const made of open) {
        if (made.status === 'fulfilled') await made.value?.disconnect().catch(() => undefined);
      }
      admin = null;
      producer = null;
      await end('SIGKILL');
      rmSync(dir, { recursive: true, force: true });
      folders.delete(dir);
    },
    kill9: () => end('SIGKILL'),
    halt: () => end('SIGTERM'),
    restart: async () => {
      await end('SIGTERM');
      broker = await launch(jars, dir, java);
    },
    pauseProcess: () => void broker.child.kill('SIGSTOP'),
    resume: () => void broker.child.kill('SIGCONT'),
  };
}
