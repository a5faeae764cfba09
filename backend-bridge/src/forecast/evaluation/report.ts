import type { Accuracy, SetResult } from './measures';

/** Results of other methods on the same sets, as anchors.json holds them. */
export type Anchors = Readonly<
  Record<
    string,
    Readonly<Record<string, { day?: Accuracy; hour?: Accuracy; flag?: { F1?: number } } | undefined>>
  >
>;

type Task = 'day' | 'hour';

/** Markdown tables of the results, each beside the best of the anchors. */
export function reportOf(results: ReadonlyMap<string, SetResult>, anchors: Anchors): string {
  return [
    ...(['day', 'hour'] as const).map((task) => accuracyTable(task, results, anchors)),
    flagTable(results, anchors),
  ].join('\n\n');
}

function accuracyTable(task: Task, results: ReadonlyMap<string, SetResult>, anchors: Anchors): string {
  const rows = [...results].map(([name, result]) => {
    const { MASE, IS95, cov95 } = result[task];
    const mase = best(anchors, name, (other) => other[task]?.MASE, Math.min);
    const interval = best(anchors, name, (other) => other[task]?.IS95, Math.min);
    return [name, MASE.toFixed(3), mase.text(3), IS95.toFixed(2), interval.text(2), cov95.toFixed(1)];
  });
  const all = [...results.values()].map((result) => result[task]);
  rows.push([
    'mean',
    mean(all, 'MASE').toFixed(3),
    '',
    mean(all, 'IS95').toFixed(2),
    '',
    mean(all, 'cov95').toFixed(1),
  ]);
  return `One ${task} ahead\n\n${table(['set', 'MASE', 'best other', 'interval score', 'best other', 'inside the 95 % band'], rows)}`;
}

function flagTable(results: ReadonlyMap<string, SetResult>, anchors: Anchors): string {
  const judged = [...results].flatMap(([name, { flag }]) => (flag === null ? [] : [{ name, flag }]));
  const rows = judged.map(({ name, flag }) => [
    name,
    `${flag.found} of ${flag.events}`,
    flag.faPerDay.toFixed(2),
    flag.F1.toFixed(2),
    best(anchors, name, (other) => other.flag?.F1, Math.max).text(2),
  ]);
  const flags = judged.map(({ flag }) => flag);
  rows.push(['mean', '', mean(flags, 'faPerDay').toFixed(2), mean(flags, 'F1').toFixed(2), '']);
  return `Anomalies\n\n${table(['set', 'found', 'false alarms a day', 'F1', 'best other'], rows)}`;
}

function best(
  anchors: Anchors,
  set: string,
  get: (other: NonNullable<Anchors[string][string]>) => number | undefined,
  better: (...values: number[]) => number,
): { text: (digits: number) => string } {
  const found = Object.entries(anchors).flatMap(([method, sets]) => {
    const other = sets[set];
    const value = other === undefined ? undefined : get(other);
    return value === undefined ? [] : [{ method, value }];
  });
  const value = better(...found.map((one) => one.value));
  const winner = found.find((one) => one.value === value);
  return { text: (digits) => (winner === undefined ? '' : `${value.toFixed(digits)} ${winner.method}`) };
}

function mean<Key extends string>(rows: readonly Readonly<Record<Key, number>>[], key: Key): number {
  return rows.reduce((sum, row) => sum + row[key], 0) / rows.length;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
