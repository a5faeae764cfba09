/** Two bridges, one group, one Redis: one is killed under load. */
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
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
  type HeldPoint,
} from './bridge-rig';
import { SteadyLoad } from './steady-load';
import { Subscriber, type SubscriberReport } from './subscriber';
import { eventually } from '../../support/waiting';

export interface FailoverOptions {
  readonly kafka: KafkaBroker;
  readonly seed: number;
  readonly recordsPerSecond: number;
  /** Load before the kill and after the partitions resume, each. */
  readonly loadMs: number;
}

export interface FailoverReport {
  /** Partitions that the killed bridge had. */
  readonly orphaned: number;
  /** From the kill until records written after it are stored, for every orphaned partition. */
  readonly takenOverMs: number;
  readonly wrong: string[];
  readonly faults: string[];
  /** Calls whose answers are not the same bytes on both bridges, `server_time_ms` and `timestamp` aside. */
  readonly unlike: string[];
  readonly records: number;
  readonly survivor: SubscriberReport;
}

const METRIC = 'generated';
const EVENTS = 'generated_alerts';
const PARTITIONS = 12;

/** The generated topic as a window metric and as an event metric. */
function metricsFile(topic: string): object {
  const windows = generatedMetrics(topic, METRIC) as { metrics: Record<string, object> };
  const events = generatedMetrics(topic, EVENTS, { kind: 'event', event: { message: '{series}: {value}' } });
  return { version: 1, metrics: { ...windows.metrics, ...(events as typeof windows).metrics } };
}

/** The answer's text, without the clock of the bridge that gave it. */
async function answerText(bridge: BridgeProcess, path: string, body: object): Promise<string> {
  const answer = await fetch(bridge.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
  return text.replaceAll(/"server_time_ms":\d+/g, '"server_time_ms":0');
}

/** The first message of the original protocol. */
async function currentState(bridge: BridgeProcess): Promise<string> {
  const socket = new WebSocket(bridge.wsUrl, { perMessageDeflate: false });
  try {
    const text = await new Promise<string>((resolve, reject) => {
      socket.once('error', reject);
      socket.on('message', (data: Buffer) => {
        const message = data.toString();
        if (message.includes('"current_state"')) resolve(message);
      });
      setTimeout(() => reject(new Error('no current_state within 60 s')), 60_000).unref();
    });
    return text.replace(/,"timestamp":"[^"]*"\}$/, '}');
  } finally {
    socket.terminate();
  }
}

async function unlikeAnswers(a: BridgeProcess, b: BridgeProcess, load: SteadyLoad): Promise<string[]> {
  const { fromMs, toMs } = load.generator;
  const span = { from_ms: fromMs, to_ms: toMs };
  const calls: (readonly [string, string, object])[] = [
    ['query', '/api/v1/query', { metric: METRIC, ...span, include_revisions: true }],
    ['query, combined', '/api/v1/query', { metric: METRIC, ...span, group_by: [], include_revisions: true }],
    ['query, stepped', '/api/v1/query', { metric: METRIC, measure: 'total', ...span, step_ms: 300_000 }],
    ['summary', '/api/v1/summary', { metric: METRIC, ...span, include_open: true }],
    ['events', '/api/v1/events/query', { metric: EVENTS, ...span, limit: 10_000 }],
  ];
  const unlike: string[] = [];
  const same = async (name: string, ask: (bridge: BridgeProcess) => Promise<string>): Promise<void> => {
    let texts: string[] = [];
    // A watermark that moves with the clock may move between the two calls; then both are asked again.
    for (let attempt = 0; attempt < 5; attempt += 1) {
      texts = await Promise.all([ask(a), ask(b)]);
      if (texts[0] === texts[1]) return;
      await sleep(300);
    }
    const [one = '', two = ''] = texts;
    let at = 0;
    while (at < one.length && one[at] === two[at]) at += 1;
    unlike.push(`${name}: ${one.slice(at - 60, at + 60)} | ${two.slice(at - 60, at + 60)}`);
  };
  for (const [name, path, body] of calls) await same(name, (bridge) => answerText(bridge, path, body));
  await same('current_state', currentState);
  return unlike;
}

async function ownedPositions(bridge: BridgeProcess): Promise<Map<number, number>> {
  const { source } = await statusOf(bridge);
  const owned = source.topics[0]!.partitions.filter((each) => each.owned && each.position !== null);
  return new Map(owned.map(({ partition, position }) => [partition, position!]));
}

export async function failover(options: FailoverOptions): Promise<FailoverReport> {
  const { kafka, seed, recordsPerSecond, loadMs } = options;
  const topic = unique('failover');
  await kafka.createTopic(topic, { partitions: PARTITIONS });
  const rig = await openRig({
    kafka,
    store: 'redis',
    metrics: metricsFile(topic),
    redis: { aof: 'everysec' },
  });
  const load = new SteadyLoad({
    kafka,
    topic,
    partitions: PARTITIONS,
    seed,
    recordsPerSecond,
    seconds: (2 * loadMs) / 1_000 + 10,
  });
  const { fromMs, toMs } = load.generator;
  const span = { metric: METRIC, fromMs, toMs };
  const subscribers: Subscriber[] = [];
  try {
    const survivor = await rig.start();
    const victim = await rig.start();
    await Promise.all([survivor.ready(60_000), victim.ready(60_000)]);
    await eventually(async () => {
      const [mine, others] = await Promise.all([ownedPositions(survivor), ownedPositions(victim)]);
      return mine.size > 0 && others.size > 0 && mine.size + others.size === PARTITIONS;
    }, 'both have partitions');
    const watching = new Subscriber('survivor', () => survivor.wsUrl, span);
    const moved = new Subscriber('moved', () => (rig.bridges.at(-1) ?? survivor).wsUrl, span);
    subscribers.push(watching, moved);
    load.start();
    await sleep(loadMs);

    const orphans = [...(await ownedPositions(victim)).keys()];
    const killedMs = Date.now();
    await victim.kill9();
    const ends = await kafka.ends(topic);
    await eventually(
      async () => {
        const positions = await ownedPositions(survivor);
        const waiting = orphans.filter((partition) => {
          // A partition that no key belongs to gets no records: to be owned is all it can show.
          const position = positions.get(partition) ?? -1;
          return ends[partition] === 0 ? position < 0 : position <= ends[partition]!;
        });
        if (waiting.length > 0) throw new Error(`still waiting: ${waiting.join(', ')}`);
        return true;
      },
      'the partitions of the killed bridge resume',
      60_000,
      20,
    );
    const takenOverMs = Date.now() - killedMs;
    await sleep(loadMs);
    await load.stop();
    const second = await rig.start();
    await eventually(() => caughtUp([survivor, second], kafka), 'everything is read');

    const expected = new Map<string, Partial<HeldPoint>>(
      [...load.generator.last].map(([id, { value, records }]) => [id, { value, revision: records }]),
    );
    const found = pointsIn(await query(survivor, span));
    const wrong = differences(expected, found);
    for (const [name, copy] of [['survivor', watching] as const, ['moved', moved] as const]) {
      await eventually(() => copy.inSync && differences(found, copy.points).length === 0, name).catch(() => {
        wrong.push(...differences(found, copy.points).map((line) => `${name}: ${line}`));
      });
    }
    if (watching.connections !== 1)
      wrong.push(`the survivor's client connected ${watching.connections} times`);
    return {
      orphaned: orphans.length,
      takenOverMs,
      wrong,
      faults: [...watching.faults, ...moved.faults],
      unlike: await unlikeAnswers(survivor, second, load),
      records: load.sent,
      survivor: watching.report(),
    };
  } finally {
    for (const subscriber of subscribers) subscriber.close();
    await load.stop().catch(() => undefined);
    await rig.close();
  }
}
