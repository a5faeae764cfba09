import { createHash } from 'node:crypto';
import {
  evaluate,
  ladderOf,
  Refusal,
  selectionOf,
  type AnswerSeries,
  type Selection,
} from './fake-selection';
import { graceOf, unitsOf, windowOf, type FakeMetric, type FakePoints, type Labels } from './fake-points';

/** The bodies of the contract's answers, made of scripted points. */

type Body = Readonly<Record<string, unknown>>;
const MAX_SERIES = 1_000;
const CAPABILITIES = [
  'query',
  'summary',
  'events',
  'dimension_values',
  'revisions',
  'fill',
  'websocket',
  'websocket_selections',
  'websocket_events',
  'status_history',
];

export interface SeriesBody {
  readonly labels: Labels;
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
  readonly revisions?: readonly number[];
  readonly removed?: readonly number[];
  readonly removed_revisions?: readonly number[];
  readonly open_from_ms?: number;
}

export class FakeAnswers {
  /** What /status says it can do; an older bridge lacks some. */
  capabilities: readonly string[] = CAPABILITIES;
  version = '0.0.0-fake';
  /** A hop of the source that fails, with its sentence; null: all is well. */
  failing: { readonly hop: string; readonly message: string } | null = null;
  readonly startedMs = Date.now();

  constructor(
    private readonly points: FakePoints,
    private readonly clients: () => { readonly connections: number; readonly subscriptions: number },
  ) {}

  catalogue(): object {
    const metrics = [...this.points.metrics].sort((a, b) => (a.name < b.name ? -1 : 1)).map(metricEntry);
    return { server_time_ms: Date.now(), store_epoch: this.points.storeEpoch, metrics };
  }

  values(metricName: string, dimension: string, asked: URLSearchParams): object {
    const metric = this.metric(metricName);
    if (!metric.dimensions.includes(dimension)) {
      throw new Refusal(422, 'unknown_dimension', `${metric.name} has no dimension ${dimension}.`);
    }
    const from = Number(asked.get('from_ms') ?? 0);
    const to = Number(asked.get('to_ms') ?? Number.MAX_SAFE_INTEGER);
    const prefix = asked.get('prefix') ?? '';
    const limit = Number(asked.get('limit') ?? 1_000);
    const known = this.points
      .list(metric.name)
      .filter(({ points }) => [...points.keys()].some((start) => start >= from && start < to))
      .map(({ labels }) => labels[dimension] ?? '')
      .filter((value) => value.startsWith(prefix));
    const values = [...new Set(known)].sort((a, b) => (a < b ? -1 : 1));
    return {
      metric: metric.name,
      dimension,
      values: values.slice(0, limit),
      truncated: values.length > limit,
      server_time_ms: Date.now(),
      store_epoch: this.points.storeEpoch,
    };
  }

  query(body: Body): object {
    const { fromMs, toMs } = rangeOf(body);
    const selection = selectionOf(this.points, body, toMs - fromMs);
    const all = evaluate(this.points, selection, fromMs, toMs);
    const kept = all.slice(0, MAX_SERIES);
    const revisions = body['include_revisions'] === true;
    const fill = (body['fill'] ?? 'none') as 'none' | 'zero' | 'null';
    const warnings: object[] = [...selection.warnings];
    if (kept.length < all.length) warnings.push(truncated(kept.length, all.length));
    const series = kept
      .map((one) => seriesBody(one, revisions))
      .filter((one) => one.times.length + (one.removed?.length ?? 0) > 0)
      .map((one) => (revisions ? { removed: [], removed_revisions: [], ...one } : one))
      .map((one) => (fill === 'none' ? one : this.filled(one, selection, fromMs, toMs, fill)));
    return { ...this.head(selection), series, warnings };
  }

  summary(body: Body): object {
    const { fromMs, toMs } = rangeOf(body);
    const { step_ms: _, max_points: __, over_time: ___, ...rest } = body;
    const selection = selectionOf(this.points, { include_open: false, ...rest }, 0);
    const ever = evaluate(this.points, selection, 0, Number.MAX_SAFE_INTEGER);
    const series = ever.flatMap((one) => {
      const living = [...one.points].filter(([, point]) => !point.removed);
      const inRange = living.filter(([time]) => time >= fromMs && time < toMs);
      const newest = inRange.at(-1);
      if (newest === undefined) return [];
      const values = inRange.map(([, { value }]) => value);
      const before = new Map(living).get(newest[0] - selection.stepMs);
      const sum = values.reduce((all, value) => all + value, 0);
      const endMs = newest[0] + selection.stepMs;
      return [
        {
          labels: one.labels,
          last: newest[1].value,
          last_time_ms: newest[0],
          previous: before?.value ?? null,
          delta: before === undefined ? null : newest[1].value - before.value,
          min: Math.min(...values),
          max: Math.max(...values),
          avg: sum / values.length,
          sum,
          count: values.length,
          updated_ms: this.startedMs,
          open: newest[1].open,
          stale: Date.now() > endMs + graceOf(selection.metric) + 2 * selection.stepMs,
        },
      ];
    });
    return { ...this.head(selection), series, warnings: [] };
  }

  events(body: Body): object {
    const { fromMs, toMs } = rangeOf(body);
    const selection = this.eventSelection(body);
    const limit = (body['limit'] as number | undefined) ?? 1_000;
    return { ...this.eventsHead(selection), events: this.eventList(selection, fromMs, toMs).slice(0, limit) };
  }

  eventSelection(body: Body): Selection {
    const selection = selectionOf(this.points, body, 0);
    if (selection.metric.event === undefined) {
      throw new Refusal(422, 'not_an_event_metric', `${selection.metric.name} has no events.`);
    }
    return selection;
  }

  /** Newest first. */
  eventList({ metric, matches }: Selection, fromMs: number, toMs: number): EventBody[] {
    const { severity, message } = metric.event!;
    const watermark = this.points.watermark(metric.name) ?? Number.NEGATIVE_INFINITY;
    const events = this.points
      .list(metric.name)
      .filter(({ labels }) => matches(labels))
      .flatMap(({ labels, points }) => [...points.values()].map((point) => ({ labels, point })))
      .filter(({ point }) => point.startMs >= fromMs && point.startMs < toMs)
      .map(({ labels, point }): EventBody => {
        const value = point.values['value'] ?? null;
        const endMs = point.startMs + windowOf(metric);
        const text = message.replace(/\{(\w+)\}/g, (_, name: string) =>
          name === 'value' ? String(value) : (labels[name] ?? ''),
        );
        const identity = JSON.stringify([metric.name, labels, point.startMs]);
        return {
          id: createHash('sha256').update(identity).digest('hex').slice(0, 24),
          time_ms: point.startMs,
          end_ms: endMs,
          first_seen_ms: point.firstSeenMs,
          updated_ms: point.updatedMs,
          severity,
          message: text,
          labels,
          value,
          revision: point.revision,
          state: point.removed || endMs + graceOf(metric) <= watermark ? 'resolved' : 'open',
        };
      });
    return events.sort((a, b) => b.time_ms - a.time_ms);
  }

  status(): object {
    const now = Date.now();
    const metrics = this.points.metrics.map(({ name }) => {
      const watermark = this.points.watermark(name);
      return {
        metric: name,
        watermark_ms: watermark,
        freshness_ms: watermark === null ? null : now - watermark,
      };
    });
    const { failing } = this;
    return {
      api_version: 'v1',
      capabilities: this.capabilities,
      server_time_ms: now,
      version: this.version,
      uptime_ms: now - this.startedMs,
      store_epoch: this.points.storeEpoch,
      ready: failing === null,
      source: {
        kind: 'kafka',
        hop: failing?.hop ?? null,
        state: failing === null ? 'ok' : 'failing',
        message: failing?.message ?? null,
        topics: [],
      },
      store: { kind: 'redis', state: 'ok', message: null },
      pipeline: null,
      config_reload: { successful: true, last_success_ms: 0, message: null },
      clients: { ...this.clients(), queued_bytes: 0 },
      metrics,
    };
  }

  statusHistory(asked: URLSearchParams): object {
    if (asked.get('from_ms') === null || asked.get('to_ms') === null) {
      throw new Refusal(400, 'bad_request', 'from_ms and to_ms are needed.', { path: '/from_ms' });
    }
    return {
      step_ms: 10_000,
      server_time_ms: Date.now(),
      started_ms: this.startedMs,
      retention_ms: 86_400_000,
      series: [],
    };
  }

  /** What `subscribed` and /query begin with. */
  head({ metric, measure, stepMs }: Selection): object {
    return {
      metric: metric.name,
      measure,
      unit: unitsOf(metric)[measure],
      step_ms: stepMs,
      ...this.clock(metric),
    };
  }

  eventsHead({ metric }: Selection): object {
    return { metric: metric.name, ...this.clock(metric), warnings: [] };
  }

  private clock(metric: FakeMetric): object {
    return {
      watermark_ms: this.points.watermark(metric.name),
      server_time_ms: Date.now(),
      store_epoch: this.points.storeEpoch,
    };
  }

  private metric(name: string): FakeMetric {
    return selectionOf(this.points, { metric: name }, 0).metric;
  }

  private filled(
    one: SeriesBody,
    { stepMs, metric }: Selection,
    fromMs: number,
    toMs: number,
    fill: 'zero' | 'null',
  ): SeriesBody {
    const known = new Map(one.times.map((time, i) => [time, i]));
    const end = Math.min(toMs, this.points.watermark(metric.name) ?? fromMs);
    const times = new Set(one.times);
    for (let time = Math.ceil(fromMs / stepMs) * stepMs; time < end; time += stepMs) times.add(time);
    const inOrder = [...times].sort((a, b) => a - b);
    const of = <T>(list: readonly T[], time: number, gap: T): T => list[known.get(time) ?? -1] ?? gap;
    return {
      ...one,
      times: inOrder,
      values: inOrder.map((time) => of(one.values, time, fill === 'zero' ? 0 : null)),
      ...(one.revisions && { revisions: inOrder.map((time) => of(one.revisions!, time, 0)) }),
    };
  }
}

export interface EventBody {
  readonly id: string;
  readonly time_ms: number;
  readonly end_ms: number;
  readonly first_seen_ms: number;
  readonly updated_ms: number;
  readonly severity: string;
  readonly message: string;
  readonly labels: Labels;
  readonly value: number | null;
  readonly revision: number;
  readonly state: 'open' | 'resolved';
}

function rangeOf(body: Body): { fromMs: number; toMs: number } {
  const fromMs = body['from_ms'] as number;
  const toMs = body['to_ms'] as number;
  if (toMs < fromMs) throw new Refusal(422, 'invalid_range', 'The range ends before it begins.');
  return { fromMs, toMs };
}

const truncated = (kept: number, total: number): object => ({
  code: 'series_truncated',
  message: `The first ${kept} of ${total} series are here; filter or group to see the others.`,
  kept,
  total,
});

export function seriesBody({ labels, points }: AnswerSeries, revisions: boolean): SeriesBody {
  const living = [...points].filter(([, point]) => !point.removed);
  const gone = [...points].filter(([, point]) => point.removed);
  const open = living.find(([, point]) => point.open);
  return {
    labels,
    times: living.map(([time]) => time),
    values: living.map(([, { value }]) => (Number.isFinite(value) ? value : null)),
    ...(revisions && { revisions: living.map(([, { revision }]) => revision) }),
    ...(revisions &&
      gone.length > 0 && {
        removed: gone.map(([time]) => time),
        removed_revisions: gone.map(([, { revision }]) => revision),
      }),
    ...(open && { open_from_ms: open[0] }),
  };
}

function metricEntry(metric: FakeMetric): object {
  const windowMs = windowOf(metric);
  const text = (name: string): object => ({ name, title: name, description: '' });
  return {
    name: metric.name,
    title: metric.title ?? metric.name,
    description: '',
    kind: metric.event === undefined ? 'window' : 'event',
    window: {
      type: 'tumbling',
      size_ms: windowMs,
      advance_ms: windowMs,
      gap_ms: 0,
      grace_ms: graceOf(metric),
    },
    retention_ms: 86_400_000,
    final_only: false,
    steps_ms: ladderOf(metric),
    dimensions: metric.dimensions.map(text),
    default_measure: 'value',
    measures: Object.entries(unitsOf(metric)).map(([name, unit]) => ({
      ...text(name),
      unit,
      combine: 'sum',
      sum_from: null,
      count_from: null,
      across_series: true,
      over_time: 'avg',
      over_time_choices: ['avg', 'sum', 'min', 'max', 'last'],
      optional: false,
      thresholds: [],
    })),
    event: metric.event ?? null,
  };
}
