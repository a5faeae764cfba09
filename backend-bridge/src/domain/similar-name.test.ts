import { editDistance, similarName } from './similar-name';

it.each([
  ['zone', ['shop', 'zone_id', 'orders'], 'zone_id'],
  ['shopId', ['SHOP', 'shop_id'], 'shop_id'],
  ['odrers', ['orders', 'turnover'], 'orders'],
  ['region', ['country', 'orders'], undefined],
  ['n', ['m', 'o'], undefined],
  ['sohp', ['ship', 'shop'], 'shop'],
  ['ORDERS', [], undefined],
])('%s among %j is %s', (meant, names, expected) => {
  expect(similarName(meant, names)).toBe(expected);
});

it('counts up to three edits', () => {
  expect(editDistance('orders', 'orders')).toBe(0);
  expect(editDistance('odrers', 'orders')).toBe(1);
  expect(editDistance('a', 'abcdef')).toBe(3);
});
