import { LoadingState, type DataFrame } from '@grafana/data';
import { HOUR, LiveStage, MINUTE, NOON, absolute, lastHours, relative, segment } from '../testing/live-stage';
import { liveQuery, mayGoLive } from './live-query';

const A = { segment: 'a' };
let stage: LiveStage;
beforeEach(() => {
  stage = new LiveStage();
  stage.backend.write(A, NOON - 2 * MINUTE, 2);
});
afterEach(() => stage.end());

describe('the first response', () => {
  test('is complete, with every query of the panel', () => {
    const panel = stage.open([{}, { kind: 'events' }, { kind: 'status', live: false }]);
    expect(panel.responses).toHaveLength(1);
    expect(panel.frames.map(({ refId }) => refId)).toEqual(['A', 'B', 'C']);
    expect(panel.last.state).toBe(LoadingState.Streaming);
  });

  test('waits for the whole answer', () => {
    stage.backend.holds = true;
    const panel = stage.open();
    stage.pass(10_000);
    expect(panel.responses).toEqual([]);
    stage.backend.release();
    expect(panel.points).toEqual(stage.backend.truth());
  });

  test('is followed by others under the same key, so that each replaces it', () => {
    const panel = stage.openLive();
    stage.tell(stage.backend.write(A, NOON - MINUTE, 3));
    stage.pass(1_000);
    expect(panel.responses.length).toBeGreaterThan(1);
    expect(new Set(panel.responses.map(({ key }) => key)).size).toBe(1);
    expect(panel.last.key).toBeDefined();
  });

  test('of a query that is not live ends it', () => {
    const panel = stage.open({ live: false });
    expect(panel.completed).toBe(true);
    expect(panel.last.state).toBe(LoadingState.Done);
    expect(stage.live.channels).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('asks for revisions where the query is live, and only there', () => {
    stage.open([{}, { live: false }]);
    expect(stage.backend.asked[0]?.targets.map(({ withRevisions }) => withRevisions)).toEqual([
      true,
      undefined,
    ]);
  });
});

describe('an error', () => {
  test('of the query is shown, and not asked again', () => {
    stage.backend.fault = { message: 'No metric of that name.', status: 404 };
    const panel = stage.open();
    expect(panel.last.state).toBe(LoadingState.Error);
    expect(panel.last.errors).toMatchObject([{ refId: 'A', message: 'No metric of that name.' }]);
    expect(panel.completed).toBe(true);
    stage.pass(60_000);
    expect(stage.backend.asked).toHaveLength(1);
  });

  test('of the server is shown, and goes by itself', () => {
    stage.backend.fault = { message: 'The bridge cannot be reached.', status: 502 };
    const panel = stage.open();
    expect(panel.last.error?.message).toBe('The bridge cannot be reached.');
    stage.backend.fault = undefined;
    stage.pass(6_000);
    expect(panel.last.error).toBeUndefined();
    expect(panel.points).toEqual(stage.backend.truth());
    stage.live.connect();
    expect(stage.live.open).toHaveLength(1);
  });

  test('of a question whose answer the page knows from before is said beside what is known', () => {
    const panel = stage.openLive();
    stage.backend.fault = { message: 'The bridge cannot be reached.', status: 502 };
    panel.refresh();
    expect(panel.points).toEqual(stage.backend.truth());
    expect(panel.last.error).toBeUndefined();
    expect(panel.frames[0]?.meta?.notices?.[0]).toEqual({
      severity: 'error',
      text: 'The data could not be updated: The bridge cannot be reached.',
    });
  });
});

test('in Explore a lost bridge is a warning: it shows no errors of frames', () => {
  stage.app = 'explore';
  const panel = stage.openLive();
  stage.backend.fault = { message: 'The bridge cannot be reached.', status: 502 };
  panel.refresh();
  expect(panel.frames[0]?.meta?.notices?.[0]).toEqual({
    severity: 'warning',
    text: 'The data could not be updated: The bridge cannot be reached.',
  });
});

test('a longer range whose question fails is asked again with its own step, not that of the range before', () => {
  const panel = stage.openLive();
  stage.backend.fault = { message: 'The bridge cannot be reached.', status: 502 };
  panel.refresh(lastHours(6));
  stage.backend.fault = undefined;
  stage.pass(6_000);
  const [again] = stage.backend.asked.at(-1)?.targets ?? [];
  expect(panel.last.error).toBeUndefined();
  expect(again).toBeDefined();
  expect(again?.step).toBeUndefined();
});

describe('a browser that is offline', () => {
  test.each(['poll', 'points', 'events', 'changed'] as const)(
    'keeps the last frames of a panel in mode %s, says so, and asks again',
    (mode) => {
      stage.backend.mode = mode;
      const panel = stage.openLive(mode === 'events' ? { kind: 'events' } : {});
      const frames = panel.frames.length;
      stage.backend.isOffline = true;
      if (mode !== 'poll') stage.live.lose();
      stage.pass(30_000);
      expect(panel.frames).toHaveLength(frames);
      expect(panel.frames[0]?.fields.length).toBeGreaterThan(0);
      expect(panel.state).toBe('disconnected');
      stage.backend.isOffline = false;
      stage.live.connect();
      stage.pass(mode === 'poll' ? 20_000 : 6_000);
      expect(panel.state).toBe(mode === 'poll' ? 'polling' : 'connected');
      expect(panel.frames[0]?.meta?.notices ?? []).toEqual([]);
    },
  );

  test('is an error where nothing is known yet, and goes by itself', () => {
    stage.backend.isOffline = true;
    const panel = stage.open();
    expect(panel.last.error?.message).toBe('Grafana did not answer. Check the connection to Grafana.');
    stage.backend.isOffline = false;
    stage.pass(6_000);
    expect(panel.points).toEqual(stage.backend.truth());
  });
});

describe('a bridge that has died', () => {
  const message = 'No bridge listens at http://bridge:8765.';
  const noticesOf = (panel: ReturnType<LiveStage['open']>): string[] =>
    (panel.frames[0]?.meta?.notices ?? []).map(({ text }) => text);

  test.each(['points', 'events', 'changed'] as const)('is said within 10 s on a panel in mode %s', (mode) => {
    stage.backend.mode = mode;
    const panel = stage.openLive(mode === 'events' ? { kind: 'events' } : {});
    stage.backend.fault = { message, status: 502 };
    const down = { type: 'state', state: 'reconnecting', message };
    for (let second = 0; second < 10; second += 5) {
      stage.live.send(down);
      stage.pass(5_000);
    }
    expect(noticesOf(panel)).toEqual([expect.stringContaining(message)]);
    stage.backend.fault = undefined;
    stage.live.send({ type: 'state', state: 'connected' });
    stage.pass(5_000);
    expect(noticesOf(panel)).toEqual([]);
  });

  test('for a moment only is not said', () => {
    const panel = stage.openLive();
    stage.live.send({ type: 'state', state: 'reconnecting', message });
    stage.pass(1_000);
    stage.live.send({ type: 'state', state: 'connected' });
    stage.pass(1_000);
    expect(
      panel.responses.flatMap(({ data }) => data as DataFrame[]).some((frame) => frame.meta?.notices),
    ).toBe(false);
  });
});

describe('a newer request', () => {
  const runner = {};
  const asked = (metric: string, scopedVars: object, changes: object = {}) => ({
    ...stage.requestOf([{ refId: 'A', metric }], lastHours(1)),
    scopedVars: scopedVars as never,
    ...changes,
  });
  const run = (request: ReturnType<typeof asked>) => {
    const shown: unknown[] = [];
    const ports = { hub: stage.hub, history: stage.backend.history, uid: 'uid' };
    const subscription = liveQuery(request, ports).subscribe((response) => shown.push(response));
    return { shown, subscription };
  };

  test.each([
    ['scene object', { __sceneObject: { text: '', value: runner } }, {}],
    ['panel', {}, { panelId: 3, dashboardUID: 'd' }],
  ])('of the same %s ends the older, whose subscription Grafana has lost', (_, scopedVars, changes) => {
    const older = run(asked('events', scopedVars, changes));
    const newer = run(asked('revenue', scopedVars, changes));
    stage.live.connect();
    stage.pass(1_000);
    const before = older.shown.length;
    stage.tell(stage.backend.write(A, NOON - MINUTE, 3));
    stage.pass(5_000);
    expect(older.subscription.closed).toBe(true);
    expect(older.shown).toHaveLength(before);
    expect(newer.subscription.closed).toBe(false);
    newer.subscription.unsubscribe();
  });

  test('of another panel leaves it, as do those of a repeated panel with the same id', () => {
    const vars = (value: object) => ({ __sceneObject: { text: '', value } });
    const all = [
      run(asked('events', vars({}), { panelId: 3 })),
      run(asked('events', vars({}), { panelId: 3 })),
      run(asked('events', {}, { panelId: 3 })),
      run(asked('events', {}, { panelId: 4 })),
      run(asked('events', {})),
      run(asked('events', {})),
    ];
    expect(all.map(({ subscription }) => subscription.closed)).toEqual(all.map(() => false));
    for (const { subscription } of all) subscription.unsubscribe();
  });
});

test('a first series that appears live gets its unit from the backend', () => {
  stage.backend.expire(A, NOON - 2 * MINUTE);
  stage.backend.unit = 'currencyEUR';
  const panel = stage.openLive();
  expect(panel.points).toEqual({});
  stage.tell(stage.backend.write(A, NOON - MINUTE, 3));
  stage.pass(3_000);
  expect(panel.points).toEqual(stage.backend.truth());
  expect(panel.frames[0]?.fields[1]?.config.unit).toBe('currencyEUR');
});

describe('a refresh', () => {
  test('whose answer was read before an update does not take that update back', () => {
    const panel = stage.openLive();
    stage.backend.holds = true;
    panel.refresh();
    stage.tell(stage.backend.write(A, NOON - MINUTE, 3), stage.backend.write(A, NOON - 2 * MINUTE, 20));
    stage.pass(1_000);
    stage.backend.release();
    expect(panel.points).toEqual(stage.backend.truth());
  });

  test('takes in what has passed its retention', () => {
    stage.backend.write(A, NOON - MINUTE, 3);
    const panel = stage.openLive();
    stage.backend.expire(A, NOON - 2 * MINUTE);
    panel.refresh();
    expect(panel.points).toEqual({ [segment('a')]: [[NOON - MINUTE, 3]] });
  });

  test('within ten seconds of the last viewer finds what the page knew', () => {
    const panel = stage.openLive();
    panel.close();
    stage.pass(9_000);
    stage.backend.fault = { message: 'down', status: 502 };
    panel.refresh();
    expect(panel.points).toEqual(stage.backend.truth());
  });

  test('later than that begins anew', () => {
    const panel = stage.openLive();
    panel.close();
    stage.pass(11_000);
    expect(stage.hub.size).toBe(0);
    stage.backend.fault = { message: 'down', status: 502 };
    panel.refresh();
    expect(panel.last.error?.message).toBe('down');
  });
});

describe('a sliding range', () => {
  test('drops what has left it, and shows what has entered it', () => {
    stage.backend.write(A, NOON - HOUR + 30_000, 1);
    const panel = stage.openLive();
    expect(panel.points[segment('a')]?.[0]).toEqual([NOON - HOUR + 30_000, 1]);
    // Told before its time: a bridge whose clock is ahead.
    stage.tell(stage.backend.write(A, NOON + 20_000, 9));
    stage.pass(1_000);
    expect(panel.points[segment('a')]).toHaveLength(2);
    for (let second = 0; second < 40; second += 4) {
      stage.live.send({ type: 'heartbeat', ...stage.head() });
      stage.pass(4_000);
    }
    expect(panel.points).toEqual({
      [segment('a')]: [
        [NOON - 2 * MINUTE, 2],
        [NOON + 20_000, 9],
      ],
    });
    expect(
      stage.hub.channel('uid', { mode: 'points', path: stage.backend.path, query: '' }, stage.backend.history)
        .points.size,
    ).toBe(2);
  });

  test('marks from where on windows are open, and when they are closed', () => {
    const panel = stage.openLive();
    stage.tell(stage.backend.write(A, NOON - MINUTE, 3, NOON - MINUTE));
    stage.pass(1_000);
    expect(panel.meta?.open_from_ms).toBe(NOON - MINUTE);
    stage.tell(stage.backend.write(A, NOON - MINUTE, 4));
    stage.pass(1_000);
    expect(panel.meta?.open_from_ms).toBeNull();
  });
});

describe('a panel that is closed', () => {
  test('leaves nothing that runs, whatever was going on', () => {
    const panel = stage.open();
    panel.close();
    stage.pass(10_000);
    expect(jest.getTimerCount()).toBe(0);
    stage.backend.holds = true;
    panel.refresh();
    panel.close();
    stage.backend.release();
    expect([jest.getTimerCount(), stage.hub.size, stage.live.open.length]).toEqual([0, 0, 0]);
  });

  test('is not drawn any more, although it had something to show', () => {
    const panel = stage.openLive();
    stage.tell(stage.backend.write(A, NOON - MINUTE, 3));
    expect(stage.page.listenerCount).toBe(1);
    panel.close();
    expect(stage.page.listenerCount).toBe(0);
  });

  test('receives nothing more', () => {
    const panel = stage.openLive();
    const other = stage.open();
    panel.close();
    const count = panel.responses.length;
    stage.tell(stage.backend.write(A, NOON - MINUTE, 3));
    stage.pass(1_000);
    expect(panel.responses).toHaveLength(count);
    expect(other.points).toEqual(stage.backend.truth());
  });
});

describe('an absolute range', () => {
  const isLive = (range = lastHours(1), queries = [{ refId: 'A' }]) =>
    mayGoLive(stage.requestOf(queries, range), Date.now());

  test('that is over never goes live', () => {
    expect(isLive(absolute(NOON - HOUR, NOON))).toBe(false);
    expect(isLive(absolute(NOON - HOUR, NOON + 1))).toBe(true);
  });

  test('is distinguished from a relative one that ends in the past, which new windows still enter', () => {
    expect(isLive(relative('now-2h', 'now-1h'))).toBe(true);
    expect(isLive(lastHours(1))).toBe(true);
  });

  test('and queries that are not live', () => {
    expect(isLive(lastHours(1), [{ refId: 'A', live: false } as never])).toBe(false);
  });
});

test('a hidden page takes in what comes, draws nothing, and is right when it is seen again', () => {
  const panel = stage.openLive();
  const count = panel.responses.length;
  stage.page.show(false);
  for (let i = 0; i < 100; i += 1) {
    stage.tell(stage.backend.write(A, NOON - MINUTE, i));
    stage.pass(1_000);
  }
  expect(panel.responses).toHaveLength(count);
  stage.page.show(true);
  stage.pass(0);
  expect(panel.responses).toHaveLength(count + 1);
  expect(panel.points).toEqual(stage.backend.truth());
});
