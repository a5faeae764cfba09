import fc from 'fast-check';
import { compareLabels, dimensionOrder, seriesKey, seriesName, type Labels } from './series-labels';

const named = (labels: Labels, alias?: string): string =>
  seriesName(labels, { alias, title: 'Events', words: { metric: 'events', measure: 'value', stat: '' } });

test.each<[string, Labels, string | undefined, string]>([
  ['no labels: the title', {}, undefined, 'Events'],
  ['one label: its value', { segment: 'a' }, undefined, 'a'],
  ['one label without a value', { segment: '' }, undefined, '(none)'],
  ['several labels, by name', { segment: 'a', country: '' }, undefined, 'country=(none), segment=a'],
  ['an alias', { segment: 'a' }, '{{ segment }}: {{metric}}', 'a: events'],
  ['an alias that names what is not there', { segment: 'a' }, '{{nothing}}-{{segment}}', '-a'],
  ['a label wins over a word of its name', { metric: 'x' }, '{{metric}}', 'x'],
  ['an empty alias is none', { segment: 'a' }, '', 'a'],
])('a name: %s', (_, labels, alias, name) => {
  expect(named(labels, alias)).toBe(name);
});

test('equal labels have one key, other labels another', () => {
  const labels = fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true });
  fc.assert(
    fc.property(labels, labels, (a, b) => {
      const reversed = Object.fromEntries(Object.entries(a).reverse());
      expect(seriesKey(reversed)).toBe(seriesKey(a));
      const same = JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());
      expect(seriesKey(a) === seriesKey(b)).toBe(same);
    }),
  );
});

test('the order of the dimensions is found from any listing that follows one', () => {
  const value = fc.constantFrom('', 'a', 'b', 'c');
  fc.assert(
    fc.property(
      fc.array(fc.record({ x: value, y: value, z: value }), { maxLength: 12 }),
      fc.shuffledSubarray(['x', 'y', 'z'], { minLength: 3 }),
      (all, order) => {
        const once = [...new Map(all.map((labels) => [seriesKey(labels), labels])).values()];
        const listed = once.sort((a, b) => compareLabels(a, b, order));
        const found = dimensionOrder(listed);
        expect(found).toBeDefined();
        expect([...listed].sort((a, b) => compareLabels(a, b, found ?? []))).toEqual(listed);
      },
    ),
  );
});

test('a listing that follows no order, and one of too many dimensions, are not guessed at', () => {
  expect(dimensionOrder([{ x: 'b' }, { x: 'a' }])).toBeUndefined();
  expect(dimensionOrder([Object.fromEntries('abcdef'.split('').map((name) => [name, '1']))])).toBeUndefined();
});
