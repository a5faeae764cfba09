import type { LiveHub } from '../../../src/datasource/live/live-hub';
import { startFedBridge, type FedBridge } from '../fed-bridge/fed-bridge';
import { DataSources } from '../plugin-host/data-sources';
import { LiveServer } from '../plugin-host/live-server';
import { startPluginHost, type PluginHost } from '../plugin-host/plugin-host';
import { openPage, type LivePage } from './live-page';
import { quickClock } from './quick-clock';

/** A bridge, a backend and Grafana's Live around it, used by one schedule after the other. */
export interface LiveWorld {
  readonly bridge: FedBridge;
  readonly host: PluginHost;
  readonly live: LiveServer;
  /** A browser page on a data source that no schedule has used before, over an empty store. */
  newPage(random: () => number): Promise<LivePage>;
  /** Rejects when something of a page that was left still runs. */
  close(): Promise<void>;
}

let pages = 0;
/** What a page knew may serve its panels for a moment after the last one was closed; quick clocks make it short. */
const FORGOTTEN_MS = 5_000;

export async function startLiveWorld(): Promise<LiveWorld> {
  const [bridge, host] = await Promise.all([startFedBridge(), startPluginHost()]);
  const sources = new DataSources();
  const hubs: LiveHub[] = [];
  let joinDelay = (): number => 0;
  const live = new LiveServer(host, sources.contextOf, { checkMs: 300, joinDelayMs: () => joinDelay() });
  return {
    bridge,
    host,
    live,
    newPage: async (random) => {
      await bridge.stop();
      bridge.loseStore();
      await bridge.start();
      pages += 1;
      const uid = `source-${pages}`;
      sources.save(1, { uid, url: bridge.url });
      const session = live.session({ retryMs: 50, lingerMs: 25 });
      joinDelay = () => (random() < 0.5 ? 0 : random() * 30);
      const page = openPage(uid, { host, sources, session, clock: quickClock(random) });
      hubs.push(page.hub);
      return page;
    },
    close: async () => {
      const until = Date.now() + FORGOTTEN_MS;
      const left = (): number => hubs.reduce((sum, { size }) => sum + size, 0) + live.running().size;
      while (left() > 0 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
      const [channels, streams] = [left(), live.running().size];
      await live.close();
      await host.stop();
      await bridge.close();
      if (channels > 0)
        throw new Error(`${channels} channels are left of pages that are gone (${streams} streams)`);
    },
  };
}
