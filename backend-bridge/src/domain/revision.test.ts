import fc from 'fast-check';
import { compareProvenance, homePartition, type Provenance } from './revision';

const stored: Provenance = { incarnation: 2, partition: 1, offset: 100, keyHash: 7 };
const verdict = (change: Partial<Provenance>, partitions = 4): string =>
  compareProvenance(stored, { ...stored, ...change }, partitions);

describe('homePartition', () => {
  it('is that of a Java producer: the positive part of the hash, modulo', () => {
    expect(homePartition(7, 4)).toBe(3);
    expect(homePartition(0, 4)).toBe(0);
    expect(homePartition(0xffffffff, 10)).toBe(0x7fffffff % 10);
    expect(homePartition(-1, 10)).toBe(0x7fffffff % 10);
  });
});

describe('compareProvenance', () => {
  it('lets the higher offset of the same partition win, and takes equal and lower for replays', () => {
    expect(verdict({ offset: 101 })).toBe('newer');
    expect(verdict({ offset: 100 })).toBe('older');
    expect(verdict({ offset: 99 })).toBe('older');
  });

  it('compares offsets as numbers, however long', () => {
    expect(compareProvenance({ ...stored, offset: 9 }, { ...stored, offset: 10 }, 4)).toBe('newer');
    expect(verdict({ offset: 2 ** 47 })).toBe('newer');
  });

  it('lets the higher incarnation win, whatever offset, partition or key', () => {
    expect(verdict({ incarnation: 3, offset: 0, partition: 0, keyHash: 9 })).toBe('newer');
    expect(verdict({ incarnation: 1, offset: 1e9, partition: 3, keyHash: 9 })).toBe('older');
  });

  it('takes another key within one incarnation for a mapping error', () => {
    expect(verdict({ keyHash: 8, offset: 101 })).toBe('conflict');
    expect(verdict({ keyHash: 8, offset: 1, partition: 2 })).toBe('conflict');
  });

  it('lets the partition that the key hashes to win between two of one incarnation', () => {
    // Hash 7 belongs to partition 3 of 4.
    expect(verdict({ partition: 3, offset: 0 })).toBe('newer');
    expect(compareProvenance({ ...stored, partition: 3 }, { ...stored, offset: 1e6 }, 4)).toBe('older');
    expect(verdict({ partition: 2, offset: 0 })).toBe('newer');
    expect(verdict({ partition: 0, offset: 1e6 })).toBe('older');
  });

  it('has no order between two partitions without a key', () => {
    const keyless = { ...stored, keyHash: 0 };
    expect(compareProvenance(keyless, { ...keyless, partition: 2 }, 4)).toBe('conflict');
    expect(compareProvenance(keyless, { ...keyless, offset: 101 }, 4)).toBe('newer');
  });

  it('ends with the same record in whatever order all records of a key come', () => {
    const record = fc.record({
      incarnation: fc.integer({ min: 1, max: 3 }),
      partition: fc.integer({ min: 0, max: 3 }),
      offset: fc.integer({ min: 0, max: 5 }),
    });
    const winner = (records: readonly Provenance[]): Provenance =>
      records.reduce((held, next) => (compareProvenance(held, next, 4) === 'newer' ? next : held));
    fc.assert(
      fc.property(
        fc
          .array(record, { minLength: 1, maxLength: 8 })
          .chain((records) =>
            fc.tuple(
              fc.constant(records),
              fc.shuffledSubarray(records, { minLength: records.length, maxLength: records.length }),
            ),
          ),
        fc.integer({ min: 1, max: 0xffffffff }),
        ([records, shuffled], keyHash) => {
          const whole = (list: typeof records): Provenance[] => list.map((one) => ({ ...one, keyHash }));
          expect(winner(whole(shuffled))).toEqual(winner(whole(records)));
        },
      ),
    );
  });
});
