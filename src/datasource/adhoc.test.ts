import { CatalogueClient } from './catalogue';
import { dimensionKeys, dimensionValues, toQueryFilters } from './adhoc';
import { InterpolationError } from './interpolation';
import { CATALOGUE } from './testing/catalogue';

describe('a filter of the dashboard', () => {
  test.each([
    ['=', { value: 'a' }, { op: '=', values: ['a'] }],
    ['!=', { value: 'a' }, { op: '!=', values: ['a'] }],
    ['=~', { value: 'a.*' }, { op: '=~', values: ['a.*'] }],
    ['!~', { value: 'a.*' }, { op: '!~', values: ['a.*'] }],
    ['=|', { value: 'a', values: ['a', 'b'] }, { op: '=', values: ['a', 'b'] }],
    ['!=|', { value: 'a', values: ['a', 'b'] }, { op: '!=', values: ['a', 'b'] }],
    ['=|', { value: 'a' }, { op: '=', values: ['a'] }],
    ['=|', { value: 'a', values: [] }, { op: '=', values: ['a'] }],
    ['=', { value: 'a', values: ['b', 'c'] }, { op: '=', values: ['a'] }],
    ['=', { value: '' }, { op: '=', values: [''] }],
  ])('%s with %j is %j', (operator, given, filter) => {
    expect(toQueryFilters([{ key: 'segment', operator, ...given }])).toEqual([
      { dimension: 'segment', ...filter },
    ]);
  });

  test('that is half made is none', () => {
    expect(
      toQueryFilters([
        { key: '', operator: '=', value: 'a' },
        { key: 'segment', operator: '', value: 'a' },
      ]),
    ).toEqual([]);
  });

  test.each(['<', '>', '>=', 'like'])('with %s is refused in a sentence', (operator) => {
    const refused = () => toQueryFilters([{ key: 'segment', operator, value: '1' }]);
    expect(refused).toThrow(InterpolationError);
    expect(refused).toThrow(`The dashboard's filter on "segment" uses ${operator},`);
  });
});

describe('what can be filtered by', () => {
  const asked: string[] = [];
  const client = new CatalogueClient((path) => {
    asked.push(path);
    if (path === 'metrics') return Promise.resolve(CATALOGUE);
    return Promise.resolve({ values: path.includes('revenue') ? ['c', 'a'] : ['b', 'a'], truncated: false });
  });
  beforeEach(() => {
    asked.length = 0;
    client.forget();
  });
  const names = (found: { text: string }[]) => found.map(({ text }) => text);

  test('are the dimensions of the metrics on the dashboard, each once', async () => {
    const metrics = ['revenue_per_minute', 'events_per_minute'];
    expect(names(await dimensionKeys(client, metrics))).toEqual(['country', 'segment']);
  });

  test('are those of every metric where the dashboard has none of this bridge yet', async () => {
    expect(names(await dimensionKeys(client, []))).toEqual(['country', 'segment', 'user_id']);
    expect(names(await dimensionKeys(client, ['gone']))).toEqual(['country', 'segment', 'user_id']);
  });

  test('has the values that any of the metrics knows, and asks those only that have the dimension', async () => {
    const metrics = ['revenue_per_minute', 'events_per_minute', 'high_activity_alert'];
    expect(names(await dimensionValues(client, metrics, 'segment'))).toEqual(['a', 'b', 'c']);
    expect(asked.filter((path) => path !== 'metrics').sort()).toEqual([
      'metrics/events_per_minute/dimensions/segment/values',
      'metrics/revenue_per_minute/dimensions/segment/values',
    ]);
  });

  test('that no metric has, has no values', async () => {
    expect(await dimensionValues(client, ['events_per_minute'], 'planet')).toEqual([]);
  });
});
