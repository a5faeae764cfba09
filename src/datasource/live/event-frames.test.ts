import { frameMeta } from '../../frames/frame-meta';
import { HOUR, LiveStage, MINUTE, NOON, lastHours, relative } from '../testing/live-stage';

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

test("the query's own conditions leave out what the channel sends of others", () => {
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

describe('with several panels one question', () => {
  const catchUp = () => {
    stage.pass(2_000);
    stage.live.connect();
    stage.pass(2_000);
    return stage.backend.asked.at(-1);
  };

  test('asks for all that any of them shows', () => {
    openEvents({ limit: 1 });
    stage.open({ kind: 'events', limit: 50 }, lastHours(3));
    const asked = catchUp();
    expect(asked?.targets).toMatchObject([{ limit: 50 }]);
    expect(asked?.range.from.valueOf()).toBeLessThanOrEqual(Date.now() - 2.9 * HOUR);
  });

  test.each([
    { severities: ['critical' as const] },
    { eventState: 'open' as const },
    { openWindows: 'exclude' as const },
  ])('has what a panel with %j leaves out, and enough for what it leaves', (conditions) => {
    openEvents({ ...conditions, limit: 1 });
    stage.open({ kind: 'events', limit: 50 });
    const [target] = catchUp()?.targets ?? [];
    for (const condition of Object.keys(conditions)) expect(target).not.toHaveProperty(condition);
    expect(target?.limit).toBe(10_000);
  });
});

test('what a gap has swallowed comes to every panel, whichever of them asks', () => {
  const closed = openEvents({ openWindows: 'exclude' });
  const all = stage.open({ kind: 'events' });
  stage.backend.raise({ id: 'missed', time_ms: NOON - MINUTE });
  stage.backend.raise({ id: 'over', time_ms: NOON - 2 * MINUTE, state: 'resolved' });
  stage.live.send({ type: 'gap', reason: 'resync' });
  stage.pass(2_000);
  expect(all.column('id')).toEqual(['missed', 'over', 'e1']);
  expect(closed.column('id')).toEqual(['over']);
});

test('after the loss of the store every panel has what the new one has', () => {
  const closed = openEvents({ openWindows: 'exclude' });
  const all = stage.open({ kind: 'events' });
  stage.backend.loseStore('epoch-2');
  stage.backend.raise({ id: 'open', time_ms: NOON - MINUTE });
  stage.backend.raise({ id: 'over', time_ms: NOON - 2 * MINUTE, state: 'resolved' });
  stage.live.send({ type: 'heartbeat', ...stage.head() });
  stage.pass(3_000);
  expect(all.column('id')).toEqual(['open', 'over']);
  expect(closed.column('id')).toEqual(['over']);
});

describe('what has passed its retention', () => {
  beforeEach(() => stage.backend.raise({ id: 'e2', time_ms: NOON - MINUTE, severity: 'critical' }));

  test('leaves with a refresh', () => {
    const panel = openEvents();
    stage.backend.expireEvent('e1');
    panel.refresh();
    expect(panel.column('id')).toEqual(['e2']);
  });

  test('leaves with what a gap makes the page ask for', () => {
    const panel = openEvents();
    stage.backend.expireEvent('e1');
    stage.live.send({ type: 'gap', reason: 'resync' });
    stage.pass(2_000);
    expect(panel.column('id')).toEqual(['e2']);
  });

  test('leaves every panel with the refresh of one that shows it', () => {
    const all = openEvents();
    const warnings = stage.open({ kind: 'events', severities: ['warning'] });
    stage.backend.expireEvent('e1');
    warnings.refresh();
    stage.live.send({ type: 'heartbeat', ...stage.head() });
    stage.pass(1_000);
    expect(warnings.column('id')).toEqual([]);
    expect(all.column('id')).toEqual(['e2']);
  });

  test('is distinguished from what an answer leaves out by its conditions, its limit or its range', () => {
    const all = openEvents();
    for (const query of [
      { severities: ['critical' as const] },
      { eventState: 'resolved' as const },
      { openWindows: 'exclude' as const },
      { limit: 1 },
    ]) {
      stage.open({ kind: 'events', ...query });
    }
    stage.open({ kind: 'events' }, relative('now-5m'));
    stage.pass(1_000);
    expect(all.column('id')).toEqual(['e2', 'e1']);
  });

  test('is distinguished from what arrived before the answer did', () => {
    const panel = openEvents();
    stage.backend.holds = true;
    panel.refresh();
    tell(stage.backend.raise({ id: 'e3', time_ms: NOON - MINUTE / 2 }));
    stage.backend.release();
    expect(panel.column('id')).toEqual(['e3', 'e2', 'e1']);
  });
});
