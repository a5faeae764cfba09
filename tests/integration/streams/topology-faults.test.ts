import { MINUTE_MS, recount, type RawEvent, type Recount } from '../../support/raw-events';
import { replay, type WrittenRecord } from '../../support/streams-topology';
import { createRandom } from '../../support/seeded-random';

/** The Kafka Streams example on events with wrong clocks and without users: live, and read again in one go. */

const SECOND_MS = 1_000;
const HOUR_MS = 60 * MINUTE_MS;
const start = Date.UTC(2026, 0, 5, 10);
/** Longer than the state of the tables that are not final-only. */
const end = start + 3.5 * HOUR_MS;
const users = Array.from({ length: 9 }, (_, i) => `user-${i}`);
const segmentOf = (user: string): string =>
  ['premium', 'standard', 'unknown'][users.indexOf(user) % 3] ?? 'unknown';
const topics = ['events_per_minute_by_segment', 'revenue_per_minute', 'active_users_per_minute'];

interface Sent {
  readonly event: Omit<RawEvent, 'user_id'> & { readonly user_id?: string | null };
  readonly arrived: number;
}

const view = (user_id: string | null | undefined, timestamp: number): Sent['event'] => ({
  ...(user_id === undefined ? {} : { user_id }),
  event_type: 'page_view',
  timestamp,
  properties: { page: '/' },
});

/** One event every five seconds, a few seconds on its way, every fourth a purchase. */
function traffic(): Sent[] {
  const random = createRandom(11);
  const sent: Sent[] = [];
  for (let time = start; time < end; time += 5 * SECOND_MS) {
    const arrived = time + 3 * SECOND_MS;
    const user_id = users[Math.floor(random() * users.length)]!;
    const timestamp = time + Math.floor(random() * 2 * SECOND_MS);
    const event =
      random() < 0.75
        ? view(user_id, timestamp)
        : { user_id, event_type: 'purchase', timestamp, properties: { amount: Math.ceil(random() * 100) } };
    sent.push({ event, arrived });
  }
  return sent;
}

const minutes = (count: number): number => start + count * MINUTE_MS + 2 * SECOND_MS;
const noUser: Sent[] = [null, undefined].flatMap((user) =>
  [3, 40, 100].map((at) => ({ event: view(user, minutes(at) - SECOND_MS), arrived: minutes(at) })),
);
const aheadForDays: Sent[] = [10, 50, 120].map((at) => ({
  event: view('user-1', minutes(at) + (26 + at) * HOUR_MS),
  arrived: minutes(at),
}));
const justAhead: Sent = { event: view('user-2', minutes(20) + 60_001), arrived: minutes(20) };
const justInTime: Sent = { event: view('user-3', minutes(30) + 60_000), arrived: minutes(30) };
/** Closes every window before it, those of purchases too. */
const last: Sent = {
  event: { ...view('user-0', end + 10 * MINUTE_MS), event_type: 'purchase', properties: { amount: 1 } },
  arrived: end + 10 * MINUTE_MS,
};

const good = [...traffic(), justInTime, last].sort((a, b) => a.arrived - b.arrived);
const live = [...good, ...noUser, ...aheadForDays, justAhead].sort((a, b) => a.arrived - b.arrived);
/** Hours later, all within a moment, but the last. `justAhead` is due by then, and would be counted. */
const later = live
  .filter((sent) => sent !== justAhead)
  .map((sent) => ({ ...sent, arrived: end + HOUR_MS + (sent === last ? 20 * MINUTE_MS : 0) }));

function lines(sent: readonly Sent[]): string {
  const profiles = users
    .filter((user) => segmentOf(user) !== 'unknown')
    .map((user) => ({
      topic: 'user-profiles',
      key: user,
      timestamp: start - HOUR_MS,
      value: JSON.stringify({ segment: segmentOf(user), registration_date: 0, total_value: 1 }),
    }));
  const events = sent.map(({ event, arrived }) => ({
    topic: 'raw-events',
    key: event.user_id ?? null,
    timestamp: arrived,
    value: JSON.stringify(event),
  }));
  return [...profiles, ...events].map((record) => JSON.stringify(record)).join('\n');
}

type Rows = ReadonlyMap<string, Readonly<Record<string, number>>>;

/** The newest row of each window as `segment|start`. */
function newest(records: readonly WrittenRecord[]): Rows {
  const rows = new Map<string, Record<string, number>>();
  for (const { value_raw } of records) {
    const { SEGMENT = '', ...numbers } = JSON.parse(value_raw) as Record<string, number> & {
      SEGMENT?: string;
    };
    rows.set(`${SEGMENT}|${numbers['WINDOW_START']}`, numbers);
  }
  return rows;
}

const column = (rows: Rows, name: string): Map<string, number> =>
  new Map([...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, row]) => [key, row[name]!]));
const sorted = (counts: ReadonlyMap<string, number>): Map<string, number> =>
  new Map([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));

describe.each([
  ['live', live],
  ['in a replay', later],
])('the Kafka Streams topology %s', (_, sent) => {
  let written = new Map<string, WrittenRecord[]>();
  let expected: Recount;
  beforeAll(async () => {
    written = await replay(lines(sent), [...topics, ...topics.map((topic) => `${topic}_final`)]);
    expected = recount(
      good.map(({ event }) => event as RawEvent),
      segmentOf,
    );
  }, 180_000);
  const rowsOf = (topic: string): Rows => newest(written.get(topic)!);

  it('counts what a recount of the events with a user and a time of their own counts', () => {
    const [events, revenue, active] = topics.map(rowsOf) as [Rows, Rows, Rows];
    expect(expected.events.size).toBeGreaterThan(600);
    expect(column(events, 'EVENT_COUNT')).toEqual(sorted(expected.events));
    expect(column(revenue, 'TRANSACTION_COUNT')).toEqual(sorted(expected.transactions));
    expect(column(revenue, 'TOTAL_REVENUE')).toEqual(sorted(expected.revenue));
    expect(column(active, 'ACTIVE_USERS')).toEqual(sorted(expected.activeUsers));
  });

  it('writes each closed window once, with its last values', () => {
    const lastStart = last.event.timestamp - (last.event.timestamp % MINUTE_MS);
    for (const topic of topics) {
      const closed = [...rowsOf(topic)].filter(([, row]) => row['WINDOW_START']! < lastStart);
      const finals = written.get(`${topic}_final`)!;
      expect(finals).toHaveLength(closed.length);
      expect(newest(finals)).toEqual(new Map(closed));
    }
  });
});

/** `max.task.idle.ms`: a topic without records holds the others back, in each of the topology's steps. */
test('an event waits for an older profile that is 2 s on its way, and not for one that is 10 s', async () => {
  const profile = (user: string, segment: string, timestamp: number, arrived: number): object => ({
    topic: 'user-profiles',
    key: user,
    timestamp,
    arrived,
    value: JSON.stringify({ segment, registration_date: 0, total_value: 1 }),
  });
  const event = (user: string, at: number): object => ({
    topic: 'raw-events',
    key: user,
    timestamp: at,
    value: JSON.stringify(view(user, at)),
  });
  const beforehand = users.map((user) => profile(user, 'standard', start - HOUR_MS, start - HOUR_MS));
  const late = [
    { user: 'user-0', at: minutes(1), profileMs: 2_000 },
    { user: 'user-1', at: minutes(2), profileMs: 10_000 },
  ].flatMap(({ user, at, profileMs }) => [
    event(user, at),
    profile(user, 'premium', at - SECOND_MS, at + profileMs),
  ]);
  // Moves the clock on, so that nothing of these waits any more.
  const end = [event('user-2', minutes(4))];
  const text = [...beforehand, ...late, ...end].map((record) => JSON.stringify(record)).join('\n');
  const rows = newest((await replay(text, topics, { tasksIdle: true })).get(topics[0]!)!);
  const segmentsAt = (count: number): string[] =>
    [...rows.keys()].filter((key) => key.endsWith(`|${start + count * MINUTE_MS}`));
  expect([...segmentsAt(1), ...segmentsAt(2)]).toEqual([
    `premium|${start + MINUTE_MS}`,
    `standard|${start + 2 * MINUTE_MS}`,
  ]);
}, 180_000);
