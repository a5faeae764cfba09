import { RequestError } from '../domain/errors';

/** For a topic of which no mapping can be proposed: one sentence that says why, and what to do. */
export const notInspectable = (message: string): RequestError => new RequestError('not_inspectable', message);

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
