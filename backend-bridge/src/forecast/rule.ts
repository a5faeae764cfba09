/** Rule for raising alarms by score. */

export interface AnomalyRule {
  /** Which side alarms: `up` above what is expected, `down` below, `both`. */
  readonly direction: 'up' | 'down' | 'both';
  /** Smallest difference from the expected value that alarms, in the unit of the series. */
  readonly minChange: number;
  /** Anomalous steps in a row before the rule fires. */
  readonly forSteps: number;
}

export const ANY_ANOMALY: AnomalyRule = { direction: 'both', minChange: 0, forSteps: 1 };

/** Steps of one alarm: the first at which the rule fired, to the last that was anomalous. */
export interface Alarm {
  readonly from: number;
  readonly to: number;
}

/** The score as the rule sees it: 0 where the side or the size of the change does not matter to it. */
export function ruledScore(rule: AnomalyRule, actual: number, expected: number, score: number): number {
  if (Number.isNaN(score) || Number.isNaN(actual) || Number.isNaN(expected)) return 0;
  if (rule.direction === 'up' && score < 0) return 0;
  if (rule.direction === 'down' && score > 0) return 0;
  return Math.abs(actual - expected) < rule.minChange ? 0 : score;
}

function isAnomalous(score: number): boolean {
  return Math.abs(score) >= 1;
}

/** Alarms of a rule over the scores that it sees, oldest first. */
export function alarmsOf(scores: ArrayLike<number>, forSteps: number): Alarm[] {
  const alarms: Alarm[] = [];
  let run = 0;
  for (let index = 0; index <= scores.length; index++) {
    if (index < scores.length && isAnomalous(scores[index]!)) {
      run++;
      continue;
    }
    if (run >= forSteps) alarms.push({ from: index - run + forSteps - 1, to: index - 1 });
    run = 0;
  }
  return alarms;
}
