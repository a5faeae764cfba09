import { RequestError, UnavailableError } from '../../backend-bridge/src/domain/errors';
import type { HttpEngine } from '../../backend-bridge/src/server/http-dependencies';
import { refusal } from './http-answers';
import { READY, startBridge, type Bridge } from './http-bridge';
import { demoEngine, HOUR_MS, T0, type DemoEngine } from './http-demo-data';

const good = { metric: 'events_per_minute', from_ms: T0, to_ms: T0 + HOUR_MS };

describe('what HTTP answers when something behind it fails', () => {
  let demo: DemoEngine;
  beforeAll(async () => {
    demo = await demoEngine();
  });
  afterAll(() => demo.close());

  const withBridge = async (
    given: Partial<Parameters<typeof startBridge>[0]>,
    use: (bridge: Bridge) => Promise<void>,
  ): Promise<void> => {
    const bridge = await startBridge({ ...demo, ...given });
    try {
      await use(bridge);
    } finally {
      await bridge.close();
    }
  };
  const engineWith = (query: HttpEngine['query']): HttpEngine => {
    const engine = Object.create(demo.engine) as { query: HttpEngine['query'] };
    engine.query = query;
    return engine as HttpEngine;
  };
  const storeWith = (checkReady: () => Promise<void>): DemoEngine['store'] => {
    const store = Object.create(demo.store) as { checkReady: () => Promise<void> };
    store.checkReady = checkReady;
    return store as DemoEngine['store'];
  };

  it('503 store_unavailable, to be tried again', async () => {
    const engine = engineWith(() => Promise.reject(new UnavailableError('store', 'Redis does not answer')));
    await withBridge({ engine }, async (bridge) => {
      const answer = await bridge.post('/api/v1/query', good);
      expect(refusal(answer)).toBe('503 store_unavailable');
      expect(answer.json).toMatchObject({ error: { retryable: true } });
      expect(answer.headers['retry-after']).toBe('2');
    });
  });

  it('500 internal without a word of what was in it, which is in the log', async () => {
    const engine = engineWith(() => Promise.reject(new Error('password=hunter2')));
    await withBridge({ engine }, async (bridge) => {
      const answer = await bridge.post('/api/v1/query', good);
      expect(refusal(answer)).toBe('500 internal');
      expect(answer.text).not.toContain('hunter2');
      expect(bridge.faults.join()).toContain('hunter2');
    });
  });

  it("429 past one client's share of the places, and the rest is answered", async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const engine = engineWith(async (query, tenant) => {
      await held;
      return demo.engine.query(query, tenant);
    });
    await withBridge({ engine, limits: { maxConcurrentQueries: 4 } }, async (bridge) => {
      const share = Array.from({ length: 10 }, () => bridge.post('/api/v1/query', good));
      await new Promise((resolve) => setTimeout(resolve, 200));
      const refused = await bridge.post('/api/v1/query', good);
      expect(refusal(refused)).toBe('429 rate_limited');
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
      expect(refused.text).toContain('limits.max_concurrent_queries');
      expect((await bridge.call('GET', '/healthz')).status).toBe(200);
      release();
      expect(new Set((await Promise.all(share)).map(({ status }) => status))).toEqual(new Set([200]));
      expect((await bridge.post('/api/v1/query', good)).status).toBe(200);
    });
  });

  it('a large answer comes whole, in pieces, and others are answered meanwhile', async () => {
    const length = 300_000;
    const engine = engineWith(async (query, tenant) => {
      const answer = await demo.engine.query(query, tenant);
      const times = Array.from({ length }, (_, i) => i);
      return { ...answer, series: [{ ...answer.series[0]!, times, values: times.map((i) => i / 3) }] };
    });
    await withBridge({ engine }, async (bridge) => {
      const large = bridge.post('/api/v1/query', good);
      const health = await bridge.call('GET', '/healthz');
      expect(health.status).toBe(200);
      const answer = await large;
      expect(answer.headers['transfer-encoding']).toBe('chunked');
      const { series } = answer.json as { series: { times: number[]; values: number[] }[] };
      expect(series[0]?.times).toHaveLength(length);
      expect(series[0]?.values.at(-1)).toBe((length - 1) / 3);
    });
  });

  it('404 ingest_disabled where the source is Kafka', async () => {
    await withBridge({ sourceKind: 'kafka' }, async (bridge) => {
      expect(refusal(await bridge.post('/api/v1/ingest/events', []))).toBe('404 ingest_disabled');
      const profile = await bridge.call('PUT', '/api/v1/ingest/profiles/u', { body: { segment: 'x' } });
      expect(refusal(profile)).toBe('404 ingest_disabled');
      const status = await bridge.call('GET', '/api/v1/status');
      expect(status.json).toMatchObject({ pipeline: null, source: { kind: 'kafka' } });
    });
  });

  it('/readyz names the hop that fails, in time also when the store hangs', async () => {
    await withBridge({ store: storeWith(() => new Promise(() => {})) }, async (bridge) => {
      const started = performance.now();
      const answer = await bridge.call('GET', '/readyz');
      expect(performance.now() - started).toBeLessThan(20_000);
      expect(answer.status).toBe(503);
      expect(answer.json).toMatchObject({ status: 'not_ready', hop: 'store' });
      const status = await bridge.call('GET', '/api/v1/status');
      expect(status.json).toMatchObject({
        ready: false,
        store: { state: 'failing' },
        source: { state: 'ok' },
      });
    });
    const down = storeWith(() => Promise.reject(new RequestError('internal', 'no space left')));
    await withBridge({ store: down }, async (bridge) => {
      const answer = await bridge.call('GET', '/readyz');
      expect(answer.json).toMatchObject({
        hop: 'store',
        message: expect.stringContaining('no space left') as string,
      });
    });
  });

  it('/readyz names a wrong clock before anything else, and warns of another bridge’s', async () => {
    const skewedBridges = (): { bridge: string; aheadMs: number }[] => [
      { bridge: 'bridge-2:8765', aheadMs: 600_000 },
    ];
    const fault = (): string => 'the clock of this bridge is 26 h ahead of the clock of Redis';
    const store = storeWith(() => Promise.reject(new RequestError('internal', 'no space left')));
    await withBridge({ store, clockState: { fault, skewedBridges: () => [] } }, async (bridge) => {
      const answer = await bridge.call('GET', '/readyz');
      const message = 'The clock of this bridge is 26 h ahead of the clock of Redis';
      expect(answer.status).toBe(503);
      expect(answer.json).toEqual({ status: 'not_ready', hop: 'clock', message });
      const status = await bridge.call('GET', '/api/v1/status');
      expect(status.json).toMatchObject({ ready: false, clock: { state: 'failing', message } });
    });
    await withBridge({ clockState: { fault: () => null, skewedBridges } }, async (bridge) => {
      expect(await bridge.call('GET', '/readyz')).toMatchObject({
        status: 200,
        json: {
          warnings: [
            'The clock of the bridge bridge-2:8765 is 10 min ahead of the clock of Redis; set it by NTP',
          ],
        },
      });
      expect((await bridge.call('GET', '/api/v1/status')).json).toMatchObject({
        ready: true,
        clock: { state: 'ok', skewed_bridges: [{ bridge: 'bridge-2:8765', ahead_ms: 600_000 }] },
      });
    });
  });

  it('503 for data before the store has started, while status and health answer', async () => {
    const store = Object.create(demo.store) as { epoch: () => string };
    store.epoch = () => '';
    await withBridge({ store: store as DemoEngine['store'] }, async (bridge) => {
      expect(refusal(await bridge.post('/api/v1/query', good))).toBe('503 store_unavailable');
      expect(refusal(await bridge.call('GET', '/api/v1/metrics'))).toBe('503 store_unavailable');
      expect((await bridge.call('GET', '/api/v1/status')).json).toMatchObject({ store_epoch: '' });
      expect((await bridge.call('GET', '/healthz')).status).toBe(200);
    });
  });

  it('/readyz follows the source', async () => {
    await withBridge({ sourceKind: 'kafka' }, async (bridge) => {
      expect((await bridge.call('GET', '/readyz')).json).toEqual({ status: 'ready' });
      const failing = { hop: 'schema_registry', message: 'The Schema Registry does not answer' } as const;
      bridge.source.status = { ...READY, failing };
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect((await bridge.call('GET', '/readyz')).json).toEqual({ status: 'not_ready', ...failing });
      bridge.source.status = { ...READY, ready: false };
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect((await bridge.call('GET', '/readyz')).json).toMatchObject({ hop: 'kafka' });
      const pending = 'The readers of the other partitions in the consumer group are being looked up';
      bridge.source.status = { ...READY, ready: false, pending };
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect((await bridge.call('GET', '/readyz')).json).toMatchObject({ hop: 'kafka', message: pending });
    });
  });
});
