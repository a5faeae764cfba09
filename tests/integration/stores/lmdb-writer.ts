/** A process that writes into an embedded store until it is killed; lmdb-crash.test.ts knows what it writes. */
import { createLmdbStore } from '../../../backend-bridge/src/lmdb/lmdb-store';
import { IN_FLIGHT, SLICE, WRITTEN, record } from './lmdb-written';

const quiet = (): void => {};
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const telemetry = new Proxy({}, { get: () => quiet }) as Parameters<typeof createLmdbStore>[2]['telemetry'];

async function main(path: string): Promise<void> {
  const store = createLmdbStore({ path }, [WRITTEN], { log, telemetry, clock: Date.now });
  await store.start();
  await store.identifyTopic(WRITTEN, { topic: WRITTEN.topic, topicId: 'one', ends: [0] });
  let next = ((await store.appliedOffsets(WRITTEN)).get(0) ?? -1) + 1;
  const running = new Set<Promise<void>>();
  for (;;) {
    const fromOffset = next;
    next += SLICE;
    const points = Array.from({ length: SLICE }, (_, i) => record(fromOffset + i));
    const written = store
      .write({
        metric: WRITTEN,
        topicId: 'one',
        partition: 0,
        partitions: 1,
        fromOffset,
        toOffset: next - 1,
        points,
        maxEventMs: null,
        nowMs: Date.now(),
      })
      .then((outcome) => {
        if (outcome.kind !== 'applied' || outcome.accepted !== SLICE)
          throw new Error(JSON.stringify(outcome));
        process.stdout.write(`${fromOffset + SLICE - 1}\n`);
        running.delete(written);
      });
    running.add(written);
    if (running.size >= IN_FLIGHT) await Promise.race(running);
  }
}

void main(process.argv[2]!);
