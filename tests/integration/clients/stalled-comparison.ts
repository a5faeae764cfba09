export const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!;

/** The promise: at the median of the runs the others' p99 is worse by a tenth or 2 ms at most. In ms, a number a run. */
export function othersWaitNoLonger(
  p99AllRead: readonly number[],
  p99SomeStalled: readonly number[],
): boolean {
  const allRead = median(p99AllRead);
  return median(p99SomeStalled) <= Math.max(allRead * 1.1, allRead + 2);
}
