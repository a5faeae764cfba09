import { join } from 'node:path';
import {
  credentials,
  loadPackageDefinition,
  type Client,
  type ClientReadableStream,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { PluginContext } from './plugin-context';

/** gRPC clients of the services that a data source with streams has; messages as in backend.proto. */

interface Call {
  readonly pluginContext: PluginContext;
  readonly headers?: Readonly<Record<string, string>>;
}
export interface StringList {
  readonly values: readonly string[];
}
export interface Messages {
  CheckHealth: {
    request: Call;
    answer: {
      readonly status: 'UNKNOWN' | 'OK' | 'ERROR';
      readonly message: string;
      readonly jsonDetails: Buffer;
    };
  };
  CollectMetrics: {
    request: Call;
    answer: { readonly metrics: { readonly prometheus: Buffer } | null };
  };
  QueryData: {
    request: Call & {
      readonly queries: readonly {
        readonly refId: string;
        readonly maxDataPoints: number;
        readonly intervalMS: number;
        readonly timeRange: { readonly fromEpochMS: number; readonly toEpochMS: number };
        readonly json: Buffer;
        readonly queryType: string;
      }[];
    };
    answer: { readonly responses: Readonly<Record<string, DataResponse>> };
  };
  SubscribeStream: { request: StreamCall; answer: StreamReply };
  PublishStream: { request: StreamCall; answer: StreamReply };
}
export interface DataResponse {
  readonly frames: readonly Buffer[];
  readonly error: string;
  readonly jsonMeta: Buffer;
  readonly status: number;
  readonly errorSource: string;
}
export interface StreamCall extends Call {
  readonly path: string;
  readonly data: Buffer;
}
export interface StreamReply {
  readonly status: 'OK' | 'NOT_FOUND' | 'PERMISSION_DENIED';
  readonly data: Buffer;
}
export interface ResourceCall {
  readonly pluginContext: PluginContext;
  readonly path: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, StringList>>;
  readonly body: Buffer;
}
export interface ResourcePart {
  readonly code: number;
  readonly headers: Readonly<Record<string, StringList>>;
  readonly body: Buffer;
}

const SERVICE_OF: Readonly<Record<keyof Messages, ServiceName>> = {
  CheckHealth: 'Diagnostics',
  CollectMetrics: 'Diagnostics',
  QueryData: 'Data',
  SubscribeStream: 'Stream',
  PublishStream: 'Stream',
};
type ServiceName = 'Diagnostics' | 'Data' | 'Resource' | 'Stream';
const SERVICES: readonly ServiceName[] = ['Diagnostics', 'Data', 'Resource', 'Stream'];

type Constructor = new (address: string, creds: unknown, options: object) => Client;
type Done = (error: ServiceError | null, answer: unknown) => void;
type Unary = (request: unknown, options: object, done: Done) => void;
type Streaming = (request: unknown) => ClientReadableStream<unknown>;

const loaded = loadPackageDefinition(
  loadSync([join(__dirname, 'backend.proto'), join(__dirname, 'controller.proto')], {
    keepCase: true,
    longs: Number,
    enums: String,
    defaults: true,
  }),
) as unknown as {
  readonly pluginv2: Readonly<Record<ServiceName, Constructor>>;
  readonly plugin: { readonly GRPCController: Constructor };
};

export class GrpcServices {
  private readonly clients: ReadonlyMap<ServiceName, Client>;
  private readonly controller: Client;

  constructor(address: string) {
    // Grafana bounds neither way either; a plugin's answers may be large.
    const options = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 };
    const creds = credentials.createInsecure();
    this.clients = new Map(
      SERVICES.map((name) => [name, new loaded.pluginv2[name](address, creds, options)] as const),
    );
    this.controller = new loaded.plugin.GRPCController(address, creds, options);
  }

  /** One question, one answer. Rejects with gRPC's error, whose `code` says what kind it is. */
  ask<K extends keyof Messages>(
    method: K,
    request: Messages[K]['request'],
    timeoutMs = 60_000,
  ): Promise<Messages[K]['answer']> {
    return this.unary(this.client(SERVICE_OF[method]), method, request, timeoutMs) as Promise<
      Messages[K]['answer']
    >;
  }

  callResource(request: ResourceCall): ClientReadableStream<ResourcePart> {
    return this.stream('Resource', 'CallResource', request) as ClientReadableStream<ResourcePart>;
  }

  runStream(request: StreamCall): ClientReadableStream<{ readonly data: Buffer }> {
    return this.stream('Stream', 'RunStream', request) as ClientReadableStream<{ readonly data: Buffer }>;
  }

  /** Asks the process to end. The answer may fail to come, because it has ended. */
  async shutdown(): Promise<void> {
    await this.unary(this.controller, 'Shutdown', {}, 2_000).catch(() => undefined);
  }

  close(): void {
    for (const client of this.clients.values()) client.close();
    this.controller.close();
  }

  private client(name: ServiceName): Client {
    return this.clients.get(name)!;
  }

  private unary(client: Client, method: string, request: unknown, timeoutMs: number): Promise<unknown> {
    const call = (client as unknown as Readonly<Record<string, Unary>>)[method]!.bind(client);
    return new Promise((resolve, reject) => {
      call(request, { deadline: Date.now() + timeoutMs }, (error, answer) => {
        if (error === null) resolve(answer);
        else reject(error);
      });
    });
  }

  private stream(service: ServiceName, method: string, request: unknown): ClientReadableStream<unknown> {
    const client = this.client(service);
    return (client as unknown as Readonly<Record<string, Streaming>>)[method]!.call(client, request);
  }
}
