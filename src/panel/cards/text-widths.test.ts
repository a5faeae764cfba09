import { measureText } from '@grafana/ui';
import type { CardModel, Stat } from '../reading/card-model';
import { ems, textWidths } from './text-widths';

jest.mock('@grafana/ui', () => ({ measureText: jest.fn() }));
const measuring = (width: number): void => {
  jest.mocked(measureText).mockReturnValue({ width } as TextMetrics);
};

test('before its font is loaded another one is measured: a number still has the room that it will need', () => {
  measuring(10);
  // Digits of Inter, all of one width: 0.65 of the font size at weight 500.
  for (const text of ['2000', '987.65B', '−98.7K', '1,234,567']) {
    const digits = text.replace(/\D/g, '').length;
    expect(ems(text)).toBeGreaterThanOrEqual(0.65 * digits + 0.25 * (text.length - digits));
  }
});

test('a text that measures wider has that width', () => {
  measuring(500);
  expect(ems('WWW')).toBeCloseTo(5.3);
});

test('statistics have room for their names, those of a forecast too', () => {
  jest.mocked(measureText).mockImplementation((text) => ({ width: text.length * 50 }) as TextMetrics);
  const widthOf = (...names: Stat['name'][]): number => {
    const stats = names.map((name) => ({ name, value: { prefix: '', text: '805', suffix: '' } }));
    const card = { value: stats[0]!.value, stats, delta: null, target: null } as unknown as CardModel;
    return textWidths([card], 'percent').stats;
  };
  const shown = 'Expected 805 Lower 805 Upper 805';
  expect(widthOf('expected', 'lower', 'upper')).toBeGreaterThanOrEqual(shown.length * 0.5);
  expect(widthOf('min', 'max', 'avg')).toBeLessThan(widthOf('expected', 'lower', 'upper'));
});
