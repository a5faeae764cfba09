import { Agent, request } from 'node:http';
import { answer } from './answering';

/** Requests at a steady rate, whether or not earlier ones were answered; what queues on the way counts. */

export interface HistoryParams {
  readonly url: string;
  readonly bodies: readonly string[];
  readonly rate: number;
  readonly seconds: number;
}

export interface HistoryTimes {
  /** Sorted, ms. */
  readonly times: Float64Array;
  readonly bytes: number;
  readonly failed: number;
  /** Of one answer, for a look at what was measured. */
  readonly sample: string;
}

async function run({ url, bodies, rate, seconds }: HistoryParams): Promise<HistoryTimes> {
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  const times: number[] = [];
  let bytes = 0;
  let failed = 0;
  let sample = '';
  const ask = (body: string, counted: boolean): Promise<void> =>
    new Promise((resolve) => {
      const asking = performance.now();
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      const asked = request(url, { method: 'POST', agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          if (counted) times.push(performance.now() - asking);
          if (response.statusCode !== 200) failed += 1;
          bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
          if (sample === '') sample = Buffer.concat(chunks).toString('utf8');
          resolve();
        });
      });
      asked.on('error', () => {
        failed += 1;
        resolve();
      });
      asked.end(body);
    });
  const warmUp = rate * 3;
  const under: Promise<void>[] = [];
  const began = performance.now();
  for (let i = 0; i < warmUp + rate * seconds; i += 1) {
    const wait = began + (i * 1_000) / rate - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    under.push(ask(bodies[i % bodies.length]!, i >= warmUp));
  }
  await Promise.all(under);
  agent.destroy();
  return { times: Float64Array.from(times).sort(), bytes, failed, sample };
}

answer({ run });
