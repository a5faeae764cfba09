import { connectionLine } from './connection-line';

test('the reason is beside the state where the line is long, and below it where there is the height', () => {
  expect(connectionLine(1800, 60, true).reason).toBe('beside');
  expect(connectionLine(700, 90, true)).toMatchObject({ reason: 'below', reasonLines: 2 });
  expect(connectionLine(300, 24, true).reason).toBe('none');
  expect(connectionLine(1800, 60, false).reason).toBe('none');
});

test('nothing grows or shrinks when there is something to say', () => {
  for (const [width, height] of [
    [1800, 60],
    [700, 70],
    [300, 44],
    [3800, 120],
  ] as const) {
    expect(connectionLine(width, height, true).size).toBe(connectionLine(width, height, false).size);
  }
});

test('what is shown fits the height', () => {
  for (let height = 24; height <= 200; height += 7) {
    const { size, reason, reasonSize, reasonLines } = connectionLine(500, height, true);
    const below = reason === 'below' ? reasonSize * 1.4 * reasonLines : 0;
    expect(size * 1.4 + below).toBeLessThanOrEqual(height);
  }
});

test('a cell has the icon alone', () => {
  expect(connectionLine(90, 30, false)).toMatchObject({ compact: true, clock: false, age: false });
});
