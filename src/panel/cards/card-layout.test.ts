import fc from 'fast-check';
import { cardGrid } from './card-grid';
import {
  BAR_HEIGHT,
  cardLayout,
  SMALL_LINE,
  TITLE_LINE,
  VALUE_LINE,
  type CardLayout,
  type CardParts,
  type TextWidths,
} from './card-layout';

const ALL: CardParts = { delta: true, trend: true, updated: true, stats: true, target: true };
const TEXTS: TextWidths = { value: 4, delta: 6, stats: 18, target: 10 };

/** Height of everything that a layout shows. */
function heightOf(layout: CardLayout): number {
  const small = Math.ceil(layout.smallSize * SMALL_LINE);
  const title = layout.titleSize > 0 ? Math.ceil(layout.titleSize * TITLE_LINE) : 0;
  const value = Math.ceil(layout.valueSize * VALUE_LINE);
  if (layout.kind === 'line') return 2 * layout.padding + Math.max(title, value);
  return (
    2 * layout.padding +
    title +
    value +
    layout.trendHeight +
    (layout.delta === 'below' ? small : 0) +
    (layout.updated ? small : 0) +
    (layout.stats ? small : 0) +
    (layout.target ? small + BAR_HEIGHT : 0)
  );
}

const parts: fc.Arbitrary<CardParts> = fc.record({
  delta: fc.boolean(),
  trend: fc.boolean(),
  updated: fc.boolean(),
  stats: fc.boolean(),
  target: fc.boolean(),
});
const texts: fc.Arbitrary<TextWidths> = fc.record({
  value: fc.double({ min: 1, max: 14, noNaN: true }),
  delta: fc.double({ min: 3, max: 20, noNaN: true }),
  stats: fc.double({ min: 8, max: 60, noNaN: true }),
  target: fc.double({ min: 6, max: 30, noNaN: true }),
});
const width = fc.integer({ min: 40, max: 3840 });
const height = fc.integer({ min: 24, max: 2160 });

test('what a card shows fits into it, at any size', () => {
  fc.assert(
    fc.property(width, height, parts, texts, (wide, high, has, widths) => {
      const layout = cardLayout(wide, high, has, widths);
      expect(heightOf(layout)).toBeLessThanOrEqual(high);
      expect(layout.smallSize).toBeGreaterThanOrEqual(11);
      if (layout.delta === 'beside' && layout.kind === 'stack') {
        const used = layout.valueSize * widths.value + layout.smallSize * (widths.delta + 1);
        expect(used).toBeLessThanOrEqual(wide - 2 * layout.padding + 1);
      }
    }),
    { numRuns: 2000 },
  );
});

test('a panel of one grid unit has room for its number', () => {
  const layout = cardLayout(36, 14, ALL, TEXTS);
  expect(layout).toMatchObject({ kind: 'line', titleSize: 0, delta: 'none' });
  expect(heightOf(layout)).toBeLessThanOrEqual(14);
});

test('no part that there is nothing of takes room', () => {
  const none: CardParts = { delta: false, trend: false, updated: false, stats: false, target: false };
  expect(cardLayout(400, 300, none, TEXTS)).toMatchObject({
    delta: 'none',
    trendHeight: 0,
    updated: false,
    stats: false,
    target: false,
  });
});

test('one cell has the title and a readable value', () => {
  const cell = cardLayout(120, 60, ALL, TEXTS);
  expect(cell.kind).toBe('stack');
  expect(cell.titleSize).toBeGreaterThan(0);
  expect(cell.valueSize).toBeGreaterThanOrEqual(14);
});

test('a usual card has everything', () => {
  expect(cardLayout(320, 220, ALL, TEXTS)).toMatchObject({ updated: true, stats: true, target: true });
  expect(cardLayout(320, 220, ALL, TEXTS).trendHeight).toBeGreaterThan(20);
});

test('a wall has large text', () => {
  const wall = cardLayout(950, 1100, ALL, TEXTS);
  expect(wall.valueSize).toBeGreaterThan(120);
  expect(wall.smallSize).toBeGreaterThan(20);
});

test('a card of one line has its value beside the title', () => {
  const line = cardLayout(400, 34, ALL, TEXTS);
  expect(line).toMatchObject({ kind: 'line', trendHeight: 0, stats: false });
  expect(line.titleSize).toBeGreaterThan(0);
});

describe('the grid', () => {
  test('cards stay inside the rectangle, or it scrolls', () => {
    fc.assert(
      fc.property(
        width,
        height,
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 0, max: 8 }),
        (wide, high, count, columns) => {
          const grid = cardGrid(wide, high, count, columns);
          expect(grid.columns * grid.cardWidth + (grid.columns - 1) * grid.gap).toBeLessThanOrEqual(wide);
          if (!grid.scrolls) {
            const rows = Math.ceil(count / grid.columns);
            expect(rows * grid.cardHeight + (rows - 1) * grid.gap).toBeLessThanOrEqual(high);
            expect(grid.cardHeight).toBeGreaterThanOrEqual(Math.min(40, high));
          }
        },
      ),
    );
  });

  test.each([
    [1200, 200, 4, 4],
    [300, 900, 4, 1],
    [600, 500, 4, 2],
    [3840, 1200, 4, 4],
  ])('%d x %d with %d cards has %d columns', (wide, high, count, columns) => {
    expect(cardGrid(wide, high, count, 0).columns).toBe(columns);
  });

  test('where it scrolls, no row is cut at the end', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 800 }), fc.integer({ min: 40, max: 600 }), (wide, high) => {
        const { scrolls, cardHeight, gap } = cardGrid(wide, high, 200, 0);
        expect(scrolls).toBe(true);
        const rows = Math.round((high + gap) / (cardHeight + gap));
        const rest = high - (rows * (cardHeight + gap) - gap);
        expect(rest).toBeGreaterThanOrEqual(0);
        expect(rest).toBeLessThan(rows);
      }),
    );
  });

  test('columns can be set', () => {
    expect(cardGrid(1200, 600, 6, 3).columns).toBe(3);
    expect(cardGrid(1200, 600, 2, 5).columns).toBe(2);
  });
});
