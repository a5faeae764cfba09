import { LiveChannelConnectionState as State } from '@grafana/data';
import fc from 'fast-check';
import { FakeLive } from '../testing/fake-live';
import { NOON } from '../testing/live-stage';
import { LiveConnection } from './live-connection';
import { systemClock } from './ports';
import type { StreamMessage } from './stream-message';

let live: FakeLive;
let connection: LiveConnection;
let messages: StreamMessage[];
/** When history was asked for, from now on. */
let missed: number[];
let states: string[];
let returns: number;

function begin(): void {
  jest.useFakeTimers({ now: NOON });
  live = new FakeLive();
  messages = [];
  missed = [];
  states = [];
  returns = 0;
  const address = { uid: 'uid', path: 'v1/path', query: '{}', fromMs: 0 };
  connection = new LiveConnection(
    () => address,
    live,
    { ...systemClock, random: () => 0.5 },
    {
      onMessage: (message) => messages.push(message),
      onMissed: (delayMs) => missed.push(delayMs),
      onBack: () => (returns += 1),
      onState: () => states.push(connection.state.state),
    },
  );
}
beforeEach(begin);
afterEach(() => {
  connection.close();
  expect([jest.getTimerCount(), live.open.length]).toEqual([0, 0]);
  jest.useRealTimers();
});
const pass = (ms: number): void => jest.advanceTimersByTime(ms);
const heartbeat = { type: 'heartbeat' };

/** Connected to a stream that runs, with what was missed before asked for. */
function settle(): void {
  connection.open();
  live.connect(true);
  live.send(heartbeat);
  missed = [];
}

describe('catching up', () => {
  test('happens at once with a stream that runs already', () => {
    connection.open();
    live.connect(true);
    expect(missed).toEqual([0]);
  });

  test('happens at once where the backend says nothing of the stream', () => {
    connection.open();
    live.channel.connect();
    expect(missed).toEqual([0]);
  });

  test('waits for the first gap of a stream that has just begun, but not for ever', () => {
    connection.open();
    live.connect(false);
    expect(missed).toEqual([]);
    live.send({ type: 'gap', reason: 'subscribed' });
    expect(missed).toHaveLength(1);
    pass(3_000);
    expect(missed).toHaveLength(1);
  });

  test('happens without that gap after two seconds', () => {
    connection.open();
    live.connect(false);
    pass(2_000);
    expect(missed).toEqual([0]);
  });

  test('is spread over pages that have lost one stream together', () => {
    settle();
    live.lose();
    live.connect(true);
    expect(missed).toEqual([250]);
  });
});

describe('the sequence', () => {
  test('without a gap asks for nothing', () => {
    settle();
    for (let i = 0; i < 5; i += 1) live.send({ type: 'update', series: [] });
    expect(missed).toEqual([]);
  });

  test('with a missing number asks for history', () => {
    settle();
    live.skip();
    live.send(heartbeat);
    expect(missed).toHaveLength(1);
  });

  test('that continues as another stream asks for history', () => {
    settle();
    live.restart('run-2');
    live.send(heartbeat);
    expect(missed).toHaveLength(1);
  });

  test('that is joined late asks for history, at its start it does not', () => {
    connection.open();
    live.channel.connect();
    missed = [];
    live.send(heartbeat);
    expect(missed).toEqual([]);
    live.lose();
    live.connect(true);
    missed = [];
    live.skip();
    live.restart('run-2');
    live.skip();
    live.send(heartbeat);
    expect(missed).toHaveLength(1);
  });

  test('is handed on without the messages that came twice', () => {
    settle();
    messages = [];
    const old = live.skip({ type: 'update', series: [] });
    live.channel.tell(old);
    live.send(heartbeat);
    live.channel.tell(old);
    expect(messages.map(({ body }) => body.type)).toEqual(['update', 'heartbeat']);
    expect(missed).toEqual([]);
  });

  test('whatever gets lost, each loss is noticed with the next message, and nothing else is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('told', 'lost', 'twice', 'restart'), { maxLength: 40 }),
        (steps) => {
          begin();
          settle();
          let expected = 0;
          let lost = false;
          let runs = 1;
          for (const step of steps) {
            if (step === 'lost') {
              live.skip();
              lost = true;
            } else if (step === 'restart') {
              runs += 1;
              live.restart(`run-${runs}`);
              lost = true;
            } else {
              const message = live.skip(heartbeat);
              live.channel.tell(message);
              if (step === 'twice') live.channel.tell(message);
              if (lost) expected += 1;
              lost = false;
            }
          }
          expect(missed).toHaveLength(expected);
          connection.close();
        },
      ),
    );
  });

  test('of messages that are none of ours is not disturbed', () => {
    settle();
    live.channel.tell({ v: 9 });
    live.channel.tell('noise');
    live.send(heartbeat);
    expect(missed).toEqual([]);
  });
});

describe('without a connection', () => {
  test('polls every ten seconds after five, and the panel says so', () => {
    connection.open();
    expect(connection.state).toEqual({
      state: 'reconnecting',
      message: 'Connecting to Grafana Live.',
    });
    pass(5_000);
    expect(connection.state).toEqual({
      state: 'polling',
      message: 'The live connection to Grafana does not work. Polling every 10 s instead.',
    });
    missed = [];
    pass(30_000);
    expect(missed).toEqual([0, 0, 0]);
    live.connect(true);
    expect(connection.state.state).toBe('connected');
    missed = [];
    pass(10_000);
    expect(missed).toEqual([]);
  });

  test('because Live is switched off, data is asked for from the start, and nothing is subscribed', () => {
    live.reason = 'Grafana Live is switched off on this Grafana.';
    connection.open();
    expect(live.channels).toEqual([]);
    expect(connection.state).toEqual({
      state: 'polling',
      message: 'Grafana Live is switched off on this Grafana. Polling every 10 s instead.',
    });
    pass(10_000);
    expect(missed).toEqual([0]);
  });

  test('that was there before, it is made anew', () => {
    settle();
    live.lose();
    expect(connection.state).toEqual({
      state: 'reconnecting',
      message: 'The live connection to Grafana was lost and is being restored.',
    });
    pass(5_000);
    expect(connection.state.state).toBe('polling');
  });

  test.each([
    ['that Grafana ends', () => live.channel.end()],
    ['that breaks off', () => live.channel.fail(new Error('gone'))],
    ['that Grafana shuts down', () => live.channel.status(State.Shutdown)],
    ['that is disconnected', () => live.channel.status(State.Disconnected)],
  ])('%s, it is subscribed anew after a pause', (_, end) => {
    settle();
    end();
    expect(live.open).toHaveLength(0);
    pass(999);
    expect(live.open).toHaveLength(0);
    pass(1);
    expect(live.open).toHaveLength(1);
    expect(missed).toEqual([0]);
  });
});

describe('the state', () => {
  test('is the one of the bridge behind it', () => {
    settle();
    live.send({ type: 'state', state: 'reconnecting', message: 'The bridge restarts.' });
    expect(connection.state).toEqual({ state: 'reconnecting', message: 'The bridge restarts.' });
    live.send({ type: 'state', state: 'connected' });
    expect(connection.state).toEqual({ state: 'connected', message: undefined });
    expect(states.slice(-2)).toEqual(['reconnecting', 'connected']);
  });

  test('distinguishes errors that may pass from those that do not', () => {
    settle();
    live.send({ type: 'error', code: 'busy', message: 'Too many subscriptions.', retryable: true });
    expect(connection.state).toEqual({ state: 'reconnecting', message: 'Too many subscriptions.' });
    live.send({ type: 'error', code: 'unknown_metric', message: 'No such metric.', retryable: false });
    expect(connection.state).toEqual({ state: 'disconnected', message: 'No such metric.' });
  });

  test('stays connected while a page subscribes anew on purpose', () => {
    settle();
    connection.reopen();
    expect(connection.state.state).toBe('connected');
    pass(500);
    live.connect(true);
    expect(connection.state.state).toBe('connected');
    expect(live.channels).toHaveLength(2);
  });

  test('says so when a stream that was left on purpose does not come back', () => {
    settle();
    connection.reopen();
    pass(6_000);
    expect(connection.state.state).toBe('polling');
  });
});

describe('without a connection of the bridge behind it', () => {
  const refusal = { type: 'error', code: 'too_many_subscriptions', message: 'Too many.', retryable: true };
  const lost = { type: 'state', state: 'reconnecting', message: 'No WebSocket connection.' };
  /** It is tried again all the time, and each time the stream says why it failed. */
  const repeat = (body: typeof refusal | typeof lost, seconds: number): void => {
    for (let passed = 0; passed < seconds; passed += 1) {
      live.send(body);
      pass(1_000);
    }
  };

  test.each([
    ['refused', refusal, 'Too many.'],
    ['lost', lost, 'No WebSocket connection.'],
  ])('%s, data is asked for after five seconds until it is there', (_, body, reason) => {
    settle();
    repeat(body, 4);
    expect([connection.state.message, missed]).toEqual([reason, []]);
    repeat(body, 1);
    expect(connection.state).toEqual({
      state: 'polling',
      message: `${reason} Polling every 10 s instead.`,
    });
    repeat(body, 30);
    expect([missed.length, returns]).toEqual([3, 0]);
    live.send({ type: 'state', state: 'connected' });
    expect(returns).toBe(1);
    expect(connection.state).toEqual({ state: 'connected', message: undefined });
    missed = [];
    for (let passed = 0; passed < 30; passed += 5) {
      pass(5_000);
      live.send(heartbeat);
    }
    expect(missed).toEqual([]);
  });

  test('for a moment, nothing is asked for', () => {
    settle();
    repeat(lost, 4);
    live.send({ type: 'state', state: 'connected' });
    for (let passed = 0; passed < 60; passed += 5) {
      pass(5_000);
      live.send(heartbeat);
    }
    expect([connection.state.state, missed]).toEqual(['connected', []]);
  });

  test('a stream that falls silent too says so, and what it says when it is back', () => {
    settle();
    repeat(lost, 6);
    pass(15_000);
    expect(connection.state.message).toMatch(/^The live stream has been silent/);
    repeat(refusal, 1);
    expect(connection.state).toMatchObject({
      state: 'polling',
      message: expect.stringMatching(/^Too many/) as string,
    });
    live.send({ type: 'state', state: 'connected' });
    expect(connection.state.state).toBe('connected');
  });

  test('Grafana cannot be reached any more: that is what is said', () => {
    settle();
    repeat(lost, 6);
    live.lose();
    pass(6_000);
    expect(connection.state).toMatchObject({
      state: 'polling',
      message: expect.stringMatching(/^The live connection to Grafana/) as string,
    });
    live.connect(true);
    expect(connection.state.state).toBe('connected');
  });
});

test('a stream that has been silent for eight seconds is not believed', () => {
  settle();
  pass(7_000);
  live.send(heartbeat);
  pass(7_999);
  expect([connection.state.state, connection.isLost]).toEqual(['connected', false]);
  pass(1);
  expect([connection.state.state, connection.isLost]).toEqual(['polling', true]);
  live.send(heartbeat);
  expect([connection.state.state, connection.isLost]).toEqual(['connected', false]);
});

test('a channel that stays silent is subscribed to again: Grafana may have no stream for it', () => {
  settle();
  const before = live.channel;
  pass(8_000 + 9_999);
  expect(live.channel).toBe(before);
  pass(1);
  expect([before.isOpen, connection.state.state, connection.isLost]).toEqual([false, 'polling', true]);
  pass(500);
  expect(live.channel).not.toBe(before);
  live.restart('run-2');
  live.connect(false);
  live.send({ type: 'gap', reason: 'subscribed' });
  expect([connection.state.state, connection.isLost]).toEqual(['connected', false]);
});

test('a page that was too busy to read what had come does not call it silence', () => {
  settle();
  // The timer runs first, long after its time.
  pass(7_500);
  jest.setSystemTime(NOON + 60_000);
  live.send(heartbeat);
  pass(500);
  expect(connection.isLost).toBe(false);
});

test('a clock that is set back makes the silence no longer', () => {
  settle();
  jest.setSystemTime(NOON - 3_600_000);
  pass(30_000);
  expect(connection.state.state).toBe('polling');
});

test('messages do not cost a timer each', () => {
  settle();
  const timer = jest.spyOn(globalThis, 'setTimeout');
  for (let message = 0; message < 100; message += 1) {
    live.send(heartbeat);
    pass(50);
  }
  expect(timer).not.toHaveBeenCalled();
  timer.mockRestore();
});

test('closed and opened again it is as new', () => {
  settle();
  connection.close();
  expect(jest.getTimerCount()).toBe(0);
  connection.open();
  expect(connection.state.message).toBe('Connecting to Grafana Live.');
  live.connect(true);
  expect(missed).toEqual([0]);
});
