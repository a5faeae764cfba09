import type { DataFrame } from '@grafana/data';
import { map } from 'rxjs';
import { LiveStage, MINUTE, NOON, lastHours, relative, segment } from '../testing/live-stage';

/** Answers that the browser cannot keep up to date by itself: the stream, or the clock, triggers the next query. */

const A = { segment: 'a' };
let stage: LiveStage;
beforeEach(() => {
  stage = new LiveStage();
  stage.backend.write(A, NOON - 2 * MINUTE, 2);
});
afterEach(() => stage.end());

const shown = (panel: { column(name: string): unknown[] }): unknown => panel.column('last')[0];

describe('a summary', () => {
  beforeEach(() => (stage.backend.mode = 'changed'));

  test('is asked for again when something has changed: its numbers are always the bridge’s own', () => {
    const panel = stage.openLive({ kind: 'summary' });
    stage.backend.write(A, NOON - MINUTE, 3);
    stage.live.send({ type: 'changed', ...stage.head() });
    stage.pass(4_000);
    expect(shown(panel)).toBe(2);
    expect(panel.state).toBe('connected');
  });

  test('is asked for twenty times a minute at most, however often it changes and however many panels there are', () => {
    stage.openLive({ kind: 'summary' });
    for (const stat of ['last', 'min', 'max', 'avg'] as const) stage.open({ kind: 'summary', stat });
    stage.backend.mode = 'poll';
    stage.open({ kind: 'status' });
    stage.open({ kind: 'status' });
    stage.backend.mode = 'changed';
    const before = stage.backend.asked.length;
    for (let i = 0; i < 600; i += 1) {
      stage.live.send({ type: 'changed', ...stage.head() });
      stage.pass(100);
    }
    const asked = stage.backend.asked.length - before;
    expect(asked).toBeGreaterThanOrEqual(18);
    expect(asked).toBeLessThanOrEqual(21);
  });

  test('is asked for together with others of the same range; each gets its own answer, equal ones the same', () => {
    const panels = [
      stage.openLive({ kind: 'summary' }),
      stage.open([{ kind: 'summary' }, { kind: 'summary', alias: 'other' }]),
    ];
    stage.pass(5_000);
    const before = stage.backend.asked.length;
    stage.backend.write(A, NOON - MINUTE, 3);
    stage.live.send({ type: 'changed', ...stage.head() });
    stage.pass(1_000);
    expect(stage.backend.asked.slice(before).map(({ targets }) => targets.length)).toEqual([2]);
    expect(panels.map(({ frames }) => frames.map(({ refId }) => refId))).toEqual([['A'], ['A', 'B']]);
    expect(panels.map(shown)).toEqual([2, 2]);
  });

  test('is asked for by each panel with its own range', () => {
    stage.openLive({ kind: 'summary' });
    stage.open({ kind: 'summary' }, relative('now-30m'));
    const before = stage.backend.asked.length;
    stage.live.send({ type: 'changed', ...stage.head() });
    stage.pass(4_000);
    expect(stage.backend.asked.length - before).toBe(2);
    expect(stage.live.channels).toHaveLength(1);
  });

  test('whose first answer is slow is asked for again, where something has changed before it came', () => {
    stage.openLive({ kind: 'summary' });
    stage.backend.holds = true;
    // Another alias is another question, on the same channel.
    const slow = stage.open({ kind: 'summary', alias: 'slow' });
    stage.backend.holds = false;
    stage.backend.write(A, NOON - MINUTE, 3);
    stage.live.send({ type: 'changed', ...stage.head() });
    stage.pass(500);
    stage.backend.release();
    stage.pass(2_000);
    expect(shown(slow)).toBe(2);
    const { length } = stage.backend.asked;
    stage.pass(10_000);
    expect(stage.backend.asked).toHaveLength(length);
  });

  test('that cannot be asked for again stays, and says why', () => {
    const panel = stage.openLive({ kind: 'summary' });
    stage.backend.fault = { message: 'The bridge cannot be reached.', status: 502 };
    stage.live.send({ type: 'changed', ...stage.head() });
    stage.pass(4_000);
    expect(shown(panel)).toBe(1);
    expect(panel.state).toBe('disconnected');
    expect(panel.meta?.state_message).toBe('The bridge cannot be reached.');
    stage.backend.fault = undefined;
    stage.live.send({ type: 'heartbeat' });
    stage.pass(7_000);
    expect(panel.state).toBe('connected');
  });

  test('keeps its frames while nothing in them changes', () => {
    const panel = stage.openLive({ kind: 'summary' });
    const [before] = panel.frames;
    stage.live.send({ type: 'heartbeat' });
    stage.pass(500);
    expect(panel.frames[0]).toBe(before);
  });
});

describe('a query without a channel', () => {
  beforeEach(() => (stage.backend.mode = 'poll'));

  test('is asked for again every five seconds, and says so', () => {
    const panel = stage.open({ kind: 'status' });
    expect(stage.live.channels).toEqual([]);
    expect(panel.state).toBe('polling');
    stage.backend.write(A, NOON - MINUTE, 3);
    stage.pass(5_500);
    expect(shown(panel)).toBe(2);
    stage.pass(5_500);
    expect(stage.backend.asked).toHaveLength(3);
  });

  test('is not asked for while nobody can see the page', () => {
    stage.open({ kind: 'status' });
    stage.page.show(false);
    stage.pass(600_000);
    expect(stage.backend.asked).toHaveLength(1);
    stage.page.show(true);
    stage.pass(500);
    expect(stage.backend.asked).toHaveLength(2);
  });

  test('that fails costs no more than one that is answered, together with all that cannot catch up', () => {
    stage.backend.mode = 'points';
    for (const metric of ['a', 'b', 'c', 'd']) {
      stage.backend.path = `v1/${metric}`;
      stage.open({ metric });
    }
    stage.backend.mode = 'poll';
    stage.open({ kind: 'status' });
    stage.backend.fault = { message: 'The bridge cannot be reached.', status: 502 };
    const before = stage.backend.asked.length;
    stage.pass(60_000);
    expect(stage.backend.asked.length - before).toBeLessThanOrEqual(20);
  });

  test('that has failed is asked for in one request with others: forecasts too', () => {
    stage.backend.mode = 'changed';
    for (const forecastAs of ['bands', 'score', 'anomalies', 'backtest'] as const)
      stage.open({ kind: 'forecast', forecastAs });
    stage.backend.fault = { message: 'The bridge cannot be reached.', status: 502 };
    stage.live.send({ type: 'changed', ...stage.head() });
    stage.pass(20_000);
    const before = stage.backend.asked.length;
    stage.pass(60_000);
    expect(stage.backend.asked.length - before).toBeGreaterThan(3);
    expect(stage.backend.asked.length - before).toBeLessThanOrEqual(20);
  });

  test('continues after a failure, with a notice that it is not up to date', () => {
    const panel = stage.open({ kind: 'status' });
    stage.backend.fault = { message: 'The bridge cannot be reached.', status: 502 };
    stage.pass(6_000);
    expect(panel.state).toBe('disconnected');
    expect(panel.meta?.state_message).toBe('The bridge cannot be reached.');
    stage.backend.fault = undefined;
    stage.pass(10_000);
    expect(panel.state).toBe('polling');
  });

  test('that is refused says that it is not up to date, and is asked again', () => {
    const panel = stage.open({ kind: 'status' });
    stage.backend.fault = { message: 'The token was withdrawn.', status: 401 };
    stage.pass(6_000);
    expect([panel.state, panel.meta?.state_message]).toEqual(['disconnected', 'The token was withdrawn.']);
    stage.backend.fault = undefined;
    stage.pass(10_000);
    expect(panel.state).toBe('polling');
  });

  test('that is not answered says so within ten seconds', () => {
    const panel = stage.open({ kind: 'status' });
    stage.backend.holds = true;
    stage.pass(9_900);
    expect(shown(panel)).toBe(1);
    expect([panel.state, panel.meta?.state_message]).toEqual([
      'disconnected',
      'The data source has not answered for 4 s.',
    ]);
    expect(panel.frames[0]?.meta?.notices).toHaveLength(1);
    stage.backend.holds = false;
    stage.backend.release();
    stage.pass(1_000);
    expect(panel.state).toBe('polling');
    expect(panel.frames[0]?.meta?.notices).toBeUndefined();
  });

  test('keeps its last answer through a failed refresh, with a notice, and continues after it', () => {
    const panel = stage.open({ kind: 'status' });
    stage.backend.fault = { message: 'The bridge cannot be reached.', status: 502 };
    panel.refresh();
    expect(panel.last.error).toBeUndefined();
    expect(shown(panel)).toBe(1);
    expect(panel.frames[0]?.meta?.notices).toEqual([
      {
        severity: 'error',
        text: 'The data could not be updated: The bridge cannot be reached.',
      },
    ]);
    panel.close();
    stage.pass(11_000);
    const later = stage.open({ kind: 'status' });
    expect(later.last.error?.message).toBe('The bridge cannot be reached.');
    stage.backend.fault = undefined;
    stage.pass(10_000);
    expect(shown(later)).toBe(1);
  });

  test('asks over the range as it lies then', () => {
    stage.open({ kind: 'status' });
    stage.pass(5_500);
    const [first, second] = stage.backend.asked;
    expect((second?.range.to.valueOf() ?? 0) - (first?.range.to.valueOf() ?? 0)).toBeGreaterThanOrEqual(
      4_750,
    );
    expect(second?.requestId).not.toBe(first?.requestId);
  });
});

describe('Live is switched off', () => {
  test('points come by asking, and the panel says why', () => {
    stage.live.reason = 'Grafana Live is switched off on this Grafana.';
    const panel = stage.open();
    stage.backend.write(A, NOON - MINUTE, 3);
    stage.pass(12_000);
    expect(panel.points).toEqual(stage.backend.truth());
    expect(panel.state).toBe('polling');
    expect(panel.meta?.state_message).toBe(
      'Grafana Live is switched off on this Grafana. Polling every 10 s instead.',
    );
  });

  test('a hidden page does not ask', () => {
    stage.live.reason = 'Grafana Live is switched off on this Grafana.';
    stage.open();
    stage.page.show(false);
    const before = stage.backend.asked.length;
    stage.pass(600_000);
    expect(stage.backend.asked).toHaveLength(before);
  });
});

describe('an answer without revisions', () => {
  test('is never merged with the stream: it is shown as it is', () => {
    const { history } = stage.backend;
    jest.spyOn(stage.backend, 'history').mockImplementation((request) =>
      history({
        ...request,
        targets: request.targets.map((target) => ({ ...target, withRevisions: false })),
      }),
    );
    const panel = stage.open();
    expect(stage.live.channels).toEqual([]);
    expect(panel.points).toEqual(stage.backend.truth());
  });
});

test('a series that an answer has for its removed points only is not drawn', () => {
  stage.backend.mode = 'poll';
  const { history } = stage.backend;
  const emptied = (frame: DataFrame): DataFrame => ({
    ...frame,
    fields: frame.fields.map((field) => ({ ...field, values: [] })),
    length: 0,
  });
  stage.backend.write({ segment: 'b' }, NOON - MINUTE, 3);
  jest.spyOn(stage.backend, 'history').mockImplementation((request) =>
    history(request).pipe(
      map(({ data: [first, ...others] }) => ({
        data: [emptied(first as DataFrame), ...(others as DataFrame[])],
      })),
    ),
  );
  const both = stage.open();
  expect(Object.keys(both.points)).toEqual([segment('b')]);
  stage.backend.expire({ segment: 'b' }, NOON - MINUTE);
  const none = stage.open();
  expect(none.frames).toMatchObject([{ fields: [], length: 0 }]);
  expect(none.state).toBe('polling');
});

describe('the store of the bridge was lost', () => {
  test('its new points win over the old ones, however high those had been counted', () => {
    for (let i = 0; i < 50; i += 1) stage.backend.write(A, NOON - MINUTE, i);
    const panel = stage.openLive();
    stage.backend.loseStore('epoch-2');
    stage.tell(stage.backend.write(A, NOON - MINUTE, -1));
    stage.pass(3_000);
    expect(panel.points).toEqual(stage.backend.truth());
  });

  test('an answer over a shorter range that reports it does not leave the old points of the longer range', () => {
    stage.backend.write(A, NOON - 90 * MINUTE, 5);
    const longer = stage.openLive({}, lastHours(2));
    stage.backend.loseStore('epoch-2');
    stage.open({}, lastHours(1));
    stage.live.send({ type: 'heartbeat', ...stage.head() });
    stage.pass(3_000);
    expect(longer.points).toEqual(stage.backend.truth());
  });

  test('a late answer of the lost one is not taken in, not even for a moment', () => {
    const panel = stage.openLive();
    stage.backend.write(A, NOON - 5 * MINUTE, 5);
    stage.backend.holds = true;
    stage.live.send({ type: 'gap', reason: 'resync' });
    stage.pass(1_000);
    stage.backend.loseStore('epoch-2');
    stage.tell(stage.backend.write(A, NOON - MINUTE, -1));
    stage.backend.holds = false;
    stage.backend.release();
    stage.pass(300);
    expect(Object.values(panel.points).flat()).not.toContainEqual([NOON - 5 * MINUTE, 5]);
    stage.pass(5_000);
    expect(panel.points).toEqual(stage.backend.truth());
  });
});
