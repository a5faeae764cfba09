import fc from 'fast-check';
import former from '../../tests/fixtures/plugin/queries/migrated-from-names-of-the-api.json';
import type { StreamKpiQuery } from './query';
import { queryText } from './query-text';
import { readQuery } from './saved-query';
import { DataSourceStage } from './testing/datasource-stage';
import { choice } from './testing/template-variables';

test('a query without a version, with the names of the API, is read as the backend reads it', () => {
  const { metric, overTime, step, groupBy, filters } = readQuery(former.saved as unknown as StreamKpiQuery);
  const asked = former.bridge_request;
  expect({ metric, overTime, groupBy, filters }).toEqual({
    metric: asked.metric,
    overTime: asked.over_time,
    groupBy: asked.group_by,
    filters: asked.filters,
  });
  expect(step).toBe(`${asked.step_ms}ms`);
});

let stage: DataSourceStage;
beforeEach(() => {
  stage = new DataSourceStage([choice('segment', { value: ['a', 'b'] })]);
});
afterEach(() => stage.end());

const inExplore = (query: unknown, scopedVars: unknown = {}, filters?: unknown): StreamKpiQuery | undefined =>
  stage.datasource.interpolateVariablesInQueries(
    [query as StreamKpiQuery],
    scopedVars as never,
    filters as never,
  )[0];

describe('a query that goes to Explore or into a new alert rule', () => {
  test('keeps a variable that is not there, beside those that are', () => {
    const query = {
      refId: 'A',
      metric: '$nothing',
      alias: '$none',
      limit: '$many',
      filters: [
        { dimension: 'segment', op: '=', values: ['$segment'] },
        { dimension: 'country', op: '=', values: ['$gone'] },
      ],
    };
    expect(inExplore(query)).toMatchObject({
      metric: '$nothing',
      alias: '$none',
      limit: '$many',
      filters: [
        { dimension: 'segment', op: '=', values: ['a', 'b'] },
        { dimension: 'country', op: '=', values: ['$gone'] },
      ],
    });
  });

  test('keeps a variable with several values where there can be one only', () => {
    expect(inExplore({ refId: 'A', metric: '$segment' })).toMatchObject({ metric: '$segment' });
  });

  test.each([undefined, null])('may come without scoped variables and filters: %s', (none) => {
    expect(inExplore({ refId: 'A', metric: 'events' }, none, none)).toMatchObject({ metric: 'events' });
  });

  test('with fields that are null is as if they were absent', () => {
    const nulls = {
      metric: 'events',
      filters: null,
      groupBy: null,
      step: null,
      alias: null,
      severities: null,
    };
    expect(inExplore({ refId: 'A', ...nulls })).toEqual({
      refId: 'A',
      metric: 'events',
      datasource: stage.datasource.getRef(),
    });
  });

  test('half filled in stays so', () => {
    const filters = [{ dimension: '', op: '=', values: [] }, {}, null];
    expect(inExplore({ refId: 'A', filters })?.filters).toHaveLength(3);
  });

  test('keeps a filter of the dashboard that labels cannot be compared by, so that the query says so', () => {
    const filters = [{ key: 'segment', operator: '<', value: '3' }];
    expect(inExplore({ refId: 'A', metric: 'events' }, {}, filters)).toMatchObject({
      filters: [{ dimension: 'segment', op: '<', values: ['3'] }],
    });
  });

  test.each([
    { refId: 'B', datasource: { type: '__expr__', uid: '__expr__' }, type: 'math', expression: '$A * 2' },
    { refId: 'C', datasource: { type: 'prometheus', uid: 'p' }, expr: 'rate(x[$__rate_interval])' },
  ])('of another data source stays as it is: $refId', (query) => {
    expect(inExplore(query)).toBe(query);
  });

  test('has lists of texts only, whatever was saved in them', () => {
    const saved = {
      refId: 'A',
      metric: 'events',
      groupBy: ['segment', null],
      severities: [{ toString: null }, 'high'],
    };
    expect(inExplore(saved)).toMatchObject({ groupBy: ['segment'], severities: ['high'] });
  });

  test('is one for each, whatever it was', () => {
    fc.assert(
      fc.property(fc.array(anyQuery), (queries) => {
        const filled = stage.datasource.interpolateVariablesInQueries(queries, {});
        expect(filled).toHaveLength(queries.length);
      }),
    );
  });
});

const words = fc.constantFrom('', 'events', '$segment', '$nothing', '${segment}', '[[x]]');
const anything = fc.oneof(words, fc.array(words), fc.jsonValue());
const filterLike = fc.oneof(
  anything,
  fc.record(
    {
      dimension: anything,
      key: anything,
      op: anything,
      operator: anything,
      values: anything,
      value: anything,
    },
    { requiredKeys: [] },
  ),
);
const anyQuery = fc.oneof(
  fc.jsonValue(),
  fc.record(
    {
      refId: anything,
      version: fc.constantFrom(null, 0, 1, 2, 'x'),
      datasource: anything,
      hide: anything,
      kind: anything,
      queryType: anything,
      metric: anything,
      metric_name: anything,
      measure: anything,
      step: anything,
      step_ms: anything,
      overTime: anything,
      alias: anything,
      limit: anything,
      stat: anything,
      eventsAs: anything,
      statusAs: anything,
      timeShift: anything,
      groupBy: anything,
      severities: anything,
      filters: fc.oneof(anything, fc.array(filterLike)),
    },
    { requiredKeys: [] },
  ),
) as fc.Arbitrary<StreamKpiQuery>;

test('every saved query has a text, and it can be said whether it is asked', () => {
  fc.assert(
    fc.property(anyQuery, (query) => {
      expect(typeof queryText(query)).toBe('string');
      expect(typeof stage.datasource.filterQuery(query)).toBe('boolean');
    }),
  );
});
