import { setTimeout as delay } from 'node:timers/promises';
import { within } from './domain/deadline';
import { StartRefusedError, UnavailableError } from './domain/errors';
import type { SeriesStore } from './domain/store';
import type { Log } from './domain/telemetry';

/** Start and stop order of the collaborators of app.ts, with stop timeouts. */

export interface Collaborators {
  readonly store: Pick<SeriesStore, 'start' | 'subscribe' | 'close'>;
  readonly source: { start(): Promise<void>; stop(): Promise<void>; storeLost(): void };
  readonly demo: { start(): Promise<void>; stop(): Promise<void> } | null;
  readonly hub: { start(): Promise<void>; close(): void };
  readonly sockets: { close(withinMs: number): Promise<void> };
  readonly http: { close(): Promise<void> };
  readonly log: Log;
  /** Called when something refuses to start, e.g. a store with another layout. */
  readonly onRefused: (error: StartRefusedError) => void;
}

export interface Lifecycle {
  /** Starts store, live engine and source, in the background; the store may be available later. */
  start(): void;
  /** Why the store has not started yet; null: it has, or this is its first attempt. */
  storeFault(): UnavailableError | null;
  /**
   * Finishes what is under way: source first, then clients, then the store. What does not end within its time is
   * left behind, so that clients receive their 1001 and the whole ends within five seconds, whatever hangs.
   */
  stop(): Promise<void>;
}

const STORE_RETRY_MS = 1_000;
const SOURCE_STOP_MS = 2_000;
const CLIENT_CLOSE_MS = 1_000;
const HTTP_CLOSE_MS = 1_000;
const STORE_CLOSE_MS = 500;

export function createLifecycle(parts: Collaborators): Lifecycle {
  const { store, source, demo, hub, sockets, http, log } = parts;
  const stopping = new AbortController();
  const { signal } = stopping;
  let working: Promise<void> = Promise.resolve();
  let storeFault: UnavailableError | null = null;

  /** Until the store answers, /readyz names it. */
  const startStore = async (): Promise<void> => {
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        await store.start();
        storeFault = null;
        return;
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error;
        storeFault = error;
        if (attempt % 10 === 0) log.warn({ hop: error.hop, reason: error.message }, 'waiting for the store');
        await delay(STORE_RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  };

  const work = async (): Promise<void> => {
    await startStore();
    if (signal.aborted) return;
    await hub.start();
    store.subscribe({
      onChanges: () => undefined,
      onGap: () => undefined,
      onEpoch: () => source.storeLost(),
    });
    // Stopped meanwhile: a source that starts now would never be stopped.
    if (isAborted(signal)) return;
    await source.start();
    await demo?.start();
  };

  const stopWithin = async (part: string, limitMs: number, stop: () => Promise<void>): Promise<void> => {
    try {
      if (await within(stop(), limitMs)) return;
      log.warn({ part, limitMs }, 'did not stop in time and is left behind');
    } catch (error) {
      log.error({ part, err: error }, 'failed while it stopped');
    }
  };

  return {
    start: () => {
      working = work().catch((error: unknown) => {
        if (error instanceof StartRefusedError) parts.onRefused(error);
        else throw error;
      });
    },
    storeFault: () => storeFault,
    stop: async () => {
      stopping.abort();
      await stopWithin('source', SOURCE_STOP_MS, async () => {
        await demo?.stop();
        await source.stop();
        await working.catch(() => undefined);
      });
      await stopWithin('clients', CLIENT_CLOSE_MS, () => sockets.close(CLIENT_CLOSE_MS));
      hub.close();
      await stopWithin('http', HTTP_CLOSE_MS, () => http.close());
      await stopWithin('store', STORE_CLOSE_MS, () => store.close());
    },
  };
}

/** A look of its own: the compiler takes the signal for unchanged since the last one. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
