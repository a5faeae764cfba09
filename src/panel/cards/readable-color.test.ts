import { colorManipulator, createTheme } from '@grafana/data';
import { palette } from '../theme-palette';
import { readableColor, textOn } from './readable-color';

const { getContrastRatio } = colorManipulator;

describe.each(['dark', 'light'] as const)('%s', (mode) => {
  const theme = createTheme({ colors: { mode } });
  const surface = palette(theme).background.secondary;
  const names = [
    'green',
    'red',
    'yellow',
    'orange',
    'blue',
    'purple',
    'dark-red',
    'super-light-yellow',
    'light-green',
  ];

  test.each(names)('%s can be read on a card', (name) => {
    const color = theme.visualization.getColorByName(name);
    expect(getContrastRatio(readableColor(color, surface), surface)).toBeGreaterThanOrEqual(4.5);
  });

  test.each(names)('text can be read on a card of %s', (name) => {
    const color = theme.visualization.getColorByName(name);
    expect(getContrastRatio(textOn(color) ?? '', color)).toBeGreaterThanOrEqual(4.5);
  });
});

test('a colour with enough contrast stays as it is', () => {
  expect(readableColor('#000000', '#ffffff')).toBe('#000000');
});

test('what is not a colour is returned as it is, and has no text colour', () => {
  expect(readableColor('nonsense', '#ffffff')).toBe('nonsense');
  expect(textOn('nonsense')).toBeUndefined();
});
