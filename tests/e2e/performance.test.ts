import { broken, judgedPair } from './rig/fifty-panels';
import { startGridStage, type GridStage } from './rig/grid-stage';
import { grows, inMib, trendOf } from './rig/heap-trend';
import { keptBy } from './rig/page-load';
import { GRIDS, segmentOf } from './rig/panel-grid';
import { HOUR_OF_UPDATES, prepareReplay, replayHour } from './rig/replayed-hour';
import { eventually, START_MS } from './rig/stage';

/** Fifty panels in short; tests/long/fifty-panels.test.ts looks longer, and docs/performance.md has its figures. */

const MEASURED_S = 10;

/** Minutes of the hour at which memory is measured. In its first half caches fill, and the range with other points. */
const BETWEEN_LOOKS_MINUTES = 2;
const FIRST_LOOK_MINUTES = 32;

describe('panels that get ten updates a second', () => {
  let stage: GridStage;
  beforeAll(async () => {
    stage = await startGridStage();
  }, START_MS);
  afterAll(() => stage.close());

  test('fifty of them: no long task, and no more work than plain graphs of the same frames', async () => {
    expect(broken(await judgedPair(stage, MEASURED_S))).toEqual([]);
  }, 600_000);

  test("an hour's worth of updates leaves nothing behind", async () => {
    const view = await stage.open('few', { prepare: prepareReplay });
    await eventually(
      () => view.textOf(segmentOf(0)),
      (text) => text.includes('Connected'),
    );
    await stage.endUpdates();
    const session = await view.page.context().newCDPSession(view.page);
    const heaps: number[] = [];
    const updates = await replayHour(view.page, async (minutes) => {
      const looks = minutes >= FIRST_LOOK_MINUTES && minutes % BETWEEN_LOOKS_MINUTES === 0;
      if (looks) heaps.push((await keptBy(session)).heap);
    });
    expect(updates).toBe(HOUR_OF_UPDATES);
    // Whatever was shown at first has left the range: what is there now came by the updates.
    expect(await view.textOf(segmentOf(0))).toMatch(/Connected .* Updated \d+ s ago/);
    const { first, last } = trendOf(heaps);
    console.log(
      `${updates} updates on each of ${GRIDS.few.panels} channels: ${inMib(first)} of heap, in the end ${inMib(last)}`,
    );
    expect({ first, last, grows: grows({ first, last }) }).toEqual({ first, last, grows: false });
    expect(view.faults).toEqual([]);
    await view.close();
  }, 300_000);
});
