import { LiveChannelConnectionState, LoadingState } from '@grafana/data';
import { HOUR, LiveStage, MINUTE, NOON, absolute, lastHours, segment } from '../testing/live-stage';

/** What Grafana Live does to streaming data sources, each as a case that has bitten somebody. */

const A = { segment: 'a' };
const B = { segment: 'b' };
let stage: LiveStage;
beforeEach(() => {
  stage = new LiveStage();
  stage.backend.write(A, NOON - 3 * MINUTE, 1);
  stage.backend.write(A, NOON - 2 * MINUTE, 2);
});
afterEach(() => stage.end());

test('a window that is emitted again replaces its point: never two points at one time', () => {
  const panel = stage.openLive();
  stage.tell(stage.backend.write(A, NOON - 2 * MINUTE, 20));
  stage.tell(stage.backend.write(A, NOON - MINUTE, 3), stage.backend.write(A, NOON - MINUTE, 30));
  stage.pass(1_000);
  expect(panel.points).toEqual({
    [segment('a')]: [
      [NOON - 3 * MINUTE, 1],
      [NOON - 2 * MINUTE, 20],
      [NOON - MINUTE, 30],
    ],
  });
});

test('a second panel on a running channel has its whole history at once', () => {
  stage.openLive();
  stage.tell(stage.backend.write(A, NOON - MINUTE, 3));
  const second = stage.open();
  expect(second.responses).toHaveLength(1);
  expect(second.points).toEqual(stage.backend.truth());
});

test('a wider range on a running channel gets what lies further back, and its corrections', () => {
  stage.backend.write(A, NOON - 5 * HOUR, 0);
  stage.openLive();
  const wide = stage.open({}, lastHours(6));
  expect(wide.points[segment('a')]?.[0]).toEqual([NOON - 5 * HOUR, 0]);
  // The stream sends only points from where its subscribers begin, so it is begun further back.
  stage.pass(1_000);
  stage.live.connect();
  expect(stage.live.channel.address.fromMs).toBeLessThanOrEqual(Date.now() - 6 * HOUR);
  stage.pass(1_000);
  stage.tell(stage.backend.write(A, NOON - 5 * HOUR, 7));
  stage.pass(1_000);
  expect(wide.points[segment('a')]?.[0]).toEqual([NOON - 5 * HOUR, 7]);
});

test('a stream is begun further back when a start that stands still has been outgrown, not for one that moves', () => {
  const beat = (minutes: number): void => {
    for (let passed = 0; passed < minutes * MINUTE; passed += 5_000) {
      stage.live.send({ type: 'heartbeat', ...stage.head() });
      stage.pass(5_000);
    }
  };
  stage.openLive({}, lastHours(1));
  beat(90);
  expect(stage.live.channels).toHaveLength(1);
  // Reaches back an hour from now on, wherever the backend begins it anew.
  const start = Date.now() - 50 * MINUTE;
  stage.open({}, absolute(start, start + 24 * HOUR));
  beat(9);
  expect(stage.live.channels).toHaveLength(1);
  beat(2);
  stage.live.connect();
  beat(60);
  expect(stage.live.channels).toHaveLength(2);
  expect(stage.live.channel.address.fromMs).toBeLessThan(start - HOUR);
});

test('a stream that Grafana has begun anew less far back than this page sees is asked for again', () => {
  stage.backend.write(A, NOON - 5 * HOUR, 0);
  const wide = stage.openLive({}, lastHours(6));
  // The backend was started again, and Grafana has kept what its first viewer asked for.
  stage.live.restart('run-2');
  const gap = (fromMs: number): void =>
    stage.live.send({ type: 'gap', reason: 'subscribed', from_ms: fromMs, ...stage.head() });
  gap(Date.now() - HOUR);
  stage.pass(5_000);
  stage.live.send({ type: 'heartbeat', ...stage.head() });
  stage.pass(1_000);
  expect(stage.live.channels).toHaveLength(2);
  stage.live.connect();
  gap(stage.live.channel.address.fromMs);
  stage.pass(5_000);
  stage.tell(stage.backend.write(A, NOON - 5 * HOUR, 7));
  stage.pass(1_000);
  expect(wide.points[segment('a')]?.[0]).toEqual([NOON - 5 * HOUR, 7]);
  expect(stage.live.channels).toHaveLength(2);
});

test('a stream of everything is not begun anew', () => {
  stage.openLive({}, absolute(1, NOON + HOUR));
  expect(stage.live.channel.address.fromMs).toBe(0);
  for (let seconds = 0; seconds < 120; seconds += 5) {
    stage.live.send({ type: 'heartbeat', ...stage.head() });
    stage.pass(5_000);
  }
  expect(stage.live.channels).toHaveLength(1);
});

test('the time range is not part of the channel: panels with other ranges share one', () => {
  stage.openLive({}, lastHours(1));
  stage.open({}, relativeMinutes(30));
  stage.open({}, absolute(NOON - HOUR / 2, NOON + HOUR));
  stage.pass(1_000);
  expect(stage.live.channels).toHaveLength(1);
  expect(stage.live.channel.address.path).toBe(stage.backend.path);
});

test('history is not cut to the number of points of a panel once the stream begins', () => {
  for (let i = 0; i < 3_000; i += 1) stage.backend.write(B, NOON - HOUR + i * 1_000, i);
  const panel = stage.openLive();
  stage.tell(stage.backend.write(B, NOON - 1, -1));
  stage.pass(1_000);
  const shown = panel.points[segment('b')] ?? [];
  expect(shown.at(-1)).toEqual([NOON - 1, -1]);
  // One or two have left the range by now.
  expect(shown.length).toBeGreaterThanOrEqual(2_999);
});

test('a series with other labels, and one without any, leave the history of the others alone', () => {
  const panel = stage.openLive();
  stage.tell(stage.backend.write({ segment: 'a', country: 'x' }, NOON - MINUTE, 5));
  stage.tell(stage.backend.write({}, NOON - MINUTE, 6));
  stage.pass(1_000);
  expect(Object.keys(panel.points)).toHaveLength(3);
  expect(panel.points).toEqual(stage.backend.truth());
});

test('an error of the stream is shown beside the points; it does not clear the chart', () => {
  const panel = stage.openLive();
  const before = panel.points;
  const said = { code: 'unknown_metric', message: 'The metric was removed.', retryable: false };
  stage.live.send({ type: 'error', ...stage.head(), ...said });
  stage.pass(1_000);
  expect(panel.points).toEqual(before);
  expect(panel.state).toBe('disconnected');
  expect(panel.meta?.state_message).toBe('The metric was removed.');
});

test('an error of a later question is shown beside the points; it does not clear the chart', () => {
  const panel = stage.openLive();
  const before = panel.points;
  stage.backend.fault = { message: 'The bridge cannot be reached.', status: 502 };
  stage.live.send({ type: 'gap', reason: 'resync' });
  stage.pass(2_000);
  expect(panel.points).toEqual(before);
  expect(panel.last.errors).toBeUndefined();
  expect(panel.meta?.state_message).toMatch(/The bridge cannot be reached/);
  stage.backend.fault = undefined;
  stage.live.send({ type: 'heartbeat', ...stage.head() });
  stage.pass(7_000);
  expect(panel.state).toBe('connected');
});

test('a subscriber that joins a running stream queries what was sent before', () => {
  const panel = stage.open();
  // Written between the answer and the subscription, and sent to those who were subscribed.
  stage.backend.write(A, NOON - MINUTE, 3);
  stage.live.skip();
  stage.live.connect(true);
  stage.pass(1_000);
  expect(panel.points).toEqual(stage.backend.truth());
});

test('a subscription carries all that the backend needs to begin the stream anew', () => {
  stage.openLive();
  const { path, query } = stage.live.channel.address;
  stage.live.channel.status(LiveChannelConnectionState.Shutdown);
  stage.pass(5_000);
  expect(stage.live.channels).toHaveLength(2);
  expect(stage.live.channel.address).toEqual({ uid: 'uid', path, query, fromMs: NOON + 2_000 - HOUR });
  expect(query).toContain('step_ms');
});

test('a subscription that is refused is tried again with growing pauses, not in a storm', () => {
  const panel = stage.open();
  const refuse = (): void =>
    stage.live.channel.status(LiveChannelConnectionState.Invalid, { error: 'no access' });
  refuse();
  for (let second = 0; second < 60; second += 1) {
    stage.pass(1_000);
    if (stage.live.open.length > 0) refuse();
  }
  expect(stage.live.channels.length).toBeGreaterThanOrEqual(5);
  expect(stage.live.channels.length).toBeLessThanOrEqual(8);
  expect(panel.state).toBe('polling');
  expect(panel.meta?.state_message).toMatch(/refuses the live channel \(no access\).*every 10 s/);
});

test('a stream that another Grafana node has begun is another sequence: history is asked for', () => {
  const panel = stage.openLive();
  stage.live.send({ type: 'heartbeat', ...stage.head() });
  // Told by the first node while this page hung between both.
  stage.backend.write(A, NOON - MINUTE, 3);
  stage.live.restart('run-of-another-node');
  stage.live.send({ type: 'heartbeat', ...stage.head() });
  stage.pass(1_500);
  expect(panel.points).toEqual(stage.backend.truth());
});

test('a thousand updates a second are drawn four times a second', () => {
  const panel = stage.openLive();
  const before = panel.responses.length;
  for (let i = 0; i < 1_000; i += 1) {
    stage.tell(stage.backend.write(A, NOON - MINUTE, i));
    stage.pass(1);
  }
  expect(panel.responses.length - before).toBeGreaterThanOrEqual(3);
  expect(panel.responses.length - before).toBeLessThanOrEqual(5);
});

test('a hundred panels with one query take one of the hundred connections that Grafana allows', () => {
  for (let i = 0; i < 100; i += 1) stage.open();
  expect(stage.live.channels).toHaveLength(1);
});

test('a refresh does not wipe what the stream has brought, nor ask for another subscription', () => {
  const panel = stage.openLive();
  stage.tell(stage.backend.write(A, NOON - MINUTE, 3));
  stage.pass(1_000);
  const before = panel.points;
  // The answer was read before the update.
  stage.backend.holds = true;
  panel.refresh();
  stage.tell(stage.backend.write(A, NOON - MINUTE, 4));
  stage.backend.release();
  expect(panel.points).toEqual(stage.backend.truth());
  expect(panel.points).not.toEqual(before);
  stage.pass(5_000);
  expect(stage.live.channels).toHaveLength(1);
});

test('a query that is edited is shown from its own channel, and the former one is left', () => {
  const panel = stage.openLive();
  panel.close();
  stage.backend.path = 'v1/other';
  stage.backend.write(B, NOON - MINUTE, 9);
  const edited = stage.open({ metric: 'others' });
  expect(edited.points).toEqual(stage.backend.truth());
  stage.pass(5_000);
  expect(stage.live.channel.address.path).toBe('v1/other');
});

test('two panels with other queries never show the points of each other', () => {
  const first = stage.openLive();
  stage.backend.path = 'v1/other';
  const second = stage.open({ metric: 'others' });
  const [one, other] = stage.live.open;
  expect(other?.address.path).toBe('v1/other');
  other?.connect();
  stage.pass(2_000);
  const update = stage.backend.write(A, NOON - MINUTE, 3);
  one?.tell(stage.live.skip({ type: 'update', ...stage.head(), series: [update] }));
  stage.pass(1_000);
  expect(first.points[segment('a')]).toHaveLength(3);
  expect(second.points[segment('a')]).toHaveLength(2);
});

test('a stream that has gone silent is noticed; points come by asking, and the panel says so', () => {
  const panel = stage.openLive();
  stage.backend.write(A, NOON - MINUTE, 3);
  stage.pass(20_000);
  expect(panel.state).toBe('polling');
  expect(panel.meta?.state_message).toBe(
    'The live stream has been silent for 8 s. Polling every 10 s instead.',
  );
  stage.pass(12_000);
  expect(panel.points).toEqual(stage.backend.truth());
  // It has been subscribed to again.
  stage.live.connect();
  stage.pass(1_000);
  expect(panel.state).toBe('connected');
});

test('a bridge that hangs is noticed within ten seconds, in the notices that every panel shows', () => {
  const panel = stage.openLive();
  stage.live.send({ type: 'heartbeat', ...stage.head() });
  stage.backend.holds = true;
  stage.pass(1_000);
  const [before] = panel.frames;
  stage.pass(8_500);
  expect(panel.frames.map(({ fields }) => fields)).toEqual([before?.fields]);
  expect(panel.frames[0]?.meta?.notices).toEqual([
    expect.objectContaining({
      text: expect.stringMatching(/^The data may be out of date: .+ silent/) as string,
    }),
  ]);
});

test('a refresh that a hanging bridge does not answer shows what is known, and says so', () => {
  const panel = stage.openLive();
  stage.backend.holds = true;
  panel.refresh();
  const before = panel.responses.length;
  stage.pass(9_500);
  expect(panel.responses.length).toBeGreaterThan(before);
  expect(panel.points).toEqual(stage.backend.truth());
  expect(panel.frames[0]?.meta?.notices).toHaveLength(1);
  stage.live.send({ type: 'heartbeat', ...stage.head() });
  stage.backend.release();
  stage.pass(1_000);
  expect(panel.frames[0]?.meta?.notices).toBeUndefined();
});

test('a connection that breaks is caught up with when it is back', () => {
  const panel = stage.openLive();
  stage.live.lose();
  stage.pass(1_000);
  expect(panel.state).toBe('reconnecting');
  expect(panel.last.state).toBe(LoadingState.Streaming);
  stage.live.skip({ type: 'update', series: [stage.backend.write(A, NOON - MINUTE, 3)] });
  stage.live.connect(true);
  stage.pass(2_000);
  expect(panel.state).toBe('connected');
  expect(panel.points).toEqual(stage.backend.truth());
});

test('a stream that ends because the settings have changed is followed to its new path', () => {
  const panel = stage.openLive();
  stage.backend.path = 'v1/after-the-change';
  stage.backend.write(A, NOON - MINUTE, 3);
  stage.live.send({ type: 'ended', reason: 'settings' });
  stage.pass(8_000);
  expect(stage.live.channel.address.path).toBe('v1/after-the-change');
  stage.live.connect();
  stage.pass(1_000);
  expect(panel.points).toEqual(stage.backend.truth());
  expect(panel.state).toBe('connected');
});

function relativeMinutes(minutes: number) {
  const range = lastHours(1);
  return { ...range, raw: { from: `now-${minutes}m`, to: 'now' } };
}
