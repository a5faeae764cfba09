import fc from 'fast-check';
import { advance, READER_LOST_MS, type PartitionState, type Progress } from './progress';

const NOW = 1_000_000;
const IDLE = 60_000;
const START: Progress = { watermarkMs: null, finalBeforeMs: null };
const rules = { idleMs: IDLE, finalOnly: false };

function partition(change: Partial<PartitionState> = {}): PartitionState {
  return { maxEventMs: null, atEndSinceMs: null, lastAtEndMs: null, reportedMs: null, ...change };
}
/** A partition whose reader has been at the end long enough. */
function idle(maxEventMs: number | null): PartitionState {
  return partition({ maxEventMs, atEndSinceMs: NOW - IDLE, lastAtEndMs: NOW, reportedMs: NOW });
}
const watermark = (partitions: readonly PartitionState[], before = START): number | null =>
  advance(before, partitions, NOW, rules).watermarkMs;

describe('the watermark', () => {
  it('is the smallest newest event time', () => {
    expect(watermark([partition({ maxEventMs: 500 }), partition({ maxEventMs: 300 })])).toBe(300);
  });

  it('is not known while a partition has shown no event time, or there is none', () => {
    expect(watermark([partition({ maxEventMs: 500 }), partition()])).toBeNull();
    expect(watermark([])).toBeNull();
  });

  it('leaves out idle partitions, with or without events', () => {
    expect(watermark([partition({ maxEventMs: 500 }), idle(300), idle(null)])).toBe(500);
  });

  it('is the largest when all are idle', () => {
    expect(watermark([idle(300), idle(500), idle(null)])).toBe(500);
    expect(watermark([idle(null)])).toBeNull();
  });

  it('waits for a partition a moment before it is idle, with lag, without an owner, or unread', () => {
    const waits = (change: Partial<PartitionState>): void => {
      expect(watermark([partition({ maxEventMs: 500 }), { ...idle(300), ...change }])).toBe(300);
    };
    waits({ atEndSinceMs: NOW - IDLE + 1 });
    waits({ atEndSinceMs: null });
    waits({ reportedMs: null });
    waits({ reportedMs: NOW - READER_LOST_MS - 1 });
    expect(
      watermark([partition({ maxEventMs: 500 }), { ...idle(300), reportedMs: NOW - READER_LOST_MS }]),
    ).toBe(500);
  });

  it('is never ahead of the clock and never goes back', () => {
    expect(watermark([partition({ maxEventMs: NOW + 1 })])).toBe(NOW);
    expect(watermark([partition({ maxEventMs: 100 })], { watermarkMs: 200, finalBeforeMs: 200 })).toBe(200);
    expect(watermark([partition()], { watermarkMs: 200, finalBeforeMs: 200 })).toBe(200);
  });

  it('of final-only results is the newest window end, whatever the other partitions say', () => {
    const partitions = [partition({ maxEventMs: 500 }), partition({ maxEventMs: 300 }), partition()];
    expect(advance(START, partitions, NOW, { ...rules, finalOnly: true }).watermarkMs).toBe(500);
  });
});

describe('the boundary of finality', () => {
  it('goes with the watermark', () => {
    expect(advance(START, [partition({ maxEventMs: 500 })], NOW, rules).finalBeforeMs).toBe(500);
  });

  it('goes with the clock less the idle time, as far as every partition was read to its end', () => {
    const read = (lastAtEndMs: number | null): PartitionState => partition({ maxEventMs: 5, lastAtEndMs });
    expect(advance(START, [read(NOW - 7), read(NOW)], NOW, rules).finalBeforeMs).toBe(NOW - 7 - IDLE);
    expect(advance(START, [read(null), read(NOW)], NOW, rules).finalBeforeMs).toBe(5);
    expect(advance(START, [read(NOW + 99)], NOW, rules).finalBeforeMs).toBe(NOW - IDLE);
    expect(advance(START, [], NOW, rules).finalBeforeMs).toBeNull();
  });
});

it('never goes back, never passes the clock, and is the same for partitions in any order', () => {
  const time = fc.option(fc.integer({ min: NOW - 200_000, max: NOW + 200_000 }));
  const state = fc.record({ maxEventMs: time, atEndSinceMs: time, lastAtEndMs: time, reportedMs: time });
  fc.assert(
    fc.property(
      fc.array(state, { maxLength: 5 }),
      time,
      time,
      fc.boolean(),
      (partitions, watermarkMs, finalBeforeMs, finalOnly) => {
        const before = { watermarkMs, finalBeforeMs };
        const next = advance(before, partitions, NOW, { idleMs: IDLE, finalOnly });
        const least = -Infinity;
        expect(next.watermarkMs ?? least).toBeGreaterThanOrEqual(watermarkMs ?? least);
        expect(next.finalBeforeMs ?? least).toBeGreaterThanOrEqual(finalBeforeMs ?? least);
        expect(next.watermarkMs ?? least).toBeLessThanOrEqual(Math.max(NOW, watermarkMs ?? least));
        expect(next.finalBeforeMs ?? least).toBeGreaterThanOrEqual(next.watermarkMs ?? least);
        expect(advance(before, [...partitions].reverse(), NOW, { idleMs: IDLE, finalOnly })).toEqual(next);
        expect(advance(next, partitions, NOW, { idleMs: IDLE, finalOnly })).toEqual(next);
      },
    ),
  );
});
