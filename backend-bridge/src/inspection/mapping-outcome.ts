import type { SchemaSource } from '../decoding/format';
import { createRecordDecoder, type DecodedPoints } from '../decoding/record-decoder';
import type { SampledRecord, TopicSample } from '../decoding/topic-sample';
import { refusalOf, SchemaNeeded } from '../decoding/undecodable';
import type { MappingOutcome, PreviewSeries, RefusedRecords } from '../domain/inspecting';
import type { TopicMapping } from '../domain/mapping';
import type { PointWrite } from '../domain/point';
import { compareProvenance, conflictMessage, type Provenance } from '../domain/revision';
import { warningsOf, type DecodedRecord } from './mapping-warnings';

const MOST_SERIES = 8;
const MOST_POINTS = 240;

/** Newest values by series and window. */
class Preview {
  private readonly series = new Map<
    string,
    { values: readonly string[]; points: Map<number, number | null> }
  >();

  add({ values, startMs, removed, measures }: PointWrite): void {
    const id = JSON.stringify(values);
    let series = this.series.get(id);
    if (series === undefined) {
      series = { values, points: new Map() };
      this.series.set(id, series);
    }
    const value = measures[0];
    if (removed) series.points.delete(startMs);
    else series.points.set(startMs, value === undefined || !Number.isFinite(value) ? null : value);
  }

  /** Those with the most windows. */
  result(names: readonly string[]): PreviewSeries[] {
    return [...this.series.values()]
      .filter(({ points }) => points.size > 0)
      .sort((a, b) => b.points.size - a.points.size)
      .slice(0, MOST_SERIES)
      .map(({ values, points }) => {
        const newest = [...points].sort(([a], [b]) => a - b).slice(-MOST_POINTS);
        return {
          labels: Object.fromEntries(names.map((name, i) => [name, values[i] ?? ''])),
          times: newest.map(([time]) => time),
          values: newest.map(([, value]) => value),
        };
      });
  }
}

/** Finds records of another key or partition than the one that wrote their point first; the store refuses these. */
class Writers {
  private readonly byPoint = new Map<string, Provenance>();

  constructor(private readonly partitions: number) {}

  /** Whether the store would refuse the point. */
  conflicts({ values, startMs, keyHash, offset, incarnation }: PointWrite, partition: number): boolean {
    const id = JSON.stringify([startMs, values]);
    const writer: Provenance = { keyHash, partition, offset, incarnation };
    const stored = this.byPoint.get(id);
    if (stored !== undefined && compareProvenance(stored, writer, this.partitions) === 'conflict')
      return true;
    this.byPoint.set(id, writer);
    return false;
  }
}

/** Records that become no point, by reason. */
class Refusals {
  private readonly byReason = new Map<string, RefusedRecords>();

  add(reason: string, message: string, { partition, offset }: SampledRecord): void {
    const count = (this.byReason.get(reason)?.count ?? 0) + 1;
    this.byReason.set(reason, { reason, count, message, partition, offset });
  }

  /** The most frequent first. */
  all(): RefusedRecords[] {
    return [...this.byReason.values()].sort((a, b) => b.count - a.count);
  }
}

/**
 * What records of one topic become by a mapping, read by the bridge's own decoder. Throws SchemaNeeded for a schema
 * that is not fetched yet.
 */
export function outcomeOf(
  mapping: TopicMapping,
  { records, partitions }: Pick<TopicSample, 'records' | 'partitions'>,
  schemas: SchemaSource | null,
  nowMs: number,
): MappingOutcome {
  const { metric, topic } = mapping;
  const decoder = createRecordDecoder(mapping, { schemas, onUnsafeInteger: () => undefined });
  const watermarks = new Map<number, number>();
  const writers = new Writers(partitions);
  const refusals = new Refusals();
  const preview = new Preview();
  const written: DecodedRecord[] = [];
  const counts = { points: 0, removals: 0, late: 0, expired: 0 };
  for (const record of records) {
    const { partition } = record;
    const decoded: DecodedPoints = { points: [], maxEventMs: null };
    try {
      decoder.decodeInto(decoded, record, 1, nowMs);
    } catch (error) {
      if (error instanceof SchemaNeeded) throw error;
      const { reason, message } = refusalOf(error);
      refusals.add(reason, message, record);
      continue;
    }
    const watermark = watermarks.get(partition) ?? Number.NEGATIVE_INFINITY;
    for (const point of decoded.points) {
      if (!point.removed) written.push({ record, point, eventMs: decoded.maxEventMs });
      if (writers.conflicts(point, partition)) {
        refusals.add('conflict', conflictMessage(record.key !== null), record);
        continue;
      }
      counts[point.removed ? 'removals' : 'points'] += 1;
      if (!metric.finalOnly && point.endMs + metric.window.graceMs <= watermark) counts.late += 1;
      if (point.endMs + metric.retentionMs <= nowMs) counts.expired += 1;
      preview.add(point);
    }
    watermarks.set(partition, Math.max(watermark, decoded.maxEventMs ?? watermark));
  }
  return {
    metric: metric.name,
    topic,
    records: records.length,
    ...counts,
    deadLetters: refusals.all(),
    warnings: [...yieldWarnings(records, written.length, counts), ...warningsOf(mapping, written, schemas)],
    series: preview.result(metric.dimensions.map(({ name }) => name)),
    problem: null,
  };
}

/** Of records that become no points, or none that are stored. */
function yieldWarnings(
  records: readonly SampledRecord[],
  written: number,
  {
    points,
    removals,
    expired,
  }: { readonly points: number; readonly removals: number; readonly expired: number },
): string[] {
  const all = `all ${records.length} newest records`;
  if (records.every(({ value }) => value === null)) {
    return [`${all} are tombstones (records without a value), which do not show whether values can be read`];
  }
  if (written === 0)
    return removals > 0 ? [] : [`none of the ${records.length} newest records becomes a point`];
  if (expired < points + removals) return [];
  const newest = Math.max(...records.map(({ timestampMs }) => timestampMs));
  const age = newest < 0 ? '' : `; the newest was written at ${new Date(newest).toISOString()}`;
  return [
    `no point of ${all} would be stored, because its retention is over: set a longer \`retention\`${age}`,
  ];
}

/** Of a topic of which nothing could be read. */
export function unreadOutcome({ metric, topic }: TopicMapping, problem: string): MappingOutcome {
  return {
    metric: metric.name,
    topic,
    records: 0,
    points: 0,
    removals: 0,
    late: 0,
    expired: 0,
    deadLetters: [],
    warnings: [],
    series: [],
    problem,
  };
}
