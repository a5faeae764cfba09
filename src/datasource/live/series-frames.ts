import { FieldType, type DataFrame, type Field, type QueryResultMetaNotice } from '@grafana/data';
import { frameMeta, type StreamKpiFrameMeta } from '../../frames/frame-meta';
import type { StreamKpiQuery } from '../query';
import type { LiveHead } from './live-channel';
import type { LiveState } from './live-connection';
import type { PointStore, Span } from './point-store';
import { compareLabels, dimensionOrder, seriesKey, seriesName, type Labels } from './series-labels';
import type { SeriesPoints } from './series-points';

/** What frames say besides their points. */
export interface Telling {
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
  readonly telling: Telling;
  readonly isFirst: boolean;
}

/** The clock alone makes new frames of unchanged series only so often. */
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

  /** No answer has had a series yet, so that nothing tells the unit of one that appears live. */
  get hasNoModel(): boolean {
    return this.anyModel === undefined;
  }

  /** `own`: asked with this panel's own query, so that its names and notices are the panel's. */
  learn(frames: readonly DataFrame[], own: boolean): void {
    const filled = frames.filter((frame) => valueOf(frame) !== undefined);
    if (own) {
      this.models = new Map(filled.map((frame) => [seriesKey(labelsOf(frame)), frame]));
      this.empty = frames[0] ?? this.empty;
      this.answeredNotices = frames.flatMap((frame) => frame.meta?.notices ?? []);
    } else {
      this.empty ??= frames[0];
    }
    this.anyModel = filled[0] ?? this.anyModel;
    this.listed = filled.map(labelsOf);
    this.order = dimensionOrder(this.listed);
    this.drawn.clear();
  }

  render(store: PointStore, span: Span, telling: Telling): DataFrame[] {
    const shown = [...store.series.entries()]
      .map(([key, series]) => ({ key, series, ...series.extent(span.fromMs, span.toMs) }))
      .filter(({ count }) => count > 0);
    this.sort(shown);
    const present = new Set(shown.map(({ key }) => key));
    for (const key of this.drawn.keys()) if (!present.has(key)) this.drawn.delete(key);
    if (shown.length === 0) return this.renderEmpty(telling);
    return shown.map(({ key, series, first, last, count }, index) => {
      const known = this.drawn.get(key);
      const { version, openFromMs } = series;
      const next = { version, first, last, count, openFromMs, telling, isFirst: index === 0 };
      if (known !== undefined && isSame(known, next)) return known.frame;
      const keepsPoints = known !== undefined && hasSamePoints(known, next);
      const fields = keepsPoints ? known.frame.fields : this.fields(key, series, span);
      const frame = this.frame(key, fields, count, openFromMs, telling, index === 0);
      this.drawn.set(key, { ...next, frame });
      return frame;
    });
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

  private fields(key: string, series: SeriesPoints, span: Span): Field[] {
    const own = this.models.get(key);
    const model = own ?? this.anyModel;
    const { times, values } = series.between(span.fromMs, span.toMs);
    const time = model?.fields[0];
    const value = model === undefined ? undefined : valueOf(model);
    const displayNameFromDS =
      own === undefined ? this.nameOf(series.labels) : value?.config.displayNameFromDS;
    const hasLabels = Object.keys(series.labels).length > 0;
    return [
      { name: time?.name ?? 'Time', type: FieldType.time, config: { ...time?.config }, values: times },
      {
        name: value?.name ?? 'Value',
        type: FieldType.number,
        config: { ...value?.config, ...(displayNameFromDS === undefined ? {} : { displayNameFromDS }) },
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
    key: string,
    fields: Field[],
    length: number,
    openFromMs: number | null,
    telling: Telling,
    isFirst: boolean,
  ): DataFrame {
    const model = this.models.get(key) ?? this.anyModel ?? this.empty;
    return {
      ...(model?.name === undefined ? {} : { name: model.name }),
      refId: this.target.refId,
      fields,
      length,
      meta: this.meta(model, openFromMs, telling, isFirst),
    };
  }

  /** No series has a point in the range: one frame without fields, as the backend answers then. */
  private renderEmpty(telling: Telling): DataFrame[] {
    const model = this.empty ?? this.anyModel;
    return [{ refId: this.target.refId, fields: [], length: 0, meta: this.meta(model, null, telling, true) }];
  }

  private meta(
    model: DataFrame | undefined,
    openFromMs: number | null,
    { head, state, notices }: Telling,
    isFirst: boolean,
  ): NonNullable<DataFrame['meta']> {
    const said = model === undefined ? undefined : frameMeta(model);
    const {
      revisions: _,
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

const valueOf = (frame: DataFrame): Field | undefined => frame.fields[1];
const labelsOf = (frame: DataFrame): Labels => valueOf(frame)?.labels ?? {};

const hasSamePoints = (a: Omit<Drawn, 'frame'>, b: Omit<Drawn, 'frame'>): boolean =>
  a.version === b.version && a.first === b.first && a.last === b.last && a.count === b.count;

const isSame = (a: Omit<Drawn, 'frame'>, b: Omit<Drawn, 'frame'>): boolean =>
  hasSamePoints(a, b) &&
  a.openFromMs === b.openFromMs &&
  a.isFirst === b.isFirst &&
  isSameTelling(a.telling, b.telling);

/** The clock and the watermark may lag a moment behind in what has not changed otherwise. */
export const isSameTelling = (a: Telling, b: Telling): boolean =>
  a.state.state === b.state.state &&
  a.state.message === b.state.message &&
  Math.abs(b.head.asOfMs - a.head.asOfMs) < CLOCK_MS &&
  a.notices.length === b.notices.length &&
  a.notices.every((notice, i) => notice.text === b.notices[i]?.text);
