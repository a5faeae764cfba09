import { textFrame } from './frame';
import type { LiveEngine } from './live-engine';
import type { Drains, LiveSink } from './live-sink';
import { originalPoint } from './original-point';
import { Pace, type FlushLoad, type PaceOptions } from './pace';
import { RequestError } from '../domain/errors';
import type { Metric } from '../domain/metric';
import type { Progress } from '../domain/progress';
import type { Filter } from '../domain/selection';
import type { PointChange } from '../domain/store';
import type { Telemetry } from '../domain/telemetry';

/** Bytes written to one client before checking again whether it is writable. */
const CHUNK_BYTES = 65_536;

interface UpdateFrame {
  readonly key: string;
  readonly frame: Buffer;
}

/** A metric's updates for one tenant, serialised once and concatenated for few writes. */
interface UpdateFrames {
  readonly frames: readonly UpdateFrame[];
  readonly chunks: readonly { readonly bytes: Buffer; readonly first: number }[];
}

/**
 * `metric_update` messages of the original protocol: one per changed point, serialised once for all clients of a
 * tenant.
 */
export class OriginalFeed {
  private readonly tenants = new Map<string, TenantGroup>();
  private readonly pending = new Map<Metric, Map<string, PointChange>>();
  private readonly pace: Pace;

  constructor(
    private readonly engine: LiveEngine,
    private readonly telemetry: Telemetry,
    private readonly progressOf: (metric: string) => Progress,
    load: FlushLoad,
    pace: PaceOptions,
  ) {
    this.pace = new Pace(() => this.flush(), load, pace);
  }

  add(tenant: readonly Filter[], sink: LiveSink, refresh: () => void): OriginalSubscription {
    const key = JSON.stringify(tenant);
    let group = this.tenants.get(key);
    if (group === undefined) {
      group = { tenant, selects: new Map(), subscriptions: new Set() };
      this.tenants.set(key, group);
    }
    const { subscriptions } = group;
    const subscription = new OriginalSubscription(sink, this.telemetry, refresh, () => {
      subscriptions.delete(subscription);
      if (subscriptions.size === 0) this.tenants.delete(key);
    });
    subscriptions.add(subscription);
    return subscription;
  }

  changed(metric: Metric, changes: readonly PointChange[], nowMs: number): void {
    if (this.tenants.size === 0) return;
    let points = this.pending.get(metric);
    for (const change of changes) {
      if (change.removed || change.endMs + metric.retentionMs <= nowMs) continue;
      if (points === undefined) {
        points = new Map();
        this.pending.set(metric, points);
      }
      points.set(`${change.seriesId}:${change.startMs}`, change);
    }
    if (points !== undefined) this.pace.touch();
  }

  /** Makes all clients reload with `current_state`. */
  resyncAll(reason: string): void {
    this.pending.clear();
    for (const group of this.tenants.values())
      for (const subscription of group.subscriptions) subscription.lose(reason);
  }

  close(): void {
    this.pace.stop();
  }

  private flush(): undefined {
    const pending = [...this.pending];
    this.pending.clear();
    for (const [metric, points] of pending) {
      const frames = this.serialise(metric, points);
      const everything = glue(frames.map((one) => one.frame));
      for (const group of this.tenants.values()) {
        const updates = group.tenant.length === 0 ? everything : glue(this.visible(group, metric, frames));
        if (updates.frames.length === 0) continue;
        for (const subscription of group.subscriptions) subscription.take(metric.name, updates);
      }
    }
    return undefined;
  }

  private serialise(
    metric: Metric,
    points: ReadonlyMap<string, PointChange>,
  ): { change: PointChange; frame: UpdateFrame }[] {
    const progress = this.progressOf(metric.name);
    const name = JSON.stringify(metric.name);
    const frames: { change: PointChange; frame: UpdateFrame }[] = [];
    for (const [key, change] of points) {
      const stored = { ...change, measure: (index: number) => change.measures[index] };
      const point = originalPoint(metric, stored, progress);
      if (point === null) continue;
      const data = JSON.stringify(point).slice(1);
      const text = `{"type":"metric_update","data":{"metric_name":${name},${data},"timestamp":"${point.timestamp}"}`;
      frames.push({ change, frame: { key: `${metric.name}:${key}`, frame: textFrame(text) } });
    }
    return frames;
  }

  private visible(
    group: TenantGroup,
    metric: Metric,
    frames: readonly { change: PointChange; frame: UpdateFrame }[],
  ): UpdateFrame[] {
    let selects = group.selects.get(metric.name);
    if (selects === undefined) {
      selects = selectsFor(this.engine, metric.name, group.tenant);
      group.selects.set(metric.name, selects);
    }
    const seen = selects;
    return frames.filter(({ change }) => seen(change.values)).map(({ frame }) => frame);
  }
}

/** Predicate for the series of a metric that a tenant may see; undefined when the metric is hidden. */
export function selectsFor(
  engine: LiveEngine,
  metric: string,
  tenant: readonly Filter[],
): (values: readonly string[]) => boolean {
  try {
    return engine.plan({ metric }, tenant).selects;
  } catch (error) {
    if (error instanceof RequestError) return () => false;
    throw error;
  }
}

interface TenantGroup {
  readonly tenant: readonly Filter[];
  readonly selects: Map<string, (values: readonly string[]) => boolean>;
  readonly subscriptions: Set<OriginalSubscription>;
}

function glue(frames: readonly UpdateFrame[]): UpdateFrames {
  const chunks: { bytes: Buffer; first: number }[] = [];
  let first = 0;
  let size = 0;
  const cut = (end: number): void => {
    if (end > first)
      chunks.push({ bytes: Buffer.concat(frames.slice(first, end).map((f) => f.frame)), first });
    first = end;
    size = 0;
  };
  frames.forEach(({ frame }, index) => {
    if (size > 0 && size + frame.length > CHUNK_BYTES) cut(index);
    size += frame.length;
  });
  cut(frames.length);
  return { frames, chunks };
}

/** One client of the original protocol. Holds updates back until its `current_state` is sent, and while it lags. */
export class OriginalSubscription implements Drains {
  private state: 'waiting' | 'live' | 'lost' | 'ended' = 'waiting';
  private metrics: Set<string> | null = null;
  private pending: Map<string, Buffer> | null = null;
  private missed: string | null = null;

  constructor(
    private readonly sink: LiveSink,
    private readonly telemetry: Telemetry,
    private readonly refresh: () => void,
    private readonly onEnd: () => void,
  ) {}

  /** Messages waiting until the client is writable. */
  get unsent(): number {
    return this.pending?.size ?? 0;
  }

  /** After the first call only these metrics are sent; null is an extended subscription, which adds none. */
  only(metric: string | null): void {
    this.metrics ??= new Set();
    if (metric !== null) this.metrics.add(metric);
  }

  /** False when the metric was not subscribed to by the original protocol. */
  drop(metric: string): boolean {
    return this.metrics?.delete(metric) ?? false;
  }

  take(metric: string, updates: UpdateFrames): void {
    if (this.state === 'ended' || (this.metrics !== null && !this.metrics.has(metric))) return;
    if (this.state === 'lost') {
      this.telemetry.messagesDropped(updates.frames.length);
      return;
    }
    for (const chunk of updates.chunks) {
      if (this.state === 'live' && this.pending === null && this.sink.writable) {
        this.sink.send(chunk.bytes);
      } else {
        this.keep(updates.frames.slice(chunk.first));
        return;
      }
    }
  }

  /** Called when reading of `current_state` begins. */
  stateBegins(): void {
    this.missed = null;
  }

  /**
   * Called when `current_state` is sent; newer updates follow. False when updates were missed and it must be read
   * again.
   */
  stateSent(): boolean {
    if (this.state !== 'waiting') return true;
    if (this.missed !== null) return false;
    this.state = 'live';
    if (this.pending !== null) this.sink.waitFor(this);
    return true;
  }

  drain(): void {
    if (this.state === 'lost') {
      this.state = 'waiting';
      const reason = this.missed ?? 'slow_client';
      this.telemetry.resyncs(reason);
      this.sink.sendText(JSON.stringify({ type: 'resync', reason }));
      this.refresh();
    } else if (this.state === 'live' && this.pending !== null) {
      const frames = [...this.pending.values()];
      this.releasePending();
      this.sink.send(Buffer.concat(frames));
    }
  }

  lose(reason: string): void {
    this.releasePending();
    if (this.state === 'ended') return;
    this.missed = reason;
    if (this.state === 'waiting') return;
    this.state = 'lost';
    this.sink.waitFor(this);
  }

  end(): void {
    if (this.state === 'ended') return;
    this.state = 'ended';
    this.releasePending();
    this.onEnd();
  }

  private keep(frames: readonly UpdateFrame[]): void {
    this.pending ??= new Map();
    const before = this.pending.size;
    for (const { key, frame } of frames) this.pending.set(key, frame);
    const grown = this.pending.size - before;
    this.telemetry.pointsConflated(frames.length - grown);
    if (!this.sink.reserve(grown)) {
      this.telemetry.messagesDropped(this.pending.size);
      this.lose('slow_client');
    } else if (this.state === 'live') this.sink.waitFor(this);
  }

  private releasePending(): void {
    if (this.pending !== null) this.sink.reserve(-this.pending.size);
    this.pending = null;
  }
}
