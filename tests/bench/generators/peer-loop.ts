import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { Kafka, logLevel } from 'kafkajs';
import type { PeerInput } from '../rig/peers';
import { answer, sharedClockMs } from './answering';

export interface PeerLoopParams {
  readonly bootstrap: string;
  readonly topic: string;
  readonly n: number;
  readonly input: PeerInput;
}

interface Point {
  readonly series: string;
  readonly startMs: number;
  readonly value: number;
}

interface Sink {
  write(points: readonly Point[]): Promise<void>;
  /** Resolves when all points are in. */
  end(): Promise<void>;
}

const AT_ONCE = 5_000;

function lineProtocol(url: string, topic: string): Sink {
  const agent = new Agent({ keepAlive: true });
  return {
    write: (points) =>
      new Promise((resolve, reject) => {
        const body = points
          .map(({ series, startMs, value }) => `${topic},series=${series} value=${value} ${startMs}\n`)
          .join('');
        const headers = { 'content-length': Buffer.byteLength(body) };
        const asked = request(url, { method: 'POST', agent, headers }, (response) => {
          response.resume();
          response.on('end', () => {
            if (response.statusCode === 204) resolve();
            else reject(new Error(`${url}: ${response.statusCode ?? 0}`));
          });
        });
        asked.on('error', reject);
        asked.end(body);
      }),
    end: () => {
      agent.destroy();
      return Promise.resolve();
    },
  };
}

/** One COPY for the whole topic: the fastest way in that PostgreSQL has. */
function copy(port: number): Sink {
  const sql = 'COPY points (series, time, value) FROM STDIN';
  const args = ['-h', '127.0.0.1', '-p', `${port}`, '-U', 'bench', '-d', 'postgres', '-X', '-q', '-c', sql];
  const child = spawn('psql', args, { stdio: ['pipe', 'inherit', 'inherit'] });
  return {
    async write(points) {
      const rows = points.map(({ series, startMs, value }) => `${series}\t${startMs}\t${value}\n`);
      if (!child.stdin.write(rows.join(''))) await once(child.stdin, 'drain');
    },
    async end() {
      child.stdin.end();
      const [code] = (await once(child, 'exit')) as [number | null];
      if (code !== 0) throw new Error(`COPY ended with ${code ?? 'a signal'}`);
    },
  };
}

/** From Kafka into a peer as fast as it goes: compares nothing, counts no revisions. */
async function run({ bootstrap, topic, n, input }: PeerLoopParams): Promise<{ seconds: number }> {
  const sink = 'url' in input ? lineProtocol(input.url, topic) : copy(input.port);
  const kafka = new Kafka({ clientId: 'peer', brokers: [bootstrap], logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `peer-${process.pid}`, maxWaitTimeInMs: 250 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  // By offset: records that are read again after a rebalance count once.
  const ends = new Map<number, number>();
  let began = 0;
  await new Promise<void>((resolve, reject) => {
    const eachBatch: NonNullable<Parameters<typeof consumer.run>[0]>['eachBatch'] = async ({
      batch,
      resolveOffset,
      heartbeat,
    }) => {
      began ||= sharedClockMs();
      const { messages } = batch;
      for (let at = 0; at < messages.length; at += AT_ONCE) {
        const slice = messages.slice(at, at + AT_ONCE);
        const points = slice.map(({ key, value }): Point => ({
          series: key!.toString('latin1', 0, key!.length - 8),
          startMs: Number(key!.readBigInt64BE(key!.length - 8)),
          value: (JSON.parse(value!.toString()) as { VALUE: number }).VALUE,
        }));
        await sink.write(points).catch(reject);
        const last = slice.at(-1)!.offset;
        ends.set(batch.partition, Number(last) + 1);
        resolveOffset(last);
        await heartbeat();
      }
      if ([...ends.values()].reduce((sum, end) => sum + end, 0) >= n) resolve();
    };
    consumer.run({ partitionsConsumedConcurrently: 4, eachBatch }).catch(reject);
  });
  await sink.end();
  const seconds = (sharedClockMs() - began) / 1_000;
  await consumer.disconnect();
  return { seconds };
}

answer({ run });
