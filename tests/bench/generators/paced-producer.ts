import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { MINUTE_MS, recordValue, windowedKey } from '../rig/records';
import { answer } from './answering';

/** New revisions of one window of many series, at a steady rate. */

export interface PaceParams {
  readonly bootstrap: string;
  readonly topic: string;
  readonly series: number;
  readonly startMs: number;
  /** Requests to the broker in a second. */
  readonly ticks: number;
  /** Records in each, of the series in turn. */
  readonly records: number;
}

let running: { stopped: boolean; sent: number; done: Promise<void> } | null = null;

async function start({ bootstrap, topic, series, startMs, ticks, records }: PaceParams): Promise<void> {
  const kafka = new Kafka({ clientId: 'pace', brokers: [bootstrap], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const state = { stopped: false, sent: 0, done: Promise.resolve() };
  running = state;
  let next = 0;
  state.done = (async () => {
    const began = performance.now();
    for (let tick = 0; !state.stopped; tick += 1) {
      const wait = began + (tick * 1_000) / ticks - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      const messages = Array.from({ length: records }, () => {
        const i = next % series;
        next += 1;
        return {
          key: windowedKey(i, startMs),
          value: recordValue(i, startMs, next % 1_000),
          timestamp: String(startMs + MINUTE_MS - 1),
          partition: 0,
        };
      });
      await producer.send({ topic, messages, acks: -1 });
      state.sent += records;
    }
    await producer.disconnect();
  })();
}

/** Records sent since the last call. */
function sent(): number {
  const count = running?.sent ?? 0;
  if (running !== null) running.sent = 0;
  return count;
}

async function stop(): Promise<void> {
  if (running === null) return;
  running.stopped = true;
  await running.done;
  running = null;
}

process.env['KAFKAJS_NO_PARTITIONER_WARNING'] = '1';
answer({ start, sent, stop });
