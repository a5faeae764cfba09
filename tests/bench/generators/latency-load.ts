import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { WebSocket } from 'ws';
import { MINUTE_MS, recordValue, windowedKey } from '../rig/records';
import { answer } from './answering';

/** Writes records at a steady rate and notes when each client hears of each; one process, so one clock. */

export interface LatencyParams {
  readonly bootstrap: string;
  readonly topic: string;
  readonly port: number;
  readonly clients: number;
  readonly rate: number;
  readonly seconds: number;
  readonly startMs: number;
  /** A message for every second client; the others stay on the original protocol. */
  readonly hello: string;
}

export interface Latencies {
  readonly sent: number;
  /** Sorted, ms from the producer's acknowledgement to the client; negative where the client was faster. */
  readonly original: Float64Array;
  readonly extended: Float64Array;
}

const LAST_MS = 2_000;

async function run(params: LatencyParams): Promise<Latencies> {
  const { bootstrap, topic, port, clients, rate, seconds, startMs, hello } = params;
  const visible = new Map<number, number>();
  const heard: { readonly value: number; readonly at: number; readonly extended: boolean }[] = [];
  const sockets: WebSocket[] = [];
  for (let i = 0; i < clients; i += 1) {
    const extended = i % 2 === 1;
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
    sockets.push(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.on('message', (data: Buffer) => {
        const at = performance.now();
        const message = JSON.parse(data.toString()) as {
          type: string;
          data?: { value: number };
          series?: { values: number[] }[];
        };
        if (message.type === 'metric_update') heard.push({ value: message.data!.value, at, extended });
        else if (message.type === 'series_update')
          for (const { values } of message.series!)
            for (const value of values) heard.push({ value, at, extended });
        if (message.type === (extended ? 'subscribed' : 'current_state')) resolve();
      });
      socket.once('open', () => {
        if (extended) socket.send(hello);
      });
    });
  }
  const kafka = new Kafka({ clientId: 'latency', brokers: [bootstrap], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    idempotent: true,
    maxInFlightRequests: 1,
  });
  await producer.connect();
  // Every record is a point of its own, so that none conflates with another; the first ones are a warm-up.
  const send = async (value: number): Promise<void> => {
    const messages = [
      {
        key: windowedKey(value, startMs),
        value: recordValue(value, startMs, value),
        timestamp: String(startMs + MINUTE_MS - 1),
        partition: 0,
      },
    ];
    await producer.send({ topic, messages, acks: -1 });
    visible.set(value, performance.now());
  };
  const total = rate * seconds;
  const warmUp = rate * 3;
  const sending: Promise<void>[] = [];
  const began = performance.now();
  for (let i = 0; i < warmUp + total; i += 1) {
    const wait = began + (i * 1_000) / rate - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    sending.push(send(i));
  }
  await Promise.all(sending);
  await new Promise((resolve) => setTimeout(resolve, LAST_MS));
  await producer.disconnect();
  for (const socket of sockets) socket.terminate();
  const latencies = (extended: boolean): Float64Array =>
    Float64Array.from(
      heard.filter((one) => one.extended === extended && one.value >= warmUp),
      ({ value, at }) => at - visible.get(value)!,
    ).sort();
  return { sent: total, original: latencies(false), extended: latencies(true) };
}

process.env['KAFKAJS_NO_PARTITIONER_WARNING'] = '1';
answer({ run });
