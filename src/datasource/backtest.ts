import type { DataFrame } from '@grafana/data';

/** What a rule on the score would have done over the days before now. */
export interface Backtest {
  readonly days: number;
  readonly series: number;
  /** Of all series; 0: none has a band yet. */
  readonly steps: number;
  /** How often the rule would have fired, of all series. */
  readonly alarms: number;
  /** Share of the steps inside their band, 0 to 1; undefined without a step. */
  readonly coverage: number | undefined;
}

/** How far back a rule is tried out. */
export const BACKTEST_DAYS = 14;

/** From the table of pkg/frames/backtest.go. */
export function readBacktest(table: DataFrame | undefined): Backtest {
  const column = (name: string): readonly (number | null)[] =>
    (table?.fields.find((field) => field.name === name)?.values ?? []) as (number | null)[];
  const sum = (values: readonly (number | null)[]): number =>
    values.reduce<number>((total, value) => total + (value ?? 0), 0);
  const steps = column('steps');
  const coverage = column('coverage');
  const inside = sum(steps.map((count, row) => (count ?? 0) * (coverage[row] ?? 0)));
  const all = sum(steps);
  return {
    days: BACKTEST_DAYS,
    series: table?.length ?? 0,
    steps: all,
    alarms: sum(column('alarms')),
    coverage: all === 0 ? undefined : inside / all,
  };
}
