import type { ConnectionState } from '../../frames/frame-meta';
import {
  eventsFrame,
  metaOf,
  MINUTE,
  plainSeries,
  seriesFrame,
  statusFrame,
  STATUS,
  summaryFrame,
  T0,
} from '../testing/frames';
import { readConnection } from './connection';

const RULES = { staleAfter: 2, rangeEnd: null };
const read = (...frames: Parameters<typeof readConnection>[0]) => readConnection(frames, undefined, RULES);
const withState = (state: ConnectionState, message?: string) =>
  summaryFrame([{}], metaOf({ state, ...(message === undefined ? {} : { state_message: message }) }));

test.each(['static', 'connected', 'reconnecting', 'polling', 'disconnected'] as const)('%s', (state) => {
  expect(read(withState(state)).state).toBe(state);
});

test('the worst query counts, and its reason', () => {
  const reading = read(
    withState('connected', 'fine'),
    withState('reconnecting', 'The bridge went away.'),
    withState('polling'),
  );
  expect(reading).toMatchObject({ state: 'reconnecting', message: 'The bridge went away.' });
  expect(read(withState('disconnected'), withState('reconnecting')).state).toBe('disconnected');
});

test('a static answer to a past range does not ask for a refresh, which would bring nothing', () => {
  const past = { staleAfter: 2, rangeEnd: T0 };
  expect(readConnection([withState('static')], undefined, past)).toMatchObject({
    state: 'static',
    message: 'The time range has ended: no new windows fall into it.',
  });
  expect(readConnection([withState('static', 'A reason.')], undefined, past).message).toBe('A reason.');
  expect(read(withState('static')).message).toBe('');
  const later = { staleAfter: 2, rangeEnd: T0 + 60 * MINUTE };
  expect(readConnection([withState('static')], undefined, later).message).toBe('');
});

test('what is always polled does not make a live panel a polled one, and is no fault by itself', () => {
  expect(read(withState('connected'), statusFrame()).state).toBe('connected');
  expect(read(statusFrame())).toMatchObject({ state: 'scheduled', everyMs: 5000 });
  expect(read(statusFrame(STATUS, { state: 'disconnected' })).state).toBe('disconnected');
  expect(read(withState('polling'), statusFrame()).state).toBe('polling');
});

test('a static answer beside live ones does not either; alone it is static, never connected', () => {
  expect(read(withState('connected'), withState('static')).state).toBe('connected');
  expect(read(withState('static'), withState('static')).state).toBe('static');
});

test('lost meta and other sources are unknown, never connected', () => {
  const { meta: _lost, ...bare } = summaryFrame([{}]);
  expect(read(bare)).toMatchObject({ state: 'unknown', dataUntil: null, asOf: null, staleFrom: null });
  expect(read(plainSeries('x', [1])).state).toBe('unknown');
  expect(read().state).toBe('unknown');
});

test('a failed query says why, and what is known stays', () => {
  const reading = readConnection([withState('connected')], 'unknown metric "x"', RULES);
  expect(reading).toMatchObject({
    state: 'error',
    message: 'unknown metric "x"',
    dataUntil: T0 + 5 * MINUTE,
  });
});

describe('when the data counts as old', () => {
  test('the last of the windowed metrics decides', () => {
    const fresh = seriesFrame([1], {}, { watermark_ms: T0 + 8 * MINUTE });
    expect(read(summaryFrame([{}]), fresh).staleFrom).toBe(T0 + 8 * MINUTE + 10_000 + 3 * MINUTE);
  });

  test('events may be rare, and the status is of another clock: neither counts', () => {
    expect(read(eventsFrame([{}])).staleFrom).toBeNull();
    expect(read(statusFrame(STATUS)).staleFrom).toBeNull();
    expect(read(seriesFrame([1], {}, { time_shift_ms: MINUTE })).staleFrom).toBeNull();
  });

  test('a range of the past does not grow old', () => {
    expect(
      readConnection([summaryFrame([{}])], undefined, { staleAfter: 2, rangeEnd: T0 }).staleFrom,
    ).toBeNull();
    expect(
      readConnection([summaryFrame([{}])], undefined, { staleAfter: 0, rangeEnd: null }).staleFrom,
    ).toBeNull();
  });
});

test('the newest event time and the newest answer of all frames', () => {
  const later = summaryFrame([{}], metaOf({ watermark_ms: T0 + 9 * MINUTE, as_of_ms: T0 + 10 * MINUTE }));
  expect(read(summaryFrame([{}]), later)).toMatchObject({
    dataUntil: T0 + 9 * MINUTE,
    asOf: T0 + 10 * MINUTE,
  });
});
