import fc from 'fast-check';
import { UnavailableError } from '../domain/errors';
import type { EmbeddedPipeline } from './embedded-pipeline';
import { MemoryStore } from './memory-store.test-support';
import { clock, event, folder, minute, onStore, started, T0 } from './pipeline.test-support';
import { eventually } from '../../../tests/support/waiting';

/** A call is one transaction: all of its valid events are counted once, or none, and it is always answered. */

const realGet = Map.prototype.get;
const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));
const counts = (store: MemoryStore): unknown => store.points('events_per_minute');

describe('one call', () => {
  it('is answered whatever an amount is, and counts of others stay single', async () => {
    const { store, pipeline } = await onStore();
    const answers = await Promise.all([
      pipeline.events([event('u', T0, '1')]),
      pipeline.events([event('u', T0, nested(100_000)), event('u', T0, '2')]),
      pipeline.events([event('u', T0, '4')]),
    ]);
    expect(answers.map(({ accepted }) => accepted)).toEqual([1, 2, 1]);
    expect(store.points('revenue_per_minute')).toEqual({ [`unknown@${T0}`]: [7, 4, 7 / 3, 3] });
  });

  it('names each event whose user cannot be a label', async () => {
    const { pipeline } = await onStore();
    const users = [nested(100_000), '\ud800', 'x'.repeat(5_000_000), { a: 1 }];
    const { accepted, rejected } = await pipeline.events(
      users.map((user_id) => ({ user_id, timestamp: T0, event_type: nested(100_000) })),
    );
    expect(accepted).toBe(1);
    expect(rejected.map(({ index, reason }) => [index, reason])).toEqual([
      [0, 'user_id is nested too deeply; send it as text'],
      [1, 'user_id has half of a surrogate pair; send valid Unicode'],
      [2, 'user_id is longer than 512 characters'],
    ]);
  });

  it.each([
    [{ segment: nested(100_000) }, 'nested too deeply'],
    [{ segment: 'a\udc00' }, 'half of a surrogate pair'],
    [{ registration_date: 1e300 }, 'registration_date'],
    [{ total_value: Infinity }, 'total_value'],
  ])('refuses a profile that nothing can be made of', async (profile, reason) => {
    const { pipeline } = await onStore();
    await expect(pipeline.profile('u', profile)).rejects.toMatchObject({ code: 'bad_request' });
    await expect(pipeline.profile('u', profile)).rejects.toThrow(reason);
    await expect(pipeline.profile('\ud800', {})).rejects.toThrow('half of a surrogate pair');
  });

  it('is never split, however large it is', async () => {
    const { store, pipeline } = await onStore({ maxBatchEvents: 7 });
    const many = Array.from({ length: 50 }, () => event('u', T0));
    const answers = await Promise.all([pipeline.events(many), pipeline.events(many.slice(0, 5))]);
    expect(answers.map(({ accepted }) => accepted)).toEqual([50, 5]);
    const seen = store.writes.filter(({ metric: { name } }) => name === 'events_per_minute');
    expect(seen.map(({ points }) => points[0]!.measures[0])).toEqual([50, 55]);
  });
});

describe('a call that meets trouble', () => {
  /** Deadlines pass when the test says so, and the store has always just answered. */
  async function patient(store: MemoryStore): Promise<EmbeddedPipeline> {
    jest.useFakeTimers({
      now: T0,
      doNotFake: ['Date', 'nextTick', 'queueMicrotask', 'setImmediate', 'performance'],
    });
    jest.spyOn(performance, 'now').mockReturnValue(1_000_000);
    const pipeline = await started(store, folder(), { answerWithinMs: 10_000 });
    await pipeline.events([event('u', T0)]);
    return pipeline;
  }
  afterEach(() => jest.useRealTimers());

  it('is accepted when its events are committed, though the store has been away since', async () => {
    const store = new MemoryStore();
    const pipeline = await patient(store);
    store.down = true;
    const committed = pipeline.events([event('u', T0)]);
    await eventually(() => pipeline.status().failing !== null);
    jest.advanceTimersByTime(10_000);
    expect(await committed).toEqual({ accepted: 1, rejected: [] });
    store.down = false;
    await eventually(() => {
      jest.advanceTimersByTime(250);
      return pipeline.status().ready && pipeline.status().failing === null;
    });
    await pipeline.events([event('u', T0)]);
    expect(counts(store)).toEqual({ [`unknown@${T0}`]: [3] });
  });

  it('is refused, and not counted later, when the pipeline does not come to it in time', async () => {
    const store = new MemoryStore();
    const pipeline = await patient(store);
    store.hanging = true;
    const committed = pipeline.events([event('u', T0)]);
    await eventually(() => store.hung > 0);
    const waiting = pipeline.events([event('u', T0)]);
    jest.advanceTimersByTime(10_000);
    await expect(waiting).rejects.toThrow('none of them were counted');
    expect(await committed).toEqual({ accepted: 1, rejected: [] });
    store.hanging = false;
    await pipeline.events([event('u', T0)]);
    expect(counts(store)).toEqual({ [`unknown@${T0}`]: [3] });
  });

  it('is answered at the stop: committed ones are accepted without the store, waiting ones refused', async () => {
    const store = new MemoryStore();
    const statePath = folder();
    const pipeline = await started(store, statePath);
    await pipeline.events([event('u', T0)]);
    store.hanging = true;
    const committed = pipeline.events([event('u', T0)]);
    await eventually(() => store.hung > 0);
    const waiting = pipeline.events([event('u', T0)]);
    const stopped = pipeline.stop();
    await expect(waiting).rejects.toThrow('none of these events were counted');
    expect(await committed).toEqual({ accepted: 1, rejected: [] });
    store.hanging = false;
    await stopped;
    const next = await started(store, statePath);
    await next.events([event('u', T0)]);
    expect(counts(store)).toEqual({ [`unknown@${T0}`]: [3] });
  });

  it('takes nothing of itself along when counting fails, and leaves the counts of others as they were', async () => {
    const { store, pipeline } = await onStore();
    await pipeline.events([event('u', T0, '1')]);
    // A bug of the bridge in the middle of a call.
    const fault = jest.spyOn(Map.prototype, 'get').mockImplementation(function (
      this: Map<unknown, unknown>,
      key,
    ) {
      if (key === 'broken') throw new RangeError('Maximum call stack size exceeded');
      return realGet.call(this, key) as unknown;
    });
    try {
      const failing = pipeline.events([event('u', T0, '2'), event('broken', T0, '4')]);
      await expect(failing).rejects.toThrow(UnavailableError);
    } finally {
      fault.mockRestore();
    }
    await eventually(() => pipeline.status().failing === null);
    await pipeline.events([event('u', T0, '8')]);
    expect(store.points('revenue_per_minute')).toEqual({ [`unknown@${T0}`]: [9, 2, 4.5, 2] });
  });
});

describe('a token with filters', () => {
  const gold = [{ dimension: 'segment', op: '=', values: ['gold'] }] as const;

  it('hands in events of its own segment only, by the profile at that moment', async () => {
    const { store, pipeline } = await onStore();
    await pipeline.profile('g', { segment: 'gold' });
    await pipeline.profile('s', { segment: 'silver' });
    const answer = await pipeline.events(
      ['g', 's', 'nobody', 'g'].map((user) => event(user, T0)),
      gold,
    );
    const reason = "the user or its segment is outside this token's filters";
    expect(answer).toEqual({
      accepted: 2,
      rejected: [
        { index: 1, reason },
        { index: 2, reason },
      ],
    });
    expect(counts(store)).toEqual({ [`gold@${T0}`]: [2] });
    // Refused events do not move the stream time.
    await pipeline.events([event('s', T0 + 10 * minute)], gold);
    expect(pipeline.newestEventMs()).toBe(T0);
  });

  it('neither takes a user from another segment nor puts one there', async () => {
    const { pipeline } = await onStore();
    await pipeline.profile('s', { segment: 'silver' });
    const forbidden = { code: 'forbidden' };
    await expect(pipeline.profile('s', { segment: 'gold' }, gold)).rejects.toMatchObject(forbidden);
    await expect(pipeline.profile('new', { segment: 'silver' }, gold)).rejects.toMatchObject(forbidden);
    await expect(pipeline.profile('new', {}, gold)).rejects.toMatchObject(forbidden);
    await pipeline.profile('new', { segment: 'gold' }, gold);
    expect(await pipeline.events([event('new', T0)], gold)).toMatchObject({ accepted: 1 });
  });

  it('may be filtered by user, and is refused where raw events lack its dimension', async () => {
    const { store, pipeline } = await onStore();
    const users = [{ dimension: 'user_id', op: '=', values: ['a', 'b'] }] as const;
    expect(
      await pipeline.events(
        ['a', 'c'].map((user) => event(user, T0)),
        users,
      ),
    ).toMatchObject({
      accepted: 1,
      rejected: [{ index: 1 }],
    });
    const region = [{ dimension: 'region', op: '=', values: ['eu'] }] as const;
    await expect(pipeline.events([event('a', T0)], region)).rejects.toThrow('filtered by "region"');
    await expect(pipeline.profile('a', {}, region)).rejects.toMatchObject({ code: 'forbidden' });
    expect(counts(store)).toEqual({ [`unknown@${T0}`]: [1] });
  });
});

describe('any calls at all', () => {
  const odd = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value)),
    fc.constantFrom(
      '1e400',
      '-1e400',
      '9007199254740993',
      '-0',
      '0.1',
      '"NaN"',
      '"1e5"',
      '" 7 "',
      '"0x10"',
      '""',
    ),
    fc.constantFrom(
      '"\\ud800"',
      '"\\u0000"',
      '"__proto__"',
      '{"__proto__":{"amount":"5"}}',
      `"${'y'.repeat(600)}"`,
    ),
    fc.integer({ min: 1, max: 20_000 }).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
  );
  const near = fc.integer({ min: -4 * minute, max: minute }).map((ms) => String(T0 + ms));
  const mostly = (usual: fc.Arbitrary<string>): fc.Arbitrary<string> =>
    fc.oneof({ weight: 6, arbitrary: usual }, { weight: 1, arbitrary: odd });
  const eventText = fc
    .record({
      user: mostly(fc.constantFrom('"a"', '"b"', '"c"')),
      type: mostly(fc.constantFrom('"purchase"', '"page_view"')),
      time: mostly(near),
      properties: mostly(odd.map((amount) => `{"amount":${amount}}`)),
    })
    .map(
      ({ user, type, time, properties }) =>
        `{"user_id":${user},"event_type":${type},"timestamp":${time},"properties":${properties}}`,
    );
  const callText = fc
    .array(fc.oneof({ weight: 8, arbitrary: eventText }, { weight: 1, arbitrary: odd }), { maxLength: 12 })
    .map((elements) => `[${elements.join(',')}]`);

  /** An independent recount: accepted events in order, ended minutes unchanged. */
  function recount(
    events: readonly Record<string, unknown>[],
    size: number,
    grace: number,
  ): Record<string, number> {
    const totals: Record<string, number> = {};
    let newest = 0;
    for (const { timestamp } of events) {
      const time = Math.trunc(Number(timestamp));
      newest = Math.max(newest, time);
      const start = Math.floor(time / size) * size;
      if (start + size + grace > newest) totals[`unknown@${start}`] = (totals[`unknown@${start}`] ?? 0) + 1;
    }
    return totals;
  }

  it('are answered for each event, and the windows are a plain recount of the accepted ones', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(callText, { maxLength: 6 }), async (texts) => {
        clock.nowMs = T0;
        const store = new MemoryStore();
        const statePath = folder();
        let pipeline = await started(store, statePath, { maxBatchEvents: 9 });
        const calls = texts.map((text) => JSON.parse(text) as unknown[]);
        const accepted: Record<string, unknown>[] = [];
        const half = Math.ceil(calls.length / 2);
        for (const part of [calls.slice(0, half), calls.slice(half)]) {
          const answers = await Promise.all(part.map((call) => pipeline.events(call)));
          answers.forEach((answer, at) => {
            const call = part[at]!;
            expect(answer.accepted + answer.rejected.length).toBe(call.length);
            const refused = new Set(answer.rejected.map(({ index }) => index));
            expect(refused.size).toBe(answer.rejected.length);
            accepted.push(...(call.filter((_, i) => !refused.has(i)) as Record<string, unknown>[]));
          });
          // The disk holds what was counted.
          await pipeline.stop();
          pipeline = await started(store, statePath, { maxBatchEvents: 9 });
        }
        const stored = Object.entries(store.points('events_per_minute')).map(([key, [value]]) => [
          key,
          value,
        ]);
        expect(Object.fromEntries(stored)).toEqual(recount(accepted, minute, 30_000));
        await pipeline.stop();
      }),
      { numRuns: 40 },
    );
  });
});
