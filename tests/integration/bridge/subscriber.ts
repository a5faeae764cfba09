/** A client's copy of a selection over the WebSocket, kept for as long as the test runs, through every reconnect. */
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { createRandom } from '../../support/seeded-random';
import { pointId, type HeldPoint, type QueryAnswer, type Selection } from './bridge-rig';

interface WireMessage {
  readonly type: string;
  readonly id?: string;
  readonly seq?: number;
  readonly store_epoch?: string;
  readonly series?: QueryAnswer['series'];
  readonly code?: string;
  readonly message?: string;
}

const SUBSCRIPTION = 'watched';
const MAX_FAULTS = 20;

/**
 * The rules that hold for whoever watches points: under one store epoch a point never goes back to a lower revision,
 * and one revision has one value.
 */
export class RevisionWatch {
  readonly faults: string[] = [];
  private epoch = '';
  private readonly past = new Set<string>();
  private readonly seen = new Map<string, HeldPoint>();

  constructor(private readonly who: string) {}

  note(epoch: string, points: Iterable<readonly [string, HeldPoint]>): void {
    if (epoch !== this.epoch) {
      if (this.past.has(epoch)) this.fault(`store epoch ${epoch} is back`);
      this.past.add(this.epoch);
      this.epoch = epoch;
      this.seen.clear();
    }
    for (const [id, point] of points) {
      const before = this.seen.get(id);
      if (before !== undefined && point.revision < before.revision) {
        this.fault(`${id} went back from revision ${before.revision} to ${point.revision}`);
      } else if (before?.revision === point.revision && before.value !== point.value) {
        this.fault(`${id} has ${before.value} and ${point.value} in revision ${point.revision}`);
      }
      this.seen.set(id, point);
    }
  }

  fault(what: string): void {
    if (this.faults.length < MAX_FAULTS) this.faults.push(`${this.who}: ${what}`);
  }
}

export interface SubscriberReport {
  readonly connections: number;
  readonly updates: number;
  readonly resyncs: number;
  readonly snapshots: number;
}

export class Subscriber {
  readonly points = new Map<string, HeldPoint>();
  readonly epochs: string[] = [];
  connections = 0;
  updates = 0;
  resyncs = 0;
  snapshots = 0;
  lastMessageMs = 0;
  private socket: WebSocket | null = null;
  private closed = false;
  private synced = false;
  private seq = 0;
  private epoch = '';
  private readonly watch: RevisionWatch;

  constructor(
    name: string,
    /** Where to connect next; asked at each connection, so that a client may change its bridge. */
    private readonly url: () => string,
    private readonly selection: Pick<Selection, 'metric' | 'filters' | 'fromMs'>,
    /** Whether a point, by its id, is one of the selection. */
    private readonly isSelected: (id: string) => boolean = () => true,
  ) {
    this.watch = new RevisionWatch(name);
    this.connect();
  }

  get faults(): readonly string[] {
    return this.watch.faults;
  }

  /** True while the copy is what the bridge says it should be. */
  get inSync(): boolean {
    return this.synced;
  }

  report(): SubscriberReport {
    const { connections, updates, resyncs, snapshots } = this;
    return { connections, updates, resyncs, snapshots };
  }

  /** Cuts the connection without a word; a new one is made soon. */
  cut(): void {
    this.socket?.terminate();
  }

  /** Cuts it at random moments, `meanMs` apart on average, until close(). */
  async cutAtRandom(seed: number, meanMs: number): Promise<void> {
    const random = createRandom(seed);
    while (!this.closed) {
      await sleep(random() * 2 * meanMs);
      this.cut();
    }
  }

  close(): void {
    this.closed = true;
    this.socket?.terminate();
  }

  private connect(): void {
    if (this.closed) return;
    const socket = new WebSocket(this.url(), { perMessageDeflate: false });
    this.socket = socket;
    this.synced = false;
    socket.on('open', () => {
      this.connections += 1;
      const { metric, filters, fromMs } = this.selection;
      socket.send(
        JSON.stringify({
          type: 'subscribe_metric',
          id: SUBSCRIPTION,
          metric_name: metric,
          from_ms: fromMs,
          ...(filters === undefined ? {} : { filters }),
        }),
      );
    });
    socket.on('message', (data: Buffer) => this.take(JSON.parse(data.toString()) as WireMessage));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.synced = false;
      if (!this.closed) setTimeout(() => this.connect(), 100).unref();
    });
  }

  private take(message: WireMessage): void {
    this.lastMessageMs = Date.now();
    const { type, series = [] } = message;
    if (type === 'error' && message.id === SUBSCRIPTION) {
      // The store may be away at this moment; whoever was refused tries again.
      this.cut();
      return;
    }
    if (message.id !== SUBSCRIPTION) return;
    if (type === 'resync') {
      this.resyncs += 1;
      this.synced = false;
    } else if (type === 'subscribed') {
      this.snapshots += 1;
      this.synced = true;
      this.seq = 0;
      if (message.store_epoch !== this.epoch) this.epochs.push(message.store_epoch!);
      this.epoch = message.store_epoch!;
      this.points.clear();
      this.hold(series);
    } else if (type === 'series_update') {
      this.updates += 1;
      this.seq += 1;
      if (!this.synced) this.watch.fault('an update between resync and subscribed');
      if (message.seq !== this.seq) this.watch.fault(`seq ${message.seq ?? 'none'} where ${this.seq} is due`);
      this.hold(series);
    }
  }

  private hold(series: QueryAnswer['series']): void {
    const told: [string, HeldPoint][] = [];
    for (const { labels, times, values, revisions, removed, removed_revisions: gone } of series) {
      times.forEach((time, i) => {
        told.push([pointId(labels, time), { value: values[i]!, revision: revisions[i]! }]);
      });
      removed?.forEach((time, i) => {
        told.push([pointId(labels, time), { value: 'removed', revision: gone![i]! }]);
      });
    }
    for (const [id] of told) if (!this.isSelected(id)) this.watch.fault(`${id} is not of its selection`);
    this.watch.note(this.epoch, told);
    for (const [id, point] of told) this.points.set(id, point);
  }
}
