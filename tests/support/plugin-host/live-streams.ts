import type { PluginHost, RunningStream } from './plugin-host';
import type { GrafanaUser, PluginContext } from './plugin-context';

/**
 * What Grafana's server does with a data source's streams: one RunStream for each channel, kept while somebody
 * listens, begun again when it fails.
 */

export interface StreamRequest {
  readonly orgId: number;
  readonly uid: string;
  readonly path: string;
  readonly user: GrafanaUser | null;
  /** The first subscriber's, as are the user and the context. */
  readonly data: unknown;
  readonly context: PluginContext;
}

export interface StreamSurroundings {
  readonly host: PluginHost;
  /** The context as it is now; null when there is no such data source any more. */
  contextOf(orgId: number, uid: string, user: GrafanaUser | null): PluginContext | null;
  publish(channel: string, packet: string): void;
  subscribers(channel: string): number;
  /** Interval of the checks for streams without subscribers, which are stopped at the third one. */
  readonly checkMs: number;
}

interface Managed {
  request: StreamRequest;
  readonly channel: string;
  readonly stopping: AbortController;
  running: RunningStream | null;
  readonly over: Promise<void>;
  /** How often RunStream was called. */
  runs: number;
}

const CHECKS = 3;
/** A stream that ends sooner than this with an error has not begun well. */
const FAST_MS = 100;
const COOL_DOWN_MS = 100;
const MAX_DELAY_MS = 5_000;

export class LiveStreams {
  private readonly streams = new Map<string, Managed>();

  constructor(private readonly around: StreamSurroundings) {}

  /** Begins the channel's stream unless it is there. */
  submit(channel: string, request: StreamRequest): void {
    if (this.streams.has(channel)) return;
    const stopping = new AbortController();
    let done = (): void => undefined;
    const over = new Promise<void>((resolve) => (done = resolve));
    const stream: Managed = { request, channel, stopping, running: null, over, runs: 0 };
    this.streams.set(channel, stream);
    const stopWatching = this.watch(stream);
    void this.run(stream).finally(() => {
      stopWatching();
      this.forget(stream);
      done();
    });
  }

  /** Channels with a stream, each with how often it was begun. */
  running(): ReadonlyMap<string, number> {
    return new Map([...this.streams].map(([channel, { runs }]) => [channel, runs]));
  }

  /** After the settings of a data source were saved: its streams end and begin again with the new context. */
  async settingsChanged(orgId: number, uid: string): Promise<void> {
    const affected = [...this.streams.values()].filter(
      ({ request }) => request.orgId === orgId && request.uid === uid,
    );
    for (const stream of affected) this.stop(stream);
    await Promise.all(affected.map(({ over }) => over));
    for (const { channel, request } of affected) {
      const context = this.around.contextOf(orgId, uid, request.user);
      if (context !== null) this.submit(channel, { ...request, context });
    }
  }

  async close(): Promise<void> {
    const all = [...this.streams.values()];
    for (const stream of all) this.stop(stream);
    await Promise.all(all.map(({ over }) => over));
  }

  private stop(stream: Managed): void {
    this.forget(stream);
    stream.stopping.abort();
    stream.running?.cancel();
  }

  private forget(stream: Managed): void {
    if (this.streams.get(stream.channel) === stream) this.streams.delete(stream.channel);
  }

  private watch(stream: Managed): () => void {
    let empty = 0;
    const timer = setInterval(() => {
      empty = this.around.subscribers(stream.channel) > 0 ? 0 : empty + 1;
      if (empty >= CHECKS) this.stop(stream);
    }, this.around.checkMs);
    return () => clearInterval(timer);
  }

  private async run(stream: Managed): Promise<void> {
    let fastErrors = 0;
    let delay = 0;
    for (;;) {
      const began = Date.now();
      const error = await this.once(stream);
      if (stream.stopping.signal.aborted || error === null) return;
      if (Date.now() - began < FAST_MS) {
        if (delay < MAX_DELAY_MS) {
          delay = fastErrors === 0 ? 0 : Math.min(MAX_DELAY_MS, COOL_DOWN_MS * 2 ** fastErrors);
        }
        fastErrors += 1;
      } else {
        delay = 0;
        fastErrors = 0;
      }
      if (!(await pause(delay, stream.stopping.signal))) return;
      const { orgId, uid, user } = stream.request;
      const context = this.around.contextOf(orgId, uid, user);
      if (context === null) return;
      stream.request = { ...stream.request, context };
    }
  }

  /** One RunStream, to its end: null when the backend ended it. */
  private once(stream: Managed): Promise<Error | null> {
    const { context, path, data } = stream.request;
    stream.runs += 1;
    return new Promise((resolve) => {
      stream.running = this.around.host.runStream(context, path, data, {
        onPacket: (packet) => {
          if (!stream.stopping.signal.aborted) this.around.publish(stream.channel, packet);
        },
        onEnd: (error) => {
          stream.running = null;
          resolve(error);
        },
      });
    });
  }
}

/** False: it was ended before. */
function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve(!signal.aborted);
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
