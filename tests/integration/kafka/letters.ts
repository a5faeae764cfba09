import type { KafkaBroker } from '../../support/kafka';
import { topicLog } from './topic-log';

export interface ReadLetter {
  readonly topic: string;
  readonly offset: number;
  readonly reason: string;
  readonly message: string;
}

/** Every letter that a dead-letter topic holds now. */
export async function readLetters(kafka: KafkaBroker, topic: string): Promise<ReadLetter[]> {
  const log = await topicLog(kafka, topic);
  return log.map(({ headers = {} }) => {
    const text = (name: string): string => headers[name]?.toString() ?? '';
    return {
      topic: text('topic'),
      offset: Number(text('offset')),
      reason: text('reason'),
      message: text('message'),
    };
  });
}
