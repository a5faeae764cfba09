import type { Trend } from '../reading/card-model';

/** SVG path data of a sparkline. */
export interface TrendPath {
  /** Windows that are final. */
  readonly line: string;
  /** Windows that may still change, joined to the last final one; empty: none. */
  readonly openLine: string;
  /** Points with a gap on both sides: lines of no length, which round caps make visible. */
  readonly dots: string;
  /** The area under both lines. */
  readonly area: string;
}

interface Dot {
  readonly x: number;
  readonly y: number;
  readonly open: boolean;
}

/** Space for the stroke. */
const EDGE = 1.5;

/** The trend in a box of `width` x `height` px; null where it has no number. */
export function trendPath(trend: Trend, width: number, height: number): TrendPath | null {
  const runs = runsOf(trend, width, height);
  if (runs.length === 0) return null;
  let line = '';
  let openLine = '';
  let dots = '';
  let area = '';
  for (const run of runs) {
    const [first] = run;
    const last = run.at(-1);
    if (first === undefined || last === undefined) continue;
    if (first === last) {
      dots += `M${px(first.x)} ${px(first.y)}h0.01`;
      continue;
    }
    const openAt = run.findIndex(({ open }) => open);
    const closed = openAt < 0 ? run : run.slice(0, openAt);
    const open = openAt < 0 ? [] : run.slice(Math.max(0, openAt - 1));
    const closedPath = pathOf(closed);
    const openPath = pathOf(open);
    line += closedPath;
    openLine += openPath;
    area += `${openAt < 0 ? closedPath : pathOf(run)}L${px(last.x)} ${px(height)}L${px(first.x)} ${px(height)}Z`;
  }
  return { line, openLine, dots, area };
}

/** Consecutive dots without a gap between them. */
function runsOf(trend: Trend, width: number, height: number): Dot[][] {
  const points = thinned(trend, Math.max(2, Math.floor(width)));
  const [first] = trend.times;
  const last = trend.times.at(-1);
  if (points.length === 0 || first === undefined || last === undefined) return [];
  let low = trend.low ?? Infinity;
  let high = trend.high ?? -Infinity;
  for (const { value } of points) {
    if (trend.low === null) low = Math.min(low, value);
    if (trend.high === null) high = Math.max(high, value);
  }
  const span = Math.max(1, last - first);
  const range = Math.max(0, high - low);
  const dotOf = ({ time, value }: Point): Dot => ({
    x: EDGE + ((time - first) / span) * (width - 2 * EDGE),
    y: range === 0 ? height / 2 : EDGE + share((high - value) / range) * (height - 2 * EDGE),
    open: trend.openFrom !== null && time >= trend.openFrom,
  });
  const runs: Dot[][] = [];
  let current: Dot[] | undefined;
  for (const point of points) {
    if (current === undefined || point.afterGap) runs.push((current = []));
    current.push(dotOf(point));
  }
  return runs;
}

/** Numbers beyond the ends of a set scale stay on its edge. */
const share = (value: number): number => Math.min(1, Math.max(0, value));

interface Point {
  readonly time: number;
  readonly value: number;
  readonly afterGap: boolean;
}

/** The points with a number; where there are many to a pixel, only the least and greatest of each. */
function thinned(trend: Trend, width: number): Point[] {
  const points: Point[] = [];
  let before: number | undefined;
  let nullsBetween = false;
  trend.times.forEach((time, index) => {
    const value = trend.values[index];
    if (value === null || value === undefined) {
      nullsBetween = true;
      return;
    }
    const far = before !== undefined && trend.gapMs !== null && time - before > trend.gapMs;
    points.push({ time, value, afterGap: before !== undefined && (nullsBetween || far) });
    before = time;
    nullsBetween = false;
  });
  if (points.length <= 4 * width) return points;
  const perBucket = Math.ceil(points.length / width);
  const kept: Point[] = [];
  for (let start = 0; start < points.length; start += perBucket) {
    kept.push(...extremes(points.slice(start, start + perBucket)));
  }
  return kept;
}

function extremes(bucket: readonly Point[]): Point[] {
  let [least] = bucket;
  let [greatest] = bucket;
  for (const point of bucket) {
    if (least === undefined || point.value < least.value) least = point;
    if (greatest === undefined || point.value > greatest.value) greatest = point;
  }
  const wanted = new Set([bucket[0], least, greatest, bucket.at(-1)]);
  return bucket.filter((point) => wanted.has(point));
}

function pathOf(dots: readonly Dot[]): string {
  const [first] = dots;
  if (first === undefined) return '';
  let path = `M${px(first.x)} ${px(first.y)}`;
  for (let index = 1; index < dots.length; index++) {
    const dot = dots[index];
    if (dot !== undefined) path += `L${px(dot.x)} ${px(dot.y)}`;
  }
  return path;
}

const px = (value: number): number => Math.round(value * 10) / 10;
