import { ingest, putProfiles, summary, type SummarySeries } from '../support/embedded-bridge';
import { fieldOf, type HostFrame } from '../support/plugin-host/host-frame';
import { asWritten } from './rig/in-page';
import { alerts, cards, connection, legend } from './rig/reading';
import {
  eventually,
  HOSTS,
  MINUTE_MS,
  minuteOf,
  pageView,
  purchase,
  SEGMENTS,
  startStage,
  START_MS,
  type Stage,
} from './rig/stage';

const HOUR_MS = 60 * MINUTE_MS;

/** Half an hour in which no two minutes are alike; the last event closes every minute that is looked at. */
async function variedPast(stage: Stage): Promise<void> {
  await putProfiles(stage.bridge(), SEGMENTS);
  const first = minuteOf(Date.now()) - 30 * MINUTE_MS;
  for (let index = 0; index < 28; index += 1) {
    const start = first + index * MINUTE_MS;
    const many = (count: number, user: string, from: number) =>
      Array.from({ length: count }, (_, at) => pageView(user, start + from + at * 10));
    const answer = await ingest(stage.bridge(), [
      ...many(3 + ((index * 7) % 11), 'ada', 1_000),
      ...many(1 + ((index * 5) % 6), 'ben', 2_000),
      // One user is busy for ten minutes: two alerts.
      ...(index >= 10 && index < 20 ? many(30, 'eve', 3_000) : []),
      purchase('ada', start + 31_000, 10.25 + index * 1.37),
      purchase('ben', start + 32_000, 2.5 + (index % 3) * 0.75),
    ]);
    if (answer.rejected.length > 0) throw new Error(JSON.stringify(answer.rejected));
  }
}

const only = <T>(list: readonly T[]): T => {
  if (list.length !== 1 || list[0] === undefined) throw new Error(`expected one, got ${list.length}`);
  return list[0];
};

const CARDS = [
  { title: 'Events per minute', metric: 'events_per_minute', unit: 'short' },
  { title: 'Revenue per minute', metric: 'revenue_per_minute', unit: 'currencyUSD' },
  { title: 'Active users', metric: 'active_users_per_minute', unit: 'short' },
] as const;

const STATS = ['last', 'min', 'max', 'avg'] as const;

describe.each(HOSTS)('one query, one number on Grafana %s', (grafana) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage(grafana);
    await variedPast(stage);
  }, START_MS);
  afterAll(() => stage.close());

  /** The backend's answer to a query, as a panel gets it. */
  async function queryData(query: object): Promise<readonly HostFrame[]> {
    const context = stage.host.context('streamkpi');
    if (context === null) throw new Error('there is no data source streamkpi');
    const now = Date.now();
    const answer = await stage.host.backend.queryData(context, {
      fromMs: now - HOUR_MS,
      toMs: now,
      queries: { A: { version: 1, ...query } },
    });
    const result = answer.get('A');
    if (result === undefined || result.error !== '') throw new Error(result?.error ?? 'no answer');
    return result.frames;
  }

  const range = () => ({ from_ms: Date.now() - HOUR_MS, to_ms: Date.now() });

  test('cards, trends and alerts on the page are QueryData and the bridge, to the digit', async () => {
    const view = await stage.view('/d/streamkpi-realtime');
    await eventually(
      () => connection(view),
      (state) => state === 'connected',
    );
    const written = (unit: string, numbers: readonly unknown[]): Promise<string[]> =>
      view.page.evaluate(asWritten, { unit, numbers });
    const shown = await eventually(
      () => cards(view, 'Key figures'),
      (read) => CARDS.every(({ title }) => /\d/.test(read[title]?.value ?? '')),
    );
    for (const { title, metric, unit } of CARDS) {
      const bridge = only((await summary(stage.bridge(), { metric, ...range(), group_by: [] })).series);
      const frame = only(await queryData({ kind: 'summary', metric, groupBy: [] }));
      const fromBackend = STATS.map((stat) => fieldOf(frame, stat).values[0]);
      const fromBridge = STATS.map((stat) => bridge[stat]);
      expect({ title, numbers: fromBackend }).toEqual({ title, numbers: fromBridge });
      const [last, min, max, avg] = await written(unit, fromBridge);
      expect({ title, ...shown[title] }).toEqual({
        title,
        value: last,
        stats: { Min: min, Max: max, Avg: avg },
      });
    }

    for (const { title, metric, unit } of CARDS.slice(0, 2)) {
      const bySegment: readonly SummarySeries[] = (
        await summary(stage.bridge(), { metric, ...range(), include_open: true })
      ).series;
      const expected: Record<string, readonly string[]> = {};
      for (const { labels, last, min, max, avg } of bySegment) {
        expected[labels['segment'] ?? ''] = await written(unit, [last, min, max, avg]);
      }
      expect({ title, legend: await legend(view, title) }).toEqual({
        title,
        legend: expected,
      });
    }

    const { events } = await stage
      .bridge()
      .post<{ events: { message: string; state: string }[] }>('/api/v1/events/query', {
        metric: 'high_activity_alert',
        ...range(),
        limit: 10,
      });
    expect(events.length).toBeGreaterThan(0);
    expect(await alerts(view, 'Recent alerts')).toEqual(
      events.slice(0, 3).map(({ message, state }) => ({ message, state })),
    );
    expect(shown['High activity alerts']?.value).toBe(String(events.length));
    await view.picture(`one-number-grafana-${grafana}`);
    expect(view.faults).toEqual([]);
  });
});
