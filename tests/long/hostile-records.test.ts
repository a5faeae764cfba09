import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBridge } from '../support/bridge-process';
import { startKafka, type KafkaBroker } from '../support/kafka';
import { startRedis } from '../support/redis';
import { startSchemaRegistry } from '../support/schema-registry';
import { eventually } from '../support/waiting';
import {
  AVRO_SCHEMA,
  AVRO_SCHEMA_ID,
  writeHostileCorpus,
  type HostileCorpus,
} from '../integration/kafka/hostile-corpus';
import { readLetters } from '../integration/kafka/letters';

const MINUTE = 60_000;
const GIB_IN_KIB = 1_048_576;
const RECORDS = { json: 60_000, avro: 40_000 } as const;
const LETTERS = 'streamkpi-dead-letters';

interface Status {
  readonly source: {
    readonly topics: readonly {
      topic: string;
      state: string;
      partitions: readonly { lag: number | null }[];
    }[];
  };
}
interface Answer {
  readonly series: readonly { labels: { name: string }; times: number[]; values: number[] }[];
}

const metricOf = (format: string): string => `
  ${format}_counts:
    topic: ${format}-counts
    value: { format: ${format} }
    window: { type: tumbling, size: 1m, grace: 30s }
    dimensions: { name: { from: key } }
    measures: { value: { field: N, combine: sum } }`;

describe('a hundred thousand records, every second one bad', () => {
  let kafka: KafkaBroker;
  beforeEach(async () => {
    kafka = await startKafka({ java: ['-Xmx1g'] });
    await kafka.createTopic(LETTERS);
  }, 120_000);
  afterEach(() => kafka.stop(), 30_000);

  it.each(['lmdb', 'redis'])(
    'are points or dead letters, and the bridge keeps its memory and its pace: %s',
    async (kind) => {
      const folder = mkdtempSync(join(tmpdir(), 'streamkpi-hostile-'));
      writeFileSync(
        join(folder, 'metrics.yaml'),
        `version: 1\nmetrics:${metricOf('json')}${metricOf('avro')}\n`,
      );
      const nowMs = Math.floor(Date.now() / MINUTE) * MINUTE;
      const corpora = new Map<string, HostileCorpus>();
      for (const format of ['json', 'avro'] as const) {
        const topic = `${format}-counts`;
        await kafka.createTopic(topic);
        const records = RECORDS[format];
        const options = { topic, format, seed: 20_261_129, records, bombEvery: 20, bombMiB: 128, nowMs };
        corpora.set(format, await writeHostileCorpus(kafka, options));
      }
      const registry = await startSchemaRegistry({ [AVRO_SCHEMA_ID]: AVRO_SCHEMA });
      const redis = kind === 'redis' ? await startRedis() : null;
      const bridge = await startBridge({
        KAFKA_BROKERS: kafka.bootstrap,
        METRICS_FILE: join(folder, 'metrics.yaml'),
        ...(redis === null ? { STORE_PATH: join(folder, 'store') } : { REDIS_URL: redis.url }),
        SCHEMA_REGISTRY_URL: registry.url,
      });
      const states = new Set<string>();
      const began = Date.now();
      try {
        await eventually(
          async () => {
            const status = await bridge.get<Status>('/api/v1/status').catch(() => null);
            const topics = status?.source.topics ?? [];
            for (const { state } of topics) states.add(state);
            return (
              topics.length === 2 &&
              topics.every(({ partitions }) => partitions.length === 1 && partitions[0]!.lag === 0)
            );
          },
          'all are read',
          900_000,
        );
        const seconds = (Date.now() - began) / 1_000;
        const peakKib = Number(
          /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${bridge.process.pid}/status`, 'utf8'))![1],
        );
        process.stdout.write(
          `${JSON.stringify({ kind, seconds, peakMiB: Math.round(peakKib / 1_024), states: [...states] })}\n`,
        );
        for (const [format, { good }] of corpora) {
          const { series } = await bridge.post<Answer>('/api/v1/query', {
            metric: `${format}_counts`,
            from_ms: nowMs - 24 * 60 * MINUTE,
            to_ms: nowMs + MINUTE,
            step_ms: MINUTE,
          });
          const held = series.flatMap(({ labels, times, values }) =>
            times.map((time, i) => [`${labels.name}@${time}`, values[i]!] as const),
          );
          expect(new Map(held)).toEqual(good);
        }
        const letters = await readLetters(kafka, LETTERS);
        for (const [format, { bad }] of corpora) {
          const of = letters.filter(({ topic }) => topic === `${format}-counts`);
          // A write without an answer in time is made again, on a slow machine.
          const refused = [...new Set(of.map(({ offset }) => offset))].sort((a, b) => a - b);
          expect(refused).toEqual([...bad]);
        }
        expect(letters.filter(({ reason }) => reason === '' || reason === 'decoder_failed')).toEqual([]);
        expect(states).not.toContain('paused');
        expect(peakKib).toBeLessThan(GIB_IN_KIB);
      } finally {
        await bridge.stop();
        await registry.close();
        await redis?.stop();
        rmSync(folder, { recursive: true, force: true });
      }
    },
    1_200_000,
  );
});
