import { Redis } from 'ioredis';
import type { Metric } from '../../../backend-bridge/src/domain/metric';
import type { SeriesStore } from '../../../backend-bridge/src/domain/store';
import type { Clock } from '../../../backend-bridge/src/domain/telemetry';
import { createRedisStore } from '../../../backend-bridge/src/redis/redis-store';
import { PATIENT, silentLog, silentTelemetry } from './redis-rig';
import { type StoreFactory, type StoreUnderTest } from './store-rig';
import { eventually } from '../../support/waiting';

/** One Redis, or a cluster. */
export interface Place {
  readonly url: string;
  readonly ports: readonly number[];
  stop(): Promise<void>;
}

/**
 * The store's own writes come back to it by pub/sub a moment later. The suite listens between writes, so here a
 * write is over when its changes were told.
 */
function settled(store: SeriesStore): SeriesStore {
  let told = 0;
  let written = 0;
  store.subscribe({
    onChanges: (_metric, changes) => void (told += changes.length),
    onGap: () => {},
    onEpoch: () => {
      told = 0;
      written = 0;
    },
  });
  const write = async (...parameters: Parameters<SeriesStore['write']>): ReturnType<SeriesStore['write']> => {
    const outcome = await store.write(...parameters);
    if (outcome.kind === 'applied') written += outcome.accepted;
    // Asked often: the suite writes thousands of times.
    await eventually(() => told >= written, 'its changes', undefined, 1);
    return outcome;
  };
  return new Proxy(store, {
    get: (target, name) => {
      if (name === 'write') return write;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

/** Stores on one Redis, each with a key prefix of its own. */
export function storesOn(place: () => Place, prefix = 'conformance'): StoreFactory {
  let made = 0;
  return async (metrics, clock): Promise<StoreUnderTest> => {
    made += 1;
    const keyPrefix = `${prefix}${made}`;
    const open = async (of: readonly Metric[], by: Clock): Promise<SeriesStore> => {
      const tools = { log: silentLog, telemetry: silentTelemetry, clock: by };
      const store = createRedisStore({ url: place().url, keyPrefix, ...PATIENT }, of, tools);
      try {
        await store.start();
      } catch (error) {
        await store.close();
        throw error;
      }
      return settled(store);
    };
    let store = await open(metrics, clock);
    return {
      get store() {
        return store;
      },
      restart: async (changed = metrics) => {
        await store.close();
        store = await open(changed, clock);
      },
      wipe: async () => {
        for (const port of place().ports) {
          const client = new Redis(port, '127.0.0.1');
          await client.flushall();
          client.disconnect();
        }
      },
      close: () => store.close(),
    };
  };
}
