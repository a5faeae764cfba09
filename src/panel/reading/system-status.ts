import type { DataFrame } from '@grafana/data';
import { t } from '../../locales/translate';
import { frameMeta, type BridgeStatus, type HopStatus } from '../../frames/frame-meta';
import { column, textAt } from './frame-columns';

export type HopState = 'ok' | 'failing' | 'unknown';

export interface HopModel {
  readonly name: string;
  readonly state: HopState;
  readonly message: string;
}

export interface TopicModel {
  readonly metric: string;
  readonly topic: string;
  readonly state: string;
  readonly reason: string;
  /** Records not read yet; null: unknown. */
  readonly lag: number | null;
  readonly deadLetters: number | null;
  /** Why the last of them could not be read, with what to correct; empty: unknown, or there was none. */
  readonly lastDeadLetter: string;
  /** Event time up to which the metric was read; null: nothing yet. */
  readonly watermark: number | null;
}

export interface SystemModel {
  readonly hops: readonly HopModel[];
  /** One row per metric, with its topic. */
  readonly topics: readonly TopicModel[];
  /** Metrics that have data; null: unknown. */
  readonly activeMetrics: number | null;
  readonly metrics: number | null;
  readonly clients: number | null;
  readonly version: string;
  readonly uptimeMs: number | null;
  /** Null without a status query. */
  readonly ready: boolean | null;
}

/**
 * The pipeline's state by the status queries or, without one, by the other frames. `isAsked`: the panel has a query for
 * the status, so that without its answer nothing is known.
 */
export function readSystem(
  status: readonly DataFrame[],
  all: readonly DataFrame[],
  isAsked = false,
): SystemModel {
  for (const frame of status) {
    const answer = frameMeta(frame)?.status;
    if (answer !== undefined) return fromAnswer(answer);
  }
  const table = status.find((frame) => column(frame, 'hop') !== undefined);
  return {
    ...WITHOUT_ANSWER,
    hops: table === undefined ? [] : hopsOfTable(table),
    activeMetrics: isAsked ? null : metricsIn(all),
  };
}

const WITHOUT_ANSWER = {
  topics: [],
  metrics: null,
  clients: null,
  version: '',
  uptimeMs: null,
  ready: null,
};

function fromAnswer(answer: BridgeStatus): SystemModel {
  const watermarks = new Map(answer.metrics.map(({ metric, watermark_ms }) => [metric, watermark_ms]));
  const topics = answer.source.topics.map((topic) => ({
    metric: topic.metric,
    topic: topic.topic,
    state: topic.state,
    reason: topic.reason ?? '',
    lag: topic.lag,
    deadLetters: topic.dead_letters,
    lastDeadLetter: deadLetterText(topic.last_dead_letter),
    watermark: watermarks.get(topic.metric) ?? topic.watermark_ms,
  }));
  const listed = new Set(topics.map(({ metric }) => metric));
  const unlisted = answer.metrics
    .filter(({ metric }) => !listed.has(metric))
    .map(({ metric, watermark_ms: watermark }) => ({ ...NO_TOPIC, metric, watermark }));
  return {
    hops: hopsOf(answer),
    topics: [...topics, ...unlisted],
    activeMetrics: answer.metrics.filter(({ watermark_ms }) => watermark_ms !== null).length,
    metrics: answer.metrics.length,
    clients: answer.clients?.connections ?? null,
    version: answer.version,
    uptimeMs: answer.uptime_ms,
    ready: answer.ready,
  };
}

const NO_TOPIC = { topic: '', state: '', reason: '', lag: null, deadLetters: null, lastDeadLetter: '' };

const deadLetterText = (letter: { readonly reason: string; readonly message: string } | undefined): string =>
  letter === undefined ? '' : `${letter.reason}: ${letter.message}`;

/** In the order in which the data takes them. The bridge itself answered, so it is there. */
function hopsOf(answer: BridgeStatus): HopModel[] {
  const { source, pipeline, store, clock } = answer;
  const hops: HopModel[] = [];
  // First, as in /readyz: a wrong clock can make the others fail.
  if (clock?.state === 'failing') hops.push(hop('Clock', clock));
  const sourceName = source.kind === 'kafka' ? 'Kafka' : 'Source';
  const hasOwnName = source.hop !== null && source.hop !== source.kind && !LISTED_HOPS.includes(source.hop);
  hops.push(hop(hasOwnName ? hopName(source.hop) : sourceName, source));
  if (pipeline !== null) hops.push(hop('Pipeline', pipeline));
  hops.push(hop(STORES[store.kind] ?? 'Store', store));
  hops.push({
    name: 'Bridge',
    state: 'ok',
    message: answer.ready ? '' : t('status.not-ready', 'Running, but not ready: see the failing hop.'),
  });
  return hops;
}

/** Hops that are listed beside the source, also where the source names them as what holds it up. */
const LISTED_HOPS: readonly string[] = ['source', 'pipeline', 'store'];

const STORES: Readonly<Record<string, string>> = { redis: 'Redis', lmdb: 'Store' };

const hop = (name: string, { state, message }: HopStatus): HopModel => ({
  name,
  state,
  message: message ?? '',
});

/** `schema_registry` -> `Schema registry`. */
function hopName(name: string): string {
  const words = name.replace(/_/g, ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function hopsOfTable(table: DataFrame): HopModel[] {
  const rows = Array.from({ length: table.length }, (_, row) => row);
  // Topics and clients are rows of that table too, but no hops.
  const hops = rows.filter((row) => !/^(topic|clients)$/.test(textAt(column(table, 'hop'), row)));
  return hops.map((row) => ({
    name: hopName(textAt(column(table, 'hop'), row)),
    state: hopState(textAt(column(table, 'state'), row)),
    message: textAt(column(table, 'message'), row),
  }));
}

const hopState = (text: string): HopState =>
  /^(ok|ready|reading|up|running)$/i.test(text)
    ? 'ok'
    : /^(failing|missing|down|error|failed)$/i.test(text)
      ? 'failing'
      : 'unknown';

/** Metrics that the frames show; null where none says of which metric it is. */
function metricsIn(frames: readonly DataFrame[]): number | null {
  const metrics = new Set<string>();
  for (const frame of frames) {
    const metric = frameMeta(frame)?.metric;
    if (metric !== undefined) metrics.add(metric);
  }
  return metrics.size === 0 ? null : metrics.size;
}
