import { CompressionTypes, Kafka, logLevel, Partitioners } from 'kafkajs';
import { MINUTE_MS, recordValue, windowedKey } from '../rig/records';
import { answer } from './answering';

export interface PreloadParams {
  readonly bootstrap: string;
  readonly topic: string;
  readonly partitions: number;
  readonly series: number;
  readonly windows: number;
  /** Start of the newest window. */
  readonly lastWindowMs: number;
}

const RECORDS_A_REQUEST = 5_000;

/** Fills a topic: window by window, all series of each, every record a point of its own. Gives the number written. */
async function fill(params: PreloadParams): Promise<number> {
  const { bootstrap, topic, partitions, series, windows, lastWindowMs } = params;
  const kafka = new Kafka({ clientId: 'preload', brokers: [bootstrap], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  let messages: { key: Buffer; value: string; timestamp: string; partition: number }[] = [];
  let written = 0;
  let sending: Promise<unknown> = Promise.resolve();
  const send = async (): Promise<void> => {
    // One request is under way while the next one is made.
    await sending;
    written += messages.length;
    sending = producer.send({ topic, messages, acks: -1, compression: CompressionTypes.None });
    messages = [];
  };
  for (let window = windows - 1; window >= 0; window -= 1) {
    const startMs = lastWindowMs - window * MINUTE_MS;
    const timestamp = String(startMs + MINUTE_MS - 1);
    for (let i = 0; i < series; i += 1) {
      messages.push({
        key: windowedKey(i, startMs),
        value: recordValue(i, startMs, (window * 7 + i) % 1_000),
        timestamp,
        partition: i % partitions,
      });
    }
    if (messages.length >= RECORDS_A_REQUEST) await send();
  }
  if (messages.length > 0) await send();
  await sending;
  await producer.disconnect();
  return written;
}

process.env['KAFKAJS_NO_PARTITIONER_WARNING'] = '1';
answer({ fill });
