import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { startBridge } from '../../support/bridge-process';
import { temporaryFolder } from '../../support/embedded-bridge';
import { startRedis } from '../../support/redis';
import { startTcpProxy } from '../../support/tcp-proxy';
import { fillMinutes, type History } from './fill-minutes';
import { eventually } from '../../support/waiting';

/** Many subscribers, each from a time of its own, and a store whose subscription is cut: all of them are resynced. */

export interface WavePlan extends History {
  readonly subscribers: number;
}

export interface WaveReport {
  /** Until everybody has a fresh snapshot, whole, from when the subscription was cut. */
  readonly resyncedMs: number;
  readonly highestLoopLagMs: number;
  readonly bytes: number;
}

const PATIENCE_MS = 60_000;

/** Counts snapshots, without reading them: they are what the bridge has to make, not what is looked at here. */
class Subscriber {
  snapshots = 0;
  bytes = 0;
  private readonly ws: WebSocket;

  constructor(url: string, fromMs: number) {
    this.ws = new WebSocket(url, { perMessageDeflate: false });
    this.ws.on('open', () =>
      this.ws.send(
        JSON.stringify({ type: 'subscribe_metric', id: 's', metric: 'events_per_minute', from_ms: fromMs }),
      ),
    );
    this.ws.on('message', (data: Buffer) => {
      this.bytes += data.length;
      if (data.subarray(0, 21).toString('latin1') === '{"type":"subscribed",') this.snapshots += 1;
    });
    this.ws.on('error', () => undefined);
  }

  close(): void {
    this.ws.terminate();
  }
}

export async function runWave(plan: WavePlan): Promise<WaveReport> {
  const folder = temporaryFolder();
  const redis = await startRedis();
  const proxy = await startTcpProxy(() => redis.port);
  const bridge = await startBridge({
    STORE_PATH: `${folder.path}/data`,
    REDIS_URL: `redis://127.0.0.1:${proxy.port}`,
    DEMO: 'off',
    LOG_LEVEL: 'warn',
  });
  const subscribers: Subscriber[] = [];
  try {
    await bridge.ready();
    const firstMs = await fillMinutes(bridge, plan);
    for (let i = 0; i < plan.subscribers; i += 1)
      subscribers.push(new Subscriber(bridge.wsUrl, firstMs + i * 1_000));
    await everybodyHas(subscribers, 1);
    // What the loop did before is no part of it: its longest delay is that of the last ten seconds.
    await sleep(10_500);
    const before = subscribers.reduce((sum, { bytes }) => sum + bytes, 0);
    let highestLoopLagMs = 0;
    const lag = async (): Promise<void> => {
      const { loop_lag_ms } = await bridge.get<{ loop_lag_ms: number }>('/healthz');
      highestLoopLagMs = Math.max(highestLoopLagMs, loop_lag_ms);
    };
    const began = performance.now();
    proxy.cut();
    const watch = setInterval(() => void lag().catch(() => undefined), 500);
    try {
      await everybodyHas(subscribers, 2);
    } finally {
      clearInterval(watch);
    }
    const resyncedMs = Math.round(performance.now() - began);
    await sleep(300);
    await lag();
    const bytes = subscribers.reduce((sum, one) => sum + one.bytes, 0) - before;
    return { resyncedMs, highestLoopLagMs, bytes };
  } finally {
    for (const subscriber of subscribers) subscriber.close();
    await bridge.kill9();
    await proxy.close();
    await redis.stop();
    folder.remove();
  }
}

const everybodyHas = (subscribers: readonly Subscriber[], snapshots: number): Promise<boolean> =>
  eventually(
    () => subscribers.every((one) => one.snapshots >= snapshots),
    `snapshot ${snapshots} for every subscriber`,
    PATIENCE_MS,
  );
