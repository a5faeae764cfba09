import {
  FieldType,
  LoadingState,
  type DataFrame,
  type DataQueryError,
  type DataQueryResponse,
  type Field,
  type QueryResultMetaNotice,
} from '@grafana/data';
import { Observable } from 'rxjs';
import type { LiveMeta, StreamKpiFrameMeta } from '../../frames/frame-meta';
import type { EVENT_COLUMNS } from '../live/history-answer';
import type { LiveRequest } from '../live/ports';
import { seriesKey, type Labels } from '../live/series-labels';
import type { StreamEvent } from '../live/stream-message';
import type { StreamKpiQuery } from '../query';

interface Point {
  value: number | null;
  revision: number;
}

/** An update of the stream as the wire has it. */
export interface WireSeries {
  readonly labels: Labels;
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
  readonly revisions: readonly number[];
  readonly removed?: readonly number[];
  readonly removed_revisions?: readonly number[];
  readonly open_from_ms?: number | null;
}

export const PATH = `v1/${'a'.repeat(40)}`;
const QUERY = JSON.stringify({ metric: 'events', step_ms: 60_000 });

/** What lies behind a data source: points and events with revisions, and answers to questions about them. */
export class FakeBackend {
  readonly asked: LiveRequest[] = [];
  mode: LiveMeta['mode'] = 'points';
  path = PATH;
  epoch = 'epoch-1';
  watermarkMs: number | null = null;
  unit: string | undefined;
  notices: QueryResultMetaNotice[] = [];
  /** Instead of the next answers. */
  fault: DataQueryError | undefined;
  /** The browser is offline, which Grafana reports as an answer without frames and without an error. */
  isOffline = false;
  /** Answers are computed on request and held until released. */
  holds = false;
  private readonly held: (() => void)[] = [];
  private revision = 0;
  private series = new Map<
    string,
    { labels: Labels; points: Map<number, Point>; removed: Map<number, number> }
  >();
  private openFrom = new Map<string, number>();
  private events = new Map<string, StreamEvent>();

  /** Writes a point and returns its update message. */
  write(labels: Labels, time: number, value: number | null, openFromMs: number | null = null): WireSeries {
    const entry = this.entryOf(labels);
    this.revision += 1;
    entry.points.set(time, { value, revision: this.revision });
    entry.removed.delete(time);
    this.setOpen(labels, openFromMs);
    return {
      labels,
      times: [time],
      values: [value],
      revisions: [this.revision],
      open_from_ms: openFromMs,
    };
  }

  remove(labels: Labels, time: number): WireSeries {
    const entry = this.entryOf(labels);
    this.revision += 1;
    entry.points.delete(time);
    entry.removed.set(time, this.revision);
    this.setOpen(labels, null);
    const removed = { removed: [time], removed_revisions: [this.revision] };
    return { labels, times: [], values: [], revisions: [], ...removed };
  }

  /** A point passes its retention: no message is sent. */
  expire(labels: Labels, time: number): void {
    this.entryOf(labels).points.delete(time);
  }

  raise(event: Partial<StreamEvent> & Pick<StreamEvent, 'id' | 'time_ms'>): StreamEvent {
    this.revision += 1;
    const known = this.events.get(event.id);
    const whole: StreamEvent = {
      end_ms: event.time_ms + 300_000,
      first_seen_ms: event.time_ms,
      updated_ms: event.time_ms,
      severity: 'warning',
      message: `High activity detected for user ${event.id}`,
      labels: { user_id: event.id },
      value: 101,
      state: 'open',
      ...known,
      ...event,
      revision: this.revision,
    };
    this.events.set(event.id, whole);
    return whole;
  }

  /** An event passes its retention: no message is sent. */
  expireEvent(id: string): void {
    this.events.delete(id);
  }

  /** The store was lost and restarts its revisions. */
  loseStore(epoch: string): void {
    this.epoch = epoch;
    this.revision = 0;
    this.series = new Map();
    this.openFrom = new Map();
    this.events = new Map();
    this.watermarkMs = null;
  }

  release(): void {
    for (const give of this.held.splice(0)) give();
  }

  readonly history = (request: LiveRequest): Observable<DataQueryResponse> =>
    new Observable((subscriber) => {
      this.asked.push(request);
      const response = this.respond(request);
      const give = () => {
        subscriber.next(response);
        subscriber.complete();
      };
      if (this.holds) this.held.push(give);
      else give();
    });

  /** Every point that there is, by the names of the series: what a panel must come to show. */
  truth(fromMs = -Infinity, toMs = Infinity): Record<string, [number, number | null][]> {
    const shown: Record<string, [number, number | null][]> = {};
    for (const [key, { points }] of this.series) {
      const kept = [...points].filter(([time]) => time >= fromMs && time < toMs).sort(([a], [b]) => a - b);
      if (kept.length > 0) shown[key] = kept.map(([time, { value }]) => [time, value]);
    }
    return shown;
  }

  private respond({ targets, range }: LiveRequest): DataQueryResponse {
    if (this.isOffline) return { data: [] };
    if (this.fault !== undefined) {
      const { fault } = this;
      const errors = targets.map(({ refId }) => ({ refId, ...fault }));
      return { data: [], errors, error: errors[0]!, state: LoadingState.Error };
    }
    const [fromMs, toMs] = [range.from.valueOf(), range.to.valueOf()];
    return { data: targets.flatMap((target) => this.framesFor(target, fromMs, toMs)) };
  }

  private framesFor(target: StreamKpiQuery, fromMs: number, toMs: number): DataFrame[] {
    const { kind = 'series' } = target;
    if (kind === 'events') return [this.eventsTable(target, fromMs, toMs)];
    if (kind === 'series') return this.seriesFrames(target, fromMs, toMs);
    return [this.number(target)];
  }

  private seriesFrames(target: StreamKpiQuery, fromMs: number, toMs: number): DataFrame[] {
    const frames = [...this.series].flatMap(([key, { labels, points, removed }]) => {
      const inRange = (time: number): boolean => time >= fromMs && time < toMs;
      const shown = [...points].filter(([time]) => inRange(time)).sort(([a], [b]) => a - b);
      if (shown.length === 0) return [];
      const gone = [...removed].filter(([time]) => inRange(time));
      const fields: Field[] = [
        { name: 'Time', type: FieldType.time, config: {}, values: shown.map(([time]) => time) },
        {
          name: 'Value',
          type: FieldType.number,
          config: {
            ...(this.unit === undefined ? {} : { unit: this.unit }),
            displayNameFromDS: Object.values(labels)[0] ?? 'Events',
          },
          labels,
          values: shown.map(([, { value }]) => value),
        },
      ];
      const revisions =
        target.withRevisions === true
          ? {
              revisions: shown.map(([, { revision }]) => revision),
              removed: gone.map(([time]) => time),
              removed_revisions: gone.map(([, revision]) => revision),
            }
          : {};
      const meta = { ...this.meta(target), open_from_ms: this.openFrom.get(key) ?? null, ...revisions };
      return [this.frame(target, fields, meta)];
    });
    const [first, ...others] = frames;
    if (first === undefined) return [this.frame(target, [], this.meta(target))];
    return [{ ...first, meta: { ...first.meta, ...this.noticesMeta() } }, ...others];
  }

  private eventsTable(target: StreamKpiQuery, fromMs: number, toMs: number): DataFrame {
    const { eventState = 'all', openWindows } = target;
    const state = eventState === 'all' && openWindows === 'exclude' ? 'resolved' : eventState;
    const rows = [...this.events.values()]
      .filter(({ time_ms }) => time_ms >= fromMs && time_ms < toMs)
      .filter((event) => state === 'all' || event.state === state)
      .filter(({ severity }) => target.severities?.some((one) => one === severity) ?? true)
      .sort((a, b) => b.time_ms - a.time_ms)
      .slice(0, target.limit ?? 1000);
    const columns: Record<(typeof EVENT_COLUMNS)[number] | 'user_id', (event: StreamEvent) => unknown> = {
      time: (event) => event.time_ms,
      timeEnd: (event) => event.end_ms,
      title: () => 'High activity',
      text: (event) => event.message,
      tags: (event) => event.severity,
      id: (event) => event.id,
      severity: (event) => event.severity,
      state: (event) => event.state,
      value: (event) => event.value,
      first_seen: (event) => event.first_seen_ms,
      updated: (event) => event.updated_ms,
      revision: (event) => event.revision,
      user_id: (event) => event.labels['user_id'] ?? '',
    };
    const fields = Object.entries(columns).map(([name, read]): Field => ({
      name,
      type: FieldType.other,
      config: {},
      values: rows.map(read),
    }));
    return this.frame(target, fields, { ...this.meta(target), kind: 'events' });
  }

  /** How many points there are, as a summary of one number. */
  private number(target: StreamKpiQuery): DataFrame {
    const count = Object.values(this.truth()).flat().length;
    const fields: Field[] = [{ name: 'last', type: FieldType.number, config: {}, values: [count] }];
    return this.frame(target, fields, { ...this.meta(target), kind: target.kind ?? 'series' });
  }

  private frame(target: StreamKpiQuery, fields: Field[], meta: StreamKpiFrameMeta): DataFrame {
    const length = fields[0]?.values.length ?? 0;
    return { refId: target.refId, fields, length, meta: { custom: { streamkpi: meta } } };
  }

  private meta(target: StreamKpiQuery): StreamKpiFrameMeta {
    return {
      version: 1,
      kind: 'series',
      state: 'static',
      watermark_ms: this.watermarkMs,
      open_from_ms: null,
      as_of_ms: Date.now(),
      metric: target.metric ?? '',
      title: 'Events',
      store_epoch: this.epoch,
      ...(target.live === false ? {} : { live: this.liveMeta() }),
    };
  }

  private liveMeta(): LiveMeta {
    if (this.mode === 'poll') return { mode: 'poll', poll_ms: 5_000 };
    return { mode: this.mode, path: this.path, query: QUERY };
  }

  private noticesMeta(): { notices?: QueryResultMetaNotice[] } {
    return this.notices.length === 0 ? {} : { notices: this.notices };
  }

  private setOpen(labels: Labels, openFromMs: number | null): void {
    if (openFromMs === null) this.openFrom.delete(seriesKey(labels));
    else this.openFrom.set(seriesKey(labels), openFromMs);
  }

  private entryOf(labels: Labels) {
    const key = seriesKey(labels);
    const known = this.series.get(key);
    if (known !== undefined) return known;
    const fresh = { labels, points: new Map<number, Point>(), removed: new Map<number, number>() };
    this.series.set(key, fresh);
    return fresh;
  }
}
