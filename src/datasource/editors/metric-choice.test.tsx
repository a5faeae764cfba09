import { screen } from '@testing-library/react';
import type { StreamKpiQuery } from '../query';
import { answering, showEditor } from '../testing/editor-stage';
import { choice, textBox } from '../testing/template-variables';
import { QueryEditor } from './QueryEditor';

const NEW: StreamKpiQuery = { refId: 'A', version: 1, kind: 'series' };
const show = (query: Partial<StreamKpiQuery> = {}, circumstances = {}) =>
  showEditor<StreamKpiQuery>(QueryEditor, { ...NEW, ...query }, circumstances);

describe('typing part of a name and pressing Enter', () => {
  test.each([
    ['revenue', 'revenue_per_minute'],
    ['even', 'events_per_minute'],
    ['per_min', 'active_users_per_minute'],
    ['Active us', 'active_users_per_minute'],
    ['ACTIVITY', 'high_activity_alert'],
    ['events_per_minute', 'events_per_minute'],
  ])('%s chooses the first metric that has it: %s', async (text, metric) => {
    const stage = await show();
    await stage.choose('Metric', text);
    expect(stage.saved().metric).toBe(metric);
  });

  test('chooses the metric although another one is chosen', async () => {
    const stage = await show({ metric: 'high_activity_alert' });
    await stage.choose('Metric', 'revenue');
    expect(stage.saved().metric).toBe('revenue_per_minute');
    await stage.choose('Metric', 'even');
    expect(stage.saved().metric).toBe('events_per_minute');
  });

  test('chooses a measure', async () => {
    const stage = await show({ metric: 'revenue_per_minute' });
    await stage.choose('Measure', 'avg');
    expect(stage.saved().measure).toBe('avg_transaction_value');
  });

  test('chooses the dimension of a filter', async () => {
    const stage = await show({
      metric: 'events_per_minute',
      filters: [{ dimension: '', op: '=', values: [] }],
    });
    await stage.choose('Dimension of filter 1', 'seg');
    expect(stage.saved().filters).toEqual([{ dimension: 'segment', op: '=', values: [] }]);
  });
});

describe('a template variable', () => {
  test('can be chosen', async () => {
    const stage = await show({}, { variables: [choice('metric', { value: 'events_per_minute' })] });
    await stage.choose('Metric', '$metric');
    expect(stage.saved().metric).toBe('$metric');
    expect(screen.queryByText(/The bridge has no metric/)).not.toBeInTheDocument();
  });

  test('that there is can be chosen by part of its name', async () => {
    const stage = await show({}, { variables: [choice('metric', { value: 'events_per_minute' })] });
    await stage.choose('Metric', '$met');
    expect(stage.saved().metric).toBe('$metric');
  });

  test('can be typed within a text, although part of that is a metric', async () => {
    const stage = await show({}, { variables: [textBox('unit', 'minute')] });
    await stage.choose('Metric', 'events_per_$unit');
    expect(stage.saved().metric).toBe('events_per_$unit');
  });

  test('can be typed before there is one', async () => {
    const stage = await show();
    await stage.choose('Metric', '$later');
    expect(stage.saved().metric).toBe('$later');
  });
});

describe('a name that the bridge does not know', () => {
  test('can be typed, and is said to be unknown', async () => {
    const stage = await show();
    await stage.choose('Metric', 'soon_to_come');
    expect(stage.saved().metric).toBe('soon_to_come');
    expect(screen.getByText(/^The bridge has no metric "soon_to_come"/)).toBeInTheDocument();
  });

  test('can be typed while the list of metrics could not be loaded', async () => {
    const data = { error: { code: 'unauthorized', message: 'The token is not known.' } };
    const refused = Object.assign(new Error('401'), { data });
    const call = (path: string) => (path === 'metrics' ? Promise.reject(refused) : answering(path, {}));
    const stage = await show({}, { call });
    expect(screen.getByRole('alert')).toHaveTextContent(
      'The token is not known. You can type names in the meantime.',
    );
    await stage.choose('Metric', 'even');
    expect(stage.saved().metric).toBe('even');
  });
});

test('a duration that is typed stays as it was typed', async () => {
  const stage = await show({ metric: 'events_per_minute' });
  await stage.choose('Step', '1m');
  expect(stage.saved().step).toBe('1m');
});
