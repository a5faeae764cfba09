import { SeenRevisions } from './seen-revisions';

describe('seen revisions', () => {
  test('only a higher revision of a point is accepted', () => {
    const seen = new SeenRevisions();
    expect(seen.accept(1, 0, 2)).toBe(true);
    expect(seen.accept(1, 0, 2)).toBe(false);
    expect(seen.accept(1, 0, 1)).toBe(false);
    expect(seen.accept(1, 60_000, 1)).toBe(true);
    expect(seen.accept(2, 0, 1)).toBe(true);
    expect(seen.accept(1, 0, 3)).toBe(true);
    seen.forget();
    expect(seen.accept(1, 0, 1)).toBe(true);
  });

  test('bounds its memory and keeps what was seen lately', () => {
    const seen = new SeenRevisions(10);
    for (let start = 0; start < 100; start += 1) expect(seen.accept(1, start, 5)).toBe(true);
    expect(seen.accept(1, 99, 5)).toBe(false);
    expect(seen.accept(1, 95, 4)).toBe(false);
    expect(seen.accept(1, 3, 1)).toBe(true);
  });
});
