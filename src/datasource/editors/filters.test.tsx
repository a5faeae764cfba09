import { act, screen, waitFor } from '@testing-library/react';
import type { ResourceCall } from '../catalogue';
import type { QueryFilter, StreamKpiQuery } from '../query';
import { answering, showEditor } from '../testing/editor-stage';
import { choice } from '../testing/template-variables';
import { QueryEditor } from './QueryEditor';

const SEGMENT: QueryFilter = { dimension: 'segment', op: '=', values: [] };
const show = (filters: QueryFilter[] | undefined, circumstances = {}) =>
  showEditor<StreamKpiQuery>(
    QueryEditor,
    { refId: 'A', metric: 'revenue_per_minute', ...(filters === undefined ? {} : { filters }) },
    circumstances,
  );

test('a filter is made without a mouse', async () => {
  const stage = await show(undefined);
  await stage.user.click(screen.getByRole('button', { name: 'Add filter' }));
  // Where the change has taken place, not at the top of the page.
  expect(screen.getByLabelText('Dimension of filter 1')).toHaveFocus();
  await stage.user.keyboard('Segm{Enter}');
  await stage.user.tab();
  await stage.user.keyboard('!={Enter}');
  await stage.user.tab();
  await stage.user.keyboard('premium{Enter}basic{Enter}');
  expect(stage.saved().filters).toEqual([{ dimension: 'segment', op: '!=', values: ['premium', 'basic'] }]);
});

test('values that the bridge knows are offered, and others can be typed', async () => {
  const stage = await show([SEGMENT]);
  await stage.user.click(screen.getByLabelText('Values of filter 1'));
  for (const name of ['a.b', 'basic', 'premium']) {
    expect(await screen.findByText(name)).toBeInTheDocument();
  }
  await stage.user.keyboard('new one{Enter}');
  expect(stage.saved().filters?.[0]?.values).toEqual(['new one']);
});

test('for patterns, known values are offered as patterns that match nothing else', async () => {
  const stage = await show([{ ...SEGMENT, op: '=~' }]);
  await stage.choose('Values of filter 1', 'a.b');
  await stage.choose('Values of filter 1', 'prem.*');
  expect(stage.saved().filters?.[0]?.values).toEqual(['a\\.b', 'prem.*']);
});

test('another dimension begins without values: those of one mean nothing for another', async () => {
  const stage = await show([{ ...SEGMENT, op: '!=', values: ['a'] }]);
  await stage.choose('Dimension of filter 1', 'Coun');
  expect(stage.saved().filters).toEqual([{ dimension: 'country', op: '!=', values: [] }]);
});

/** Values are answered by hand, each dimension's on its own. */
function answeredByHand(): { call: ResourceCall; answers: Map<string, (values: string[]) => void> } {
  const answers = new Map<string, (values: string[]) => void>();
  const call: ResourceCall = (path, params) => {
    if (path === 'metrics') return answering(path, params);
    return new Promise((resolve) => {
      answers.set(path.split('/')[3]!, (values) => resolve({ values, truncated: false }));
    });
  };
  return { call, answers };
}

test('values of the former dimension are not offered for another one, also while its own are on their way', async () => {
  const { call, answers } = answeredByHand();
  const stage = await show([SEGMENT], { call });
  const offered = async (): Promise<string[]> => {
    await stage.user.click(screen.getByLabelText('Values of filter 1'));
    return screen.queryAllByRole('option').map((option) => option.textContent);
  };
  await offered();
  await act(async () => answers.get('segment')!(['basic']));
  expect(screen.getByText('basic')).toBeInTheDocument();
  await stage.choose('Dimension of filter 1', 'Coun');
  expect(await offered()).not.toContain('basic');
  await act(async () => answers.get('country')!(['de']));
  expect(await screen.findByText('de')).toBeInTheDocument();
  expect(screen.queryByText('basic')).not.toBeInTheDocument();
});

test('a slow answer for the former dimension that comes late is not offered', async () => {
  const { call, answers } = answeredByHand();
  const stage = await show([SEGMENT], { call });
  await stage.user.click(screen.getByLabelText('Values of filter 1'));
  await waitFor(() => expect(answers.has('segment')).toBe(true));
  await stage.choose('Dimension of filter 1', 'Coun');
  await stage.user.click(screen.getByLabelText('Values of filter 1'));
  await waitFor(() => expect(answers.has('country')).toBe(true));
  await act(async () => answers.get('country')!(['de']));
  await act(async () => answers.get('segment')!(['basic']));
  expect(await screen.findByText('de')).toBeInTheDocument();
  expect(screen.queryByText('basic')).not.toBeInTheDocument();
});

test('the last filter that is removed leaves none behind, and the focus on what comes next', async () => {
  const stage = await show([SEGMENT, { dimension: 'country', op: '=', values: ['de'] }]);
  await stage.user.click(screen.getByRole('button', { name: 'Remove filter 1' }));
  expect(stage.saved().filters).toEqual([{ dimension: 'country', op: '=', values: ['de'] }]);
  await stage.user.click(screen.getByRole('button', { name: 'Remove filter 1' }));
  expect(stage.saved()).not.toHaveProperty('filters');
  expect(screen.getByRole('button', { name: 'Add filter' })).toHaveFocus();
});

test('a dimension that the metric lacks is said where it is', async () => {
  await show([{ dimension: 'planet', op: '=', values: ['x'] }]);
  expect(
    screen.getByText('"Revenue per minute" has no dimension "planet". Choose another, or remove the filter.'),
  ).toBeInTheDocument();
});

test('values that cannot be loaded are said, and can be typed', async () => {
  const call: ResourceCall = (path, params) =>
    path === 'metrics' ? answering(path, params) : Promise.reject(new Error('The bridge is busy.'));
  const stage = await show([SEGMENT], { call });
  await stage.user.click(screen.getByLabelText('Values of filter 1'));
  const said = 'Values of "segment" could not be loaded: The bridge is busy. You can type them.';
  expect(await screen.findByText(said)).toBeInTheDocument();
  await stage.user.keyboard('x{Enter}');
  expect(stage.saved().filters?.[0]?.values).toEqual(['x']);
});

test('a variable is offered as a value and as a dimension, and its values are asked for by what it holds', async () => {
  const asked: string[] = [];
  const call: ResourceCall = (path, params) => {
    asked.push(path);
    return answering(path, params);
  };
  const variables = [choice('by', { value: 'country' })];
  const stage = await show([{ ...SEGMENT, dimension: '$by' }], { call, variables });
  expect(screen.queryByText(/has no dimension/)).not.toBeInTheDocument();
  await stage.choose('Values of filter 1', '$by');
  expect(stage.saved().filters?.[0]).toEqual({ dimension: '$by', op: '=', values: ['$by'] });
  expect(asked).toContain('metrics/revenue_per_minute/dimensions/country/values');
});

test('a value that is missing in a series is shown as such', async () => {
  await show([{ ...SEGMENT, values: [''] }]);
  expect(screen.getByText('(none)')).toBeInTheDocument();
});
