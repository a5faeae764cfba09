import { broken, judgedPair, measured, told, type Pair } from '../e2e/rig/fifty-panels';
import { startGridStage, type GridStage } from '../e2e/rig/grid-stage';
import { grows, inMib, trendOf } from '../e2e/rig/heap-trend';
import { keptBy } from '../e2e/rig/page-load';
import { START_MS } from '../e2e/rig/stage';

/** As tests/e2e/performance.test.ts, for longer: what slowly fills up shows here. */

const SOAK_MINUTES = 10;
const BETWEEN_LOOKS_S = 20;
const MEASURED_S = 30;

describe('fifty panels at ten updates a second', () => {
  let stage: GridStage;
  beforeAll(async () => {
    stage = await startGridStage();
  }, START_MS);
  afterAll(() => stage.close());

  test('ten minutes: memory stands still, and the page is as quick at the end as a fresh one', async () => {
    const fresh = await judgedPair(stage, MEASURED_S);
    const view = await stage.open('kpi');
    const session = await view.page.context().newCDPSession(view.page);
    const looks = [];
    for (const end = Date.now() + SOAK_MINUTES * 60_000; Date.now() < end;) {
      await view.page.waitForTimeout(BETWEEN_LOOKS_S * 1_000);
      looks.push(await keptBy(session));
    }
    const heap = trendOf(looks.map(({ heap: bytes }) => bytes));
    const nodes = trendOf(looks.map((look) => look.nodes));
    const listeners = trendOf(looks.map((look) => look.listeners));
    const agedPair = async (): Promise<Pair> => ({
      kpi: await measured(stage, view, MEASURED_S),
      plain: fresh.plain,
    });
    let aged = await agedPair();
    if (broken(aged).length > 0) aged = await agedPair();
    console.log(
      `after ${SOAK_MINUTES} minutes: ${told(aged)}; heap ${inMib(heap.first)}, in the end ${inMib(heap.last)}; nodes ${nodes.first}, ${nodes.last}; listeners ${listeners.first}, ${listeners.last}`,
    );
    expect({ heap, grows: grows(heap) }).toEqual({ heap, grows: false });
    expect(nodes.last).toBeLessThanOrEqual(nodes.first * 1.1);
    expect(listeners.last).toBeLessThanOrEqual(listeners.first * 1.1);
    expect({ fresh: broken(fresh), aged: broken(aged) }).toEqual({ fresh: [], aged: [] });
    await view.close();
  }, 1_200_000);
});
