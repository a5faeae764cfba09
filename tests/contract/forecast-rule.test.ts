import { forecastSeries, type ClosedSteps } from '../../backend-bridge/src/forecast/closed-steps';
import { forecastModel } from '../../backend-bridge/src/forecast/model';
import { ANY_ANOMALY, ruledScore } from '../../backend-bridge/src/forecast/rule';
import { valueKindOf } from '../../backend-bridge/src/forecast/values';
import { demoHistory } from '../../backend-bridge/src/pipeline/demo-history';
import { DEFAULT_TRAFFIC } from '../../backend-bridge/src/pipeline/demo-traffic';
import { DEFAULT_RULES } from '../../backend-bridge/src/pipeline/rules';
import { evaluate, type ExpressionModel } from '../support/alerting/expressions';
import type { Value } from '../support/alerting/values';
import { historyMetric, MINUTE } from '../support/history-windows';
import { ruleByUid } from '../support/provisioned';
import { createRandom } from '../support/seeded-random';

/** The provisioned rule, on the traffic of the demo: its expressions over the scores of closed steps of five minutes. */

const STEP = 5 * MINUTE;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** A Monday. */
const START = Date.UTC(2026, 4, 4);
const LEARNED_DAYS = 21;
const JUDGED = START + LEARNED_DAYS * DAY;
const ROWS_BEFORE = (LEARNED_DAYS * DAY) / STEP;
const END = JUDGED + 14 * DAY;

/** Events by step: of each segment, and of all together, which the provisioned rule reads. */
async function demoSeries(): Promise<Map<string, ClosedSteps>> {
  const [measure] = historyMetric().measures;
  const metric = historyMetric({
    name: 'events_per_minute',
    topic: 'events',
    window: { type: 'tumbling', sizeMs: MINUTE, advanceMs: MINUTE, gapMs: 0, graceMs: 30_000 },
    dimensions: [{ name: 'segment', title: '', description: '' }],
    measures: [{ ...measure!, name: 'value' }],
    history: [{ stepMs: STEP, keepMs: 40 * DAY }],
  });
  const [filled] = await demoHistory([metric], DEFAULT_RULES, DEFAULT_TRAFFIC, START, END);
  const together = new Float64Array((END - START) / STEP);
  const series = new Map([['together', { startMs: START, values: together }]]);
  for (const { values: labels, windows } of filled!.series) {
    const values = new Float64Array(together.length);
    for (let row = 0; row < windows.length; row += 1) {
      const step = Math.floor((windows.starts[row]! - START) / STEP);
      values[step]! += windows.measures[0]![row]!;
      together[step]! += windows.measures[0]![row]!;
    }
    series.set(labels.join(), { startMs: START, values });
  }
  return series;
}

/** What the rule's query answers: a score for each step from JUDGED on. */
function scoresOf(steps: ClosedSteps): Float64Array {
  const model = forecastModel({ stepMs: STEP, values: valueKindOf(steps.values, 'amount') });
  const { actual, expected, score } = forecastSeries(model, steps, JUDGED, 0);
  return score.map((value, row) => ruledScore(ANY_ANOMALY, actual[row]!, expected[row]!, value));
}

const RULE = ruleByUid('streamkpi-events-unusual');
const EXPRESSIONS = RULE.data.slice(1).map(({ model }) => model as unknown as ExpressionModel);

/** Whether the rule's condition holds after the step `row` has closed. */
function holds(scores: Float64Array, row: number): boolean {
  const newest = Array.from(scores.subarray(Math.max(0, row - 2), row + 1));
  const known = new Map<string, readonly Value[]>([['A', [{ kind: 'series', labels: {}, values: newest }]]]);
  for (const [index, model] of EXPRESSIONS.entries()) {
    known.set(RULE.data[index + 1]!.refId, evaluate(model, known));
  }
  const [condition] = known.get(RULE.condition)!;
  return condition!.kind === 'number' && condition!.value === 1;
}

/** Rows after which the rule fires: its pending period is one step, so the condition holds for the second time. */
function firingRows(scores: Float64Array): number[] {
  const held = Array.from(scores, (_, row) => holds(scores, row));
  return Array.from(held.keys()).filter((row) => held[row] && held[row - 1]);
}

/** Firings without a gap are one alarm. */
const alarmsIn = (rows: readonly number[]): number[] => rows.filter((row, at) => rows[at - 1] !== row - 1);

const CHANGES = {
  outage: () => 0,
  surge: (value: number) => 3 * value,
  'level shift': (value: number) => Math.round(value / 3),
};
type Kind = keyof typeof CHANGES;
const KINDS = Object.keys(CHANGES) as Kind[];
/** Looked at after an incident. */
const RESOLVED_ROWS = 6;
const lengthOf = (kind: Kind): number => (kind === 'level shift' ? 6 * HOUR : HOUR) / STEP;

describe('a rule on the score that two steps in a row make fire, on the traffic of the demo', () => {
  let series: Map<string, ClosedSteps>;
  beforeAll(async () => {
    series = await demoSeries();
  });

  it('is silent over a fortnight of normal traffic: at most one false alarm a series and week', () => {
    expect([...series.keys()].sort()).toEqual(['basic', 'premium', 'standard', 'together', 'unknown']);
    for (const [name, steps] of series) {
      const alarms = alarmsIn(firingRows(scoresOf(steps)));
      for (const week of [0, 1]) {
        const inWeek = alarms.filter((row) => Math.floor((row * STEP) / (7 * DAY)) === week);
        expect([name, week, inWeek.length > 1 ? inWeek : []]).toEqual([name, week, []]);
      }
    }
  });

  const cases = ['together', 'basic', 'premium', 'standard'].flatMap((name) =>
    KINDS.map((kind) => [name, kind] as const),
  );
  it.each(cases)(
    '%s, %s: fires within two steps of its beginning, and has resolved within two of its end',
    (name, kind) => {
      const random = createRandom(name.length + kind.length);
      for (const day of [0, 5]) {
        const from = Math.floor(((day + random()) * DAY) / STEP);
        const to = from + lengthOf(kind);
        const all = Float64Array.from(series.get(name)!.values, (value, index) => {
          const row = index - ROWS_BEFORE;
          return row >= from && row < to ? CHANGES[kind](value) : value;
        });
        const values = all.subarray(0, ROWS_BEFORE + to + RESOLVED_ROWS);
        const firing = firingRows(scoresOf({ startMs: START, values }));
        const first = firing.find((row) => row >= from)! - from;
        const after = firing.filter((row) => row >= to);
        // Where habits were shaken, a step or two may be odd once more.
        const again = after.filter((row) => row > to + 1).length > 1;
        expect({ day, first, stays: after.includes(to + 1), again }).toEqual({
          ...{ day, first: 1, stays: false, again: false },
        });
      }
    },
  );

  it.each(['together', 'basic', 'premium', 'standard'])(
    '%s: fires for the ninth incident of a fortnight as for the first',
    (name) => {
      const random = createRandom(9);
      const values = Float64Array.from(series.get(name)!.values);
      const incidents = Array.from({ length: 9 }, (_, index) => {
        const kind = KINDS[index % 2]!;
        const from = Math.floor(((1.5 * index + random()) * DAY) / STEP);
        for (let row = from; row < from + lengthOf(kind); row += 1) {
          values[ROWS_BEFORE + row] = CHANGES[kind](values[ROWS_BEFORE + row]!);
        }
        return from;
      });
      const firing = new Set(firingRows(scoresOf({ startMs: START, values })));
      expect(incidents.map((from) => firing.has(from + 1) || firing.has(from + 2))).toEqual(
        incidents.map(() => true),
      );
    },
  );
});
