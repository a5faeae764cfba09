import { setTimeout as sleep } from 'node:timers/promises';
import { freshStore, startBenchBridge, startBroker } from '../rig/bridge';
import { startGenerator, type Generator } from '../rig/generator';
import { lastFullWindow, ONE_MEASURE, seriesName } from '../rig/records';
import { round, say, type Endings, type Measurement, type Scenario } from '../scenario';
import { residentMemory } from '../surroundings';
import type { Counts } from '../generators/websocket-clients';

interface Load {
  /** Point updates offered in a second: requests to Kafka, records in each. */
  readonly ticks: number;
  readonly records: number;
}

interface Delivered extends Load {
  /** Point updates/s that Kafka took, for each client. */
  readonly offered: number;
  readonly counts: Counts;
  readonly seconds: number;
}

const TOPIC_SERIES = 1_000;
/** Points in one coalesced message: a dashboard's chart of many series. */
const COALESCED_SERIES = 100;
const SETTLE_MS = 1_500;
/** Delivered of offered below which more load is pointless. */
const SATURATED = 0.9;

const pointsPerSecond = ({ counts, seconds }: Delivered): number => counts.points / seconds;
const messagesPerSecond = ({ counts, seconds }: Delivered): number => counts.messages / seconds;

async function countFor(
  clients: Generator,
  producer: Generator | null,
  seconds: number,
): Promise<{ counts: Counts; sent: number; seconds: number }> {
  await sleep(SETTLE_MS);
  await clients.call('take');
  await producer?.call('sent');
  const from = performance.now();
  await sleep(seconds * 1_000);
  const sent = (await producer?.call<number>('sent')) ?? 0;
  const counts = await clients.call<Counts>('take');
  return { counts, sent, seconds: (performance.now() - from) / 1_000 };
}

/** One message to many clients: through the bridge, not coalesced and coalesced, beside a prebuilt ws.send. */
export const fanout: Scenario = {
  name: 'fanout',
  title: 'point updates/s delivered to many WebSocket clients, coalesced and not, beside a prebuilt ws.send',
  options: { clients: 1_000, seconds: 5 },
  async run(options, endings) {
    const clients = options.get('clients');
    const seconds = options.get('seconds');
    const kafka = await startBroker(endings);
    await kafka.createTopic(ONE_MEASURE);
    const bridge = await startBenchBridge(kafka, await freshStore('lmdb', endings), endings);
    await bridge.ready();
    const startMs = lastFullWindow(Date.now());

    /** Raises the load until no more arrives; gives the most that did. */
    const mostOf = async (
      what: string,
      hello: string | null,
      type: string,
      loads: readonly Load[],
    ): Promise<Delivered> => {
      const sockets = startGenerator('websocket-clients', endings);
      await sockets.call('open', { port: bridge.port, clients, hello, type });
      let best: Delivered | null = null;
      for (const load of loads) {
        const producer = startGenerator('paced-producer', endings);
        const series = type === 'series_update' ? COALESCED_SERIES : TOPIC_SERIES;
        await producer.call('start', {
          bootstrap: kafka.bootstrap,
          topic: ONE_MEASURE,
          series,
          startMs,
          ...load,
        });
        const counted = await countFor(sockets, producer, seconds);
        await producer.call('stop');
        await producer.end();
        const offered = Math.round((counted.sent * clients) / counted.seconds);
        const delivered: Delivered = { ...load, ...counted, offered };
        const rate = pointsPerSecond(delivered);
        say(
          `fanout ${what}: offered ${delivered.offered}/s, delivered ${Math.round(rate)}/s in ${Math.round(messagesPerSecond(delivered))} messages/s`,
        );
        if (counted.counts.open < clients)
          throw new Error(`${clients - counted.counts.open} clients were closed`);
        if (best === null || rate > pointsPerSecond(best)) best = delivered;
        if (rate < SATURATED * delivered.offered) break;
        await sleep(500);
      }
      await sockets.call('close');
      await sockets.end();
      return best!;
    };
    const memory = (): Record<string, number> => residentMemory(bridge.process.pid!);

    const single = await mostOf(
      'not coalesced',
      null,
      'metric_update',
      [100, 200, 400, 800, 1_600, 3_200].map((rate) => ({
        ticks: Math.min(rate, 200),
        records: Math.ceil(rate / 200),
      })),
    );
    const singleMemory = memory();
    const subscribe = { type: 'subscribe_metric', id: 'a', metric_name: ONE_MEASURE, from_ms: startMs };
    const many = await mostOf(
      'coalesced',
      JSON.stringify({
        ...subscribe,
        filters: [
          {
            dimension: 'series',
            op: '=',
            values: Array.from({ length: COALESCED_SERIES }, (_, i) => seriesName(i)),
          },
        ],
      }),
      'series_update',
      [10, 20, 40].map((ticks) => ({ ticks, records: COALESCED_SERIES })),
    );
    const manyMemory = memory();
    await bridge.stop();

    const plain = (delivered: Delivered): Promise<number> =>
      plainSends(Math.round(delivered.counts.bytes / delivered.counts.messages), clients, seconds, endings);
    return [
      measurement(
        'not coalesced: one metric_update (original protocol) a point',
        single,
        clients,
        await plain(single),
        singleMemory,
        'messages',
      ),
      measurement(
        `coalesced: series_update of ${COALESCED_SERIES} points`,
        many,
        clients,
        await plain(many),
        manyMemory,
        'points',
      ),
    ];
  },
};

/** Messages/s of ws.send with a prebuilt message of this length. */
async function plainSends(
  bytes: number,
  clients: number,
  seconds: number,
  endings: Endings,
): Promise<number> {
  const server = startGenerator('plain-websocket-server', endings);
  const port = await server.call<number>('listen');
  const sockets = startGenerator('websocket-clients', endings);
  await sockets.call('open', { port, clients, hello: null, type: 'metric_update' });
  const head = '{"type":"metric_update","data":"';
  await server.call('start', { message: `${head}${'x'.repeat(Math.max(0, bytes - head.length - 2))}"}` });
  const { counts, seconds: took } = await countFor(sockets, null, seconds);
  await server.call('stop');
  await sockets.end();
  await server.end();
  say(`fanout plain ws.send of ${bytes} bytes: ${Math.round(counts.messages / took)} messages/s`);
  return counts.messages / took;
}

function measurement(
  what: string,
  delivered: Delivered,
  clients: number,
  plain: number,
  memory: Record<string, number>,
  held: 'messages' | 'points',
): Measurement {
  const rate = pointsPerSecond(delivered);
  const ratio = messagesPerSecond(delivered) / plain;
  const { counts, seconds } = delivered;
  return {
    what: `point updates/s delivered, ${what}`,
    n: Math.round(counts.points),
    rate: Math.round(rate),
    clients,
    offered: delivered.offered,
    messages_per_second: Math.round(messagesPerSecond(delivered)),
    message_bytes: Math.round(counts.bytes / counts.messages),
    messages_of_a_client: { fewest: counts.fewest, most: counts.most },
    seconds: round(seconds),
    memory,
    reference: {
      what: 'ws.send of one prebuilt message of the same length to as many clients, messages/s',
      rate: Math.round(plain),
    },
    ratio: round(ratio),
    target: held === 'messages' ? 'at least 0.8 of the reference' : 'at least 1,000,000 point updates/s',
    met: held === 'messages' ? ratio >= 0.8 : rate >= 1_000_000,
  };
}
