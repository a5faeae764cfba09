import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Kafka, logLevel } from 'kafkajs';
import { WebSocketServer } from 'ws';
import { answer } from './answering';

/** The reference for the latency: kafkajs eachMessage and ws.send to every client, no store, no order, no history. */

async function start({
  bootstrap,
  topic,
}: {
  readonly bootstrap: string;
  readonly topic: string;
}): Promise<number> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  await once(server, 'listening');
  server.on('connection', (client) => {
    client.send('{"type":"current_state","data":{}}');
    client.once('message', () => client.send('{"type":"subscribed"}'));
  });
  const kafka = new Kafka({ clientId: 'relay', brokers: [bootstrap], logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `relay-${process.pid}`, maxWaitTimeInMs: 250 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: false });
  const joined = new Promise<void>((resolve) => consumer.on(consumer.events.GROUP_JOIN, () => resolve()));
  await consumer.run({
    eachMessage: async ({ message }) => {
      const { VALUE: value } = JSON.parse(message.value!.toString()) as { VALUE: number };
      const text = JSON.stringify({ type: 'metric_update', data: { value } });
      for (const client of server.clients) client.send(text);
    },
  });
  await joined;
  return (server.address() as AddressInfo).port;
}

answer({ start });
