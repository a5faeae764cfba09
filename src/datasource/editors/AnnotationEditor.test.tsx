import { screen } from '@testing-library/react';
import type { StreamKpiQuery } from '../query';
import { showEditor } from '../testing/editor-stage';
import { AnnotationEditor } from './AnnotationEditor';

const show = (query: Partial<StreamKpiQuery> = {}) =>
  showEditor<StreamKpiQuery>(AnnotationEditor, { refId: 'Anno', ...query });

test('a new annotation is of events, and saves what is chosen', async () => {
  const stage = await show();
  await stage.choose('Metric', 'High');
  await stage.choose('Severities', 'Crit');
  await stage.choose('State', 'Resolved');
  expect(stage.saved()).toEqual({
    refId: 'Anno',
    kind: 'events',
    metric: 'high_activity_alert',
    severities: ['critical'],
    eventState: 'resolved',
  });
  expect(stage.runs()).toBe(3);
});

test('only event metrics are offered, and there is no measure to choose', async () => {
  const stage = await show();
  const offered = await stage.choicesOf('Metric');
  expect(offered).toHaveLength(1);
  expect(offered[0]).toContain('High activity');
  expect(screen.queryByLabelText('Measure')).not.toBeInTheDocument();
});

test('filters are those of the metric', async () => {
  const stage = await show({ kind: 'events', metric: 'high_activity_alert' });
  await stage.user.click(screen.getByRole('button', { name: 'Add filter' }));
  await stage.choose('Dimension of filter 1', 'User');
  await stage.choose('Values of filter 1', 'u1');
  expect(stage.saved().filters).toEqual([{ dimension: 'user_id', op: '=', values: ['u1'] }]);
});

test('what is taken back is not saved', async () => {
  const stage = await show({
    kind: 'events',
    metric: 'high_activity_alert',
    severities: ['info'],
    eventState: 'open',
  });
  await stage.choose('Severities', '{Backspace}', '{Escape}');
  await stage.choose('State', 'All');
  expect(stage.saved()).toEqual({ refId: 'Anno', kind: 'events', metric: 'high_activity_alert' });
});

test('a metric of windows is said to be the wrong one', async () => {
  await show({ kind: 'events', metric: 'visits' });
  expect(screen.getByText('"Visits" holds windows, not events. Choose an event metric.')).toBeInTheDocument();
});
