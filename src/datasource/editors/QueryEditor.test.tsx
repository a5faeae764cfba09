import { screen } from '@testing-library/react';
import { CoreApp } from '@grafana/data';
import type { StreamKpiQuery } from '../query';
import { showEditor } from '../testing/editor-stage';
import { choice } from '../testing/template-variables';
import { QueryEditor } from './QueryEditor';

const show = (query: Partial<StreamKpiQuery> = {}, circumstances = {}) =>
  showEditor<StreamKpiQuery>(QueryEditor, { refId: 'A', version: 1, ...query }, circumstances);
const EVENTS = { metric: 'events_per_minute' };
const shown = (label: string): boolean => screen.queryByLabelText(label) !== null;

describe('the kind', () => {
  test('is a series to begin with, and is chosen by keyboard', async () => {
    const stage = await show(EVENTS);
    expect(screen.getByRole('radio', { name: 'Series' })).toBeChecked();
    await stage.user.click(screen.getByRole('radio', { name: 'Series' }));
    await stage.user.keyboard('{ArrowRight}');
    expect(stage.saved()).toEqual({ refId: 'A', version: 1, ...EVENTS, kind: 'summary' });
    expect(stage.runs()).toBe(1);
  });

  test.each([
    [
      'series',
      [
        'Metric',
        'Measure',
        'Group by',
        'Step',
        'Over time',
        'Fill gaps',
        'Open windows',
        'Time shift',
        'Alias',
        'Live',
      ],
    ],
    ['summary', ['Metric', 'Measure', 'Statistic', 'Group by', 'Open windows', 'Time shift', 'Live']],
    ['status', ['Show as', 'Live']],
  ] as const)('%s has its own fields, each with a label', async (kind, labels) => {
    await show({ ...EVENTS, kind });
    for (const label of labels) expect(screen.getByLabelText(label)).toBeInTheDocument();
    if (kind !== 'series') expect(shown('Step')).toBe(false);
  });

  test('events has its own fields, each with a label', async () => {
    await show({ kind: 'events', metric: 'high_activity_alert' });
    for (const label of ['Metric', 'Show as', 'Severities', 'State', 'Limit', 'Open windows', 'Live']) {
      expect(screen.getByLabelText(label)).toBeInTheDocument();
    }
    expect(shown('Measure')).toBe(false);
  });

  test('is chosen among buttons that wrap to a second line in a narrow editor', async () => {
    await show(EVENTS);
    expect(screen.getByRole('radiogroup')).toHaveStyle({ flexWrap: 'wrap' });
  });

  test('that is tried out costs nothing: the fields of the former one stay', async () => {
    const stage = await show({ ...EVENTS, kind: 'series', step: '5m', overTime: 'max' });
    await stage.user.click(screen.getByRole('radio', { name: 'Status' }));
    expect(stage.saved()).toMatchObject({ kind: 'status', ...EVENTS, step: '5m', overTime: 'max' });
  });
});

describe("the metric's thresholds", () => {
  const LABEL = 'Metric’s thresholds';
  const transactions = { metric: 'revenue_per_minute', measure: 'transaction_count' };

  test.each(['series', 'summary'] as const)('are asked for by a switch: %s', async (kind) => {
    const stage = await show({ ...transactions, kind });
    await stage.user.click(screen.getByLabelText(LABEL));
    expect(stage.saved()).toMatchObject({ metricThresholds: true });
    await stage.user.click(screen.getByLabelText(LABEL));
    expect(stage.saved().metricThresholds).toBeUndefined();
  });

  test('are not offered where the measure has none, nor to a rule', async () => {
    await show(EVENTS);
    expect(shown(LABEL)).toBe(false);
    await show(transactions, { app: CoreApp.UnifiedAlerting });
    expect(shown(LABEL)).toBe(false);
  });
});

describe('a series', () => {
  test('saves what is chosen, under the names of the query', async () => {
    const stage = await show(EVENTS);
    await stage.choose('Step', '5m');
    await stage.choose('Over time', 'Max');
    await stage.choose('Fill gaps', 'Zero');
    await stage.choose('Open windows', 'Hide');
    await stage.choose('Time shift', '1d');
    await stage.choose('Alias', '{{{{segment}}');
    await stage.choose('Group by', 'Segm');
    await stage.user.click(screen.getByLabelText('Live'));
    expect(stage.saved()).toEqual({
      refId: 'A',
      version: 1,
      ...EVENTS,
      step: '5m',
      overTime: 'max',
      fill: 'zero',
      openWindows: 'exclude',
      timeShift: '1d',
      alias: '{{segment}}',
      groupBy: ['segment'],
      live: false,
    });
  });

  test('saves nothing for what is left to its default', async () => {
    const stage = await show({
      ...EVENTS,
      step: 'auto',
      fill: 'none',
      openWindows: 'auto',
      live: true,
      alias: 'x',
    });
    await stage.user.clear(screen.getByLabelText('Alias'));
    await stage.user.tab();
    expect(stage.saved()).not.toHaveProperty('alias');
    await stage.choose('Step', '5m');
    await stage.choose('Step', 'Auto');
    expect(stage.saved()).not.toHaveProperty('step');
  });

  test('runs once a text is finished, not with each letter', async () => {
    const stage = await show(EVENTS);
    await stage.user.type(screen.getByLabelText('Alias'), 'long name');
    expect(stage.runs()).toBe(0);
    await stage.user.tab();
    expect(stage.runs()).toBe(1);
    expect(stage.saved().alias).toBe('long name');
  });

  test('can be one of all series combined, or by dimensions, never both', async () => {
    const stage = await show({ metric: 'revenue_per_minute' });
    await stage.choose('Group by', 'All comb');
    expect(stage.saved().groupBy).toEqual([]);
    await stage.choose('Group by', 'Countr');
    expect(stage.saved().groupBy).toEqual(['country']);
  });

  test('of a measure that cannot be combined says why', async () => {
    await show({ metric: 'revenue_per_minute', measure: 'avg_transaction_value' });
    expect(screen.getByText(/cannot be combined: it is an average/)).toBeInTheDocument();
    expect(shown('Group by')).toBe(false);
  });

  test('offers what the metric has, and says what its windows are', async () => {
    const stage = await show({ metric: 'active_users_per_minute' });
    expect(screen.getByText(/Windows of 1m, grace period 30s\./)).toBeInTheDocument();
    const rules = await stage.choicesOf('Over time');
    expect(rules.map((rule) => rule.split('The')[0])).toEqual(['Default: Average', 'Average', 'Maximum']);
  });

  test('of sessions has no steps, and none of final results has open windows', async () => {
    await show({ metric: 'visits' });
    expect(
      screen.getByText(/Sessions that end after 5m of inactivity, final results only/),
    ).toBeInTheDocument();
    expect([shown('Step'), shown('Open windows')]).toEqual([false, false]);
  });

  test('of another metric drops what that one lacks', async () => {
    const stage = await show({
      metric: 'revenue_per_minute',
      measure: 'transaction_count',
      groupBy: ['country'],
      overTime: 'sum',
      filters: [
        { dimension: 'country', op: '=', values: ['de'] },
        { dimension: 'segment', op: '=', values: ['a'] },
      ],
    });
    await stage.choose('Metric', 'events');
    expect(stage.saved()).toEqual({
      refId: 'A',
      version: 1,
      metric: 'events_per_minute',
      overTime: 'sum',
      filters: [{ dimension: 'segment', op: '=', values: ['a'] }],
    });
  });
});

describe('a summary', () => {
  test('saves its statistic; without one it is a table', async () => {
    const stage = await show({ kind: 'summary', ...EVENTS });
    await stage.choose('Statistic', 'Change');
    expect(stage.saved().stat).toBe('delta');
    expect(shown('Alias')).toBe(true);
    await stage.choose('Statistic', 'All, as');
    expect(stage.saved()).not.toHaveProperty('stat');
  });
});

describe('events', () => {
  const ALERTS = { kind: 'events', metric: 'high_activity_alert' } as const;

  test('offers event metrics only, and says so of others', async () => {
    const stage = await show({ kind: 'events', ...EVENTS });
    expect(
      screen.getByText('"Events per minute" holds windows, not events. Choose an event metric.'),
    ).toBeInTheDocument();
    expect((await stage.choicesOf('Metric')).map((text) => text.split(' (')[0])).toEqual(['High activity']);
  });

  test('saves severities, state and limit', async () => {
    const stage = await show(ALERTS);
    await stage.choose('Severities', 'Crit');
    await stage.choose('State', 'Open');
    await stage.choose('Limit', '50');
    expect(stage.saved()).toMatchObject({ severities: ['critical'], eventState: 'open', limit: 50 });
  });

  test('counts by dimensions', async () => {
    const stage = await show(ALERTS);
    await stage.choose('Show as', 'Count');
    await stage.choose('Count by', 'User');
    expect(stage.saved()).toMatchObject({ eventsAs: 'count', groupBy: ['user_id'] });
    expect(shown('Limit')).toBe(false);
  });
});

describe('status', () => {
  test('saves its form, and whether it is over the range', async () => {
    const stage = await show({ kind: 'status' });
    expect(shown('Time')).toBe(false);
    await stage.choose('Show as', 'Lag');
    await stage.choose('Time', 'Over');
    expect(stage.saved()).toEqual({
      refId: 'A',
      version: 1,
      kind: 'status',
      statusAs: 'lag',
      statusOver: 'range',
    });
  });
});

describe('open windows', () => {
  test('of a series can be shown apart', async () => {
    const stage = await show({ ...EVENTS, openWindows: 'exclude' });
    await stage.choose('Open windows', 'Separate');
    expect(stage.saved().openWindows).toBe('separate');
  });

  test('are hidden in new series, and events are shown while they are open', async () => {
    const stage = await show({ ...EVENTS, openWindows: 'exclude' });
    await stage.user.click(screen.getByRole('radio', { name: 'Events' }));
    expect(stage.saved()).not.toHaveProperty('openWindows');
    await stage.user.click(screen.getByRole('radio', { name: 'Series' }));
    expect(stage.saved().openWindows).toBe('exclude');
  });
});

test('a choice that changes nothing neither saves nor runs the query', async () => {
  const stage = await show({ ...EVENTS, overTime: 'max' });
  await stage.choose('Over time', 'Max');
  await stage.user.click(screen.getByRole('radio', { name: 'Series' }));
  expect(stage.runs()).toBe(0);
});

describe('bad input', () => {
  test.each([
    ['Step', 'often', '"often" is not a valid duration. Enter one such as 5m or 1h.'],
    ['Time shift', 'yesterday', '"yesterday" is not a valid duration. Enter one such as 30m, 1h or 7d.'],
  ])(
    '%s: %s is shown as invalid, and the query keeps its last valid value',
    async (label, text, sentence) => {
      const stage = await show({ ...EVENTS, step: '5m', timeShift: '1h' });
      const write = async (written: string): Promise<void> => {
        await stage.user.tripleClick(screen.getByLabelText(label));
        await stage.user.keyboard(`${written}{Enter}`);
      };
      await write(text);
      await stage.user.tab();
      expect(screen.getByText(sentence)).toBeInTheDocument();
      expect(stage.saved()).toMatchObject({ step: '5m', timeShift: '1h' });
      expect(stage.runs()).toBe(0);
      await write('1d');
      expect(screen.queryByText(sentence)).not.toBeInTheDocument();
      expect(Object.values(stage.saved())).toContain('1d');
    },
  );

  test('that is given up by Escape leaves the saved text', async () => {
    const stage = await show({ ...EVENTS, timeShift: '1h' });
    await stage.choose('Time shift', 'x', '{Escape}');
    expect(screen.getByLabelText('Time shift')).toHaveValue('1h');
  });

  test('of a saved query that is older, or half filled in, is edited as far as it can be read', async () => {
    const odd = {
      version: 0,
      metric_name: 'events_per_minute',
      group_by: 'segment',
      filters: [{ key: 'segment', value: 'a' }, null],
    };
    const stage = await show(odd as never);
    await stage.user.click(screen.getByRole('button', { name: 'Remove filter 2' }));
    expect(stage.saved()).toMatchObject({
      metric: 'events_per_minute',
      groupBy: ['segment'],
      filters: [{ dimension: 'segment', op: '=', values: ['a'] }],
    });
  });

  test('of a limit is not saved, and stays to be mended', async () => {
    const stage = await show({ kind: 'events', metric: 'high_activity_alert', limit: 7 });
    await stage.user.clear(screen.getByLabelText('Limit'));
    await stage.choose('Limit', '0');
    expect(screen.getByText('Enter a whole number from 1 to 10,000.')).toBeInTheDocument();
    expect(screen.getByLabelText('Limit')).toHaveValue('0');
    expect(stage.saved().limit).toBe(7);
  });

  test('in a saved query is said where it is', async () => {
    await show({ ...EVENTS, measure: 'gone', groupBy: ['planet'], overTime: 'avg' });
    expect(
      screen.getByText('"Events per minute" has no measure "gone". Choose another.'),
    ).toBeInTheDocument();
    expect(screen.getByText(/has no dimension "planet". Remove it from the grouping/)).toBeInTheDocument();
  });
});

describe('for an alert rule', () => {
  const app = CoreApp.UnifiedAlerting;

  test('there is nothing live, and the defaults are those of rules', async () => {
    const stage = await show(EVENTS, { app });
    expect(shown('Live')).toBe(false);
    expect((await stage.choicesOf('Open windows'))[0]).toContain('Auto: left out');
    expect((await stage.choicesOf('Step'))[0]).toContain('Auto: one window (1m)');
  });

  test('no template variables are offered, which nobody would fill in', async () => {
    const stage = await show(EVENTS, { app, variables: [choice('rule', { value: 'max' })] });
    expect(await stage.choicesOf('Over time')).not.toContainEqual(expect.stringContaining('$rule'));
  });
});

test('template variables are offered after the choices, and saved as they are', async () => {
  const stage = await show(EVENTS, { variables: [choice('rule', { value: 'max' })] });
  const offered = await stage.choicesOf('Over time');
  expect(offered.at(-1)).toContain('$rule');
  await stage.choose('Over time', '$rule');
  expect(stage.saved().overTime).toBe('$rule');
});
