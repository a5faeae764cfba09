import fc from 'fast-check';
import { trendPath } from './trend-path';

const trend = (
  values: (number | null)[],
  { gapMs = null, openFrom = null }: { gapMs?: number | null; openFrom?: number | null } = {},
) => ({
  times: values.map((_, index) => index * 1000),
  values,
  gapMs,
  openFrom,
  low: null,
  high: null,
});
const count = (path: string | undefined, letter: string): number => (path ?? '').split(letter).length - 1;

test('least below, greatest above, from edge to edge', () => {
  expect(trendPath(trend([0, 10]), 100, 20)?.line).toBe('M1.5 18.5L98.5 1.5');
});

test('a line that does not change is in the middle', () => {
  expect(trendPath(trend([5, 5, 5]), 100, 20)?.line).toBe('M1.5 10L50 10L98.5 10');
});

test('missing numbers and missing windows are gaps; a lone point is a dot', () => {
  const path = trendPath(trend([1, 2, null, 3, null, 4, 5]), 100, 20);
  expect(count(path?.line, 'M')).toBe(2);
  expect(path?.dots).toBe('M50 10h0.01');
  const sparse = {
    times: [0, 1000, 9000, 10_000],
    values: [1, 2, 3, 4],
    gapMs: 1500,
    openFrom: null,
    low: null,
    high: null,
  };
  expect(count(trendPath(sparse, 100, 20)?.line, 'M')).toBe(2);
  expect(count(trendPath({ ...sparse, gapMs: null }, 100, 20)?.line, 'M')).toBe(1);
});

test('open windows are a line of their own that begins at the last final point', () => {
  const path = trendPath(trend([1, 2, 3, 4], { openFrom: 2000 }), 103, 20);
  expect(path?.line).toBe('M1.5 18.5L34.8 12.8');
  expect(path?.openLine.startsWith('M34.8 12.8L')).toBe(true);
});

test('the scale can be set; what is beyond it stays on its edge', () => {
  const scaled = { ...trend([-5, 0, 5, 20]), low: 0, high: 10 };
  expect(trendPath(scaled, 103, 23)?.line).toBe('M1.5 21.5L34.8 21.5L68.2 11.5L101.5 1.5');
  expect(trendPath({ ...scaled, low: 30 }, 103, 23)?.line).toContain('11.5');
});

test('without a number there is no line', () => {
  expect(trendPath(trend([null, null]), 100, 20)).toBeNull();
  expect(trendPath(trend([]), 100, 20)).toBeNull();
});

test('everything stays in the box, and many points become few', () => {
  const number = fc.oneof(
    { weight: 1, arbitrary: fc.constant(null) },
    { weight: 9, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e12, max: 1e12 }) },
  );
  fc.assert(
    fc.property(
      fc.array(number, { minLength: 2, maxLength: 3000 }),
      fc.integer({ min: 10, max: 400 }),
      (values, width) => {
        const path = trendPath(trend(values, { openFrom: values.length * 900 }), width, 30);
        if (path === null) return values.every((value) => value === null);
        const all = path.line + path.openLine + path.area;
        const points = [...all.matchAll(/[ML]([\d.-]+) ([\d.-]+)/g)].map(
          ([, x, y]) => [Number(x), Number(y)] as const,
        );
        for (const [x, y] of points) {
          expect(x).toBeGreaterThanOrEqual(0);
          expect(x).toBeLessThanOrEqual(width);
          expect(y).toBeGreaterThanOrEqual(0);
          expect(y).toBeLessThanOrEqual(30);
        }
        expect(count(path.line, 'L') + count(path.line, 'M')).toBeLessThanOrEqual(4 * width + 4);
        return true;
      },
    ),
    { numRuns: 50 },
  );
});

test('thinning keeps the peaks', () => {
  const values = Array.from({ length: 5000 }, (_, index) => (index === 2345 ? 1000 : index % 7));
  // The peak is the top of the box.
  expect(trendPath(trend(values), 100, 30)?.line).toContain(' 1.5L');
});
