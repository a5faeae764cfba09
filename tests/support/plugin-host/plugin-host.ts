import { GrpcServices, type DataResponse } from './grpc-services';
import { hostFrame, type HostFrame } from './host-frame';
import type { PluginContext } from './plugin-context';
import { startPluginProcess, type PluginProcess, type PluginProcessOptions } from './plugin-process';

/** The data source's backend, called as Grafana's server calls it. One process; it may be killed and started again. */
export interface PluginHost {
  readonly process: PluginProcess;
  checkHealth(context: PluginContext, headers?: Headers): Promise<HealthAnswer>;
  /** Prometheus text. */
  collectMetrics(): Promise<string>;
  queryData(context: PluginContext, query: QueryCall): Promise<ReadonlyMap<string, QueryResult>>;
  callResource(context: PluginContext, path: string, options?: ResourceOptions): Promise<ResourceAnswer>;
  subscribeStream(context: PluginContext, path: string, data: unknown): Promise<SubscribeAnswer>;
  publishStream(context: PluginContext, path: string, data: unknown): Promise<SubscribeAnswer>;
  runStream(context: PluginContext, path: string, data: unknown, sink: StreamSink): RunningStream;
  kill9(): Promise<void>;
  /** A new process in place of the one that was killed or stopped. */
  restart(): Promise<void>;
  /** Asks it to end, as Grafana does. True when it did so by itself within two seconds. */
  stop(): Promise<boolean>;
}

type Headers = Readonly<Record<string, string>>;

export interface HealthAnswer {
  readonly status: 'UNKNOWN' | 'OK' | 'ERROR';
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface QueryCall {
  readonly fromMs: number;
  readonly toMs: number;
  /** The saved queries, by refId. */
  readonly queries: Readonly<Record<string, object>>;
  readonly maxDataPoints?: number;
  readonly intervalMs?: number;
  /** `FromAlert: true` makes it a rule's query. */
  readonly headers?: Headers;
}

export interface QueryResult {
  readonly frames: readonly HostFrame[];
  /** The same as the backend sent them, in Arrow's form. */
  readonly arrow: readonly Buffer[];
  /** Empty: no error. */
  readonly error: string;
  readonly status: number;
  readonly errorSource: string;
}

export interface ResourceOptions {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Headers;
}

export interface ResourceAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly text: string;
}

export interface SubscribeAnswer {
  readonly status: 'OK' | 'NOT_FOUND' | 'PERMISSION_DENIED';
  /** Initial data, parsed; null when there is none. */
  readonly data: unknown;
}

export interface StreamSink {
  /** One packet, as text: JSON for this data source. */
  onPacket(text: string): void;
  /** Null: the backend ended the stream by itself. Called once, also after cancel(). */
  onEnd(error: Error | null): void;
}

export interface RunningStream {
  cancel(): void;
}

export async function startPluginHost(options: PluginProcessOptions = {}): Promise<PluginHost> {
  let process = await startPluginProcess(options);
  let services = new GrpcServices(process.address);
  const streamCall = (context: PluginContext, path: string, data: unknown) => ({
    pluginContext: context,
    path,
    data: jsonBytes(data),
  });
  const replied = (answer: { status: SubscribeAnswer['status']; data: Buffer }): SubscribeAnswer => ({
    status: answer.status,
    data: answer.data.length === 0 ? null : (JSON.parse(answer.data.toString()) as unknown),
  });

  return {
    get process() {
      return process;
    },
    checkHealth: async (context, headers = {}) => {
      const answer = await services.ask('CheckHealth', { pluginContext: context, headers });
      const details = answer.jsonDetails.length === 0 ? '{}' : answer.jsonDetails.toString();
      return {
        status: answer.status,
        message: answer.message,
        details: JSON.parse(details) as Record<string, unknown>,
      };
    },
    collectMetrics: async () => {
      // Grafana's collector asks the process, not a data source: its context is empty.
      const nobody = {} as PluginContext;
      const answer = await services.ask('CollectMetrics', { pluginContext: nobody });
      return answer.metrics?.prometheus.toString() ?? '';
    },
    queryData: async (context, call) => {
      const { maxDataPoints = 1_000, intervalMs = 15_000 } = call;
      const answer = await services.ask('QueryData', {
        pluginContext: context,
        headers: call.headers ?? {},
        queries: Object.entries(call.queries).map(([refId, query]) => ({
          refId,
          maxDataPoints,
          intervalMS: intervalMs,
          timeRange: { fromEpochMS: call.fromMs, toEpochMS: call.toMs },
          json: jsonBytes({ refId, maxDataPoints, intervalMs, ...query }),
          queryType: '',
        })),
      });
      return new Map(Object.entries(answer.responses).map(([refId, one]) => [refId, queryResult(one)]));
    },
    callResource: (context, path, given = {}) =>
      new Promise((resolve, reject) => {
        const parts: Buffer[] = [];
        let head: { code: number; headers: Readonly<Record<string, { values: readonly string[] }>> } | null =
          null;
        const call = services.callResource({
          pluginContext: context,
          path: path.split('?')[0]!,
          method: given.method ?? 'GET',
          url: path,
          headers: Object.fromEntries(
            Object.entries(given.headers ?? {}).map(([name, value]) => [name, { values: [value] }]),
          ),
          body: given.body === undefined ? Buffer.alloc(0) : jsonBytes(given.body),
        });
        call.on(
          'data',
          (part: { code: number; headers: Record<string, { values: string[] }>; body: Buffer }) => {
            // Only the first part has a status and headers.
            head ??= part;
            parts.push(part.body);
          },
        );
        call.on('error', reject);
        call.on('end', () => {
          if (head === null) {
            reject(new Error(`CallResource ${path} ended without an answer`));
            return;
          }
          const headers = Object.entries(head.headers).map(([name, { values }]) => [name, values] as const);
          resolve({
            status: head.code,
            headers: Object.fromEntries(headers),
            text: Buffer.concat(parts).toString(),
          });
        });
      }),
    subscribeStream: async (context, path, data) =>
      replied(await services.ask('SubscribeStream', streamCall(context, path, data))),
    publishStream: async (context, path, data) =>
      replied(await services.ask('PublishStream', streamCall(context, path, data))),
    runStream: (context, path, data, sink) => {
      const call = services.runStream(streamCall(context, path, data));
      let over = false;
      const end = (error: Error | null): void => {
        if (over) return;
        over = true;
        sink.onEnd(error);
      };
      call.on('data', (packet: { readonly data: Buffer }) => {
        if (!over) sink.onPacket(packet.data.toString());
      });
      call.on('error', end);
      call.on('end', () => end(null));
      return { cancel: () => call.cancel() };
    },
    kill9: () => process.kill9(),
    restart: async () => {
      await process.kill9();
      process = await startPluginProcess(options);
      // Until now calls went to the one that is gone, and failed, as they do in Grafana.
      services.close();
      services = new GrpcServices(process.address);
    },
    stop: async () => {
      await services.shutdown();
      services.close();
      return process.ended(2_000);
    },
  };
}

function jsonBytes(value: unknown): Buffer {
  return value === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(value));
}

function queryResult(answer: DataResponse): QueryResult {
  return {
    frames: answer.frames.map((bytes) => hostFrame(bytes)),
    arrow: answer.frames,
    error: answer.error,
    status: answer.status,
    errorSource: answer.errorSource,
  };
}
