/** Proposed mappings beside hand-written ones: what the bridge's own decoder makes of the same records. */
import { parseMetricsFile } from '../../../backend-bridge/src/config/metrics-file';
import type { SchemaSource } from '../../../backend-bridge/src/decoding/format';
import { createRecordDecoder, type DecodedPoints } from '../../../backend-bridge/src/decoding/record-decoder';
import { refusalOf } from '../../../backend-bridge/src/decoding/undecodable';
import type { TopicMapping } from '../../../backend-bridge/src/domain/mapping';
import { doubtsOf, mappingText } from '../../../backend-bridge/src/inspection/mapping-text';
import { proposeMapping } from '../../../backend-bridge/src/inspection/proposal';
import type { SampledRecord } from '../../../backend-bridge/src/decoding/topic-sample';

/** The end of the year 9999: no window lies in the future. */
const LAST_MOMENT = 253_402_300_799_999;

export interface Inspected {
  readonly text: string;
  readonly mapping: TopicMapping;
  readonly doubts: readonly string[];
}

/** What inspect proposes for these records, read by the bridge's own loader. */
export function inspected(
  topic: string,
  records: readonly SampledRecord[],
  schemas: SchemaSource | null = null,
): Inspected {
  const proposal = proposeMapping({ topic, partitions: 1, records }, schemas);
  const text = mappingText(proposal);
  return { text, mapping: parseMetricsFile(text, 'proposed.yaml')[0]!, doubts: doubtsOf(proposal) };
}

export interface ComparablePoint {
  readonly labels: Readonly<Record<string, string>>;
  readonly startMs: number;
  readonly endMs: number;
  readonly removed: boolean;
  /** By the field's path; absent where the record has none. */
  readonly measures: Readonly<Record<string, number>>;
}

/** What each record becomes: its point, or the reason why it is a dead letter. */
export function outcomes(
  mapping: TopicMapping,
  records: readonly SampledRecord[],
  schemas: SchemaSource | null = null,
): (ComparablePoint | string)[] {
  const decoder = createRecordDecoder(mapping, { schemas, onUnsafeInteger: () => undefined });
  return records.map((record) => {
    const decoded: DecodedPoints = { points: [], maxEventMs: null };
    try {
      decoder.decodeInto(decoded, record, 1, LAST_MOMENT);
    } catch (error) {
      return refusalOf(error).reason;
    }
    const { values, startMs, endMs, removed, measures } = decoded.points[0]!;
    const named = mapping.metric.dimensions.map(({ name }, i) => [name, values[i]!] as const);
    const numbers = mapping.measures.flatMap(({ path }, i) =>
      measures[i] === undefined ? [] : [[path.join('.').toLowerCase(), measures[i]] as const],
    );
    return {
      labels: Object.fromEntries([...named].sort(([a], [b]) => (a < b ? -1 : 1))),
      startMs,
      endMs,
      removed,
      measures: Object.fromEntries([...numbers].sort(([a], [b]) => (a < b ? -1 : 1))),
    };
  });
}
