import type { DataFrame, Field, QueryResultMetaNotice } from '@grafana/data';
import { frameMeta, withFrameMeta, type StreamKpiFrameMeta } from '../../frames/frame-meta';
import type { StreamKpiQuery } from '../query';
import { conditionsOf, type EventConditions } from './event-conditions';
import type { EventStore } from './event-store';
import { labelOfColumn, type EventColumn } from './history-answer';
import type { Span } from './point-store';
import { isSameFrameStatus, type FrameStatus } from './series-frames';
import { compareLabels, seriesName, type Labels } from './series-labels';
import type { StreamEvent } from './stream-message';

/** The table of one panel's events query, from the events that the page knows, as pkg/frames/events.go makes it. */
export class EventFrames {
  private model: DataFrame | undefined;
  private notices: readonly QueryResultMetaNotice[] = [];
  private drawn: { frame: DataFrame; version: number; rows: string; frameStatus: FrameStatus } | undefined;

  private readonly conditions: EventConditions;

  constructor(private readonly target: StreamKpiQuery) {
    this.conditions = conditionsOf(target);
  }

  learn(frames: readonly DataFrame[], own: boolean): void {
    const [table] = frames;
    if (table === undefined || (!own && this.model !== undefined)) return;
    this.model = table;
    this.notices = own ? (table.meta?.notices ?? []) : [];
    this.drawn = undefined;
  }

  render(store: EventStore, span: Span, frameStatus: FrameStatus): DataFrame[] {
    const { model } = this;
    if (model === undefined) return [];
    const events = this.wanted(store.between(span));
    const rows = `${events.length} ${events[0]?.id ?? ''} ${events.at(-1)?.id ?? ''}`;
    const known = this.drawn;
    const keepsRows = known !== undefined && known.version === store.version && known.rows === rows;
    if (keepsRows && isSameFrameStatus(known.frameStatus, frameStatus)) return [known.frame];
    const fields = keepsRows ? known.frame.fields : this.fields(model, events);
    const frame = this.frame(model, fields, events, frameStatus);
    this.drawn = { frame, version: store.version, rows, frameStatus };
    return [frame];
  }

  /** Those that the query's own conditions leave, at most its limit. */
  private wanted(events: readonly StreamEvent[]): StreamEvent[] {
    const { matches, limit } = this.conditions;
    const names = this.labelNames();
    return events
      .filter(matches)
      .sort((a, b) => b.time_ms - a.time_ms || compareLabels(a.labels, b.labels, names))
      .slice(0, limit);
  }

  private labelNames(): string[] {
    return (this.model?.fields ?? []).flatMap((field) => labelOfColumn(field.name) ?? []);
  }

  private fields(model: DataFrame, events: readonly StreamEvent[]): Field[] {
    const title = this.titles(model);
    return model.fields.map((field): Field => {
      const label = labelOfColumn(field.name);
      const values =
        label === undefined
          ? events.map((event) => cell(field.name as EventColumn, event, title))
          : events.map((event) => event.labels[label] ?? '');
      return { name: field.name, type: field.type, config: field.config, values };
    });
  }

  private titles(model: DataFrame): (labels: Labels) => string {
    const meta = frameMeta(model);
    const metric = meta?.metric ?? this.target.metric ?? '';
    const { alias } = this.target;
    const title = meta?.title ?? metric;
    if (alias === undefined || alias === '') return () => title;
    return (labels) => seriesName(labels, { alias, title, words: { metric, measure: '', stat: '' } });
  }

  private frame(
    model: DataFrame,
    fields: Field[],
    events: readonly StreamEvent[],
    { head, state, notices }: FrameStatus,
  ): DataFrame {
    const { notices: _, ...meta } = model.meta ?? {};
    const all = [...this.notices, ...notices];
    const frame: DataFrame = {
      refId: this.target.refId,
      fields,
      length: events.length,
      meta: { ...meta, ...(all.length === 0 ? {} : { notices: all }) },
    };
    const changes: Partial<StreamKpiFrameMeta> = {
      state: state.state,
      watermark_ms: head.watermarkMs,
      as_of_ms: head.asOfMs,
      open_from_ms: oldestOpen(events),
      ...(state.message === undefined ? {} : { state_message: state.message }),
    };
    return withFrameMeta(frame, changes);
  }
}

function oldestOpen(events: readonly StreamEvent[]): number | null {
  const open = events.filter((event) => event.state === 'open').map((event) => event.time_ms);
  return open.length === 0 ? null : Math.min(...open);
}

function cell(
  column: EventColumn,
  event: StreamEvent,
  title: (labels: Labels) => string,
): string | number | null {
  switch (column) {
    case 'time':
      return event.time_ms;
    case 'timeEnd':
      return event.end_ms;
    case 'title':
      return title(event.labels);
    case 'text':
      return event.message;
    case 'tags':
      return tagsOf(event);
    case 'id':
      return event.id;
    case 'severity':
      return event.severity;
    case 'state':
      return event.state;
    case 'value':
      return event.value;
    case 'first_seen':
      return event.first_seen_ms;
    case 'updated':
      return event.updated_ms;
    case 'revision':
      return event.revision;
  }
}

/** The comma-separated text that Grafana's annotations split into tags. */
function tagsOf(event: StreamEvent): string {
  const labels = Object.keys(event.labels)
    .sort()
    .map((name) => `${name}:${event.labels[name] ?? ''}`.replaceAll(',', ' '));
  return [event.severity, event.state, ...labels].join(',');
}
