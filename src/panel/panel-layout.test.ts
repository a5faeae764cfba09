import fc from 'fast-check';
import { alertLayout } from './alerts/alert-layout';
import { SECTIONS, type Section } from './options/panel-options';
import { panelLayout } from './panel-layout';
import { statusLayout } from './status/status-layout';

const NEEDS = { alertRows: 3, cards: 4 };
const names = (width: number, height: number, sections: readonly Section[] = SECTIONS) =>
  panelLayout(width, height, sections, NEEDS).boxes.map(({ section }) => section);

test('sections stay inside the width, do not overlap, and fill no more than the height they tell', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 60, max: 3840 }),
      fc.integer({ min: 40, max: 2160 }),
      fc.subarray([...SECTIONS], { minLength: 1 }),
      fc.record({ alertRows: fc.integer({ min: 1, max: 20 }), cards: fc.integer({ min: 0, max: 30 }) }),
      (width, height, sections, needs) => {
        const layout = panelLayout(width, height, sections, needs);
        expect(layout.boxes.length).toBeGreaterThan(0);
        layout.boxes.forEach((box, index) => {
          expect(box.left).toBeGreaterThanOrEqual(0);
          expect(box.left + box.width).toBeLessThanOrEqual(width);
          expect(box.top + box.height).toBeLessThanOrEqual(layout.height + 0.5);
          expect(box.height).toBeGreaterThan(0);
          for (const other of layout.boxes.slice(index + 1)) {
            const beside = box.left + box.width <= other.left || other.left + other.width <= box.left;
            const under = box.top + box.height <= other.top || other.top + other.height <= box.top;
            expect(beside || under).toBe(true);
          }
        });
      },
    ),
  );
});

test('one section gets all of the panel', () => {
  expect(panelLayout(333, 222, ['alerts'], NEEDS)).toEqual({
    boxes: [{ section: 'alerts', left: 0, top: 0, width: 333, height: 222 }],
    height: 222,
  });
});

test('in one cell only the most important section is left', () => {
  expect(names(120, 60)).toEqual(['cards']);
  expect(names(120, 60, ['connection', 'status', 'alerts'])).toEqual(['alerts']);
  expect(names(120, 60, ['connection'])).toEqual(['connection']);
  expect(names(170, 300)).toEqual(['connection', 'cards']);
});

test('alerts and status are beside each other where it is wide, under the cards', () => {
  const { boxes } = panelLayout(1200, 700, SECTIONS, NEEDS);
  const box = (section: Section) => boxes.find((entry) => entry.section === section)!;
  expect(box('alerts').top).toBe(box('status').top);
  expect(box('alerts').top).toBeGreaterThan(box('cards').top);
  expect(names(500, 900)).toEqual(['connection', 'alerts', 'cards', 'status']);
});

describe('a list of alerts', () => {
  test('is a count where no row has room', () => {
    expect(alertLayout(120, 60, 3).kind).toBe('brief');
    expect(alertLayout(400, 30, 3).kind).toBe('brief');
  });

  test('has one line an alert where it is wide, and larger text on a wall', () => {
    expect(alertLayout(1200, 400, 3)).toMatchObject({ kind: 'list', wide: true, filters: true, foot: true });
    expect(alertLayout(400, 400, 3)).toMatchObject({ kind: 'list', wide: false, words: true });
    expect(alertLayout(290, 400, 3)).toMatchObject({ kind: 'list', wide: false, words: false });
    expect(alertLayout(3840, 1200, 3).size).toBe(40);
  });

  test('cuts no row in the middle, whatever its height', () => {
    for (let height = 60; height <= 1200; height += 7) {
      for (const width of [290, 700, 1200, 3840]) {
        const { kind, size, heading, foot, wide, listEms } = alertLayout(width, height, 10);
        if (kind === 'brief') continue;
        const row = wide ? 2.9 : 4.2;
        const rows = listEms / row;
        expect(rows).toBeCloseTo(Math.round(rows));
        const room = height / size - (heading ? 2.4 : 0) - (foot ? 2.2 : 0) + 0.3;
        expect(listEms).toBeLessThanOrEqual(room + 1e-9);
        expect(listEms + row).toBeGreaterThan(room);
      }
    }
  });
});

describe("the system's status", () => {
  test('shows at least one figure, and the table of topics where there is room', () => {
    expect(
      statusLayout(120, 60, { hops: 3, messages: 0, failing: 0, topics: 3, titled: true }),
    ).toMatchObject({
      tiles: 1,
      hops: false,
      topics: false,
      heading: false,
    });
    expect(
      statusLayout(800, 400, { hops: 3, messages: 1, failing: 0, topics: 3, titled: true }),
    ).toMatchObject({
      hops: true,
      topics: true,
      heading: true,
    });
    expect(statusLayout(800, 400, { hops: 3, messages: 0, failing: 0, topics: 0, titled: true }).topics).toBe(
      false,
    );
  });

  test('says why a hop fails rather than showing all figures', () => {
    const counts = { hops: 3, messages: 1, failing: 0, topics: 3, titled: false };
    expect(statusLayout(364, 216, counts)).toMatchObject({ tiles: 6, messages: false });
    expect(statusLayout(364, 216, { ...counts, failing: 1 })).toMatchObject({ tiles: 4, messages: true });
  });
});
