import { cards, legend } from './rig/reading';
import { eventually, startQuietStage, START_MS, type Stage } from './rig/stage';

describe('variables and filters', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startQuietStage();
  }, START_MS);
  afterAll(() => stage.close());

  const series = async (path: string): Promise<string[]> => {
    const view = await stage.view(path);
    const read = await eventually(
      async () => Object.keys(await legend(view, 'Events per minute')),
      (names) => names.length > 0,
    );
    expect(view.faults).toEqual([]);
    await view.close();
    return read.sort();
  };

  test('All asks without a filter, so that a segment not seen before counts too', async () => {
    const bodies: string[] = [];
    const view = await stage.view('/d/streamkpi-realtime', {
      prepare: async (page) =>
        void page.on('request', (request) => void bodies.push(request.postData() ?? '')),
    });
    await eventually(
      async () => Object.keys(await legend(view, 'Events per minute')),
      (names) => names.length === 2,
    );
    const queries = bodies
      .filter((body) => body.includes('"queries"'))
      .flatMap((body) => (JSON.parse(body) as { queries: { filters?: unknown[] }[] }).queries);
    expect(queries.length).toBeGreaterThan(5);
    expect(queries.flatMap(({ filters = [] }) => filters)).toEqual([]);
    await view.close();
  });

  test('All means no filter; chosen segments are the only ones', async () => {
    expect(await series('/d/streamkpi-realtime')).toEqual(['basic', 'premium']);
    expect(await series('/d/streamkpi-realtime?var-segment=basic')).toEqual(['basic']);
    expect(await series('/d/streamkpi-realtime?var-segment=basic&var-segment=premium')).toEqual([
      'basic',
      'premium',
    ]);
  });

  test('the choice offers the segments that there are, and takes effect at once', async () => {
    const view = await stage.view('/d/streamkpi-realtime');
    const { page } = view;
    await eventually(
      async () => Object.keys(await legend(view, 'Events per minute')),
      (names) => names.length === 2,
    );
    const sum = async (): Promise<string> =>
      (await cards(view, 'Key figures'))['Events per minute']?.value ?? '';
    expect(await sum()).toBe('7');
    const variable = page
      .getByTestId('data-testid template variable')
      .filter({ has: page.getByText('Segment', { exact: true }) });
    await variable.getByRole('combobox').focus();
    await page.keyboard.press('ArrowDown');
    await page.getByRole('option', { name: 'premium' }).click();
    // Several may be chosen: they take effect when the list is left.
    await page.keyboard.press('Escape');
    await page.keyboard.press('Tab');
    await eventually(
      async () => Object.keys(await legend(view, 'Events per minute')),
      (names) => names.join() === 'premium',
    );
    await eventually(sum, (value) => value === '4');
    expect(view.faults).toEqual([]);
    await view.close();
  });

  test('an ad-hoc filter narrows what has its dimension, and leaves the rest', async () => {
    const filter = encodeURIComponent('segment|=|basic');
    const view = await stage.view(`/d/streamkpi-realtime?var-filters=${filter}`);
    await eventually(
      async () => Object.keys(await legend(view, 'Events per minute')),
      (names) => names.join() === 'basic',
    );
    const read = await eventually(
      () => cards(view, 'Key figures'),
      (all) => all['Events per minute']?.value === '3',
    );
    expect(read['Active users']?.value).toBe('2');
    await view.close();
  });
});
