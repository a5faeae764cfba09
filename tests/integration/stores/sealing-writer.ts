/** A process that writes windows into a store, by a clock that runs with them, until it is killed. */
import { setTimeout as delay } from 'node:timers/promises';
import { T0 } from '../../support/history-windows';
import { clockAt, SEALED, SLICE, sealedRecord, storeAt } from './sealing-written';

async function main(place: string): Promise<void> {
  let nowMs = T0;
  const store = storeAt(place, () => nowMs);
  await store.start();
  await store.identifyTopic(SEALED, { topic: SEALED.topic, topicId: 'one', ends: [0] });
  let next = ((await store.appliedOffsets(SEALED)).get(0) ?? -1) + 1;
  for (;;) {
    nowMs = clockAt(next);
    const points = Array.from({ length: SLICE }, (_, i) => sealedRecord(next + i));
    const outcome = await store.write({
      metric: SEALED,
      topicId: 'one',
      partition: 0,
      partitions: 1,
      fromOffset: next,
      toOffset: next + SLICE - 1,
      points,
      maxEventMs: points.at(-1)!.startMs,
      nowMs,
    });
    if (outcome.kind !== 'applied' || outcome.accepted !== SLICE) throw new Error(JSON.stringify(outcome));
    next += SLICE;
    // Some ten minutes of the stream in five milliseconds, so that what has to be compared stays small.
    await delay(5);
    process.stdout.write(`${next - 1} ${(await store.history!.state(SEALED)).sealedBeforeMs}\n`);
  }
}

void main(process.argv[2]!);
