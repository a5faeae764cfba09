import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { SeriesStore } from '../../backend-bridge/src/domain/store';
import { QueryEngine } from '../../backend-bridge/src/domain/query-engine';
import { refusal } from './http-answers';
import { startBridge, type Bridge } from './http-bridge';
import { demoEngine, HOUR_MS, T0, type DemoEngine } from './http-demo-data';
import { eventually } from '../support/waiting';

/** What one client does must not take the bridge away from another. */

const query = { metric: 'events_per_minute', from_ms: T0, to_ms: T0 + HOUR_MS };
const LIMITS = { maxSeries: 1_000, maxPoints: 1_000_000, maxScanPoints: 5_000_000, staleWindows: 2 };

describe('one client beside others over HTTP', () => {
  let demo: DemoEngine;
  let bridge: Bridge;
  /** Reads of the store under way, and the way to let them end. */
  let reads: { release: () => void; cancelled: boolean }[] = [];
  let hold = false;

  beforeAll(async () => {
    demo = await demoEngine();
    const store = new Proxy(demo.store, {
      get(target, name: keyof SeriesStore) {
        const value = target[name];
        if (name !== 'read')
          return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
        return async (...args: Parameters<SeriesStore['read']>) => {
          if (hold) {
            const one = { release: () => {}, cancelled: false };
            reads.push(one);
            await new Promise<void>((resolve) => (one.release = resolve));
            one.cancelled = args[1].signal?.aborted === true;
          }
          return target.read(...args);
        };
      },
    });
    const metrics = demo.engine.catalogue([]).metrics.map(({ metric }) => metric);
    const engine = new QueryEngine(metrics, store, LIMITS, Date.now);
    bridge = await startBridge({
      engine,
      store,
      tokens: [
        { name: 'greedy', token: 'g', scopes: ['read'] },
        { name: 'other', token: 'o', scopes: ['read'] },
      ],
      limits: { maxConcurrentQueries: 4, maxQueueMs: 300 },
    });
  });
  beforeEach(() => {
    reads = [];
    hold = true;
  });
  afterEach(() => {
    hold = false;
    for (const { release } of reads) release();
  });
  afterAll(async () => {
    await bridge.close();
    await demo.close();
  });
  const ask = (token: string, signal?: AbortSignal): Promise<Response> =>
    fetch(`${bridge.url}/api/v1/query`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(query),
      ...(signal && { signal }),
    });

  it('a token that asks for everything leaves places for the next one', async () => {
    const greedy = Array.from({ length: 40 }, () => ask('g'));
    await eventually(() => reads.length === 2, 'two reads');
    const other = ask('o');
    await eventually(() => reads.length === 3, 'the read of the other token');
    hold = false;
    for (const { release } of reads) release();
    expect((await other).status).toBe(200);
    const statuses = (await Promise.all(greedy)).map(({ status }) => status);
    expect(statuses).toContain(429);
    // Those whose wait took longer than they may, on a slow machine.
    expect([...new Set(statuses)].filter((status) => ![200, 429, 503].includes(status))).toEqual([]);
  });

  it('a wait for a place ends with 503 and says when to try again', async () => {
    const running = [ask('g'), ask('g')];
    await eventually(() => reads.length === 2, 'two reads');
    const waiting = await ask('g');
    expect(waiting.status).toBe(503);
    expect(Number(waiting.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await waiting.json()).toMatchObject({
      error: { code: 'overloaded', retryable: true, details: { setting: 'limits.max_concurrent_queries' } },
    });
    hold = false;
    for (const { release } of reads) release();
    expect((await Promise.all(running)).map(({ status }) => status)).toEqual([200, 200]);
  });

  it('an aborted query is cancelled, and its place is free only when its work has ended', async () => {
    for (let round = 0; round < 5; round += 1) {
      const gone = new AbortController();
      const aborted = [ask('g', gone.signal), ask('g', gone.signal)].map((asked) => asked.catch(() => null));
      if (round === 0) await eventually(() => reads.length === 2, 'two reads');
      else await delay(50);
      gone.abort();
      await Promise.all(aborted);
    }
    await delay(50);
    // However often the caller comes again: the two reads still run, so nothing more of it does.
    expect(reads).toHaveLength(2);
    hold = false;
    for (const { release } of reads) release();
    await eventually(() => reads.every(({ cancelled }) => cancelled), 'the signal at the reads');
    expect((await ask('g')).status).toBe(200);
    expect(bridge.faults).toEqual([]);
  });

  it('a valid token is let in however many wrong ones came from its address', async () => {
    hold = false;
    const own = await startBridge({ ...demo, tokens: [{ name: 'x', token: 'x', scopes: ['read'] }] });
    try {
      for (let i = 0; i < 12; i += 1) await own.post('/api/v1/query', query, 'wrong');
      expect(refusal(await own.post('/api/v1/query', query, 'wrong'))).toBe('429 rate_limited');
      expect((await own.post('/api/v1/query', query, 'x')).status).toBe(200);
    } finally {
      await own.close();
    }
  });

  it('a token that asks for the status by the hundred leaves places for the next one', async () => {
    const own = await startBridge({
      ...demo,
      tokens: [
        { name: 'greedy', token: 'g', scopes: ['observe'] },
        { name: 'other', token: 'o', scopes: ['observe'] },
      ],
    });
    const { port, hostname } = new URL(own.url);
    const head = `GET /api/v1/status HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer g\r\n`;
    let seen = '';
    // In one packet, so that all are there before the first is answered.
    const socket: Socket = connect(Number(port), hostname, () =>
      socket.write(`${`${head}\r\n`.repeat(99)}${head}Connection: close\r\n\r\n`),
    );
    socket.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    const other = await own.call('GET', '/api/v1/status', { token: 'o' });
    await new Promise((resolve) => socket.on('close', resolve));
    await own.close();
    expect(other.status).toBe(200);
    const statuses = [...seen.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => status);
    expect(statuses).toHaveLength(100);
    expect(new Set(statuses)).toEqual(new Set(['200', '429']));
  });

  it('a connection that does not end its head is closed in time', async () => {
    const own = await startBridge({ ...demo, options: { headerTimeoutMs: 500 } });
    const { port, hostname } = new URL(own.url);
    let seen = '';
    const began = performance.now();
    const socket: Socket = connect(Number(port), hostname, () =>
      socket.write('POST /api/v1/query HTTP/1.1\r\nHost: 127.0.0.1\r\n'),
    );
    socket.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    await new Promise((resolve) => socket.on('close', resolve));
    await own.close();
    expect(seen).toMatch(/^HTTP\/1\.1 408 /);
    expect(performance.now() - began).toBeLessThan(30_000);
  });

  it('a broken request gives its place back, though its client keeps the connection open', async () => {
    const own = await startBridge({ ...demo, limits: { maxConcurrentQueries: 1 } });
    const { port, hostname } = new URL(own.url);
    const head = 'Host: 127.0.0.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n';
    const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true }, () =>
      socket.write(`POST /api/v1/query HTTP/1.1\r\n${head}\r\nno length of a chunk\r\n`),
    );
    socket.resume();
    await new Promise((resolve) => socket.on('end', resolve));
    const answer = await own.post('/api/v1/query', query);
    socket.destroy();
    await own.close();
    expect(answer.status).toBe(200);
  });
});
