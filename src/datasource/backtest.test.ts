import { dataFrameFromJSON, type DataFrame, type DataFrameJSON } from '@grafana/data';
import { frameMeta } from '../frames/frame-meta';
import table from '../../tests/fixtures/plugin/frames/forecast-backtest.json';
import { readBacktest } from './backtest';
import { annotationSupport } from './annotations';
import { queryText } from './query-text';
import { DataSourceStage } from './testing/datasource-stage';
import { choice } from './testing/template-variables';

const frame = (): DataFrame => dataFrameFromJSON(table.frames[0] as unknown as DataFrameJSON);

test('alarms add up, and the coverage is that of all steps', () => {
  expect(readBacktest(frame())).toEqual({ days: 14, series: 2, steps: 4_032, alarms: 3, coverage: 0.948 });
  expect(readBacktest(undefined)).toEqual({ days: 14, series: 0, steps: 0, alarms: 0, coverage: undefined });
  expect(frameMeta(frame())?.kind).toBe('forecast');
});

describe('the data source', () => {
  let stage: DataSourceStage;
  beforeEach(() => {
    stage = new DataSourceStage([choice('zone', { value: 'Europe/Berlin' })]);
  });
  afterEach(() => stage.end());

  test('tries a query out with its variables filled in, over two weeks', async () => {
    const asked = {
      refId: 'A',
      kind: 'forecast',
      metric: 'events',
      timeZone: '$zone',
      timeShift: '1d',
    } as const;
    await stage.datasource.backtest({ ...asked, forecastAs: 'score', live: true });
    const [sent] = stage.sent;
    expect(sent?.queries).toMatchObject([
      { metric: 'events', timeZone: 'Europe/Berlin', forecastAs: 'backtest', timeShift: '0', live: false },
    ]);
  });

  test('rejects with the reason', async () => {
    const query = { refId: 'A', kind: 'forecast', metric: '$nothing' } as const;
    await expect(stage.datasource.backtest(query)).rejects.toThrow('there is no variable of that name here');
  });
});

test('an annotation of anomalies stays one, and is never live', () => {
  const saved = { name: 'A', enable: true, iconColor: 'red' };
  const target = { refId: 'X', kind: 'forecast' as const, metric: 'm', minChange: 5 };
  expect(annotationSupport.prepareAnnotation!({ ...saved, target }).target).toEqual(target);
  expect(annotationSupport.prepareQuery!({ ...saved, target })).toEqual({
    ...target,
    refId: 'Anno',
    forecastAs: 'anomalies',
    live: false,
  });
});

test('a forecast in words', () => {
  const query = { refId: 'A', kind: 'forecast', metric: 'events' } as const;
  expect(queryText(query)).toBe('Forecast of events');
  const rule = {
    ...query,
    forecastAs: 'score',
    groupBy: [],
    step: '5m',
    direction: 'down',
    forSteps: 2,
  } as const;
  expect(queryText(rule)).toBe(
    'Anomaly score of events, all series combined, in steps of 5m, down only, for 2 steps',
  );
});
