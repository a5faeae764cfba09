import * as fc from 'fast-check';
import { SeriesBatch, type LivePoint } from './series-batch';
import { SeriesGroup } from './series-group';

const moment = { watermarkMs: 5, serverTimeMs: 9 };
const point = (time: number, revision: number, value: number | null = revision): LivePoint => ({
  time,
  value,
  revision,
  removed: false,
});
function sent(batch: SeriesBatch, seq = 1): { seq: number; series: Record<string, unknown>[] } {
  const frame = batch.frame('"id"', seq, moment);
  const text = frame.subarray(frame[1]! < 126 ? 2 : 4).toString();
  return JSON.parse(text) as { seq: number; series: Record<string, unknown>[] };
}

describe('series batch', () => {
  const gold = new SeriesGroup('["gold"]', { segment: 'gold' });

  test('holds the newest value of each point, ascending; shares frames by id and seq', () => {
    const batch = new SeriesBatch();
    batch.put(gold, point(60, 2));
    batch.put(gold, point(0, 7, null));
    batch.put(gold, point(60, 1));
    batch.put(gold, { time: 30, value: null, revision: 4, removed: true });
    expect(sent(batch).series).toEqual([
      {
        labels: { segment: 'gold' },
        times: [0, 60],
        values: [null, 2],
        revisions: [7, 2],
        removed: [30],
        removed_revisions: [4],
      },
    ]);
    const frame = batch.frame('"id"', 1, moment);
    expect(batch.frame('"other"', 1, moment)).not.toBe(frame);
    expect(batch.frame('"id"', 1, moment)).toBe(frame);
    expect(sent(batch, 2).seq).toBe(2);
  });

  test('a part has only points from its time on, and groups that closed without one', () => {
    const free = new SeriesGroup('["free"]', { segment: 'free' });
    const batch = new SeriesBatch();
    batch.put(gold, point(0, 1));
    batch.put(gold, point(60, 1));
    batch.put(free, point(0, 1));
    expect(batch.from(0)).toBe(batch);
    expect(sent(batch.from(60)).series).toMatchObject([{ times: [60] }]);
    expect(batch.from(60)).toBe(batch.from(60));
    batch.touch(free);
    const later = new SeriesBatch();
    later.merge(batch);
    expect(sent(later.from(60)).series).toMatchObject([{ times: [] }, { times: [60] }]);
    expect(batch.without(() => true).size).toBe(1);
  });

  test('merging in any order keeps the highest revision of each point', () => {
    const change = fc.record({
      time: fc.integer({ min: 0, max: 3 }),
      revision: fc.integer({ min: 1, max: 20 }),
    });
    fc.assert(
      fc.property(fc.array(fc.array(change), { minLength: 1 }), (rounds) => {
        const all = new SeriesBatch();
        const highest = new Map<number, number>();
        let size = 0;
        for (const round of rounds) {
          const batch = new SeriesBatch();
          for (const { time, revision } of round) {
            batch.put(gold, point(time, revision));
            highest.set(time, Math.max(highest.get(time) ?? 0, revision));
          }
          size += all.merge(batch);
        }
        expect(all.size).toBe(size);
        const [one] = sent(all).series;
        const times = (one?.times ?? []) as number[];
        expect(times).toEqual([...highest.keys()].sort((a, b) => a - b));
        expect(one?.revisions ?? []).toEqual(times.map((time) => highest.get(time)));
      }),
    );
  });
});
