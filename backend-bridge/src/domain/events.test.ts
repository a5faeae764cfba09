import { createHash } from 'node:crypto';
import { MemorySeriesStore } from '../../../tests/support/memory-series-store';
import { DAY, measureOf, metricOf, MINUTE } from '../../../tests/support/sample-metrics';
import { eventId, eventMessage } from './events';
import { QueryEngine } from './query-engine';

const T0 = 20_000 * DAY;
const METRIC = metricOf({
  name: 'high_activity_alert',
  title: 'High activity',
  kind: 'event',
  dimensions: [{ name: 'user_id', title: 'User', description: '' }],
  measures: [measureOf('value', { title: 'Events' })],
  window: { type: 'tumbling', sizeMs: 5 * MINUTE, advanceMs: 5 * MINUTE, gapMs: 0, graceMs: MINUTE },
});
const LIMITS = { maxSeries: 1_000, maxPoints: 1_000_000, maxScanPoints: 1_000_000, staleWindows: 2 };

function setup() {
  const store = new MemorySeriesStore();
  store.progressNow = { watermarkMs: T0 + 16 * MINUTE, finalBeforeMs: T0 + 16 * MINUTE };
  const engine = new QueryEngine([METRIC, metricOf()], store, LIMITS, () => T0 + DAY / 2);
  const put = (user: string, window: number, value: number) =>
    store.put([user], T0 + window * 5 * MINUTE, T0 + (window + 1) * 5 * MINUTE, [value]);
  const events = (over: object = {}) =>
    engine.events({ metric: METRIC.name, fromMs: T0, toMs: T0 + DAY, ...over }, []);
  return { store, put, events, engine };
}

describe('events', () => {
  test('one for each series and window with the newest value, newest first', async () => {
    const { put, events } = setup();
    put('u2', 2, 150);
    put('u1', 2, 101);
    put('u1', 2, 130);
    put('u1', 3, 110);
    const answer = await events();
    expect(
      answer.events.map(({ labels, timeMs, value, state, revision }) => [
        labels['user_id'],
        timeMs,
        value,
        state,
        revision,
      ]),
    ).toEqual([
      ['u1', T0 + 15 * MINUTE, 110, 'open', 1],
      ['u1', T0 + 10 * MINUTE, 130, 'resolved', 2],
      ['u2', T0 + 10 * MINUTE, 150, 'resolved', 1],
    ]);
    expect(answer.events[1]).toMatchObject({
      message: 'High activity detected for user u1: 130 events',
      severity: 'warning',
      endMs: T0 + 15 * MINUTE,
    });
    expect((await events({ limit: 1 })).events).toEqual(answer.events.slice(0, 1));
  });

  test('a removed one stays listed, resolved, with its last value; /query omits it', async () => {
    const { store, put, events, engine } = setup();
    put('u1', 3, 110);
    const [before] = (await events()).events;
    store.remove(['u1'], T0 + 15 * MINUTE);
    const [after] = (await events()).events;
    expect(after).toMatchObject({ id: before!.id, state: 'resolved', value: 110, revision: 2 });
    const query = { metric: METRIC.name, fromMs: T0, toMs: T0 + DAY };
    expect((await engine.query(query, [])).series).toEqual([]);
    expect((await engine.summary(query, [])).series).toEqual([]);
  });

  test('a tombstone for what was never there is no event; a record after it is one', async () => {
    const { store, put, events } = setup();
    const start = T0 + 15 * MINUTE;
    store.put(['u1'], start, start + 5 * MINUTE, [undefined], { removed: true });
    expect((await events()).events).toEqual([]);
    put('u1', 3, 110);
    expect((await events()).events).toMatchObject([{ value: 110, revision: 2, state: 'open' }]);
  });

  test('filters and tenants apply; windows are not events; the limit is checked', async () => {
    const { put, events, engine } = setup();
    put('u1', 1, 110);
    put('u2', 1, 120);
    const filters = [{ dimension: 'user_id', op: '=' as const, values: ['u2'] }];
    expect((await events({ filters })).events).toMatchObject([{ value: 120 }]);
    const mine = await engine.events({ metric: METRIC.name, fromMs: T0, toMs: T0 + DAY }, filters);
    expect(mine.events).toMatchObject([{ value: 120 }]);
    await expect(events({ metric: 'm' })).rejects.toMatchObject({ code: 'not_an_event_metric' });
    await expect(events({ limit: 0 })).rejects.toMatchObject({ code: 'bad_request' });
    await expect(events({ fromMs: 5, toMs: 4 })).rejects.toMatchObject({ code: 'invalid_range' });
  });

  test('the newest come first also over a long range with many', async () => {
    const { put, events } = setup();
    for (let window = 0; window < 140; window += 1) put(`u${window % 7}`, window, window);
    const values = (await events()).events.map(({ value }) => value);
    expect(values).toEqual(Array.from({ length: 140 }, (_, index) => 139 - index));
  });

  test('a label is never read as a placeholder; an unknown one stays', () => {
    const metric = { ...METRIC, event: { severity: 'info' as const, message: '{user_id}: {value} {other}' } };
    expect(eventMessage(metric, ['{value}$&'], 7)).toBe('{value}$&: 7 {other}');
    expect(eventMessage(metric, ['u'], null)).toBe('u: unknown {other}');
  });

  test('the id is the first half of SHA-256 over metric, labels and start', () => {
    const text = `["high_activity_alert",[["user_id","u\u00e91"]],${T0}]`;
    const expected = createHash('sha256').update(text).digest('hex').slice(0, 32);
    expect(eventId(METRIC, ['u\u00e91'], T0)).toBe(expected);
  });
});
