import fc from 'fast-check';
import { readMessage } from './stream-message';

const HEAD = { v: 1, stream: 'run', seq: 4, server_time_ms: 1_000, watermark_ms: 900, store_epoch: 'e1' };

test('a message has its sequence number, its clock and what has changed', () => {
  const series = {
    labels: { segment: 'a' },
    times: [1, 2],
    values: [1.5, null],
    revisions: [7, 8],
    removed: [3],
    removed_revisions: [9],
    open_from_ms: 2,
  };
  expect(readMessage({ ...HEAD, type: 'update', series: [series] })).toEqual({
    stream: 'run',
    seq: 4,
    head: { serverTimeMs: 1_000, watermarkMs: 900, storeEpoch: 'e1' },
    body: {
      type: 'update',
      series: [
        {
          labels: { segment: 'a' },
          times: [1, 2],
          values: [1.5, null],
          revisions: [7, 8],
          removed: [3],
          removedRevisions: [9],
          openFromMs: 2,
        },
      ],
      events: [],
    },
  });
});

test('nothing that is open any more, and no removals, are what their absence means', () => {
  const message = readMessage({
    ...HEAD,
    type: 'update',
    series: [{ labels: {}, times: [1], values: [1], revisions: [1] }],
  });
  expect(message?.body).toMatchObject({ series: [{ removed: [], openFromMs: null }] });
});

test('before the bridge has said anything there is no clock', () => {
  expect(readMessage({ v: 1, type: 'hello', active: false, server_time_ms: 0 })?.head).toEqual({});
  expect(readMessage({ ...HEAD, type: 'heartbeat', watermark_ms: null })?.head.watermarkMs).toBeNull();
});

test.each([
  [
    { type: 'hello', active: true },
    { type: 'hello', active: true },
  ],
  [{ type: 'changed' }, { type: 'changed' }],
  [
    { type: 'gap', reason: 'resync' },
    { type: 'gap', reason: 'resync', fromMs: undefined },
  ],
  [
    { type: 'gap', reason: 'subscribed', from_ms: 0 },
    { type: 'gap', reason: 'subscribed', fromMs: 0 },
  ],
  [
    { type: 'ended', reason: 'settings' },
    { type: 'ended', reason: 'settings' },
  ],
  [
    { type: 'state', state: 'connected' },
    { type: 'state', state: 'connected', message: '' },
  ],
  [
    { type: 'state', state: 'odd' },
    { type: 'state', state: 'reconnecting', message: '' },
  ],
  [
    { type: 'error' },
    { type: 'error', code: '', message: 'The bridge refuses this query.', retryable: false },
  ],
])('%j', (raw, body) => {
  expect(readMessage({ ...HEAD, ...raw })?.body).toEqual(body);
});

test('a message of a newer backend counts in the sequence only', () => {
  expect(readMessage({ ...HEAD, type: 'later' })).toMatchObject({ seq: 4, body: { type: 'unknown' } });
});

test.each([undefined, null, 'text', 7, [], {}, { v: 2, type: 'update' }, { v: 1 }, { v: 1, type: 3 }])(
  'no message of ours: %j',
  (raw) => {
    expect(readMessage(raw)).toBeUndefined();
  },
);

test('events without what makes an event are left out', () => {
  const whole = { id: 'e', time_ms: 1, revision: 1, labels: {} };
  const message = readMessage({
    ...HEAD,
    type: 'update',
    events: [whole, { id: 'e' }, null, { ...whole, id: 3 }],
  });
  expect(message?.body).toMatchObject({ events: [whole] });
});

test('whatever comes, it is read or left, and never breaks the page', () => {
  const type = fc.constantFrom('hello', 'update', 'changed', 'gap', 'state', 'error', 'ended', 'new');
  fc.assert(
    fc.property(
      type,
      fc.dictionary(fc.constantFrom('series', 'events', 'seq', 'stream'), fc.anything()),
      (is, rest) => {
        const message = readMessage({ v: 1, type: is, ...rest });
        expect(message).toBeDefined();
        if (message?.body.type !== 'update') return;
        for (const { times, revisions, labels } of message.body.series) {
          expect([...times, ...revisions].every(Number.isFinite)).toBe(true);
          expect(typeof labels).toBe('object');
        }
      },
    ),
    { numRuns: 500 },
  );
});
