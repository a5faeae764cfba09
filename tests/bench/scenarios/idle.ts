import { setTimeout as sleep } from 'node:timers/promises';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { freshStore, startBenchBridge, startBroker, temporaryFolder } from '../rig/bridge';
import { startGenerator, type Generator } from '../rig/generator';
import { ONE_MEASURE } from '../rig/records';
import { round, say, type Measurement, type Scenario } from '../scenario';
import type { Counts } from '../generators/websocket-clients';

interface Use {
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
}

const WARM_UP = 50;
const SETTLE_MS = 6_000;

/** Memory of a process after its garbage was collected. */
async function memoryOf(pid: number, file: string): Promise<Use> {
  rmSync(file, { force: true });
  process.kill(pid, 'SIGUSR2');
  for (let waited = 0; waited < 10_000; waited += 50) {
    await sleep(50);
    if (!existsSync(file)) continue;
    try {
      return JSON.parse(readFileSync(file, 'utf8')) as Use;
    } catch {
      // Not written to its end yet.
    }
  }
  throw new Error('the process did not tell its memory');
}

async function perConnection(
  what: string,
  port: number,
  clients: number,
  hello: string | null,
  memory: () => Promise<Use>,
  sockets: Generator,
): Promise<{ rss: number; heap: number; memory: Use }> {
  const open = { port, hello, type: 'metric_update' };
  // Code, caches and free lists that the first connections need are no part of what one more takes.
  await sockets.call('open', { ...open, clients: WARM_UP });
  await sleep(SETTLE_MS / 2);
  await sockets.call('close');
  await sleep(SETTLE_MS / 2);
  const before = await memory();
  await sockets.call('open', { ...open, clients });
  await sleep(SETTLE_MS);
  const after = await memory();
  const counts = await sockets.call<Counts>('take');
  if (counts.open !== clients) throw new Error(`${what}: ${counts.open} of ${clients} connections are open`);
  await sockets.call('close');
  await sleep(SETTLE_MS / 2);
  const rss = (after.rss - before.rss) / clients;
  const heap = (after.heapUsed + after.external - before.heapUsed - before.external) / clients;
  say(`idle ${what}: ${Math.round(rss)} bytes resident, ${Math.round(heap)} in use by a connection`);
  return { rss, heap, memory: after };
}

/** What a connection that says nothing costs the bridge, beside ws alone. */
export const idle: Scenario = {
  name: 'idle',
  title: 'bytes of memory that an idle WebSocket connection takes, beside ws alone',
  options: { clients: 2_000 },
  async run(options, endings) {
    const clients = options.get('clients');
    const kafka = await startBroker(endings);
    await kafka.createTopic(ONE_MEASURE);
    const file = join(temporaryFolder(endings), 'memory.json');
    const environment = { BENCH_MEMORY: file };
    const bridge = await startBenchBridge(kafka, await freshStore('lmdb', endings), endings, environment);
    await bridge.ready();
    const sockets = startGenerator('websocket-clients', endings);
    const measure = (what: string, hello: string | null): ReturnType<typeof perConnection> =>
      perConnection(what, bridge.port, clients, hello, () => memoryOf(bridge.process.pid!, file), sockets);
    const original = await measure('original protocol', null);
    const hello = JSON.stringify({ type: 'subscribe_metric', id: 'a', metric_name: ONE_MEASURE });
    const subscribed = await measure('one selection', hello);
    await bridge.stop();

    const server = startGenerator('plain-websocket-server', endings);
    const port = await server.call<number>('listen');
    const plain = await perConnection(
      'ws alone',
      port,
      clients,
      null,
      () => server.call<Use>('memory'),
      sockets,
    );
    const result = (what: string, found: typeof original): Measurement => ({
      what: `bytes of resident memory an idle connection takes, ${what}`,
      n: clients,
      bytes_per_connection: Math.round(found.rss),
      heap_and_external_per_connection: Math.round(found.heap),
      memory: { ...found.memory },
      reference: { what: 'ws alone, nothing attached', bytes_per_connection: Math.round(plain.rss) },
      ratio: round(found.rss / plain.rss),
      target: 'at most 12 KB (12,288 bytes)',
      met: Math.max(found.rss, found.heap) <= 12_288,
    });
    return [result('original protocol', original), result('with one subscription', subscribed)];
  },
};
