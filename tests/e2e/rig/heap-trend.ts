/** Whether something grows for ever, told from samples that go up and down by themselves. */

const MIB = 1024 * 1024;
/** Growth of less than this is not told from chance. */
const ALLOWED = { part: 0.03, bytes: MIB };

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
};

/** Middle of the first and of the last third of the samples, bytes. */
export interface Trend {
  readonly first: number;
  readonly last: number;
}

export function trendOf(samples: readonly number[]): Trend {
  const third = Math.floor(samples.length / 3);
  if (third === 0) throw new Error('a trend needs three samples at least');
  return { first: median(samples.slice(0, third)), last: median(samples.slice(-third)) };
}

export const grows = ({ first, last }: Trend): boolean =>
  last - first > Math.max(ALLOWED.bytes, ALLOWED.part * first);

export const inMib = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;
