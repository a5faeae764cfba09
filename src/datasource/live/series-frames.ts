import {
  FieldType,
  type DataFrame,
  type Field,
  type FieldConfig,
  type QueryResultMetaNotice,
} from '@grafana/data';
import { frameMeta, withFrameMeta, type StreamKpiFrameMeta } from '../../frames/frame-meta';
import type { StreamKpiQuery } from '../query';
import type { LiveHead } from './live-channel';
import type { LiveState } from './live-connection';
import { forClosedWindows, forOpenWindows, holdsOpenWindows, OPEN_FIELD } from './open-windows';
import type { PointStore, Span } from './point-store';
import { compareLabels, dimensionOrder, seriesKey, seriesName, type Labels } from './series-labels';
import type { SeriesPoints } from './series-points';

/** What frames say besides their points. */
export interface FrameStatus {
  readonly head: LiveHead;
  readonly state: LiveState;
  /** Shown once, on the first frame. */
  readonly notices: readonly QueryResultMetaNotice[];
}

interface Drawn {
  readonly frame: DataFrame;
  readonly version: number;
  readonly first: number;
  readonly last: number;
  readonly count: number;
  readonly openFromMs: number | null;
  readonly frameStatus: FrameStatus;
  readonly isFirst: boolean;
}

/** One frame to draw: a series, or its closed or open windows where they are apart. */
interface Part {
  readonly key: string;
  readonly series: SeriesPoints;
  readonly windows: 'all' | 'closed' | 'open';
  readonly span: Span;
}

/** Minimum time between new frames of unchanged series. */
const CLOCK_MS = 1_000;

/**
 * The frames of one panel's series query, from the points that the page knows. The answers of the backend are the
 * model for units, names and metadata; a series that none of them had is drawn after the others' model. A frame
 * stays the same object while nothing in it changes.
 */
export class SeriesFrames {
  private models = new Map<string, DataFrame>();
  private anyModel: DataFrame | undefined;
  private empty: DataFrame | undefined;
  private listed: readonly Labels[] = [];
  private order: readonly string[] | undefined = [];
  private readonly drawn = new Map<string, Drawn>();
  private answeredNotices: readonly QueryResultMetaNotice[] = [];

  constructor(private readonly target: StreamKpiQuery) {}

  /** No answer has had a series yet, so the unit of one that appears live is unknown. */
  get hasNoModel(): boolean {
    return this.anyModel === undefined;
  }

  /** `own`: the answer to this panel's own query, so that its names and notices are the panel's. */
  learn(frames: readonly DataFrame[], own: boolean): void {
    const filled = frames.filter((frame) => valueOf(frame) !== undefined);
    const open = filled.filter(holdsOpenWindows);
    const closed = filled.filter((frame) => !holdsOpenWindows(frame));
    if (own) {
      // The last of a key stays: the closed windows, whose settings those of the open ones are made of.
      this.models = new Map([...open, ...closed].map((frame) => [seriesKey(labelsOf(frame)), frame]));
      this.empty = frames[0] ?? this.empty;
      this.answeredNotices = frames.flatMap((frame) => frame.meta?.notices ?? []);
    } else {
      this.empty ??= frames[0];
    }
    this.anyModel = filled[0] ?? this.anyModel;
    this.listed = filled.map(labelsOf);
    this.order = dimensionOrder(closed.map(labelsOf), open.map(labelsOf));
    this.drawn.clear();
  }

  render(store: PointStore, span: Span, frameStatus: FrameStatus): DataFrame[] {
    const series = [...store.series.entries()].map(([key, points]) => ({ key, series: points }));
    this.sort(series);
    const shown = this.partsOf(series, span)
      .map((part) => ({ part, ...part.series.extent(part.span.fromMs, part.span.toMs) }))
      .filter(({ count }) => count > 0);
    const present = new Set(shown.map(({ part }) => nameOfPart(part)));
    for (const name of this.drawn.keys()) if (!present.has(name)) this.drawn.delete(name);
    if (shown.length === 0) return this.renderEmpty(frameStatus);
    return shown.map(({ part, first, last, count }, index) => {
      const name = nameOfPart(part);
      const known = this.drawn.get(name);
      const { version, openFromMs } = part.series;
      const next = { version, first, last, count, openFromMs, frameStatus, isFirst: index === 0 };
      if (known !== undefined && isSame(known, next)) return known.frame;
      const keepsPoints = known !== undefined && hasSamePoints(known, next);
      const fields = keepsPoints ? known.frame.fields : this.fields(part);
      const frame = this.frame(part, fields, count, frameStatus, index === 0);
      this.drawn.set(name, { ...next, frame });
      return frame;
    });
  }

  /** In the backend's order: series of open windows follow all closed ones. */
  private partsOf(series: readonly { key: string; series: SeriesPoints }[], span: Span): Part[] {
    if (this.target.openWindows !== 'separate') {
      return series.map((one) => ({ ...one, windows: 'all', span }));
    }
    const border = ({ openFromMs }: SeriesPoints): number =>
      Math.min(span.toMs, Math.max(span.fromMs, openFromMs ?? span.toMs));
    return [
      ...series.map((one) => {
        return { ...one, windows: 'closed' as const, span: { ...span, toMs: border(one.series) } };
      }),
      ...series.map((one) => {
        return { ...one, windows: 'open' as const, span: { ...span, fromMs: border(one.series) } };
      }),
    ];
  }

  private sort(shown: { key: string; series: SeriesPoints }[]): void {
    const { order } = this;
    if (order === undefined) {
      // The backend's order is not to be explained: known series as it lists them, others after them.
      const rank = new Map(this.listed.map((labels, index) => [seriesKey(labels), index]));
      shown.sort(
        (a, b) => (rank.get(a.key) ?? Infinity) - (rank.get(b.key) ?? Infinity) || (a.key < b.key ? -1 : 1),
      );
      return;
    }
    const names = new Set(order);
    for (const { series } of shown) for (const name of Object.keys(series.labels).sort()) names.add(name);
    const all = [...names];
    shown.sort((a, b) => compareLabels(a.series.labels, b.series.labels, all));
  }

  private fields({ key, series, windows, span }: Part): Field[] {
    const own = this.models.get(key);
    const model = own ?? this.anyModel;
    const { times, values } = series.between(span.fromMs, span.toMs);
    const time = model?.fields[0];
    const value = model === undefined ? undefined : valueOf(model);
    const known = model !== undefined && holdsOpenWindows(model) ? forClosedWindows : asItIs;
    const config = known({ ...value?.config });
    if (own === undefined) config.displayNameFromDS = this.nameOf(series.labels);
    const hasLabels = Object.keys(series.labels).length > 0;
    return [
      { name: time?.name ?? 'Time', type: FieldType.time, config: { ...time?.config }, values: times },
      {
        name: windows === 'open' ? OPEN_FIELD : 'Value',
        type: FieldType.number,
        config: windows === 'open' ? forOpenWindows(config) : config,
        values,
        ...(hasLabels ? { labels: series.labels } : {}),
      },
    ];
  }

  private nameOf(labels: Labels): string {
    const model = this.anyModel ?? this.empty;
    const meta = model === undefined ? undefined : frameMeta(model);
    const metric = meta?.metric ?? this.target.metric ?? '';
    return seriesName(labels, {
      alias: this.target.alias,
      title: meta?.title ?? metric,
      words: { metric, measure: meta?.measure ?? '', stat: this.target.stat ?? '' },
    });
  }

  private frame(
    { key, series, windows }: Part,
    fields: Field[],
    length: number,
    frameStatus: FrameStatus,
    isFirst: boolean,
  ): DataFrame {
    const model = this.models.get(key) ?? this.anyModel ?? this.empty;
    const meta = this.meta(model, series.openFromMs, frameStatus, isFirst);
    const frame: DataFrame = {
      ...(model?.name === undefined ? {} : { name: model.name }),
      refId: this.target.refId,
      fields,
      length,
      meta,
    };
    return windows === 'open' ? withFrameMeta(frame, { open_windows: true }) : frame;
  }

  /** No series has a point in the range: one frame without fields, as the backend answers then. */
  private renderEmpty(frameStatus: FrameStatus): DataFrame[] {
    const model = this.empty ?? this.anyModel;
    return [
      { refId: this.target.refId, fields: [], length: 0, meta: this.meta(model, null, frameStatus, true) },
    ];
  }

  private meta(
    model: DataFrame | undefined,
    openFromMs: number | null,
    { head, state, notices }: FrameStatus,
    isFirst: boolean,
  ): NonNullable<DataFrame['meta']> {
    const said = model === undefined ? undefined : frameMeta(model);
    const {
      revisions: _,
      open_windows: _windows,
      removed: _removed,
      removed_revisions: _revisions,
      state_message: _said,
      ...kept
    } = said ?? {};
    const own: Partial<StreamKpiFrameMeta> = {
      ...kept,
      state: state.state,
      watermark_ms: head.watermarkMs,
      as_of_ms: head.asOfMs,
      open_from_ms: openFromMs,
      ...(state.message === undefined ? {} : { state_message: state.message }),
    };
    const { notices: _notices, ...rest } = model?.meta ?? {};
    const all = isFirst ? [...this.answeredNotices, ...notices] : [];
    return {
      ...rest,
      custom: { ...model?.meta?.custom, streamkpi: own },
      ...(all.length === 0 ? {} : { notices: all }),
    };
  }
}

const nameOfPart = ({ key, windows }: Part): string => `${windows} ${key}`;
const asItIs = (config: FieldConfig): FieldConfig => config;
const valueOf = (frame: DataFrame): Field | undefined => frame.fields[1];
const labelsOf = (frame: DataFrame): Labels => valueOf(frame)?.labels ?? {};

const hasSamePoints = (a: Omit<Drawn, 'frame'>, b: Omit<Drawn, 'frame'>): boolean =>
  a.version === b.version && a.first === b.first && a.last === b.last && a.count === b.count;

const isSame = (a: Omit<Drawn, 'frame'>, b: Omit<Drawn, 'frame'>): boolean =>
  hasSamePoints(a, b) &&
  a.openFromMs === b.openFromMs &&
  a.isFirst === b.isFirst &&
  isSameFrameStatus(a.frameStatus, b.frameStatus);

/** The clock and the watermark may lag a moment behind in what has not changed otherwise. */
export const isSameFrameStatus = (a: FrameStatus, b: FrameStatus): boolean =>
  a.state.state === b.state.state &&
  a.state.message === b.state.message &&
  Math.abs(b.head.asOfMs - a.head.asOfMs) < CLOCK_MS &&
  a.notices.length === b.notices.length &&
  a.notices.every((notice, i) => notice.text === b.notices[i]?.text);
