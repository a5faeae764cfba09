/**
 * Many generated records through two bridges that share one Redis, while the topic grows, is made anew, is read again,
 * and one of the bridges is killed at random. The oracle is the last record of each key.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { BridgeProcess } from '../../support/bridge-process';
import type { KafkaBroker } from '../../support/kafka';
import { createRecordGenerator, generatedMetrics } from '../../support/record-generator';
import { createRandom } from '../../support/seeded-random';
import {
  caughtUp,
  differences,
  openRig,
  pointsIn,
  query,
  unique,
  type BridgeRig,
  type HeldPoint,
  type Selection,
} from './bridge-rig';
import { OrderedSender } from './ordered-sender';
import { RevisionWatch, Subscriber, type SubscriberReport } from './subscriber';
import { eventually } from '../../support/waiting';

export interface VolumeOptions {
  readonly kafka: KafkaBroker;
  readonly seed: number;
  readonly records: number;
  readonly series: number;
  readonly windows: number;
  /** A filter for what the subscribers watch, where everything would be too much for one message. */
  readonly watched?: RegExp;
  /** Kills of the second bridge, at most, and how far apart on average. */
  readonly kills: number;
  readonly killEveryMs: number;
  readonly drainTimeoutMs: number;
}

export interface VolumeReport {
  /** What is wrong with the answers of each bridge in the end. Should be empty. */
  readonly wrong: string[];
  /** What is wrong with the copies of the subscribers in the end. Should be empty. */
  readonly wrongCopies: string[];
  /** Points that went back, or had two values in one revision. Should be empty. */
  readonly faults: string[];
  readonly points: number;
  readonly counts: object;
  readonly kills: number;
  readonly queries: number;
  readonly steady: SubscriberReport;
  readonly jumping: SubscriberReport;
  readonly seconds: number;
}

const METRIC = 'generated';
const CHUNK = 500;

/** The second bridge dies at random and is started again, until it is stopped. */
class Killer {
  kills = 0;
  bridge: BridgeProcess;
  private stopped = false;
  private work: Promise<void> = Promise.resolve();

  constructor(
    private readonly rig: BridgeRig,
    bridge: BridgeProcess,
    private readonly random: () => number,
    private readonly options: VolumeOptions,
  ) {
    this.bridge = bridge;
  }

  start(): void {
    this.work = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.work;
  }

  private isStopped(): boolean {
    return this.stopped;
  }

  private async run(): Promise<void> {
    while (!this.stopped && this.kills < this.options.kills) {
      const at = Date.now() + this.options.killEveryMs * (0.5 + this.random());
      while (Date.now() < at && !this.isStopped()) await sleep(20);
      if (this.isStopped()) return;
      this.kills += 1;
      await this.bridge.kill9();
      this.bridge = await this.rig.start();
    }
  }
}

/** The bridge has had the store register that number of partitions, some time after the brokers reported it. */
function hasRegistered(bridge: BridgeProcess, partitions: number): boolean {
  return bridge
    .output()
    .split('\n')
    .some(
      (line) =>
        line.includes('the store identified the topic') && line.includes(`"partitions":${partitions}`),
    );
}

export async function volume(options: VolumeOptions): Promise<VolumeReport> {
  const { kafka, seed, records, series, windows, drainTimeoutMs } = options;
  const started = Date.now();
  const topic = unique('generated');
  await kafka.createTopic(topic, { partitions: 12 });
  const rig = await openRig({
    kafka,
    store: 'redis',
    metrics: generatedMetrics(topic, METRIC),
    redis: { aof: 'everysec' },
  });
  const generator = createRecordGenerator({ seed, series, windows, partitions: 12, nowMs: started }, records);
  const sender = new OrderedSender(kafka, topic);
  const span = { metric: METRIC, fromMs: generator.fromMs, toMs: generator.toMs };
  const watchedSpan: Selection =
    options.watched === undefined
      ? span
      : { ...span, filters: [{ dimension: 'series', op: '=~', values: [options.watched.source] }] };

  let first = await rig.start();
  const killer = new Killer(rig, await rig.start(), createRandom(seed + 1), options);
  const steady = new Subscriber('steady', () => first.wsUrl, watchedSpan);
  let turn = 0;
  const jumping = new Subscriber(
    'jumping',
    () => ((turn += 1) % 2 === 0 ? first.wsUrl : killer.bridge.wsUrl),
    watchedSpan,
  );
  void jumping.cutAtRandom(seed + 2, 2_000);

  const queryWatch = new RevisionWatch('queries');
  let queries = 0;
  let asking = true;
  const stillAsking = (): boolean => asking;
  const asker = (async () => {
    while (stillAsking()) {
      const bridge = queries % 2 === 0 ? first : killer.bridge;
      queries += 1;
      // A bridge that was just killed, or has not joined yet, answers nothing; another one is asked next.
      const answer = await query(bridge, watchedSpan).catch(() => null);
      if (answer !== null) queryWatch.note(answer.store_epoch, pointsIn(answer));
      await sleep(250);
    }
  })();

  const send = async (share: number): Promise<void> => {
    let left = Math.round(records * share);
    while (left > 0) {
      const count = Math.min(CHUNK, left);
      await sender.send(generator.next(count));
      left -= count;
    }
  };
  const drained = (): Promise<boolean> =>
    eventually(() => caughtUp([first, killer.bridge], kafka), 'everything is read', drainTimeoutMs, 200);
  const grow = async (partitions: number): Promise<void> => {
    await kafka.addPartitions(topic, partitions);
    await sender.renew();
  };

  try {
    await Promise.all([first.ready(60_000), killer.bridge.ready(60_000)]);
    killer.start();
    await send(0.3);
    // A producer that sees the growth at once ...
    await grow(15);
    generator.setPartitions(15);
    await send(0.1);
    // ... and one that keeps using what it knew for a while. The bridges see one growth after the other: of two at
    // once nobody can tell in which order a key's partitions were written.
    await eventually(() => hasRegistered(first, 15), 'the growth is registered', drainTimeoutMs);
    await grow(18);
    await send(0.05);
    generator.setPartitions(18);
    await send(0.1);

    // Everything again on another group, into the same store, while more comes in.
    const reader = await rig.start({ KAFKA_GROUP_ID: unique('replay') });
    await send(0.1);
    await eventually(() => caughtUp([reader], kafka), 'the replay has read everything', drainTimeoutMs, 200);
    await reader.stop();

    // The topic is made anew; what was not read before would be gone.
    await drained();
    await kafka.deleteTopic(topic);
    await sleep(createRandom(seed + 3)() * 2_000);
    await kafka.createTopic(topic, { partitions: 12 });
    await sender.renew();
    generator.setPartitions(12);
    await send(0.25);
    await drained();
    await killer.stop();

    // The group is set back; that needs all of its members to be away.
    const beforeReset = steady.connections;
    await Promise.all([first.stop(), killer.bridge.stop()]);
    await (await kafka.admin()).resetOffsets({ groupId: rig.groupId, topic, earliest: true });
    first = await rig.start();
    killer.bridge = await rig.start();
    await send(0.1);
    await drained();

    const expected = new Map<string, Partial<HeldPoint>>(
      [...generator.last].map(([id, { value }]) => [id, { value }]),
    );
    const wrong: string[] = [];
    for (const [name, bridge] of [['first', first] as const, ['second', killer.bridge] as const]) {
      const found = pointsIn(await query(bridge, span));
      wrong.push(...differences(expected, found).map((line) => `${name}: ${line}`));
    }
    if (beforeReset !== 1) wrong.push(`the steady subscriber was cut off ${beforeReset - 1} times`);

    const copied = pointsIn(await query(first, watchedSpan));
    asking = false;
    await asker;
    const wrongCopies: string[] = [];
    for (const [name, subscriber] of [['steady', steady] as const, ['jumping', jumping] as const]) {
      await eventually(
        () => subscriber.inSync && differences(copied, subscriber.points).length === 0,
        name,
      ).catch(() => {
        wrongCopies.push(...differences(copied, subscriber.points).map((line) => `${name}: ${line}`));
        if (!subscriber.inSync) wrongCopies.push(`${name}: not in sync`);
      });
    }
    return {
      wrong,
      wrongCopies,
      faults: [...steady.faults, ...jumping.faults, ...queryWatch.faults],
      points: expected.size,
      counts: generator.counts,
      kills: killer.kills,
      queries,
      steady: steady.report(),
      jumping: jumping.report(),
      seconds: Math.round((Date.now() - started) / 1_000),
    };
  } finally {
    asking = false;
    await killer.stop();
    await asker;
    steady.close();
    jumping.close();
    await sender.renew().catch(() => undefined);
    await rig.close();
  }
}
