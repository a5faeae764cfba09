/** Redis loses acknowledged writes, no new record follows, and tenants watch: what they and two bridges see of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaBroker } from '../../support/kafka';
import { javaPartition } from '../../support/record-generator';
import { caughtUp, openRig, pointId, unique, type QueryAnswer } from './bridge-rig';
import { LOSING_REDIS, type LosingRedisName } from './loss-places';
import { OrderedSender } from './ordered-sender';
import { RevisionWatch, Subscriber } from './subscriber';
import { eventually } from '../../support/waiting';

export interface LossReport {
  readonly how: LosingRedisName;
  /** From the loss until each bridge and each socket has the last value of every label. */
  readonly recoveredMs: number;
  /** Labels that someone still has with another value after 15 s. Should be empty. */
  readonly wrong: string[];
  /** Points that went back within an epoch, or were told to one who may not see them. Should be empty. */
  readonly faults: string[];
  /** Windows that were closed without their last value. Should be empty. */
  readonly early: string[];
  /** Epochs that the old bridge's client saw. */
  readonly epochs: number;
}

const METRIC = 'losses';
const PARTITIONS = 3;
const WINDOW_MS = 10_000;
const RECOVERY_MS = 15_000;
const TENANTS = ['blue', 'red'] as const;

const metricsFile = (topic: string): object => ({
  version: 1,
  metrics: {
    [METRIC]: {
      topic,
      key: { format: 'string', windowed: 'time' },
      window: { type: 'tumbling', size: '10s', grace: '1s' },
      idle: '2s',
      dimensions: { series: { from: 'key' } },
      measures: { value: { field: 'N', combine: 'sum' } },
    },
  },
});

/** Values of both tenants' series in all partitions, and the last of each. */
class Records {
  /** The independent consumer: the last value of every point. */
  readonly last = new Map<string, number>();
  private count = 0;

  constructor(private readonly sender: OrderedSender) {}

  /** One value for each of these series in each of these windows. */
  async send(indexes: readonly number[], starts: readonly number[]): Promise<void> {
    const records = starts.flatMap((start) =>
      indexes.flatMap((index) =>
        TENANTS.map((tenant) => {
          const name = `${tenant}-${index}`;
          this.count += 1;
          this.last.set(pointId({ series: name }, start), this.count);
          const tail = Buffer.alloc(8);
          tail.writeBigInt64BE(BigInt(start));
          const inner = Buffer.from(name);
          return {
            partition: javaPartition(inner, PARTITIONS),
            key: Buffer.concat([inner, tail]),
            value: `{"N":${this.count}}`,
            timestamp: Math.min(Date.now(), start + WINDOW_MS - 1),
          };
        }),
      ),
    );
    await this.sender.send(records);
  }
}

const valuesIn = (answer: QueryAnswer): Map<string, number> =>
  new Map(
    answer.series.flatMap(({ labels, times, values }) =>
      times.map((time, i) => [pointId(labels, time), values[i]!] as const),
    ),
  );

const unlike = (
  who: string,
  found: ReadonlyMap<string, unknown>,
  last: ReadonlyMap<string, number>,
): string[] => [
  ...[...last]
    .filter(([id, value]) => found.get(id) !== value)
    .map(([id, value]) => `${who}: ${id} is ${String(found.get(id))}, not ${value}`),
  ...[...found.keys()].filter((id) => !last.has(id)).map((id) => `${who}: ${id} should not be there`),
];

export async function loss(kafka: KafkaBroker, how: LosingRedisName): Promise<LossReport> {
  const topic = unique('losses');
  await kafka.createTopic(topic, { partitions: PARTITIONS });
  const redis = await LOSING_REDIS[how]();
  const rig = await openRig({
    kafka,
    store: 'lmdb',
    metrics: metricsFile(topic),
    environment: { REDIS_URL: redis.url },
  });
  const records = new Records(new OrderedSender(kafka, topic));
  const subscribers: Subscriber[] = [];
  const queryWatch = new RevisionWatch('queries');
  const early = new Set<string>();
  const watching = { stopped: false, lost: false };
  const now = Math.floor(Date.now() / WINDOW_MS) * WINDOW_MS;
  const range = { metric: METRIC, from_ms: now - 40 * WINDOW_MS, to_ms: now + 10 * WINDOW_MS };
  try {
    const old = await rig.start();
    await old.ready(60_000);
    const span = { metric: METRIC, fromMs: range.from_ms };
    for (const tenant of TENANTS) {
      const filters = [{ dimension: 'series', op: '=~', values: [`${tenant}-.*`] }];
      subscribers.push(
        new Subscriber(
          tenant,
          () => old.wsUrl,
          { ...span, filters },
          (id) => id.startsWith(`${tenant}-`),
        ),
      );
    }
    await records.send([0, 1, 2, 3, 4, 5], [now - 3 * WINDOW_MS, now - 2 * WINDOW_MS]);
    await eventually(() => caughtUp([old], kafka), 'the first records are read');
    await redis.mark();
    // New series and new values, in every partition, for a window that is still open.
    const open = Math.floor(Date.now() / WINDOW_MS) * WINDOW_MS;
    await records.send([6, 7, 8, 9, 0, 1], [open]);
    await records.send([9, 8, 7, 6], [open]);
    await eventually(() => caughtUp([old], kafka), 'the last records are read');
    await eventually(
      () => subscribers.every(({ points, inSync }) => inSync && points.size === records.last.size / 2),
      'the sockets have them',
    );
    const lostMs = Date.now();
    const watched = (async () => {
      while (!watching.stopped) {
        const ask = (includeOpen: boolean): Promise<QueryAnswer | null> =>
          old
            .post<QueryAnswer>('/api/v1/query', {
              ...range,
              include_open: includeOpen,
              include_revisions: true,
            })
            .catch(() => null);
        const [all, closed] = await Promise.all([ask(true), ask(false)]);
        for (const answer of [all, closed])
          if (answer !== null)
            queryWatch.note(
              answer.store_epoch,
              answer.series.flatMap(({ labels, times, values, revisions }) =>
                times.map(
                  (time, i) =>
                    [pointId(labels, time), { value: values[i]!, revision: revisions[i]! }] as const,
                ),
              ),
            );
        const final = closed === null ? new Map<string, number>() : valuesIn(closed);
        if ([...final.keys()].some((id) => id.endsWith(`@${open}`)))
          for (const [id, value] of records.last)
            if (id.endsWith(`@${open}`) && final.get(id) !== value)
              early.add(`${id} closed as ${String(final.get(id))}, not ${value}`);
        await sleep(50);
      }
    })();
    const lost = redis.lose().finally(() => {
      watching.lost = true;
    });
    while (redis.underLoad === true && !watching.lost) {
      await records.send([0, 3, 6, 9], [Math.floor(Date.now() / WINDOW_MS) * WINDOW_MS]);
      await sleep(50);
    }
    await lost;
    const backMs = Date.now();
    const fresh = await rig.start();
    const wrong: string[] = [];
    await eventually(
      async () => {
        wrong.length = 0;
        for (const [who, bridge] of [
          ['the old bridge', old],
          ['the fresh bridge', fresh],
        ] as const)
          wrong.push(
            ...unlike(
              who,
              valuesIn(await bridge.post<QueryAnswer>('/api/v1/query', { ...range, include_open: true })),
              records.last,
            ),
          );
        for (const [i, { points, inSync }] of subscribers.entries()) {
          const tenant = TENANTS[i]!;
          const mine = new Map([...records.last].filter(([id]) => id.startsWith(tenant)));
          const held = new Map([...points].map(([id, { value }]) => [id, value]));
          wrong.push(...(inSync ? unlike(tenant, held, mine) : [`${tenant} is not in sync`]));
        }
        return wrong.length === 0;
      },
      'everybody has the last values',
      RECOVERY_MS,
    ).catch((error: unknown) => wrong.push(String(error)));
    const recoveredMs = Date.now() - backMs;
    // Until the window has closed: at its end, the grace and the idle time.
    await eventually(async () => {
      const closed = await old.post<QueryAnswer>('/api/v1/query', { ...range, include_open: false });
      return [...valuesIn(closed).keys()].some((id) => id.endsWith(`@${open}`));
    }, 'the window closes');
    watching.stopped = true;
    await watched;
    if (process.env['TEST_REPORT'] !== undefined)
      process.stdout.write(`${how}: away ${backMs - lostMs} ms, recovered in ${recoveredMs} ms\n`);
    return {
      how,
      recoveredMs,
      wrong,
      faults: [...queryWatch.faults, ...subscribers.flatMap(({ faults }) => faults)],
      early: [...early],
      epochs: subscribers[0]!.epochs.length,
    };
  } finally {
    watching.stopped = true;
    for (const subscriber of subscribers) subscriber.close();
    await rig.close();
    await redis.stop();
  }
}
