import fc from 'fast-check';
import type { Metric } from './metric';
import {
  applyToSlot,
  bucketBytes,
  bucketExpiresMs,
  bucketLayout,
  bucketOf,
  endOf,
  fitsSlot,
  readBucket,
  readSlot,
  slotFirstSeenMs,
  slotFlags,
  slotMeasures,
  slotOf,
  slotProvenance,
  slotRevision,
  slotEndMs,
  slotUpdatedMs,
} from './packed-point';
import { FLAG_REMOVED, PointColumns, type PointWrite } from './point';
import { measureOf, metricOf } from '../../../tests/support/sample-metrics';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const metric = (change: Partial<Metric> = {}, measures = ['value', 'count']): Metric =>
  metricOf({
    window: { type: 'tumbling', sizeMs: MINUTE, advanceMs: MINUTE, gapMs: 0, graceMs: 0 },
    dimensions: [],
    measures: measures.map((name) => measureOf(name, { optional: true })),
    ...change,
  });
const hopping: Metric['window'] = {
  type: 'hopping',
  sizeMs: 5 * MINUTE,
  advanceMs: MINUTE,
  gapMs: 0,
  graceMs: 0,
};
const session: Metric['window'] = { type: 'session', sizeMs: 0, advanceMs: 0, gapMs: MINUTE, graceMs: 0 };

function point(change: Partial<PointWrite> = {}): PointWrite {
  return {
    values: [],
    startMs: 0,
    endMs: MINUTE,
    measures: [1, 2],
    removed: false,
    keyHash: 7,
    offset: 0,
    incarnation: 1,
    ...change,
  };
}

const everything = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, nowMs: 0 };

describe('layout of slots', () => {
  it('is as the other stores and the Redis function have it', () => {
    expect(bucketLayout(metric())).toMatchObject({
      windows: 60,
      slotBytes: 42,
      measuresAt: 26,
      endAt: -1,
      firstSeenAt: -1,
    });
    expect(bucketLayout(metric({ kind: 'event' }))).toMatchObject({
      windows: 6,
      slotBytes: 48,
      firstSeenAt: 26,
      measuresAt: 32,
    });
    expect(bucketLayout(metric({ window: session }))).toMatchObject({
      windows: 1,
      slotBytes: 48,
      endAt: 26,
      measuresAt: 32,
    });
    expect(bucketLayout(metric({ window: session, kind: 'event' }))).toMatchObject({
      firstSeenAt: 26,
      endAt: 32,
      measuresAt: 38,
      slotBytes: 54,
    });
    expect(bucketLayout(metric(), 16)).toMatchObject({ windows: 16, spanMs: 16 * MINUTE });
  });

  it('writes every field little-endian at its place', () => {
    const layout = bucketLayout(metric({ kind: 'event' }, ['value']));
    const view = new DataView(new ArrayBuffer(layout.slotBytes));
    const write = point({
      measures: [1],
      offset: 0x0102_0304_0506,
      incarnation: 0x0708,
      keyHash: 0x090a_0b0c,
    });
    applyToSlot(layout, view, 0, write, 0x0d0e, 0x0f10_1112_1314);
    expect(Buffer.from(view.buffer).toString('hex')).toBe(
      [
        '0100',
        '0807',
        '0e0d',
        '060504030201',
        '01000000',
        '14131211100f',
        '0c0b0a09',
        '14131211100f',
        '000000000000f03f',
      ].join(''),
    );
  });
});

describe('buckets', () => {
  it('expire when their last window does', () => {
    const layout = bucketLayout(metric({ window: hopping }));
    const lastStart = 5 * HOUR - MINUTE;
    expect(bucketOf(layout, lastStart)).toBe(4);
    expect(bucketOf(layout, lastStart + MINUTE)).toBe(5);
    expect(bucketExpiresMs(layout, 4)).toBe(lastStart + 5 * MINUTE + 24 * HOUR);
    expect(bucketExpiresMs(bucketLayout(metric()), 4)).toBe(5 * HOUR + 24 * HOUR);
  });

  it('of sessions are hours of their start', () => {
    const layout = bucketLayout(metric({ window: session }));
    expect(bucketOf(layout, 3 * HOUR + 1)).toBe(3);
    expect(slotOf(layout, 3 * HOUR + 1)).toBe(0);
    expect(endOf(layout, 1, 77)).toBe(77);
    expect(endOf(bucketLayout(metric()), MINUTE, 77)).toBe(2 * MINUTE);
  });

  it('take only what has a slot', () => {
    const layout = bucketLayout(metric());
    expect(fitsSlot(layout, point({ startMs: 3 * MINUTE }), 0)).toBe(true);
    for (const wrong of [
      { startMs: 1 },
      { startMs: -MINUTE },
      { startMs: NaN },
      { startMs: 2 ** 53 },
      { offset: -1 },
    ]) {
      expect(fitsSlot(layout, point(wrong), 0)).toBe(false);
    }
    expect(fitsSlot(layout, point(), 65_536)).toBe(false);
    expect(fitsSlot(layout, point({ incarnation: 65_536 }), 0)).toBe(false);
    const sessions = bucketLayout(metric({ window: session }));
    expect(fitsSlot(sessions, point({ startMs: 1, endMs: 1 }), 0)).toBe(true);
    expect(fitsSlot(sessions, point({ startMs: 2, endMs: 1 }), 0)).toBe(false);
  });
});

describe('a slot', () => {
  const layout = bucketLayout(metric({ kind: 'event', window: session }));
  const fresh = (): DataView => new DataView(new ArrayBuffer(layout.slotBytes));

  it('counts revisions, keeps when it was first seen, and keeps the last values when it is removed', () => {
    const view = fresh();
    applyToSlot(layout, view, 0, point({ endMs: 50, measures: [1.5, undefined] }), 3, 1_000);
    applyToSlot(layout, view, 0, point({ endMs: 60, measures: [2.5, undefined], offset: 1 }), 3, 2_000);
    applyToSlot(
      layout,
      view,
      0,
      point({ endMs: 60, measures: [undefined, undefined], removed: true, offset: 2 }),
      3,
      3_000,
    );
    expect(slotRevision(view, 0)).toBe(3);
    expect(slotUpdatedMs(view, 0)).toBe(3_000);
    expect(slotFirstSeenMs(layout, view, 0)).toBe(1_000);
    expect(slotEndMs(layout, view, 0)).toBe(60);
    expect(slotMeasures(layout, view, 0)).toEqual([2.5, undefined]);
    expect(slotFlags(view, 0) & FLAG_REMOVED).not.toBe(0);
    applyToSlot(layout, view, 0, point({ endMs: 70, measures: [undefined, 4], offset: 3 }), 3, 4_000);
    expect(slotFlags(view, 0) & FLAG_REMOVED).toBe(0);
    expect(slotMeasures(layout, view, 0)).toEqual([undefined, 4]);
    expect(slotEndMs(layout, view, 0)).toBe(70);
  });

  it('gives back what was put in, whatever it is', () => {
    const number = fc.option(fc.double(), { nil: undefined });
    const u48 = fc.integer({ min: 0, max: 2 ** 48 - 1 });
    const arbitrary = fc.record({
      endMs: u48,
      measures: fc.tuple(number, number),
      removed: fc.boolean(),
      keyHash: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      offset: u48,
      incarnation: fc.integer({ min: 0, max: 65_535 }),
      partition: fc.integer({ min: 0, max: 65_535 }),
      nowMs: u48,
    });
    fc.assert(
      fc.property(arbitrary, ({ partition, nowMs, ...fields }) => {
        const view = fresh();
        applyToSlot(layout, view, 0, point(fields), partition, nowMs);
        const { keyHash, offset, incarnation } = fields;
        expect(slotProvenance(view, 0)).toEqual({ keyHash, offset, incarnation, partition });
        expect(slotMeasures(layout, view, 0)).toEqual(fields.measures);
        const columns = new PointColumns(2);
        expect(readSlot(layout, view, 0, 5, everything, columns)).toBe(true);
        expect(columns.point(0)).toEqual({
          startMs: 5,
          endMs: fields.endMs,
          measures: fields.measures,
          removed: fields.removed,
          revision: 1,
          updatedMs: nowMs,
          firstSeenMs: nowMs,
        });
      }),
    );
  });
});

describe('reading a bucket', () => {
  const layout = bucketLayout(metric({ window: hopping }));

  it('gives exactly the windows of the range that are not expired, in order', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 59 })),
        fc.integer({ min: -100, max: 4_000 }),
        fc.integer({ min: -100, max: 4_000 }),
        fc.integer({ min: 0, max: 3_900 }),
        (slots, fromS, toS, cutS) => {
          const bucket = 481_000;
          const base = bucket * HOUR;
          const view = new DataView(new ArrayBuffer(bucketBytes(layout)));
          for (const slot of slots) {
            const startMs = base + slot * MINUTE;
            expect(slotOf(layout, startMs)).toBe(slot);
            applyToSlot(layout, view, slot * layout.slotBytes, point({ startMs, measures: [slot, 1] }), 0, 9);
          }
          const range = {
            fromMs: base + fromS * 1_000,
            toMs: base + toS * 1_000,
            nowMs: base + cutS * 1_000 + layout.retentionMs,
          };
          const columns = new PointColumns(2, 1);
          const found = readBucket(layout, view, bucket, range, columns);
          const expected = slots
            .map((slot) => base + slot * MINUTE)
            .filter((start) => start >= range.fromMs && start < range.toMs)
            .filter((start) => start + 5 * MINUTE + layout.retentionMs > range.nowMs)
            .sort((a, b) => a - b);
          expect(found).toBe(expected.length);
          expect([...columns.starts.subarray(0, columns.length)]).toEqual(expected);
          expected.forEach((start, row) => expect(columns.value(row, 0)).toBe((start - base) / MINUTE));
        },
      ),
    );
  });

  it('takes a bucket that was cut short for one with empty slots', () => {
    const view = new DataView(new ArrayBuffer(layout.slotBytes + 3));
    applyToSlot(layout, view, 0, point(), 0, 9);
    const columns = new PointColumns(2);
    expect(readBucket(layout, view, 0, everything, columns)).toBe(1);
    expect(columns.ends[0]).toBe(5 * MINUTE);
  });
});
