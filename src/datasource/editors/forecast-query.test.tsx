import React from 'react';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { CoreApp } from '@grafana/data';
import type { Backtest } from '../backtest';
import type { StreamKpiQuery } from '../query';
import { showEditor } from '../testing/editor-stage';
import { AnnotationEditor } from './AnnotationEditor';
import { BacktestPreview } from './query/BacktestPreview';
import { QueryEditor } from './QueryEditor';

const FORECAST = { kind: 'forecast', metric: 'events_per_minute' } as const;
const show = (query: Partial<StreamKpiQuery> = {}, circumstances = {}) =>
  showEditor<StreamKpiQuery>(QueryEditor, { refId: 'A', version: 1, ...FORECAST, ...query }, circumstances);
const RESULT: Backtest = { days: 14, series: 1, steps: 4_032, alarms: 3, coverage: 0.9482 };

describe('a forecast', () => {
  test('is a query type with fields of its own, each with a label', async () => {
    await show();
    expect(screen.getByRole('radio', { name: 'Forecast' })).toBeChecked();
    for (const label of [
      ...['Metric', 'Measure', 'Show as', 'Group by', 'Step', 'Time zone', 'Season', 'Holidays'],
      ...['Direction', 'Min change', 'Steps in a row', 'Band', 'Horizon', 'Time shift', 'Alias', 'Live'],
    ]) {
      expect(screen.getByLabelText(label)).toBeInTheDocument();
    }
    expect(screen.queryByLabelText('Open windows')).not.toBeInTheDocument();
  });

  test('saves what is chosen, under the names of the query', async () => {
    const stage = await show();
    await stage.choose('Show as', 'Score');
    await stage.choose('Group by', 'All comb');
    await stage.choose('Step', '5m');
    await stage.choose('Time zone', 'Europe/Berlin');
    await stage.choose('Season', 'Week');
    expect(stage.saved()).toEqual({
      ...{ refId: 'A', version: 1, ...FORECAST },
      forecastAs: 'score',
      groupBy: [],
      step: '5m',
      timeZone: 'Europe/Berlin',
      seasons: 'week',
    });
  });

  test('saves what is typed, as dates and numbers', async () => {
    const stage = await show();
    await stage.choose('Holidays', '2026-12-24, 2026-12-25');
    await stage.choose('Direction', 'Below');
    await stage.choose('Min change', '12.5');
    await stage.choose('Steps in a row', '2');
    await stage.choose('Band', '0.99');
    expect(stage.saved()).toEqual({
      ...{ refId: 'A', version: 1, ...FORECAST },
      holidays: ['2026-12-24', '2026-12-25'],
      direction: 'down',
      minChange: 12.5,
      forSteps: 2,
      band: 0.99,
    });
  });

  test('does not save what is not valid, and says why', async () => {
    const stage = await show();
    for (const [label, text, sentence] of [
      ['Band', '1', 'Enter a number from 0.5 to 0.999.'],
      ['Min change', 'much', 'Enter a number, 0 or more.'],
      ['Steps in a row', '0', 'Enter a whole number from 1 to 10,000.'],
      ['Holidays', 'Christmas', '"Christmas" is not a date. Enter dates such as 2026-12-24.'],
      ['Horizon', 'a day', '"a day" is not a valid duration. Enter one such as 6h or 1d.'],
    ] as const) {
      await stage.choose(label, text);
      expect(screen.getByText(sentence)).toBeInTheDocument();
    }
    expect(stage.runs()).toBe(0);
  });

  test('in a rule is a number, by default the score', async () => {
    const stage = await show({}, { app: CoreApp.UnifiedAlerting });
    const offered = await stage.choicesOf('Show as');
    expect(offered[0]).toContain('Default: score');
    expect(offered.join(' ')).not.toMatch(/Backtest|Anomalies/);
    expect(screen.queryByLabelText('Horizon')).not.toBeInTheDocument();
  });
});

describe('the backtest', () => {
  const FIRED = 'Would have fired 3 times in the last 14 days; 94.8 % of the steps were inside the band.';

  test('says how often a rule would have fired, of the query as it is', async () => {
    const asked: StreamKpiQuery[] = [];
    const backtest = (query: StreamKpiQuery): Promise<Backtest> => {
      asked.push(query);
      return Promise.resolve(RESULT);
    };
    const stage = await show({ direction: 'down' }, { backtest });
    await stage.user.click(screen.getByRole('button', { name: 'Run backtest' }));
    expect(await screen.findByText(FIRED)).toBeInTheDocument();
    expect(asked).toMatchObject([{ ...FORECAST, direction: 'down' }]);
    await stage.choose('Direction', 'Above');
    expect(screen.queryByText(FIRED)).not.toBeInTheDocument();
  });

  const run = async (backtest: () => Promise<Backtest>): Promise<void> => {
    render(<BacktestPreview query={{ refId: 'A', ...FORECAST }} backtest={backtest} />);
    await userEvent.click(screen.getByRole('button', { name: 'Run backtest' }));
  };

  test.each<[Partial<Backtest>, string]>([
    [{ alarms: 1 }, 'Would have fired once in the last 14 days; 94.8 % of the steps were inside the band.'],
    [{ series: 4 }, `4 series together: ${FIRED}`],
    [
      { steps: 0, coverage: undefined },
      'No step of the last 14 days has a band yet: a series needs two days of history, or two weeks for the season Week.',
    ],
  ])('%j: %s', async (part, sentence) => {
    await run(() => Promise.resolve({ ...RESULT, ...part }));
    expect(await screen.findByText(sentence)).toBeInTheDocument();
  });

  test('that fails says why', async () => {
    await run(() => Promise.reject(new Error('No bridge listens.')));
    expect(await screen.findByText('The backtest failed: No bridge listens.')).toBeInTheDocument();
  });
});

test('an annotation of anomalies takes any metric, and saves what they are made by', async () => {
  const stage = await showEditor<StreamKpiQuery>(AnnotationEditor, { refId: 'Anno' });
  await stage.user.click(screen.getByRole('radio', { name: 'Anomalies' }));
  await stage.choose('Metric', 'events_per');
  await stage.choose('Min change', '5');
  expect(stage.saved()).toEqual({ refId: 'Anno', ...FORECAST, minChange: 5 });
  expect(screen.queryByLabelText('Severities')).not.toBeInTheDocument();
});
