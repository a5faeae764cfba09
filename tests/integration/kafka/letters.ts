import type { KafkaBroker } from '../../support/kafka';
import { eventually, unique } from './source-setup';

export interface ReadLetter {
  readonly topic: string;
  readonly offset: number;
  readonly reason: string;
  readonly message: string;
}

/** Every letter that a dead-letter topic of one partition holds now. */
export async function readLetters(kafka: KafkaBroker, topic: string): Promise<ReadLetter[]> {
  const [end] = await kafka.ends(topic);
  const found: ReadLetter[] = [];
  let next = 0;
  const consumer = kafka.client().consumer({ groupId: unique('letters-reader') });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message: { headers = {}, offset } }) => {
      const text = (name: string): string => headers[name]?.toString() ?? '';
      found.push({
        topic: text('topic'),
        offset: Number(text('offset')),
        reason: text('reason'),
        message: text('message'),
      });
      next = Number(offset) + 1;
    },
  });
  await eventually(`${end} letters`, () => next >= end!, 60_000);
  await consumer.disconnect();
  return found;
}
