import { includeOpenWindows } from './rig/saved-queries';
import { cards } from './rig/reading';
import { eventually, startStage, START_MS, type Stage } from './rig/stage';

describe('the demo from a fresh start', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage({ demo: true });
  }, START_MS);
  afterAll(() => stage.close());

  test('every card gets a number, and the trends move', async () => {
    const view = await stage.view('/d/streamkpi-realtime', { prepare: includeOpenWindows });
    const all = await eventually(
      () => cards(view, 'Key figures'),
      (read) => Object.keys(read).length === 5 && Object.values(read).every(({ value }) => /\d/.test(value)),
    );
    expect(Object.keys(all)).toEqual([
      'Events per minute',
      'Revenue per minute',
      'High activity alerts',
      'High activity',
      'Active users',
    ]);
    const before = await view.textOf('Events per minute');
    await eventually(
      () => view.textOf('Events per minute'),
      (text) => text !== before,
    );
    await view.picture('demo');
    expect(view.faults).toEqual([]);
  });
});
