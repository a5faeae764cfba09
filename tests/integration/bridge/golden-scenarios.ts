/** The recordings through the whole bridge: as it is, read again from the start, and killed on the way. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '../../support/seeded-random';
import type { BridgeProcess } from '../../support/bridge-process';
import type { KafkaBroker } from '../../support/kafka';
import { startSchemaRegistry } from '../../support/schema-registry';
import {
  caughtUp,
  differences,
  openRig,
  pointsIn,
  query,
  statusOf,
  unique,
  type BridgeRig,
  type StoreKind,
} from './bridge-rig';
import { goldenSet, RECORDINGS, schemas, type GoldenSet, type Recording } from './golden-recordings';
import { eventually } from '../../support/waiting';

const DAY_MS = 86_400_000;
const CHUNK = 25;

/** Every difference between what the recording says and what the bridge answers, revisions included. */
export async function wrongPoints(bridge: BridgeProcess, golden: GoldenSet): Promise<string[]> {
  const wrong: string[] = [];
  const span = { fromMs: Date.now() - DAY_MS, toMs: Date.now() + DAY_MS };
  for (const { metric, expected } of golden.topics) {
    for (const [measure, points] of expected) {
      const found = pointsIn(await query(bridge, { metric, measure, ...span }));
      // A removal says nothing of measures: it is in the answer about each of them.
      if (points.size === 0) for (const [id, { value }] of found) if (value === 'removed') found.delete(id);
      wrong.push(...differences(points, found).map((line) => `${metric}.${measure} ${line}`));
    }
  }
  return wrong;
}

interface GoldenStage {
  readonly golden: GoldenSet;
  readonly rig: BridgeRig;
  close(): Promise<void>;
}

async function stage(
  kafka: KafkaBroker,
  store: StoreKind,
  recordings: readonly Recording[],
): Promise<GoldenStage> {
  const golden = goldenSet(...recordings);
  for (const { topic } of golden.topics) await kafka.createTopic(topic);
  const registry = recordings.includes('p1-nocache-avro') ? await startSchemaRegistry(schemas()) : null;
  const rig = await openRig({
    kafka,
    store,
    metrics: golden.metrics,
    ...(registry === null ? {} : { environment: { SCHEMA_REGISTRY_URL: registry.url } }),
  });
  return {
    golden,
    rig,
    close: async () => {
      await rig.close();
      await registry?.close();
    },
  };
}

async function allRead(rig: BridgeRig, bridge: BridgeProcess): Promise<void> {
  await eventually(() => caughtUp([bridge], rig.kafka), 'the bridge reads to the ends');
}

/** What a bridge made of everything that there is to read. */
interface Reading {
  readonly wrong: readonly string[];
  readonly deadLetters: number;
  /** Lines that it logged as errors. */
  readonly errors: readonly string[];
  readonly records: number;
}

/** Reads every recording, ends the bridge, and reads it again in another group. */
export async function goldenAndReplay(
  kafka: KafkaBroker,
  store: StoreKind,
): Promise<{ readonly first: Reading; readonly replayed: Reading; readonly records: number }> {
  const { golden, rig, close } = await stage(kafka, store, RECORDINGS);
  const read = async (groupId: string): Promise<Reading> => {
    const bridge = await rig.start({ KAFKA_GROUP_ID: groupId });
    await allRead(rig, bridge);
    const wrong = await wrongPoints(bridge, golden);
    const { topics } = (await statusOf(bridge)).source;
    await bridge.stop();
    return {
      wrong,
      deadLetters: topics.reduce((sum, topic) => sum + topic.dead_letters, 0),
      errors: bridge
        .output()
        .split('\n')
        .filter((line) => line.includes('"level":"error"')),
      records: topics.reduce((sum, topic) => sum + topic.records, 0),
    };
  };
  try {
    for (const { topic, records } of golden.topics) await kafka.produce(topic, records);
    const first = await read(rig.groupId);
    return { first, replayed: await read(unique('replay')), records: golden.records };
  } finally {
    await close();
  }
}

export interface KillReport {
  /** What is wrong in the end; should be empty. */
  readonly wrong: string[];
  /** Records in the store when the kill came, of how many there are in all. */
  readonly storedAtKill: number;
  readonly records: number;
}

/** Offsets applied so far, over all topics, as a bridge that starts after the kill finds them. */
async function storedRecords(bridge: BridgeProcess): Promise<number> {
  const { source } = await statusOf(bridge);
  return source.topics.reduce(
    (sum, { partitions }) => sum + partitions.reduce((all, { position }) => all + (position ?? 0), 0),
    0,
  );
}

/**
 * Kills the bridge with SIGKILL at a moment that the seed chooses and starts another on the same store.
 * Even seeds: while the records come in, in small chunks. Odd ones: while it reads what lay there before it started.
 */
export async function killedOnTheWay(
  kafka: KafkaBroker,
  store: StoreKind,
  recording: Recording,
  seed: number,
): Promise<KillReport> {
  const random = createRandom(seed);
  const { golden, rig, close } = await stage(kafka, store, [recording]);
  try {
    let storedAtKill = 0;
    const kill = async (bridge: BridgeProcess): Promise<void> => {
      storedAtKill = await storedRecords(bridge).catch(() => 0);
      await sleep(random() * 20);
      await bridge.kill9();
    };
    if (seed % 2 === 0) {
      const first = await rig.start();
      await eventually(() => caughtUp([first], kafka), 'the bridge reads');
      const chunks = golden.topics.flatMap(({ topic, records }) =>
        Array.from({ length: Math.ceil(records.length / CHUNK) }, (_, i) => ({
          topic,
          records: records.slice(i * CHUNK, (i + 1) * CHUNK),
        })),
      );
      const at = 1 + Math.floor(random() * (chunks.length - 1));
      for (const [index, { topic, records }] of chunks.entries()) {
        const sent = kafka.produce(topic, records);
        if (index === at) {
          await eventually(async () => (await storedRecords(first)) > 0, 'something is stored', 60_000, 2);
          await kill(first);
        }
        await sent;
      }
    } else {
      for (const { topic, records } of golden.topics) await kafka.produce(topic, records);
      const first = await rig.start();
      await eventually(
        () => first.output().includes('joined the consumer group'),
        'the group is joined',
        60_000,
        2,
      );
      await sleep(random() * 120);
      await kill(first);
    }
    const second = await rig.start();
    await allRead(rig, second);
    return { wrong: await wrongPoints(second, golden), storedAtKill, records: golden.records };
  } finally {
    await close();
  }
}
