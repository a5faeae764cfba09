import { Redis } from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';
import { MINUTE_MS } from '../rig/records';
import { answer, sharedClockMs } from './answering';

export interface ReferenceParams {
  readonly bootstrap: string;
  readonly topic: string;
  readonly redisPort: number;
  readonly n: number;
}

const PIPELINE = 500;
const RETENTION_S = 48 * 3_600;

/**
 * The plain loop that the ingest is compared with: kafkajs eachBatch, JSON.parse, and pipelines of 500 points with
 * HSET and EXPIRE for each. It compares nothing, counts no revisions and notifies nobody.
 */
async function run({
  bootstrap,
  topic,
  redisPort,
  n,
}: ReferenceParams): Promise<{ n: number; seconds: number }> {
  const redis = new Redis({ host: '127.0.0.1', port: redisPort });
  const kafka = new Kafka({ clientId: 'reference', brokers: [bootstrap], logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `reference-${process.pid}`, maxWaitTimeInMs: 250 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  let stored = 0;
  let began = 0;
  const done = new Promise<number>((resolve, reject) => {
    const eachBatch: NonNullable<Parameters<typeof consumer.run>[0]>['eachBatch'] = async ({
      batch,
      resolveOffset,
      heartbeat,
    }) => {
      began ||= sharedClockMs();
      const { messages } = batch;
      for (let at = 0; at < messages.length; at += PIPELINE) {
        const pipeline = redis.pipeline();
        const slice = messages.slice(at, at + PIPELINE);
        for (const { key, value } of slice) {
          const inner = key!.toString('latin1', 0, key!.length - 8);
          const start = Number(key!.readBigInt64BE(key!.length - 8));
          const row = JSON.parse(value!.toString()) as { VALUE: number };
          const name = `metric:${topic}:${inner}:${start}`;
          pipeline.hset(name, 'value', row.VALUE, 'end', start + MINUTE_MS);
          pipeline.expire(name, RETENTION_S);
        }
        const answers = await pipeline.exec();
        const failed = answers?.find(([error]) => error !== null)?.[0];
        if (failed) reject(failed);
        stored += slice.length;
        resolveOffset(slice.at(-1)!.offset);
        await heartbeat();
        if (stored >= n) {
          resolve(sharedClockMs());
          return;
        }
      }
    };
    consumer.run({ eachBatch }).catch(reject);
  });
  const finished = await done;
  const seconds = (finished - began) / 1_000;
  const counted = stored;
  await consumer.disconnect();
  redis.disconnect();
  return { n: counted, seconds };
}

answer({ run });
