import { Partitioners, type Producer } from 'kafkajs';
import type { KafkaBroker, RawRecord } from '../../support/kafka';

/** Sends in order, one batch at a time. A producer remembers what it knew of a topic, so it can be made anew. */
export class OrderedSender {
  private producer: Producer | null = null;

  constructor(
    private readonly kafka: KafkaBroker,
    private readonly topic: string,
  ) {}

  /** Every record names its partition. Resolves when all are acknowledged. */
  async send(records: readonly RawRecord[]): Promise<void> {
    if (this.producer === null) {
      const made = this.kafka.client().producer({
        createPartitioner: Partitioners.DefaultPartitioner,
        idempotent: true,
        maxInFlightRequests: 1,
      });
      await made.connect();
      this.producer = made;
    }
    const messages = records.map(({ partition, key, value, timestamp }) => ({
      key,
      value,
      partition: partition!,
      timestamp: String(timestamp),
    }));
    await this.producer.send({ topic: this.topic, messages, acks: -1 });
  }

  /** After the topic has grown or was made anew. */
  async renew(): Promise<void> {
    const open = this.producer;
    this.producer = null;
    await open?.disconnect();
  }
}
