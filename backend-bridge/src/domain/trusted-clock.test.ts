import { SETTLE_MS, TrustedClock, type PersistedTime } from './trusted-clock';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const TRUE_TIME = Date.UTC(2026, 0, 5, 12);

/** A machine whose wall clock is `wrongMs` off, and a store whose clock is `storeWrongMs` off. */
class Machine {
  passedMs = 0;
  sleptMs = 0;
  wrongMs = 0;
  storeWrongMs = 0;
  bootId: string | null = 'boot-1';
  bootedMs = -HOUR;
  clock = this.process();

  get trueMs(): number {
    return TRUE_TIME + this.passedMs;
  }

  process(): TrustedClock {
    const startedMs = this.passedMs - this.sleptMs;
    const sources = {
      wall: () => this.trueMs + this.wrongMs,
      monotonic: () => this.passedMs - this.sleptMs - startedMs,
      uptime: () => this.passedMs - this.bootedMs,
      bootId: this.bootId,
    };
    return (this.clock = new TrustedClock(sources, MINUTE));
  }

  restart(): TrustedClock {
    const kept = JSON.parse(JSON.stringify(this.clock.persistable())) as PersistedTime;
    this.process().restore(kept);
    return this.clock;
  }

  ask(): void {
    const monotonic = this.clock['sources'].monotonic();
    this.clock.observeStore(this.trueMs + this.storeWrongMs, monotonic - 2, monotonic + 2);
  }

  sleep(ms: number): void {
    this.passedMs += ms;
    this.sleptMs += ms;
  }
}

const machine = (): Machine => new Machine();
const errorOf = (on: Machine): number => on.clock.now() - on.trueMs;

describe('without a store that has a clock', () => {
  test.each([26 * HOUR, -26 * HOUR, HOUR, -HOUR])('a clock set by %i ms is not followed, and named', (by) => {
    const on = machine();
    on.wrongMs = by;
    on.passedMs += 10 * MINUTE;
    expect(errorOf(on)).toBe(0);
    expect(on.clock.certain()).toBe(false);
    expect(on.clock.fault()).toMatch(
      `the clock of this bridge is ${Math.abs(by) === HOUR ? '60 min' : '26 h'} ${by > 0 ? 'ahead of' : 'behind'} the time`,
    );
    on.wrongMs = 0;
    expect([errorOf(on), on.clock.certain(), on.clock.fault()]).toEqual([0, true, null]);
  });

  test('steps and drift within the tolerance are followed', () => {
    const on = machine();
    for (let step = 0; step < 100; step += 1) {
      on.passedMs += MINUTE;
      on.wrongMs += 5 * SECOND;
      expect(on.clock.now()).toBe(on.trueMs + on.wrongMs);
      expect(on.clock.certain()).toBe(true);
    }
  });

  test('a clock that stays where it was set is believed after an hour, not before', () => {
    const on = machine();
    on.wrongMs = 26 * HOUR;
    expect(on.clock.certain()).toBe(false);
    on.passedMs += SETTLE_MS - 1;
    expect([errorOf(on), on.clock.certain()]).toEqual([0, false]);
    on.passedMs += 1;
    expect([errorOf(on), on.clock.certain(), on.clock.fault()]).toEqual([26 * HOUR, true, null]);
  });

  test('a clock that goes to and fro never settles', () => {
    const on = machine();
    for (let hour = 0; hour < 5; hour += 1) {
      on.wrongMs = hour % 2 === 0 ? HOUR : 2 * HOUR;
      on.passedMs += 50 * MINUTE;
      expect([errorOf(on), on.clock.certain()]).toEqual([0, false]);
    }
  });

  test('a machine that slept comes back with the right time', () => {
    const on = machine();
    on.sleep(26 * HOUR);
    expect([errorOf(on), on.clock.certain(), on.clock.fault()]).toEqual([0, true, null]);
    on.wrongMs = HOUR;
    on.sleep(HOUR);
    expect([errorOf(on), on.clock.certain()]).toEqual([0, false]);
  });

  test('a restart does not make a wrong clock right', () => {
    const on = machine();
    on.passedMs += MINUTE;
    on.clock.now();
    on.wrongMs = 26 * HOUR;
    on.passedMs += MINUTE;
    on.restart();
    expect([errorOf(on), on.clock.certain()]).toEqual([0, false]);
    on.restart();
    expect(errorOf(on)).toBe(0);
    on.wrongMs = 0;
    expect([errorOf(on), on.clock.certain()]).toEqual([0, true]);
  });

  test('a bridge that was away for days starts with the right time', () => {
    const on = machine();
    on.passedMs += 48 * HOUR;
    on.restart();
    expect([errorOf(on), on.clock.certain()]).toEqual([0, true]);
  });

  test('after a start of the machine the time is at least the one kept, until the clock is set', () => {
    const on = machine();
    on.passedMs += MINUTE;
    const kept = on.clock.persistable();
    Object.assign(on, { bootId: 'boot-2', bootedMs: on.passedMs, wrongMs: -20 * 365 * 24 * HOUR });
    on.passedMs += 8 * HOUR;
    on.process().restore(kept);
    expect(on.clock.now()).toBe(kept.timeMs);
    expect(on.clock.certain()).toBe(false);
    on.wrongMs = 0;
    expect([errorOf(on), on.clock.certain()]).toEqual([0, true]);
  });

  test('where the system names no boot, a clock behind the time kept is not believed', () => {
    const on = machine();
    on.bootId = null;
    on.process();
    on.wrongMs = -HOUR;
    on.restart();
    expect([errorOf(on), on.clock.certain()]).toEqual([0, false]);
  });
});

describe('with the clock of a store', () => {
  const asked = (): Machine => {
    const on = machine();
    on.ask();
    return on;
  };

  test.each([26 * HOUR, -HOUR])(
    'a wall clock set by %i ms is named; the time stays right and certain',
    (by) => {
      const on = asked();
      on.wrongMs = by;
      for (let minute = 0; minute < 120; minute += 1) {
        on.passedMs += MINUTE;
        on.ask();
        expect([errorOf(on), on.clock.own() - on.trueMs, on.clock.certain()]).toEqual([0, 0, true]);
        expect(on.clock.fault()).toMatch(
          /^the clock of this bridge is .* the clock of Redis; set it by NTP: until then this bridge goes by the clock of Redis$/,
        );
      }
      on.wrongMs = 0;
      expect(on.clock.fault()).toBeNull();
    },
  );

  test('a bridge that starts with another time than the store’s is uncertain, and reads by the store’s', () => {
    const on = machine();
    on.wrongMs = 10 * MINUTE;
    on.process();
    expect(errorOf(on)).toBe(10 * MINUTE);
    on.ask();
    expect([errorOf(on), on.clock.own() - on.trueMs, on.clock.certain()]).toEqual([0, 10 * MINUTE, false]);
    expect(on.clock.fault()).toContain(
      '10 min ahead of the clock of Redis; set the wrong one by NTP: until they agree, no window becomes final',
    );
    on.wrongMs = 0;
    expect([on.clock.own() - on.trueMs, on.clock.certain(), on.clock.fault()]).toEqual([0, true, null]);
  });

  test('a store whose clock is set is not followed', () => {
    const on = asked();
    on.passedMs += MINUTE;
    on.storeWrongMs = 26 * HOUR;
    on.ask();
    expect([errorOf(on), on.clock.certain()]).toEqual([0, false]);
    expect(on.clock.fault()).toContain('26 h behind the clock of Redis');
    on.storeWrongMs = 0;
    on.ask();
    expect([errorOf(on), on.clock.certain(), on.clock.fault()]).toEqual([0, true, null]);
  });

  test('a machine that slept needs no answer of the store', () => {
    const on = asked();
    on.sleep(26 * HOUR);
    expect([errorOf(on), on.clock.certain(), on.clock.fault()]).toEqual([0, true, null]);
  });

  test('a virtual machine that stood still is put right by the store', () => {
    const on = asked();
    on.passedMs += 5 * HOUR;
    on.sleptMs += 5 * HOUR;
    on.bootedMs += 5 * HOUR;
    on.ask();
    expect([errorOf(on), on.clock.certain(), on.clock.fault()]).toEqual([0, true, null]);
  });

  test('slow answers do not move the time', () => {
    const on = asked();
    const before = on.clock.now();
    on.clock.observeStore(on.trueMs - 300, -500, 500);
    expect(on.clock.now()).toBe(before);
  });
});
