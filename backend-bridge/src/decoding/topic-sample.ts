import type { RawRecord } from './record-decoder';

/** A record of a topic with its position. */
export interface SampledRecord extends RawRecord {
  readonly partition: number;
}

/** Some records of one topic: of each partition the oldest and the newest, in the order of their offsets. */
export interface TopicSample {
  readonly topic: string;
  readonly partitions: number;
  readonly records: readonly SampledRecord[];
}
