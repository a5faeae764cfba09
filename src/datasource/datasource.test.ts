import { CoreApp, LoadingState, type DataFrame, type DataQueryResponse } from '@grafana/data';
import { config } from '@grafana/runtime';
import { firstValueFrom, forkJoin } from 'rxjs';
import { frameMeta } from '../frames/frame-meta';
import { DataSourceStage } from './testing/datasource-stage';
import { HOUR, absolute } from './testing/live-stage';
import { choice } from './testing/template-variables';

let stage: DataSourceStage;
const begin = (...variables: Parameters<typeof choice>[]): void => {
  stage = new DataSourceStage(variables.map((given) => choice(...given)));
  stage.backend.write({ segment: 'a' }, Date.now() - 60_000, 7);
};
beforeEach(() => begin());
afterEach(() => stage.end());

const metaOf = ({ data }: DataQueryResponse) => frameMeta((data as DataFrame[])[0]!);
const SERIES = { metric: 'events' };

describe('a query of a dashboard', () => {
  test('is answered, then updated live', async () => {
    const response = await stage.ask([SERIES]);
    expect(response.state).toBe(LoadingState.Streaming);
    expect(metaOf(response)?.kind).toBe('series');
    expect(stage.live.open).toHaveLength(1);
    expect(stage.live.channel.address).toMatchObject({ uid: 'uid', path: stage.backend.path });
  });

  test('asks the backend for what the dashboard asks, with revisions to merge by', async () => {
    await stage.ask([{ ...SERIES, kind: 'series', groupBy: ['segment'] }]);
    expect(stage.sent[0]?.url).toContain('/api/ds/query');
    expect(stage.sent[0]?.queries).toMatchObject([
      { refId: 'A', metric: 'events', groupBy: ['segment'], withRevisions: true, maxDataPoints: 1_000 },
    ]);
  });

  test('without a metric, and one that is hidden, are not asked', async () => {
    await stage.ask([{ kind: 'series' }, { ...SERIES, hide: true }, { kind: 'events', metric: '' }]);
    expect(stage.sent).toEqual([]);
    const { datasource } = stage;
    expect(datasource.filterQuery({ refId: 'A', kind: 'status' })).toBe(true);
    expect(datasource.filterQuery({ refId: 'A', metric: 'events' })).toBe(true);
  });

  test('shows the error of the backend', async () => {
    stage.backend.fault = { message: 'The bridge has no metric "events".', status: 404 };
    const response = await stage.ask([SERIES]);
    expect(response.errors?.[0]).toMatchObject({ refId: 'A', message: 'The bridge has no metric "events".' });
    expect(response.state).toBe(LoadingState.Error);
    expect(stage.live.channels).toEqual([]);
  });
});

describe("a dashboard's group-by variable", () => {
  const asked = async (query: object, groupByKeys: string[]) => {
    stage.sent.length = 0;
    await stage.ask([query], { groupByKeys });
    return stage.sent[0]?.queries[0];
  };

  test('groups queries by those of its keys that their metric has', async () => {
    const revenue = { metric: 'revenue_per_minute', groupBy: ['country'] };
    expect(await asked(revenue, ['segment', 'user_id'])).toMatchObject({ groupBy: ['segment'] });
    expect(await asked({ ...revenue, kind: 'summary' }, ['country', 'segment'])).toMatchObject({
      groupBy: ['country', 'segment'],
    });
  });

  test('leaves queries as they are that have none of its keys, and events', async () => {
    const revenue = { metric: 'revenue_per_minute', groupBy: ['country'] };
    expect(await asked(revenue, ['user_id'])).toMatchObject({ groupBy: ['country'] });
    expect(await asked(revenue, [])).toMatchObject({ groupBy: ['country'] });
    expect(await asked({ kind: 'events', metric: 'high_activity_alert' }, ['user_id'])).not.toHaveProperty(
      'groupBy',
    );
  });

  test('leaves the refusal of an unknown key to the backend while the catalogue cannot be read', async () => {
    stage.answer = () => Promise.reject(new Error('down'));
    expect(await asked({ metric: 'revenue_per_minute' }, ['segment'])).toMatchObject({
      groupBy: ['segment'],
    });
  });

  test('lists the dimensions of the metrics that the dashboard shows', async () => {
    const queries = [{ refId: 'A', metric: 'revenue_per_minute' }];
    expect(await stage.datasource.getGroupByKeys({ filters: [], queries })).toEqual([
      { text: 'country', value: 'country' },
      { text: 'segment', value: 'segment' },
    ]);
  });
});

describe('a filter that is left out', () => {
  const LEFT_OUT = 'The dashboard\'s filter on "country" is left out: events has no such dimension.';
  const askedUnder = (...transformations: object[]) => {
    stage.backend.notices = [
      { severity: 'warning', text: LEFT_OUT },
      { severity: 'info', text: 'Each point stands for 5m; a window is 1m.' },
    ];
    const runner = { parent: { state: { transformations } } };
    return stage.ask([SERIES], {
      scopedVars: { __sceneObject: { text: '', value: { valueOf: () => runner } } },
    });
  };

  test('is a notice of the frames', async () => {
    const response = await askedUnder({ id: 'organize' }, { id: 'groupBy', disabled: true });
    expect(response.errors).toBeUndefined();
    expect((response.data as DataFrame[])[0]?.meta?.notices).toHaveLength(2);
  });

  test('is said by the response where a transformation makes new frames', async () => {
    const response = await askedUnder({ id: 'organize' }, { id: 'groupBy' });
    expect(response.errors).toEqual([{ refId: 'A', message: LEFT_OUT, status: 200 }]);
    expect(response.data).toHaveLength(1);
  });
});

describe('no stream is opened', () => {
  test('for an absolute range that is over', async () => {
    const range = absolute(Date.now() - 2 * HOUR, Date.now() - HOUR);
    const response = await stage.ask([SERIES], { range });
    expect(stage.sent).toHaveLength(1);
    expect(response.state).not.toBe(LoadingState.Streaming);
    expect(stage.live.channels).toEqual([]);
    expect(stage.sent[0]?.queries[0]).not.toHaveProperty('withRevisions');
  });

  test.each([CoreApp.UnifiedAlerting, CoreApp.CloudAlerting])(
    'for %s: a rule asks, and nobody watches',
    async (app) => {
      await stage.ask([SERIES], { app });
      expect(stage.sent).toHaveLength(1);
      expect(stage.live.channels).toEqual([]);
    },
  );

  test('for an annotation', async () => {
    stage.backend.mode = 'events';
    const scopedVars = { __annotation: { text: '', value: {} } };
    await stage.ask([{ kind: 'events', metric: 'alerts' }], { scopedVars });
    expect(stage.sent[0]?.queries[0]?.live).toBe(false);
    expect(stage.live.channels).toEqual([]);
  });

  test('for a query that is not to be live', async () => {
    const response = await stage.ask([{ ...SERIES, live: false }]);
    expect(response.state).not.toBe(LoadingState.Streaming);
    expect(stage.live.channels).toEqual([]);
  });

  test('for the values of a variable', async () => {
    const filters = [{ dimension: 'segment', op: '=' as const, values: ['a'] }];
    const { range } = stage.requestOf([]);
    const query = {
      refId: 'V',
      list: 'values' as const,
      metric: 'events_per_minute',
      dimension: 'segment',
      filters,
    };
    await stage.datasource.metricFindQuery(query, { range });
    expect(stage.sent).toHaveLength(1);
    expect(stage.sent[0]?.queries[0]).toMatchObject({
      kind: 'summary',
      live: false,
      openWindows: 'include',
      interpolated: true,
    });
    expect(stage.live.channels).toEqual([]);
  });
});

describe('in a panel with mixed data sources, which waits until every answer is complete', () => {
  test('the query is answered once, and says why nothing follows', async () => {
    const mixed = stage.datasource.query(stage.requestOf([SERIES], { requestId: 'mixed-0-Q1' }));
    const [response] = await firstValueFrom(forkJoin([mixed]));
    expect(metaOf(response)).toMatchObject({
      state: 'static',
      state_message:
        'A panel with mixed data sources has no live updates; refresh the dashboard for new data.',
    });
    expect(stage.live.channels).toEqual([]);
  });

  test('an error names the data source, as it does not say whose token or address is meant', async () => {
    stage.backend.fault = { message: 'The token is unknown or was revoked.', status: 401 };
    const response = await stage.ask([SERIES], { requestId: 'mixed-0-Q1' });
    const named = { refId: 'A', message: 'StreamKPI: The token is unknown or was revoked.' };
    expect(response.errors).toEqual([expect.objectContaining(named)]);
    expect(response.error).toMatchObject(named);
  });
});

test.each([
  ['an absolute range', { range: absolute(Date.now() - 2 * HOUR, Date.now() - HOUR) }],
  ['a mixed panel', { requestId: 'mixed-1-Q1' }],
  ['an alert rule', { app: CoreApp.UnifiedAlerting }],
])('an answer without frames and without an error is a failure in %s too', async (_, changes) => {
  stage.backend.isOffline = true;
  const response = await stage.ask([SERIES], changes);
  expect(response.errors?.[0]?.message).toMatch(/^(StreamKPI: )?Grafana did not answer/);
  expect(response.state).toBe(LoadingState.Error);
});

describe('on a public dashboard', () => {
  test('the backend is asked for the panel, there is no stream, and every panel says that it is not live', async () => {
    config.publicDashboardAccessToken = 'token';
    const response = await stage.ask([SERIES], { panelId: 3 });
    expect(stage.sent[0]?.url).toContain('/api/public/dashboards/token/panels/3/query');
    expect(stage.live.channels).toEqual([]);
    expect(metaOf(response)).toMatchObject({
      state: 'static',
      state_message: 'Public dashboards have no live updates; refresh the dashboard for new data.',
    });
  });
});

describe('template variables', () => {
  test('are filled in before the backend is asked', async () => {
    begin(['metric', { value: 'events' }]);
    await stage.ask([{ metric: '$metric' }]);
    expect(stage.sent[0]?.queries[0]).toMatchObject({ metric: 'events', interpolated: true });
  });

  test('that cannot be filled in are an error of that query, and the others are answered', async () => {
    begin(['metric', { value: ['a', 'b'] }]);
    const response = await stage.ask([{ metric: '$metric' }, SERIES]);
    expect(response.errors).toMatchObject([{ refId: 'A', status: 400 }]);
    expect(response.errors?.[0]?.message).toMatch(/2 values selected/);
    expect(response.state).toBe(LoadingState.Error);
    expect((response.data as DataFrame[]).map(({ refId }) => refId)).toEqual(['B']);
  });

  test('that cannot be filled in in any query leave nothing to ask', async () => {
    const response = await stage.ask([{ metric: '$nothing' }]);
    expect(response.errors?.[0]?.message).toMatch(/^The metric holds \$nothing/);
    expect(stage.sent).toEqual([]);
  });

  test('whose value looks like a variable are not filled in twice', async () => {
    begin(['segment', { value: '$metric', options: ['$metric'] }], ['metric', { value: 'events' }]);
    await stage.ask([{ ...SERIES, filters: [{ dimension: 'segment', op: '=', values: ['$segment'] }] }]);
    // Marked as filled in: otherwise the backend would take the text for a variable.
    expect(stage.sent[0]?.queries[0]).toMatchObject({
      filters: [{ values: ['$metric'] }],
      interpolated: true,
    });
  });

  test('with All selected leave out the filter of a saved dashboard', async () => {
    begin(['segment', { value: ['$__all'], includeAll: true }]);
    await stage.ask([{ ...SERIES, filters: [{ dimension: 'segment', op: '=', values: ['$segment'] }] }]);
    expect(stage.sent[0]?.queries[0]?.filters).toEqual([]);
  });
});

describe('a dashboard’s ad-hoc filters', () => {
  const filters = [
    { key: 'segment', operator: '=|', value: 'a', values: ['a', 'b'] },
    { key: 'country', operator: '!=', value: 'de' },
  ];
  const asFilters = [
    { dimension: 'segment', op: '=', values: ['a', 'b'] },
    { dimension: 'country', op: '!=', values: ['de'] },
  ];

  test('go beside the query’s own', async () => {
    await stage.ask([SERIES], { filters });
    expect(stage.sent[0]?.queries[0]).toMatchObject({ adhocFilters: asFilters });
  });

  test('are the query’s own in Explore, where they can be seen, with variables filled in', () => {
    begin(['metric', { value: 'events' }]);
    const own = { dimension: 'segment', op: '!=' as const, values: ['x'] };
    const [query] = stage.datasource.interpolateVariablesInQueries(
      [{ refId: 'A', metric: '$metric', filters: [own] }],
      {},
      filters,
    );
    expect(query).toEqual({
      refId: 'A',
      metric: 'events',
      filters: [own, ...asFilters],
      datasource: { uid: 'uid', type: 'streamkpi-realtime-datasource' },
    });
    const [plain] = stage.datasource.interpolateVariablesInQueries([{ refId: 'A', metric: 'events' }], {});
    expect(plain).not.toHaveProperty('filters');
  });

  test('may look like variables, and still do in Explore', async () => {
    const odd = [{ key: 'segment', operator: '=', value: '$root' }];
    await stage.ask([SERIES], { filters: odd });
    expect(stage.sent[0]?.queries[0]).toMatchObject({
      adhocFilters: [{ dimension: 'segment', op: '=', values: ['$root'] }],
      interpolated: true,
    });
    const inExplore = stage.datasource.interpolateVariablesInQueries([{ refId: 'A', ...SERIES }], {}, odd);
    const filters = [{ dimension: 'segment', op: '=~', values: ['[$]root'] }];
    expect(inExplore).toMatchObject([{ filters }]);
    expect(inExplore[0]).not.toHaveProperty('interpolated');
    const { errors } = await stage.ask(inExplore);
    expect(errors).toBeUndefined();
    expect(stage.sent[1]?.queries[0]).toMatchObject({ filters });
  });

  test('with an operator that labels do not have are said in a sentence', async () => {
    const response = await stage.ask([SERIES], { filters: [{ key: 'segment', operator: '<', value: '3' }] });
    expect(response.errors?.[0]?.message).toBe(
      'The dashboard\'s filter on "segment" uses <, which labels cannot be compared with. ' +
        'Use =, !=, =~, !~, or one of several values.',
    );
  });
});

test('a new query shows the closed windows of a series', () => {
  expect(stage.datasource.getDefaultQuery(CoreApp.Dashboard)).toEqual({
    version: 1,
    kind: 'series',
    openWindows: 'exclude',
  });
  expect(stage.datasource.getQueryDisplayText({ refId: 'A', metric: 'events' })).toBe('events');
});
