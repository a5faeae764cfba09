import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBridge, type BridgeProcess } from '../../support/bridge-process';
import { freePort } from '../../support/free-port';
import { startKafka, type KafkaBroker } from '../../support/kafka';

/** `npm run inspect`, `--check` and the two calls of the API, on a real broker. What they conclude: tests/contract/inspect-*.test.ts. */

const DIST = join(__dirname, '../../../backend-bridge/dist');
const MINUTE = 60_000;

describe('looking at topics of a broker', () => {
  const folder = mkdtempSync(join(tmpdir(), 'streamkpi-inspect-'));
  const start = Math.floor(Date.now() / MINUTE - 30) * MINUTE;
  let kafka: KafkaBroker;
  let bridge: BridgeProcess | null = null;

  beforeAll(async () => {
    kafka = await startKafka();
    const windowed = (shop: string, at: number): Buffer => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64BE(BigInt(at));
      return Buffer.concat([Buffer.from(shop), bytes]);
    };
    await kafka.createTopic('orders-by-shop', { partitions: 3 });
    await kafka.createTopic('empty-topic', { partitions: 2 });
    await kafka.createTopic('removed', { partitions: 1 });
    await kafka.createTopic('garbage', { partitions: 1 });
    await kafka.produce(
      'orders-by-shop',
      Array.from({ length: 240 }, (_, i) => {
        const at = start + Math.floor(i / 12) * MINUTE;
        const shop = ['berlin', 'paris', 'oslo'][i % 3]!;
        return {
          partition: i % 3,
          key: windowed(shop, at),
          value: JSON.stringify({ SHOP: shop, ORDERS: i }),
          timestamp: at + (i % 12) * 5_000,
        };
      }),
    );
    await kafka.produce('removed', [{ key: windowed('berlin', start), value: null }]);
    await kafka.produce('garbage', [{ key: null, value: Buffer.from('0afe00c3ff9aaa0102', 'hex') }]);
  });
  afterAll(async () => {
    await bridge?.stop();
    await kafka.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const run = async (
    program: string,
    args: readonly string[],
    brokers = kafka.bootstrap,
  ): Promise<{ code: number | null; out: string; err: string }> => {
    const child = spawn(process.execPath, [join(DIST, program), ...args], {
      env: { PATH: process.env['PATH'], ...(brokers === '' ? {} : { KAFKA_BROKERS: brokers }) },
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, out, err };
  };

  it('inspect prints a file that --check has no faults in, and the API says the same', async () => {
    const inspected = await run('inspect.js', ['--topic', 'orders-by-shop']);
    expect(inspected.err).toBe('');
    expect(inspected.code).toBe(0);
    expect(inspected.out).toMatch(/^# Topic orders-by-shop: 3 partitions, 240 records read/);
    expect(inspected.out).toContain('240 records -> 240 points, 0 dead letters');
    expect(inspected.out).toContain('window: { type: tumbling, size: 1m, grace: 30s }');
    const file = join(folder, 'metrics.yaml');
    writeFileSync(file, inspected.out);

    const checked = await run('main.js', ['--check', file]);
    expect(checked.err).toBe('');
    expect(checked.code).toBe(0);
    expect(checked.out).toContain('metrics.yaml has no faults.');
    expect(checked.out).toContain('(orders-by-shop): 100 records -> 100 points, 0 dead letters');

    bridge = await startBridge({
      KAFKA_BROKERS: kafka.bootstrap,
      METRICS_FILE: file,
      STORE_PATH: join(folder, 'store'),
    });
    await bridge.ready();
    const answer = await bridge.post<{ mapping: string }>('/api/v1/inspect', { topic: 'orders-by-shop' });
    expect(inspected.out).toContain(answer.mapping);
    const check = { metrics_file: inspected.out.replace('topic: orders-by-shop', 'topic: no-such-topic') };
    expect(await bridge.post('/api/v1/check', check)).toMatchObject({
      faults: [],
      outcomes: [{ records: 0, problem: expect.stringContaining('no-such-topic does not exist') as unknown }],
    });
  });

  it.each([
    ['no-such-topic', /^Topic no-such-topic does not exist on these brokers[^\n]*\n$/],
    ['empty-topic', /^Topic empty-topic is empty[^\n]*\n$/],
    ['removed', /^All 1 records that were read of removed are tombstones[^\n]*\n$/],
    [
      'garbage',
      /^The values \(the first has 9 bytes and begins with 0afe00c3ff9aaa01\) are not JSON[^\n]*\n$/,
    ],
  ])('inspect of %s is one sentence', async (topic, sentence) => {
    const { code, out, err } = await run('inspect.js', ['--topic', topic]);
    expect(err).toMatch(sentence);
    expect(out).toBe('');
    expect(code).toBe(2);
  });

  it('--check warns of what no record has, and says what an empty topic is', async () => {
    const file = join(folder, 'doubtful.yaml');
    const metric = (name: string, topic: string): string =>
      `  ${name}:\n    topic: ${topic}\n    key: { format: string, windowed: time }\n    window: { type: tumbling, size: 1m }\n    dimensions: { shop: { from: { value: shop_name } } }\n    measures: { value: { field: ORDERS } }\n`;
    writeFileSync(
      file,
      `version: 1\nmetrics:\n${metric('a', 'orders-by-shop')}${metric('b', 'empty-topic')}${metric('c', 'removed')}`,
    );
    const { code, out, err } = await run('main.js', ['--check', file]);
    expect(err).toBe('');
    expect(out).toContain(
      'warning: dimension shop is empty: none of the 100 newest records has `shop_name` (or it is null) in its value; it has SHOP, ORDERS; did you mean `SHOP`?',
    );
    expect(out).toContain('b (empty-topic): Topic empty-topic is empty: nothing was written to it yet');
    expect(out).toContain('warning: all 1 newest records are tombstones');
    expect(code).toBe(0);
  });

  it('without a broker: one sentence', async () => {
    const nobody = `127.0.0.1:${await freePort()}`;
    const gone = await run('inspect.js', ['--topic', 'orders'], nobody);
    expect(gone.err).toMatch(/^Kafka does not answer[^\n]*\n$/);
    expect(gone.code).toBe(2);
    const unset = await run('inspect.js', ['--topic', 'orders'], '');
    expect(unset.err).toMatch(/^This bridge reads no Kafka; set KAFKA_BROKERS[^\n]*\n$/);
  });

  it('--check says every fault, without a broker too', async () => {
    const file = join(folder, 'faulty.yaml');
    writeFileSync(
      file,
      'version: 1\nmetrics:\n  a:\n    topic: t\n    window: { type: TUMBLING, size: 60 }\n    measures: { value: { field: n } }\n',
    );
    const { code, err } = await run('main.js', ['--check', file], '');
    expect(err).toMatch(/"TUMBLING" is not one of/);
    expect(code).toBe(2);
  });
});
