import { parseStoredChanges, SeenChanges, type StoredChanges } from './seen-changes';

const stored = (over: Partial<StoredChanges>): StoredChanges => ({
  epoch: 'e',
  number: 100,
  run: 'second',
  runBefore: 'first',
  runFrom: 90,
  ...over,
});

const RUN = 2 ** 32;
const seen = (run: string, number: number): SeenChanges => {
  const changes = new SeenChanges();
  changes.enter(stored({ run, number: 0 }));
  changes.see(number);
  return changes;
};

describe('what a bridge has seen of a metric', () => {
  it('is there in the same run as long as the number has not gone back', () => {
    const changes = seen('second', 95);
    expect(changes.agreesWith(stored({ number: 95 }), 95)).toBe(true);
    expect(changes.agreesWith(stored({ number: 94 }), 95)).toBe(false);
  });

  it('may have grown by messages while the answer was on its way', () => {
    const changes = seen('second', 95);
    const least = changes.position.number;
    changes.see(97);
    expect(changes.agreesWith(stored({ number: 96 }), least)).toBe(true);
    expect(changes.position).toEqual({ run: 'second', number: 97 });
  });

  it('takes a number of another run for no sign of its own', () => {
    const changes = seen('first', 90);
    changes.see(RUN + 1);
    expect(changes.isOfRun(RUN + 1)).toBe(false);
    expect(changes.agreesWith(stored({ number: RUN + 1 }), 90)).toBe(true);
    expect(changes.isOfRun(RUN + 2)).toBe(true);
  });

  it('is there in the next run when that began behind it', () => {
    const changes = seen('first', 90);
    expect(changes.agreesWith(stored({}), 90)).toBe(true);
    expect(changes.position).toEqual({ run: 'second', number: 100 });
  });

  it('is lost when the next run began before it, however far that has come since', () => {
    expect(seen('first', 91).agreesWith(stored({ number: 5_000 }), 91)).toBe(false);
  });

  it('is lost when the run is unknown: nobody can say what was there between', () => {
    expect(seen('zeroth', 1).agreesWith(stored({}), 1)).toBe(false);
    expect(seen('second', 1).agreesWith(parseStoredChanges(['e', null, null, null, null]), 1)).toBe(false);
  });

  it('knows acknowledged offsets of the topic at hand only', () => {
    const changes = seen('second', 1);
    changes.acknowledge('a', 0, 7);
    changes.acknowledge('a', 0, 5);
    expect([changes.appliedTo('a', 0), changes.appliedTo('a', 1), changes.appliedTo('b', 0)]).toEqual([
      7, -1, -1,
    ]);
    changes.acknowledge('b', 1, 2);
    expect([changes.appliedTo('a', 0), changes.appliedTo('b', 1)]).toEqual([-1, 2]);
    changes.enter(stored({}));
    expect(changes.appliedTo('b', 1)).toBe(-1);
  });
});
