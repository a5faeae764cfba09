import type { Accuracy, SetResult } from './measures';

/** Results of other methods on the same sets, as anchors.json holds them. */
export type Anchors = Readonly<Record<string, Readonly<Record<string, Anchor | undefined>>>>;

interface Anchor {
  readonly day?: Accuracy;
  readonly hour?: Accuracy;
  readonly flag?: { readonly F1?: number };
}

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
    const mase = best(anchors, name, result, (other) => other[task]?.MASE, Math.min);
    const interval = best(anchors, name, result, (other) => other[task]?.IS95, Math.min);
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
  const judged = [...results].flatMap(([name, result]) =>
    result.flag === null ? [] : [{ name, result, flag: result.flag }],
  );
  const rows = judged.map(({ name, result, flag }) => [
    name,
    `${flag.found} of ${flag.events}`,
    flag.faPerDay.toFixed(2),
    flag.F1.toFixed(2),
    best(anchors, name, result, (other) => other.flag?.F1, Math.max).text(2),
  ]);
  const flags = judged.map(({ flag }) => flag);
  rows.push(['mean', '', mean(flags, 'faPerDay').toFixed(2), mean(flags, 'F1').toFixed(2), '']);
  return `Anomalies\n\n${table(['set', 'found', 'false alarms a day', 'F1', 'best other'], rows)}`;
}

/** The best of the methods that were judged on all days, not on a sample of them. */
function best(
  anchors: Anchors,
  set: string,
  result: SetResult,
  get: (other: Anchor) => number | undefined,
  better: (...values: number[]) => number,
): { text: (digits: number) => string } {
  const found = Object.entries(anchors).flatMap(([method, sets]) => {
    const other = sets[set];
    if (other === undefined || (other.day?.origins ?? Infinity) < result.day.origins) return [];
    const value = get(other);
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
