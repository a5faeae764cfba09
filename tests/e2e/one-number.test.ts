import { ingest, putProfiles } from '../support/embedded-bridge';
import {
  CARDS,
  COUNT,
  numbersOfBackend,
  numbersOfBridge,
  TRENDS,
  type DashboardNumbers,
  type Point,
  type ShownEvent,
} from './rig/dashboard-numbers';
import { asWritten } from './rig/in-page';
import {
  alertCounts,
  alerts,
  cards,
  dataUntil,
  legend,
  systemFigures,
  type Card,
  connected,
} from './rig/reading';
import {
  eventually,
  MINUTE_MS,
  minuteOf,
  pageView,
  purchase,
  SEGMENTS,
  startStage,
  START_MS,
  type Stage,
} from './rig/stage';
import type { View } from './rig/view';

/** Of the alerts that the list shows before all kept ones are asked for, and of those that it keeps. */
const SHOWN = 3;
const KEPT = 10;

const BUSY = ['eve', 'fay', 'gus', 'hal', 'ivy'] as const;

/** Half an hour in which no two minutes are alike; the last event closes every minute that is looked at. */
async function variedPast(stage: Stage): Promise<void> {
  await putProfiles(stage.bridge(), SEGMENTS);
  const first = minuteOf(Date.now()) - 30 * MINUTE_MS;
  for (let index = 0; index < 28; index += 1) {
    const start = first + index * MINUTE_MS;
    const many = (count: number, user: string, from: number) =>
      Array.from({ length: count }, (_, at) => pageView(user, start + from + at * 10));
    // Each is busy for three whole windows of five minutes at least; one more is so in the window that stays open.
    const busy = index >= 3 && index < 23 ? BUSY.flatMap((user, at) => many(30 + at, user, 3_000)) : [];
    const answer = await ingest(stage.bridge(), [
      ...many(3 + ((index * 7) % 11), 'ada', 1_000),
      ...many(1 + ((index * 5) % 6), 'ben', 2_000),
      ...busy,
      ...(index === 27 ? many(117, 'joe', 4_000) : []),
      purchase('ada', start + 31_000, 10.25 + index * 1.37),
      purchase('ben', start + 32_000, 2.5 + (index % 3) * 0.75),
    ]);
    if (answer.rejected.length > 0) throw new Error(JSON.stringify(answer.rejected));
  }
}

/** Graphs across half of the page, whose legends have room for four numbers of a line. */
const WIDE: readonly string[] = ['Events per minute', 'Revenue per minute'];

/** The numbers of a line in a graph's legend: last and max; in wide ones last, min, max and mean. */
function reduced(title: string, points: readonly Point[]): number[] {
  const values = points.map(([, value]) => value).filter((value) => value !== null);
  const last = values.at(-1) ?? NaN;
  const max = Math.max(...values);
  if (!WIDE.includes(title)) return [last, max];
  const sum = values.reduce((before, value) => before + value, 0);
  return [last, Math.min(...values), max, sum / values.length];
}

/** As a list shows them: the newest first, and those of one window in an order that does not change. */
const listed = (events: readonly ShownEvent[]): ShownEvent[] =>
  [...events].sort((a, b) => b.started - a.started || b.firstSeen - a.firstSeen || (a.id < b.id ? -1 : 1));

/** The whole dashboard as it is read on the page. */
async function readOn(view: View) {
  const trends: Record<string, Readonly<Record<string, readonly string[]>>> = {};
  for (const title of Object.keys(TRENDS)) trends[title] = await legend(view, title);
  const { 'Active metrics': activeMetrics, 'Total alerts': totalAlerts } = await systemFigures(
    view,
    'System status',
  );
  return {
    cards: await cards(view, 'Key figures'),
    trends,
    alerts: await alerts(view, 'Recent alerts'),
    counts: await alertCounts(view, 'Recent alerts'),
    dataUntil: await dataUntil(view),
    activeMetrics,
    totalAlerts,
  };
}

/** The same, as these numbers are written. */
async function writtenOf(view: View, numbers: DashboardNumbers): Promise<Awaited<ReturnType<typeof readOn>>> {
  const written = (unit: string, all: readonly unknown[]): Promise<string[]> =>
    view.page.evaluate(asWritten, { unit, numbers: all });
  const { events } = numbers;
  const shownCards: Record<string, Card> = {
    [COUNT.title]: { value: String(events.length), stats: {}, previous: null, updated: null },
  };
  const trends: Record<string, Readonly<Record<string, readonly string[]>>> = {};
  const open = events.filter(({ state }) => state === 'open').length;
  const expected = {
    cards: shownCards,
    trends,
    alerts: listed(events)
      .slice(0, SHOWN)
      .map(({ severity, message, value, state, started, ended, updated }) => ({
        severity: severity.charAt(0).toUpperCase() + severity.slice(1),
        message,
        value: String(value),
        state,
        // What was read long after it had happened says when it ended.
        times: [started, state === 'open' ? updated : ended],
      })),
    counts: `${open} open, ${events.length} in range`,
    dataUntil: numbers.dataUntil,
    activeMetrics: String(numbers.activeMetrics),
    totalAlerts: `${events.length} (${open} open)`,
  };
  for (const [title, { unit }] of Object.entries(CARDS)) {
    const { last, previous, min, max, avg, updated } = numbers.cards[title]!;
    const [value = '', Min = '', Max = '', Avg = '', before = ''] = await written(unit, [
      last,
      min,
      max,
      avg,
      previous,
    ]);
    shownCards[title] = {
      value,
      stats: { Min, Max, Avg },
      previous: previous === null ? null : before,
      updated,
    };
  }
  for (const [title, { unit }] of Object.entries(TRENDS)) {
    const lines = Object.entries(numbers.trends[title]!);
    const named = lines.map(
      async ([line, points]) => [line, await written(unit, reduced(title, points))] as const,
    );
    trends[title] = Object.fromEntries(await Promise.all(named));
  }
  return expected;
}

describe('one query, one number', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage();
    await variedPast(stage);
  }, START_MS);
  afterAll(() => stage.close());

  test('every card, trend and list of the page is QueryData and the bridge, to the digit', async () => {
    const view = await stage.view('/d/streamkpi-realtime', { height: 1_700 });
    await connected(view);
    await eventually(
      () => readOn(view),
      (read) =>
        Object.values(read.cards).every(({ value }) => /\d/.test(value)) &&
        Object.values(read.trends).every((lines) => Object.keys(lines).length > 0),
    );
    const ofBridge = await numbersOfBridge(stage);
    const read = await readOn(view);
    const ofBackend = await numbersOfBackend(stage);

    expect(ofBackend).toEqual(ofBridge);
    expect(read).toEqual(await writtenOf(view, ofBridge));
    // More than the list keeps, of which one is not over.
    expect(ofBridge.events.length).toBeGreaterThan(KEPT);
    expect(ofBridge.events.filter(({ state }) => state === 'open')).toHaveLength(1);
    // The watermark stood still while they were asked, one after the other.
    expect((await numbersOfBridge(stage)).dataUntil).toBe(ofBridge.dataUntil);

    await view
      .panel('Recent alerts')
      .getByRole('button', { name: `Show all ${KEPT} kept` })
      .click();
    expect((await alerts(view, 'Recent alerts')).map(({ message }) => message)).toEqual(
      listed(ofBridge.events)
        .slice(0, KEPT)
        .map(({ message }) => message),
    );
    await view.picture('one-number');
    expect(view.faults).toEqual([]);
  });
});
