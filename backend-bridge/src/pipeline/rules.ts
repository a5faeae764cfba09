/**
 * The rules of the pipeline as constants, equal to the SQL in ksql/. Injected, so that a test can break a rule and
 * check that it is detected.
 */
export interface WindowRule {
  readonly sizeMs: number;
  readonly graceMs: number;
}

export interface PipelineRules {
  readonly events: WindowRule;
  readonly revenue: WindowRule;
  readonly highActivity: WindowRule;
  readonly activeUsers: WindowRule;
  /** HAVING COUNT(*) > this. */
  readonly highActivityAbove: number;
  /** `left`: an event of a user without a profile counts too. */
  readonly join: 'left' | 'inner';
  /** Segment of an event whose user has none; null: not counted by segment. */
  readonly unknownSegment: string | null;
  /** What a purchase without a usable amount adds to the sum and to the count of the average. */
  readonly nullAmount: 'nothing' | 'zero';
  /** The event type that is revenue, matched exactly. */
  readonly purchaseType: string;
}

const MINUTE_MS = 60_000;

export const DEFAULT_RULES: PipelineRules = Object.freeze({
  events: { sizeMs: MINUTE_MS, graceMs: 30_000 },
  revenue: { sizeMs: MINUTE_MS, graceMs: 30_000 },
  highActivity: { sizeMs: 5 * MINUTE_MS, graceMs: MINUTE_MS },
  activeUsers: { sizeMs: MINUTE_MS, graceMs: 30_000 },
  highActivityAbove: 100,
  join: 'left',
  unknownSegment: 'unknown',
  nullAmount: 'nothing',
  purchaseType: 'purchase',
});
