import type { KafkaMessage } from 'kafkajs';
import type { KafkaBroker } from '../../support/kafka';
import { unique } from './source-setup';
import { eventually } from '../../support/waiting';

/** Every record that a topic holds now, read by a consumer of its own; in order within each partition. */
export async function topicLog(kafka: KafkaBroker, topic: string): Promise<KafkaMessage[]> {
  const ends = await kafka.ends(topic);
  const next = ends.map(() => 0);
  const found: KafkaMessage[] = [];
  const consumer = kafka.client().consumer({ groupId: unique('log-reader') });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ partition, message }) => {
        found.push(message);
        next[partition] = Number(message.offset) + 1;
      },
    });
    await eventually(() => ends.every((end, partition) => next[partition]! >= end), `${topic} is read`);
  } finally {
    await consumer.disconnect();
  }
  return found;
}
