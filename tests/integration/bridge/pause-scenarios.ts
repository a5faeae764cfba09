/** What could be read later is neither dropped nor dead-lettered: the topic pauses and says why. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { BridgeProcess } from '../../support/bridge-process';
import type { KafkaBroker, RawRecord } from '../../support/kafka';
import { createRecordGenerator, generatedMetrics } from '../../support/record-generator';
import { startSchemaRegistry } from '../../support/schema-registry';
import {
  caughtUp,
  differences,
  openRig,
  pointsIn,
  query,
  statusOf,
  unique,
  type HeldPoint,
  type StoreKind,
} from './bridge-rig';
import { goldenSet, schemas } from './golden-recordings';
import { wrongPoints } from './golden-scenarios';
import { eventually } from '../../support/waiting';

export interface PauseReport {
  /** From the moment the records lay in Kafka until /readyz named the hop. */
  readonly namedAfterMs: number;
  readonly hop: string;
  readonly message: string;
  /** Other answers of /readyz than this hop's name, from the naming until the hop came. */
  readonly otherAnswers: number;
  readonly pausedTopics: number;
  readonly deadLettersWhileAway: number;
  /** From the moment the hop came until everything was read. */
  readonly drainedAfterMs: number;
  readonly wrong: string[];
  readonly deadLetters: number;
}

type Away = Pick<PauseReport, 'namedAfterMs' | 'hop' | 'message' | 'otherAnswers' | 'pausedTopics'>;

async function readiness(bridge: BridgeProcess): Promise<{ hop: string | null; message: string }> {
  const answer = await fetch(`${bridge.url}/readyz`);
  const { hop = null, message = '' } = (await answer.json()) as { hop?: string; message?: string };
  return { hop: answer.ok ? null : hop, message };
}

/** Waits until /readyz names the hop, then checks for `awayMs` that it keeps doing so. */
async function whileAway(bridge: BridgeProcess, hop: string, awayMs: number): Promise<Away> {
  const began = Date.now();
  const named = await eventually(async () => {
    const answer = await readiness(bridge);
    if (answer.hop !== hop) throw new Error(JSON.stringify(answer));
    return answer;
  }, `/readyz names ${hop}`);
  const namedAfterMs = Date.now() - began;
  let otherAnswers = 0;
  const until = Date.now() + awayMs;
  while (Date.now() < until) {
    if ((await readiness(bridge)).hop !== hop) otherAnswers += 1;
    await sleep(50);
  }
  const { source } = await statusOf(bridge);
  const pausedTopics = source.topics.filter(({ state }) => state === 'paused').length;
  return { namedAfterMs, hop, message: named.message, otherAnswers, pausedTopics };
}

async function deadLetterCount(bridge: BridgeProcess): Promise<number> {
  const { source } = await statusOf(bridge);
  return source.topics.reduce((sum, each) => sum + each.dead_letters, 0);
}

/** Avro records whose schema nobody can tell for a while. */
export async function registryDown(
  kafka: KafkaBroker,
  store: StoreKind,
  awayMs: number,
): Promise<PauseReport> {
  const golden = goldenSet('p1-nocache-avro');
  for (const { topic } of golden.topics) await kafka.createTopic(topic);
  const registry = await startSchemaRegistry(schemas());
  const rig = await openRig({
    kafka,
    store,
    metrics: golden.metrics,
    environment: { SCHEMA_REGISTRY_URL: registry.url },
  });
  try {
    await registry.close();
    const bridge = await rig.start();
    await bridge.ready(60_000);
    for (const { topic, records } of golden.topics) await kafka.produce(topic, records);
    const away = await whileAway(bridge, 'schema_registry', awayMs);
    const deadLettersWhileAway = await deadLetterCount(bridge);
    const cameMs = Date.now();
    await registry.listen();
    await eventually(() => caughtUp([bridge], kafka), 'everything is read');
    return {
      ...away,
      deadLettersWhileAway,
      drainedAfterMs: Date.now() - cameMs,
      wrong: await wrongPoints(bridge, golden),
      deadLetters: await deadLetterCount(bridge),
    };
  } finally {
    await rig.close();
    await registry.close();
  }
}

/** A record that cannot be read, among others, and no topic for it yet. */
export async function deadLetterTopicMissing(
  kafka: KafkaBroker,
  store: StoreKind,
  awayMs: number,
  seed: number,
): Promise<PauseReport> {
  const topic = unique('unreadable');
  const deadLetters = unique('dead-letters');
  await kafka.createTopic(topic);
  const rig = await openRig({
    kafka,
    store,
    metrics: generatedMetrics(topic),
    environment: { KAFKA_DEAD_LETTER_TOPIC: deadLetters },
  });
  try {
    const count = 2_000;
    const generator = createRecordGenerator(
      { seed, series: 20, windows: 30, partitions: 1, nowMs: Date.now() },
      count,
    );
    const bad: RawRecord = {
      partition: 0,
      key: Buffer.from('short'),
      value: 'no JSON',
      timestamp: Date.now(),
    };
    const bridge = await rig.start();
    await bridge.ready(60_000);
    await kafka.produce(topic, [...generator.next(count / 2), bad, ...generator.next(count / 2)]);
    const away = await whileAway(bridge, 'dead_letter', awayMs);
    const deadLettersWhileAway = await deadLetterCount(bridge);
    const cameMs = Date.now();
    await kafka.createTopic(deadLetters);
    await eventually(() => caughtUp([bridge], kafka), 'everything is read');
    const drainedAfterMs = Date.now() - cameMs;
    const expected = new Map<string, Partial<HeldPoint>>(
      [...generator.last].map(([id, { value, records }]) => [id, { value, revision: records }]),
    );
    const { fromMs, toMs } = generator;
    const found = pointsIn(await query(bridge, { metric: 'generated', fromMs, toMs }));
    const written = (await kafka.ends(deadLetters))[0]!;
    return {
      ...away,
      deadLettersWhileAway,
      drainedAfterMs,
      wrong: differences(expected, found),
      deadLetters: written,
    };
  } finally {
    await rig.close();
  }
}
