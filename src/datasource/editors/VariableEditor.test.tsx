import { screen } from '@testing-library/react';
import { showEditor } from '../testing/editor-stage';
import { choice } from '../testing/template-variables';
import type { StreamKpiVariableQuery } from '../variable-query';
import { VariableEditor } from './VariableEditor';

const show = (query: unknown, circumstances = {}) =>
  showEditor<StreamKpiVariableQuery>(VariableEditor, query as StreamKpiVariableQuery, circumstances);
const VALUES = { refId: 'V', list: 'values' } as const;

test('a new variable is filled in from nothing, as Grafana gives it', async () => {
  const stage = await show('');
  await stage.choose('Metric', 'revenue');
  await stage.choose('Dimension', 'coun');
  await stage.user.click(screen.getByLabelText('In range only'));
  expect(stage.saved()).toEqual({
    refId: 'StreamKpiVariable',
    list: 'values',
    metric: 'revenue_per_minute',
    dimension: 'country',
    inRange: true,
  });
});

test('a list of metrics asks for nothing else', async () => {
  const stage = await show('');
  await stage.choose('List', 'Metrics');
  expect(stage.saved()).toMatchObject({ list: 'metrics' });
  expect(screen.queryByLabelText('Metric')).not.toBeInTheDocument();
});

test('a list of dimensions is of one metric, or of every one', async () => {
  const stage = await show({ refId: 'V', list: 'dimensions', metric: 'visits' });
  await stage.choose('Metric', 'Every');
  expect(stage.saved()).toEqual({ refId: 'V', list: 'dimensions' });
});

test('a switch that is off is not saved', async () => {
  const stage = await show({ ...VALUES, metric: 'visits', dimension: 'segment', inRange: true });
  await stage.user.click(screen.getByLabelText('In range only'));
  expect(stage.saved()).not.toHaveProperty('inRange');
});

test('values can be those of series that pass filters', async () => {
  const stage = await show({ ...VALUES, metric: 'revenue_per_minute', dimension: 'segment' });
  await stage.user.click(screen.getByRole('button', { name: 'Add filter' }));
  await stage.choose('Dimension of filter 1', 'Coun');
  await stage.choose('Values of filter 1', 'de');
  expect(stage.saved().filters).toEqual([{ dimension: 'country', op: '=', values: ['de'] }]);
});

test('may build on other variables', async () => {
  const stage = await show(VALUES, { variables: [choice('metric', { value: 'revenue_per_minute' })] });
  await stage.choose('Metric', '$metric');
  await stage.choose('Dimension', 'coun');
  expect(stage.saved()).toMatchObject({ metric: '$metric', dimension: 'country' });
});

test.each([
  [{ ...VALUES, metric: 'gone' }, 'The bridge has no metric "gone". Choose another.'],
  [
    { ...VALUES, metric: 'visits', dimension: 'planet' },
    '"Visits" has no dimension "planet". Choose another.',
  ],
])('%j is said to be wrong, where it is', async (query, sentence) => {
  await show(query);
  expect(screen.getByText(sentence)).toBeInTheDocument();
});
