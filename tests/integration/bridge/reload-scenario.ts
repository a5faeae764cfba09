/** Bridges under load and with subscribers, whose metrics file is edited again and again. */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BridgeProcess } from '../../support/bridge-process';
import type { KafkaBroker } from '../../support/kafka';
import { generatedMetrics } from '../../support/record-generator';
import {
  caughtUp,
  differences,
  openRig,
  pointsIn,
  query,
  statusOf,
  unique,
  type BridgeRig,
  type HeldPoint,
  type StoreKind,
} from './bridge-rig';
import { SteadyLoad } from './steady-load';
import { Subscriber } from './subscriber';
import { eventually } from '../../support/waiting';

export interface ReloadOptions {
  readonly kafka: KafkaBroker;
  readonly store: StoreKind;
  readonly edits: number;
  readonly subscribers: number;
  readonly recordsPerSecond: number;
  readonly seed: number;
}

export interface ReloadReport {
  readonly wrong: string[];
  readonly faults: string[];
  /** Connections of each subscriber: one, unless something cut it. */
  readonly connections: readonly number[];
  readonly resyncs: number;
  readonly records: number;
  readonly refused: number;
}

const METRIC = 'generated';
/** Of the same topic, and there only now and then. */
const TWIN = 'twin';
const OTHER = 'other';
const PARTITIONS = 4;

type Metrics = Record<string, Record<string, unknown>>;

const entryOf = (topic: string, name: string, more: object = {}): Metrics =>
  (generatedMetrics(topic, name, more) as { metrics: Metrics }).metrics;

/** Texts that are no metrics file that can be taken: no YAML, a fault of a setting, a change that stored points forbid. */
const faultyTexts = (metrics: Metrics): readonly string[] => {
  const [first] = Object.values(metrics);
  const window = { type: 'tumbling', size: '5m', grace: '30s' };
  return [
    'version: 1\nmetrics: [',
    '',
    JSON.stringify({ version: 1, metrics: { ...metrics, [METRIC]: { ...first, retention: 86_400 } } }),
    JSON.stringify({ version: 1, metrics: { ...metrics, [METRIC]: { ...first, window } } }),
  ];
};

interface Catalogue {
  readonly metrics: readonly {
    readonly name: string;
    readonly title: string;
    readonly retention_ms: number;
  }[];
}
interface ReloadState {
  readonly config_reload: { readonly successful: boolean; readonly message: string | null };
}

/** Writes the file in place or, as most editors do, by a new one over it. */
function edit(rig: BridgeRig, text: string, replace: boolean): void {
  const file = join(rig.folder, 'metrics.yaml');
  if (!replace) writeFileSync(file, text);
  else {
    writeFileSync(`${file}~`, text);
    renameSync(`${file}~`, file);
  }
}

async function served(bridge: BridgeProcess, metrics: Metrics): Promise<boolean> {
  const wanted = Object.entries(metrics).map(([name, { title = name }]) => `${name} ${String(title)}`);
  const found = await bridge.get<Catalogue>('/api/v1/metrics');
  return (
    wanted.sort().join() ===
    found.metrics
      .map(({ name, title }) => `${name} ${title}`)
      .sort()
      .join()
  );
}

/** True once the source has gone over to the twin as well: it is served a moment before. */
async function readsTwin(bridges: readonly BridgeProcess[]): Promise<boolean> {
  const answers = await Promise.all(bridges.map(statusOf));
  return answers.every(({ source }) => source.topics.some(({ metric }) => metric === TWIN));
}

/** What the file says after so many edits; every second edit removes or adds a metric. */
function metricsAfter(edits: number, topics: readonly [string, string]): Metrics {
  const [topic, otherTopic] = topics;
  const title = `Generated, edition ${edits}`;
  const graces = ['30s', '45s'];
  const window = { type: 'tumbling', size: '1m', grace: graces[Math.floor(edits / 6) % 2] };
  return {
    ...entryOf(topic, METRIC, { title, window, retention: `${24 + (edits % 3)}h` }),
    ...(edits % 4 < 2 ? {} : entryOf(topic, TWIN)),
    ...(edits % 5 < 3 ? {} : entryOf(otherTopic, OTHER)),
  };
}

export async function editedUnderLoad(options: ReloadOptions): Promise<ReloadReport> {
  const { kafka, store, edits, seed, recordsPerSecond } = options;
  const topics = [unique('reload'), unique('reload-other')] as const;
  for (const topic of topics) await kafka.createTopic(topic, { partitions: PARTITIONS });
  const rig = await openRig({
    kafka,
    store,
    metrics: { version: 1, metrics: metricsAfter(0, topics) },
    redis: { aof: 'everysec' },
  });
  const load = new SteadyLoad({
    kafka,
    topic: topics[0],
    partitions: PARTITIONS,
    seed,
    recordsPerSecond,
    seconds: 10 + 4 * edits,
  });
  const { fromMs, toMs } = load.generator;
  const subscribers: Subscriber[] = [];
  let refused = 0;
  try {
    const bridges = [await rig.start(), ...(store === 'redis' ? [await rig.start()] : [])];
    await Promise.all(bridges.map((bridge) => bridge.ready()));
    for (let i = 0; i < options.subscribers; i += 1) {
      const { wsUrl } = bridges[i % bridges.length]!;
      subscribers.push(new Subscriber(`subscriber ${i}`, () => wsUrl, { metric: METRIC, fromMs }));
    }
    await eventually(() => subscribers.every((each) => each.inSync), 'all are subscribed');
    load.start();
    for (let edition = 1; edition <= edits; edition += 1) {
      const metrics = metricsAfter(edition, topics);
      if (edition % 3 === 0) {
        const faulty = faultyTexts(metrics);
        edit(rig, faulty[(edition / 3) % faulty.length]!, edition % 2 === 0);
        await eventually(async () => {
          const states = await Promise.all(
            bridges.map((bridge) => bridge.get<ReloadState>('/api/v1/status')),
          );
          return states.every(
            ({ config_reload: { successful, message } }) => !successful && message !== null,
          );
        }, 'the fault is reported');
        for (const bridge of bridges) {
          if (await served(bridge, metrics)) throw new Error('a file with faults was taken');
        }
        refused += 1;
      }
      edit(rig, JSON.stringify({ version: 1, metrics }), edition % 2 === 1);
      await eventually(
        async () => (await Promise.all(bridges.map((bridge) => served(bridge, metrics)))).every(Boolean),
        `edition ${edition} is served`,
      );
    }
    await load.stop();
    // With the twin, which then has everything from the beginning of the topic on.
    const last = { ...metricsAfter(edits, topics), ...entryOf(topics[0], TWIN) };
    edit(rig, JSON.stringify({ version: 1, metrics: last }), true);
    await eventually(
      async () => (await Promise.all(bridges.map((bridge) => served(bridge, last)))).every(Boolean),
      'the last edition is served',
    );
    await eventually(
      async () => (await readsTwin(bridges)) && caughtUp(bridges, kafka),
      'everything is read',
    );

    const expected = new Map<string, Partial<HeldPoint>>(
      [...load.generator.last].map(([id, { value, records }]) => [id, { value, revision: records }]),
    );
    const wrong: string[] = [];
    for (const metric of [METRIC, TWIN]) {
      for (const bridge of bridges) {
        const found = pointsIn(await query(bridge, { metric, fromMs, toMs }));
        wrong.push(...differences(expected, found).map((line) => `${metric}: ${line}`));
      }
    }
    for (const [i, copy] of subscribers.entries()) {
      await eventually(
        () => copy.inSync && differences(expected, copy.points).length === 0,
        'the copy is whole',
      ).catch(() => {
        wrong.push(...differences(expected, copy.points).map((line) => `subscriber ${i}: ${line}`));
      });
    }
    return {
      wrong,
      faults: subscribers.flatMap((each) => [...each.faults]),
      connections: subscribers.map(({ connections }) => connections),
      resyncs: subscribers.reduce((sum, each) => sum + each.resyncs, 0),
      records: load.sent,
      refused,
    };
  } catch (error) {
    throw new Error(
      `${(error as Error).message}\n${rig.bridges.map((each) => each.output().slice(-6_000)).join('\n')}`,
      {
        cause: error,
      },
    );
  } finally {
    for (const subscriber of subscribers) subscriber.close();
    await load.stop().catch(() => undefined);
    await rig.close();
  }
}
