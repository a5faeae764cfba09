import { seriesFrame } from '../testing/frames';
import { withOpenWindowsJoined } from './open-windows';

const frameOf = (values: number[], segment: string, open?: true) =>
  seriesFrame(values, { segment }, { kind: 'series', ...(open && { open_windows: open }) }, { refId: 'A' });

test('open windows that stand apart are read behind the closed ones of their series', () => {
  const frames = [frameOf([1, 2], 'a'), frameOf([3], 'b'), frameOf([4], 'b', true), frameOf([5], 'c', true)];
  const joined = withOpenWindowsJoined(frames);
  expect(
    joined.map(({ fields, length }) => [fields[1]?.labels?.['segment'], fields[1]?.values, length]),
  ).toEqual([
    ['a', [1, 2], 2],
    ['b', [3, 4], 2],
    ['c', [5], 1],
  ]);
});

test('frames without any stay the same list', () => {
  const frames = [frameOf([1], 'a')];
  expect(withOpenWindowsJoined(frames)).toBe(frames);
});
