import { FieldType, type DataQueryRequest } from '@grafana/data';
import { lastValueFrom, of } from 'rxjs';
import { DataSourceStage } from './testing/datasource-stage';
import { choice } from './testing/template-variables';
import type { StreamKpiVariableQuery } from './variable-query';
import type { VariableSupport } from './variables';

let stage: DataSourceStage;
beforeEach(() => (stage = new DataSourceStage([choice('metric', { value: 'events_per_minute' })])));
afterEach(() => stage.end());

const query = (asked: Partial<StreamKpiVariableQuery>): StreamKpiVariableQuery => ({
  refId: 'V',
  list: 'values',
  ...asked,
});
const list = async (asked: unknown, options = {}) =>
  (await stage.datasource.metricFindQuery(asked, options)).map(({ text, value }) =>
    text === value ? text : { text, value },
  );

describe('metrics', () => {
  test('are listed by title, and stand for their names', async () => {
    expect(await list(query({ list: 'metrics' }))).toContainEqual({
      text: 'Events per minute',
      value: 'events_per_minute',
    });
  });

  test('are searched by either', async () => {
    expect(await list(query({ list: 'metrics' }), { searchFilter: 'EVENTS' })).toHaveLength(1);
    expect(await list(query({ list: 'metrics' }), { searchFilter: 'revenue_' })).toHaveLength(1);
    expect(await list(query({ list: 'metrics' }), { searchFilter: 'nothing' })).toEqual([]);
  });
});

describe('dimensions', () => {
  test('of a metric, which may be a variable', async () => {
    expect(await list(query({ list: 'dimensions', metric: 'revenue_per_minute' }))).toEqual([
      'country',
      'segment',
    ]);
    expect(await list(query({ list: 'dimensions', metric: '$metric' }))).toEqual(['segment']);
  });

  test('of every metric', async () => {
    expect(await list(query({ list: 'dimensions' }))).toEqual(['country', 'segment', 'user_id']);
  });

  test('of a metric that there is not are an error that says so, not those of all', async () => {
    await expect(list(query({ list: 'dimensions', metric: 'gone' }))).rejects.toThrow(
      'The bridge has no metric "gone".',
    );
  });
});

describe('values', () => {
  const asked = query({ metric: '$metric', dimension: 'segment' });
  const { range } = new DataSourceStage().requestOf([]);

  test('are all that the bridge knows', async () => {
    expect(await list(asked, { range })).toEqual(['a', 'b']);
    const [call] = stage.resources;
    expect(call?.path).toBe('metrics/events_per_minute/dimensions/segment/values');
    expect(call?.params).toEqual({ limit: '10000' });
  });

  test('are those of the range where that is wanted', async () => {
    await list({ ...asked, inRange: true }, { range });
    expect(stage.resources[0]?.params).toMatchObject({
      from_ms: String(range.from.valueOf()),
      to_ms: String(range.to.valueOf()),
    });
  });

  test('are searched by the bridge, which knows more of them than it lists', async () => {
    await list(asked, { searchFilter: 'pre' });
    expect(stage.resources[0]?.params).toMatchObject({ prefix: 'pre' });
  });

  test('that pass filters come from a summary of the range', async () => {
    const column = { name: 'segment', type: FieldType.string, config: {}, values: ['b', 'a', 'b'] };
    const answer = { data: [{ refId: 'values', fields: [column], length: 3 }] };
    jest.spyOn(stage.backend, 'history').mockReturnValue(of(answer));
    const filters = [{ dimension: 'country', op: '=' as const, values: ['$metric'] }];
    expect(await list({ ...asked, filters }, { range })).toEqual(['a', 'b']);
    expect(stage.sent[0]?.queries[0]).toMatchObject({
      kind: 'summary',
      metric: 'events_per_minute',
      filters: [{ dimension: 'country', op: '=', values: ['events_per_minute'] }],
    });
    expect(stage.resources).toEqual([]);
  });

  test('that cannot be read are an error in a sentence', async () => {
    stage.backend.fault = { message: 'The bridge cannot be reached.', status: 502 };
    const filters = [{ dimension: 'country', op: '=' as const, values: ['de'] }];
    await expect(list({ ...asked, filters }, { range })).rejects.toThrow('The bridge cannot be reached.');
    stage.answer = () =>
      Promise.reject(Object.assign(new Error('x'), { data: { error: { message: 'No access.' } } }));
    await expect(list(asked)).rejects.toThrow('No access.');
  });

  test('of a query that is not complete are none, and nothing is asked', async () => {
    expect(await list(query({ metric: 'events_per_minute' }))).toEqual([]);
    expect(await list(query({ dimension: 'segment' }))).toEqual([]);
    expect(stage.resources).toEqual([]);
  });
});

test.each([undefined, null, '', 'metrics', { refId: 'V' }, { list: 'planets' }])(
  'a variable that was saved as %j has no choices yet',
  async (saved) => {
    expect(await list(saved)).toEqual([]);
  },
);

describe('what can be filtered by on a dashboard', () => {
  test('follows its queries, variables in them filled in', async () => {
    const queries = [{ refId: 'A', metric: '$metric' }, { refId: 'B' }];
    const keys = await stage.datasource.getTagKeys({ filters: [], queries });
    expect(keys.map(({ text }) => text)).toEqual(['segment']);
    const values = await stage.datasource.getTagValues({ key: 'segment', filters: [], queries });
    expect(values.map(({ text }) => text)).toEqual(['a', 'b']);
  });
});

test("Grafana's own way to ask for a variable gives the same choices", async () => {
  const support = stage.datasource.variables as VariableSupport;
  const request = {
    ...stage.requestOf([]),
    targets: [query({ list: 'metrics' })],
    scopedVars: { __searchFilter: { text: '', value: 'rev' } },
  } as unknown as DataQueryRequest<StreamKpiVariableQuery>;
  const { data } = await lastValueFrom(support.query(request));
  expect(data).toEqual([{ text: 'Revenue per minute', value: 'revenue_per_minute' }]);
  expect(support.getDefaultQuery()).toEqual({ list: 'values' });
});
