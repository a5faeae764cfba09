import { setTimeout as sleep } from 'node:timers/promises';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import type { RunningHost } from '../../../host/server/host-server';
import { startBridge, type BridgeProcess } from '../../support/bridge-process';
import { freePort } from '../../support/free-port';
import { ingest, metricsWithoutIdling, putProfiles } from '../../support/embedded-bridge';
import { startBrowser } from './browser';
import { startBuiltApp } from './built-app';
import { openView, type View, type ViewOptions } from './view';

export type Theme = 'dark' | 'light';
export const THEMES: readonly Theme[] = ['dark', 'light'];

/** Starting is slower than a test: the page's bundle may have to be built. */
export const START_MS = 240_000;

export interface Stage {
  readonly host: RunningHost;
  bridge(): BridgeProcess;
  view(path: string, options?: ViewOptions): Promise<View>;
  /** The bridge is killed; nobody listens at its address. */
  killBridge(): Promise<void>;
  /** At the same address, with what it had stored. */
  startBridge(): Promise<void>;
  /** Replaces texts of the metrics file, which the bridge then reads again. Throws for one that is not in it. */
  editMetrics(replacements: Readonly<Record<string, string>>): void;
  close(): Promise<void>;
}

export interface StageOptions {
  /** The demo's traffic; otherwise the tests send every event themselves. */
  readonly demo?: boolean;
}

/** A real bridge with the embedded pipeline, the host page over the built app, and a browser. */
export async function startStage(options: StageOptions = {}): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'streamkpi-e2e-'));
  const metrics = join(folder, 'metrics.yaml');
  writeFileSync(metrics, metricsWithoutIdling());
  const environment: Record<string, string> = {
    BRIDGE_PORT: String(await freePort()),
    STORE_PATH: join(folder, 'store'),
    // Without traffic of its own a window closes by event time alone: the test decides when.
    ...(options.demo === true ? {} : { DEMO: 'off', METRICS_FILE: metrics }),
  };
  const startOne = async (): Promise<BridgeProcess> => {
    const started = await startBridge(environment);
    await started.ready();
    return started;
  };
  let bridge = await startOne();
  let host: RunningHost;
  let browser: Browser;
  try {
    host = await startBuiltApp({ bridgeUrl: bridge.url });
    browser = await startBrowser();
  } catch (reason) {
    await bridge.kill9();
    throw reason;
  }
  const views = new Set<View>();
  return {
    host,
    bridge: () => bridge,
    view: async (path, viewOptions) => {
      const view = await openView(browser, host.address, path, viewOptions);
      views.add(view);
      return view;
    },
    killBridge: () => bridge.kill9(),
    startBridge: async () => {
      bridge = await startOne();
    },
    editMetrics: (replacements) => {
      let text = readFileSync(metrics, 'utf8');
      for (const [from, to] of Object.entries(replacements)) {
        if (!text.includes(from)) throw new Error(`the metrics file has no ${JSON.stringify(from)}`);
        text = text.replace(from, to);
      }
      writeFileSync(metrics, text);
    },
    close: async () => {
      for (const view of views) await view.close();
      await browser.close();
      await host.close();
      await bridge.kill9();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const MINUTE_MS = 60_000;
export const minuteOf = (ms: number): number => Math.floor(ms / MINUTE_MS) * MINUTE_MS;

/** One page view of a user at a time. */
export const pageView = (user: string, timestamp: number) => ({
  user_id: user,
  event_type: 'page_view',
  timestamp,
  properties: { page: '/' },
});

export const purchase = (user: string, timestamp: number, amount: number) => ({
  user_id: user,
  event_type: 'purchase',
  timestamp,
  properties: { amount },
});

/** Two users, one of each segment. */
export const SEGMENTS = { ada: 'premium', ben: 'basic' } as const;

/**
 * Twenty quiet minutes before `untilMs`: each minute three views of ada and two of ben, and a purchase of each; in
 * event time order, so that every minute but the last is final.
 */
export async function quietPast(bridge: BridgeProcess, untilMs: number, minutes = 20): Promise<void> {
  await putProfiles(bridge, SEGMENTS);
  const first = minuteOf(untilMs) - minutes * MINUTE_MS;
  for (let minute = first; minute <= minuteOf(untilMs) - MINUTE_MS; minute += MINUTE_MS) {
    const at = (second: number): number => minute + second * 1_000;
    const answer = await ingest(bridge, [
      ...[1, 11, 21].map((second) => pageView('ada', at(second))),
      ...[2, 12].map((second) => pageView('ben', at(second))),
      purchase('ada', at(31), 10),
      purchase('ben', at(32), 2.5),
    ]);
    if (answer.rejected.length > 0) throw new Error(JSON.stringify(answer.rejected));
  }
}

/** A stage whose bridge has the quiet minutes before now. */
export async function startQuietStage(): Promise<Stage> {
  const stage = await startStage();
  await quietPast(stage.bridge(), Date.now());
  return stage;
}

/** Waits until what the test reads is what it expects; fails with what it last read. */
export async function eventually<T>(
  read: () => T | Promise<T>,
  holds: (value: T) => boolean,
  withinMs = 60_000,
): Promise<T> {
  const end = Date.now() + withinMs;
  for (;;) {
    const value = await read();
    if (holds(value)) return value;
    if (Date.now() >= end) throw new Error(`after ${withinMs} ms it still reads: ${JSON.stringify(value)}`);
    await sleep(100);
  }
}
