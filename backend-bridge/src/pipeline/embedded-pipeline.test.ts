import { RequestError, StartRefusedError, UnavailableError } from '../domain/errors';
import { MemoryStore } from './memory-store.test-support';
import {
  clock,
  event,
  folder,
  late,
  metric,
  METRICS,
  minute,
  onStore,
  started,
  T0,
  warnings,
} from './pipeline.test-support';
import { eventually } from '../../../tests/support/waiting';

describe('counting', () => {
  it('writes what the events of one call changed, each window once, then answers', async () => {
    const { store, pipeline } = await onStore();
    await pipeline.profile('u1', { segment: 'premium' });
    const answer = await pipeline.events([
      event('u1', T0 + 1),
      event('u1', T0 + 2, '10.5'),
      event('u2', T0 + 3, 'none'),
      event('u1', T0 + minute),
      { user_id: null, timestamp: T0 },
      'no event',
    ]);
    expect(answer.accepted).toBe(4);
    expect(answer.rejected.map(({ index }) => index)).toEqual([4, 5]);
    expect(store.points('events_per_minute')).toEqual({
      [`premium@${T0}`]: [2],
      [`premium@${T0 + minute}`]: [1],
      [`unknown@${T0}`]: [1],
    });
    expect(store.points('revenue_per_minute')).toEqual({
      [`premium@${T0}`]: [10.5, 1, 10.5, 1],
      [`unknown@${T0}`]: [0, 1, 0, 0],
    });
    expect(store.points('active_users_per_minute')).toEqual({ [`@${T0}`]: [2], [`@${T0 + minute}`]: [1] });
    expect(store.points('high_activity_alert')).toEqual({});
    // No points, but the watermark still moves.
    expect(store.maxEventMs('high_activity_alert')).toBe(T0 + minute);
  });

  it('gives the metric contiguous offsets in writes of at most 500 points', async () => {
    const { store, pipeline } = await onStore();
    const users = Array.from({ length: 1_203 }, (_, i) => `u${i}`);
    await Promise.all(users.map((user) => pipeline.profile(user, { segment: `of-${user}` })));
    await pipeline.events(users.map((user) => event(user, T0)));
    const writes = store.writes.filter(({ metric: { name } }) => name === 'events_per_minute');
    expect(writes.length).toBeGreaterThanOrEqual(3);
    let next = 0;
    for (const write of writes) {
      expect(write.fromOffset).toBe(next);
      next = write.toOffset + 1;
    }
    expect(Object.keys(store.points('events_per_minute'))).toHaveLength(1_203);
  });

  it('sends the writes of all metrics together, so that the store commits them at once', async () => {
    const { store, pipeline } = await onStore();
    store.hanging = true;
    const answer = pipeline.events([event('u1', T0, '1')]);
    try {
      await eventually(() => store.hung === METRICS.length, 'a write of each metric', 20_000);
    } finally {
      store.hanging = false;
    }
    expect(await answer).toEqual({ accepted: 1, rejected: [] });
  });

  it('drops late events by each aggregation’s own stream time, and counts them', async () => {
    const { store, pipeline } = await onStore();
    const answer = await pipeline.events([
      event('u1', T0 + 5, '1'),
      event('u1', T0 + minute + 29_999),
      event('u2', T0 + 6),
      event('u1', T0 + minute + 30_000),
      event('u3', T0 + 7),
      // No purchase after T0 + 5: revenue's own stream time still accepts this one.
      event('u3', T0 + 8, '2'),
    ]);
    expect(answer).toEqual({ accepted: 6, rejected: [] });
    expect(store.points('events_per_minute')[`unknown@${T0}`]).toEqual([2]);
    expect(store.points('revenue_per_minute')[`unknown@${T0}`]).toEqual([3, 2, 1.5, 2]);
    expect(Object.fromEntries(late)).toEqual({ events_per_minute: 2, active_users_per_minute: 2 });
  });

  it('shows a user above 100 events in five minutes with the newest count of each batch', async () => {
    const { store, pipeline } = await onStore();
    await pipeline.events(Array.from({ length: 100 }, (_, i) => event('busy', T0 + i)));
    expect(store.points('high_activity_alert')).toEqual({});
    await pipeline.events(Array.from({ length: 5 }, (_, i) => event('busy', T0 + i)));
    expect(store.points('high_activity_alert')).toEqual({ [`busy@${T0}`]: [105] });
  });

  it('refuses event times more than a minute ahead, as ksql/ does: they would close the windows of all', async () => {
    clock.nowMs = T0;
    const { pipeline } = await onStore();
    const answer = await pipeline.events([event('u', T0 + minute), event('u', T0 + minute + 1)]);
    expect(answer.accepted).toBe(1);
    expect(answer.rejected[0]!.index).toBe(1);
    expect(answer.rejected[0]!.reason).toContain('future');
  });

  it('keeps the order of events and profiles: each event has the segment known at its moment', async () => {
    const { store, pipeline } = await onStore();
    await Promise.all([
      pipeline.events([event('u', T0)]),
      pipeline.profile('u', { segment: 'basic' }),
      pipeline.events([event('u', T0)]),
      pipeline.profile('u', null),
      pipeline.events([event('u', T0)]),
    ]);
    expect(store.points('events_per_minute')).toEqual({ [`basic@${T0}`]: [1], [`unknown@${T0}`]: [2] });
  });

  it('refuses a profile that is none', async () => {
    const { pipeline } = await onStore();
    await expect(pipeline.profile('u', 'premium')).rejects.toThrow(RequestError);
    await expect(pipeline.profile('u', { segment: 'x', total_value: 'much' })).rejects.toThrow('total_value');
  });
});

describe('bounds', () => {
  it('refuses calls past the bound and takes nothing of them', async () => {
    const { store, pipeline } = await onStore({ maxWaitingEvents: 10 });
    const batch = (count: number) => Array.from({ length: count }, () => event('u', T0));
    await expect(pipeline.events(batch(11))).rejects.toMatchObject({ code: 'payload_too_large' });
    const first = pipeline.events(batch(8));
    await expect(pipeline.events(batch(8))).rejects.toMatchObject({ code: 'overloaded', retryable: true });
    expect(await first).toMatchObject({ accepted: 8 });
    expect(store.points('events_per_minute')).toEqual({ [`unknown@${T0}`]: [8] });
  });

  it('refuses events of new users while the windows are full, and frees itself as time passes', async () => {
    const { pipeline } = await onStore({ maxOpenEntries: 20 });
    const answer = await pipeline.events(Array.from({ length: 30 }, (_, i) => event(`u${i}`, T0)));
    expect(answer.accepted).toBeLessThan(15);
    expect(answer.rejected[0]!.reason).toContain('limit');
    expect(await pipeline.events([event('u0', T0 + 1)])).toMatchObject({ accepted: 1 });
    expect(await pipeline.events([event('new', T0 + 20 * minute)])).toMatchObject({ accepted: 1 });
    expect(await pipeline.events([event('other', T0 + 20 * minute)])).toMatchObject({ accepted: 1 });
  });
});

describe('shapes', () => {
  it('refuses a metric of a known name with another window', async () => {
    const other = metric('events_per_minute', {
      window: { type: 'tumbling', sizeMs: 1000, advanceMs: 1000, gapMs: 0, graceMs: 30_000 },
    });
    const start = started(new MemoryStore(), folder(), {}, [other]);
    await expect(start).rejects.toThrow(StartRefusedError);
    await expect(start).rejects.toThrow(
      'metrics.events_per_minute: window.size (ms) must be 60000, not 1000',
    );
  });

  it('refuses windows that it does not make', async () => {
    const window = {
      type: 'tumbling',
      sizeMs: 60_000,
      advanceMs: 60_000,
      gapMs: 0,
      graceMs: 30_000,
    } as const;
    for (const [other, fault] of [
      [{ ...window, offsetMs: 42_000 }, 'window.offset (ms) must be 0, not 42000'],
      [{ ...window, anyStart: true }, 'window must be of type tumbling, without an offset'],
    ] as const) {
      const metrics = [metric('events_per_minute', { window: other })];
      await expect(started(new MemoryStore(), folder(), {}, metrics)).rejects.toThrow(fault);
    }
  });

  it('does without metrics that the file does not have, and names those it cannot fill', async () => {
    const store = new MemoryStore();
    const pipeline = await started(store, folder(), {}, [metric('events_per_minute'), metric('temperature')]);
    await pipeline.events([event('u', T0, '3')]);
    expect(store.points('events_per_minute')).toEqual({ [`unknown@${T0}`]: [1] });
    expect(warnings).toContain('the embedded pipeline does not produce this metric; it stays empty');
  });
});

describe('restarts', () => {
  it('continues counting from its stored state, with the same identity and offsets', async () => {
    const store = new MemoryStore();
    const statePath = folder();
    const first = await started(store, statePath);
    await first.profile('u', { segment: 'gold' });
    await first.events([event('u', T0), event('v', T0 + 1, '5')]);
    await first.stop();
    const second = await started(store, statePath);
    expect(second.newestEventMs()).toBe(T0 + 1);
    await second.events([event('u', T0 + 2), event('v', T0 + 3, '6')]);
    expect(store.points('events_per_minute')).toEqual({ [`gold@${T0}`]: [2], [`unknown@${T0}`]: [2] });
    expect(store.points('revenue_per_minute')).toEqual({ [`unknown@${T0}`]: [11, 2, 5.5, 2] });
    expect(store.points('active_users_per_minute')).toEqual({ [`@${T0}`]: [2] });
    expect(new Set(store.writes.map(({ topicId }) => topicId)).size).toBe(1);
  });

  it('reads back more than a checkpoint and a journal hold', async () => {
    const store = new MemoryStore();
    const statePath = folder();
    const first = await started(store, statePath);
    const many = (from: number, count: number) =>
      Array.from({ length: count }, (_, i) =>
        event(`u${i % 700}`, T0 + from + i, i % 9 === 0 ? '0.25' : undefined),
      );
    // Past the first checkpoint, over several windows, with some events left in the journal.
    for (let i = 0; i < 14; i += 1) await first.events(many(i * 20_000, 4_000));
    await first.events(many(300_000, 10));
    const before = METRICS.map(({ name }) => store.points(name));
    await first.stop();
    const other = new MemoryStore();
    const second = await started(other, statePath);
    const answer = await second.events(many(300_000, 10));
    expect(answer.accepted).toBe(10);
    expect(second.newestEventMs()).toBe(T0 + 300_009);
    const last = `unknown@${T0 + 300_000}`;
    const [events, revenue, , users] = METRICS.map(({ name }) => other.points(name));
    expect(events).toEqual({ ...before[0], [last]: [before[0]![last]![0]! + 10] });
    expect(revenue![last]![1]).toBe(before[1]![last]![1]! + 2);
    expect(users).toEqual(before[3]);
    expect(before[0]![`unknown@${T0}`]![0]).toBe(12_000);
  });

  it('stops writing when another process has opened its folder', async () => {
    const store = new MemoryStore();
    const statePath = folder();
    const first = await started(store, statePath);
    await first.events([event('u', T0)]);
    const second = await started(store, statePath);
    await second.events([event('u', T0)]);
    await expect(first.events([event('u', T0)])).rejects.toThrow('another bridge has taken over');
    await second.events([event('u', T0)]);
    expect(store.points('events_per_minute')).toEqual({ [`unknown@${T0}`]: [3] });
  });

  it('refuses what comes while it is stopped', async () => {
    const { pipeline } = await onStore();
    await pipeline.stop();
    await expect(pipeline.events([event('u', T0)])).rejects.toThrow(UnavailableError);
  });
});

describe('the store', () => {
  it('is down: callers get an error, nothing of theirs is counted, and it resumes afterwards', async () => {
    const { store, pipeline } = await onStore();
    await pipeline.events([event('u', T0)]);
    store.down = true;
    // Long enough that the store is checked before anything is counted.
    const now = performance.now.bind(performance);
    jest.spyOn(performance, 'now').mockImplementation(() => now() + 5_000);
    await expect(pipeline.events([event('u', T0)])).rejects.toThrow('the store is down');
    await expect(pipeline.events([event('u', T0)])).rejects.toThrow(UnavailableError);
    expect(pipeline.status()).toMatchObject({ ready: false, failing: { hop: 'store' } });
    store.down = false;
    await eventually(() => pipeline.status().ready && pipeline.status().failing === null);
    await pipeline.events([event('u', T0)]);
    expect(store.points('events_per_minute')).toEqual({ [`unknown@${T0}`]: [2] });
  });

  it('fails in the middle of a batch: the caller is held and answered when it is back, counted once', async () => {
    const { store, pipeline } = await onStore();
    await pipeline.events([event('u', T0)]);
    store.loseAnswers = 1;
    expect(await pipeline.events([event('u', T0)])).toEqual({ accepted: 1, rejected: [] });
    expect(store.points('events_per_minute')).toEqual({ [`unknown@${T0}`]: [2] });
  });

  it('lost its last writes: they are sent again from the outbox, closed windows too', async () => {
    const { store, pipeline } = await onStore();
    await pipeline.events([event('u', T0)]);
    const goBack = store.snapshot();
    await pipeline.events([event('u', T0 + 1), event('u', T0 + 10 * minute)]);
    const before = store.points('events_per_minute');
    goBack();
    expect(store.points('events_per_minute')).not.toEqual(before);
    await pipeline.events([event('v', T0 + 11 * minute)]);
    expect(store.points('events_per_minute')).toEqual({ ...before, [`unknown@${T0 + 11 * minute}`]: [1] });
    expect(warnings).toContain('the store is out of sync with the pipeline; synchronising');
  });

  it('lost its last writes and no event follows: they are sent again after the next report', async () => {
    const { store, pipeline } = await onStore();
    await pipeline.events([event('u', T0)]);
    const goBack = store.snapshot();
    await pipeline.events([event('u', T0 + 1), event('u', T0 + 10 * minute)]);
    const before = store.points('events_per_minute');
    goBack();
    await eventually(() => Object.keys(store.points('events_per_minute')).length === 2);
    expect(store.points('events_per_minute')).toEqual(before);
  });

  it('was lost: the remaining outbox is resent under its old offsets', async () => {
    const { store, pipeline } = await onStore();
    await pipeline.events([event('u', T0), event('u', T0 + 3 * minute)]);
    const before = store.points('events_per_minute');
    store.loseEverything();
    pipeline.storeLost();
    await eventually(() => Object.keys(store.points('events_per_minute')).length === 2);
    expect(store.points('events_per_minute')).toEqual(before);
    await pipeline.events([event('u', T0 + 3 * minute)]);
    expect(store.points('events_per_minute')[`unknown@${T0 + 3 * minute}`]).toEqual([2]);
  });

  it('was lost long after: open windows are resent under new offsets, and the loss is logged', async () => {
    const { store, pipeline } = await onStore({ keepOutboxMs: 0 });
    await pipeline.events([event('u', T0), event('u', T0 + 3 * minute)]);
    await pipeline.events([event('u', T0 + 3 * minute)]);
    store.loseEverything();
    pipeline.storeLost();
    await eventually(() => Object.keys(store.points('events_per_minute')).length > 0);
    expect(store.points('events_per_minute')).toEqual({ [`unknown@${T0 + 3 * minute}`]: [2] });
    expect(warnings.some((message) => message.includes('no longer has'))).toBe(true);
    await pipeline.events([event('u', T0 + 3 * minute)]);
    expect(store.points('events_per_minute')).toEqual({ [`unknown@${T0 + 3 * minute}`]: [3] });
  });

  it('is ahead of a pipeline whose state is older: new offsets begin after the store’s', async () => {
    const store = new MemoryStore();
    const statePath = folder();
    const first = await started(store, statePath);
    await first.events([event('u', T0)]);
    await first.stop();
    // As after a power failure that lost the pipeline's last commit but not the store's.
    for (const name of METRICS.map((one) => one.name)) await store.skipTo(metric(name), '', 0, 50);
    const second = await started(store, statePath);
    await second.events([event('u', T0)]);
    expect(store.points('events_per_minute')).toEqual({ [`unknown@${T0}`]: [2] });
  });

  it('had another source since: the pipeline takes a new identity and continues', async () => {
    const store = new MemoryStore();
    const statePath = folder();
    const first = await started(store, statePath);
    await first.events([event('u', T0)]);
    await first.stop();
    for (const one of METRICS) await store.identifyTopic(one, { topicId: 'kafka', ends: [0] });
    const second = await started(store, statePath);
    await second.events([event('u', T0)]);
    expect(store.points('events_per_minute')).toEqual({ [`unknown@${T0}`]: [2] });
  });

  it('receives the position about once a second, and not at the end while it catches up', async () => {
    const { store, pipeline } = await onStore();
    await eventually(() => store.reports.length >= METRICS.length);
    expect(store.reports.every(({ atEnd }) => atEnd)).toBe(true);
    await pipeline.catchUp(async () => {
      store.reports.length = 0;
      await eventually(() => store.reports.length >= METRICS.length);
      expect(store.reports.every(({ atEnd }) => !atEnd)).toBe(true);
    });
  });
});
