/**
 * A process that writes into an embedded store until it is killed, or until a write fails: then it prints
 * `failed <error> <whether the store is ready>` and ends. lmdb-written.ts knows what it writes.
 */
import { createLmdbStore } from '../../../backend-bridge/src/lmdb/lmdb-store';
import { silentLog, silentTelemetry } from '../../support/silent';
import { IN_FLIGHT, SLICE, WRITTEN, record } from './lmdb-written';

const quiet = (): void => {};

// With this a file past its size limit (ulimit -f) is an error of the write, as on a full disk, not the end.
process.on('SIGXFSZ', quiet);

async function main(path: string): Promise<void> {
  const store = createLmdbStore({ path }, [WRITTEN], {
    log: silentLog,
    telemetry: silentTelemetry,
    clock: Date.now,
  });
  await store.start();
  await store.identifyTopic(WRITTEN, { topic: WRITTEN.topic, topicId: 'one', ends: [0] });
  let next = ((await store.appliedOffsets(WRITTEN)).get(0) ?? -1) + 1;
  const running = new Set<Promise<void>>();
  const failures: Error[] = [];
  while (failures.length === 0) {
    const fromOffset = next;
    next += SLICE;
    const written = store
      .write({
        metric: WRITTEN,
        topicId: 'one',
        partition: 0,
        partitions: 1,
        fromOffset,
        toOffset: next - 1,
        points: Array.from({ length: SLICE }, (_, i) => record(fromOffset + i)),
        maxEventMs: null,
        nowMs: Date.now(),
      })
      .then((outcome) => {
        if (outcome.kind === 'applied' && outcome.accepted === SLICE)
          process.stdout.write(`${fromOffset + SLICE - 1}\n`);
        else if (failures.length === 0) throw new Error(JSON.stringify(outcome));
      })
      .catch((error: unknown) => void failures.push(error as Error))
      .finally(() => running.delete(written));
    running.add(written);
    if (running.size >= IN_FLIGHT) await Promise.race(running);
  }
  await Promise.all(running);
  const ready = await store.checkReady().then(
    () => 'ready',
    () => 'not ready',
  );
  process.stdout.write(`failed ${failures[0]!.name} ${ready}\n`);
  await store.close();
}

void main(process.argv[2]!);
