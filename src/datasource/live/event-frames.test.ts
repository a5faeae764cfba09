import { frameMeta } from '../../frames/frame-meta';
import { HOUR, LiveStage, MINUTE, NOON, lastHours } from '../testing/live-stage';

let stage: LiveStage;
beforeEach(() => {
  stage = new LiveStage();
  stage.backend.mode = 'events';
  stage.backend.raise({ id: 'e1', time_ms: NOON - 10 * MINUTE });
});
afterEach(() => stage.end());

const openEvents = (query = {}) => stage.openLive({ kind: 'events', ...query });
const tell = (...events: object[]): void => {
  stage.live.send({ type: 'update', ...stage.head(), events });
  stage.pass(1_000);
};

test('a new event comes to the top', () => {
  const panel = openEvents();
  tell(stage.backend.raise({ id: 'e2', time_ms: NOON - MINUTE }));
  expect(panel.column('id')).toEqual(['e2', 'e1']);
  expect(panel.column('user_id')).toEqual(['e2', 'e1']);
});

test('an event that is revised stays one row', () => {
  const panel = openEvents();
  tell(stage.backend.raise({ id: 'e1', time_ms: NOON - 10 * MINUTE, value: 250 }));
  tell(stage.backend.raise({ id: 'e1', time_ms: NOON - 10 * MINUTE, state: 'resolved' }));
  expect(panel.column('value')).toEqual([250]);
  expect(panel.column('state')).toEqual(['resolved']);
});

test('every column of an event that came by the stream is as the backend writes it', () => {
  const panel = openEvents();
  const event = stage.backend.raise({ id: 'a,b', time_ms: NOON - MINUTE, severity: 'critical' });
  tell(event);
  const row = Object.fromEntries(
    panel.frames[0]!.fields.map(({ name, values }) => [name, values[0] as unknown]),
  );
  expect(row).toEqual({
    time: event.time_ms,
    timeEnd: event.end_ms,
    title: 'Events',
    text: event.message,
    tags: 'critical,open,user_id:a b',
    id: 'a,b',
    severity: 'critical',
    state: 'open',
    value: 101,
    first_seen: event.first_seen_ms,
    updated: event.updated_ms,
    revision: event.revision,
    user_id: 'a,b',
  });
});

test("the query's own conditions leave out what the channel tells of others", () => {
  const panel = openEvents({ severities: ['critical'] });
  tell(
    stage.backend.raise({ id: 'e2', time_ms: NOON - 2 * MINUTE, severity: 'critical' }),
    stage.backend.raise({ id: 'e3', time_ms: NOON - MINUTE, severity: 'info' }),
  );
  expect(panel.column('id')).toEqual(['e2']);
});

test('closed windows only are resolved events only, and an event that resolves appears', () => {
  const panel = openEvents({ openWindows: 'exclude' });
  expect(panel.column('id')).toEqual([]);
  tell(stage.backend.raise({ id: 'e1', time_ms: NOON - 10 * MINUTE, state: 'resolved' }));
  expect(panel.column('id')).toEqual(['e1']);
});

test('a limit keeps the newest', () => {
  const panel = openEvents({ limit: 2 });
  tell(
    ...[3, 2, 1].map((minute) => stage.backend.raise({ id: `n${minute}`, time_ms: NOON - minute * MINUTE })),
  );
  expect(panel.column('id')).toEqual(['n1', 'n2']);
});

test('a panel with a smaller limit or fewer severities does not take events from another one', () => {
  const all = openEvents();
  const few = stage.open({ kind: 'events', severities: ['critical'], limit: 1 });
  stage.backend.raise({ id: 'e2', time_ms: NOON - MINUTE });
  stage.backend.raise({ id: 'e3', time_ms: NOON - 2 * MINUTE, severity: 'critical' });
  few.close();
  stage.live.send({ type: 'gap', reason: 'resync' });
  stage.pass(2_000);
  expect(all.column('id')).toEqual(['e2', 'e3', 'e1']);
  stage.live.send({ type: 'gap', reason: 'resync' });
  const again = stage.open({ kind: 'events', severities: ['critical'], limit: 1 });
  all.close();
  stage.pass(3_000);
  expect(again.column('id')).toEqual(['e3']);
});

test('an event leaves with the range', () => {
  stage.backend.raise({ id: 'old', time_ms: NOON - HOUR + 10_000 });
  const panel = openEvents();
  expect(panel.column('id')).toEqual(['e1', 'old']);
  stage.pass(12_000);
  stage.live.send({ type: 'heartbeat', ...stage.head() });
  stage.pass(1_000);
  expect(panel.column('id')).toEqual(['e1']);
});

test('the oldest open event marks from where on things may change', () => {
  const panel = openEvents();
  expect(panel.meta?.open_from_ms).toBe(NOON - 10 * MINUTE);
  tell(stage.backend.raise({ id: 'e1', time_ms: NOON - 10 * MINUTE, state: 'resolved' }));
  expect(panel.meta?.open_from_ms).toBeNull();
});

test('the table stays the same object while nothing changes', () => {
  const panel = openEvents();
  const [before] = panel.frames;
  stage.live.send({ type: 'heartbeat' });
  stage.pass(400);
  expect(panel.frames[0]).toBe(before);
  tell(stage.backend.raise({ id: 'e2', time_ms: NOON - MINUTE }));
  expect(panel.frames[0]).not.toBe(before);
  expect(frameMeta(panel.frames[0]!)?.state).toBe('connected');
});

test('titles follow the alias', () => {
  const panel = openEvents({ alias: 'User {{user_id}}' });
  tell(stage.backend.raise({ id: 'e2', time_ms: NOON - MINUTE }));
  expect(panel.column('title')).toEqual(['User e2', 'User e1']);
});

test('with several panels one question asks for all that any of them shows', () => {
  openEvents({ limit: 1, severities: ['critical'], eventState: 'open' });
  stage.open({ kind: 'events', limit: 50, severities: ['info'] }, lastHours(3));
  stage.pass(2_000);
  stage.live.connect();
  stage.pass(2_000);
  const caughtUp = stage.backend.asked.at(-1);
  expect(caughtUp?.targets).toHaveLength(1);
  expect(caughtUp?.targets[0]).toMatchObject({ limit: 50 });
  expect(caughtUp?.targets[0]).not.toHaveProperty('severities');
  expect(caughtUp?.targets[0]).not.toHaveProperty('eventState');
  expect(caughtUp?.range.from.valueOf()).toBeLessThanOrEqual(Date.now() - 2.9 * HOUR);
});
