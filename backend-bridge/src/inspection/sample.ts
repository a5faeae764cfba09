import type { RawRecord } from '../decoding/record-decoder';

/** A record of a topic, and where it lies. */
export interface SampledRecord extends RawRecord {
  readonly partition: number;
}

/** Some records of one topic: of each partition the oldest and the newest, in the order of their offsets. */
export interface TopicSample {
  readonly topic: string;
  readonly partitions: number;
  readonly records: readonly SampledRecord[];
}

/** No mapping can be proposed for this topic; the message is one sentence that says why and what to do. */
export class NotInspectable extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NotInspectable';
  }
}

/** What was concluded, from what. */
export interface Note {
  readonly text: string;
  /** It cannot be known from the records: a person has to look at it. */
  readonly doubt: boolean;
}

export const because = (text: string): Note => ({ text, doubt: false });
export const unsure = (text: string): Note => ({ text, doubt: true });

/** How many of what is looked at may be otherwise without changing the conclusion: topics have damaged records. */
const NEARLY_ALL = 0.95;

export const nearlyAll = (part: number, whole: number): boolean => whole > 0 && part >= whole * NEARLY_ALL;
