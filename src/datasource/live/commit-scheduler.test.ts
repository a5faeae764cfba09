import fc from 'fast-check';
import { FakePage } from '../testing/fake-page';
import { NOON } from '../testing/live-stage';
import { CommitScheduler } from './commit-scheduler';
import { systemClock } from './ports';

let page: FakePage;
let scheduler: CommitScheduler;
beforeEach(() => begin());
afterEach(() => jest.useRealTimers());

function begin(): void {
  jest.useFakeTimers({ now: NOON });
  page = new FakePage();
  scheduler = new CommitScheduler(systemClock, page);
}
const pass = (ms: number): void => jest.advanceTimersByTime(ms);

test('what is new is shown at once, what follows a quarter of a second later', () => {
  const moments: number[] = [];
  const commit = (): void => void moments.push(Date.now() - NOON);
  scheduler.request(commit);
  pass(0);
  scheduler.request(commit);
  pass(1_000);
  expect(moments).toEqual([0, 250]);
});

test('all panels are shown in one moment, each once', () => {
  const shown: string[] = [];
  const commits = ['a', 'b', 'c'].map((name) => () => void shown.push(`${name} ${Date.now() - NOON}`));
  for (const commit of [...commits, ...commits]) scheduler.request(commit);
  expect(jest.getTimerCount()).toBe(1);
  pass(1_000);
  expect(shown).toEqual(['a 0', 'b 0', 'c 0']);
});

test('many panels are shown a few at a time, and the page can do something else in between', () => {
  const shown: string[] = [];
  const commits = Array.from({ length: 25 }, (_, panel) => () => {
    shown.push('panel');
    if (panel === 0) setTimeout(() => shown.push('something else'), 0);
  });
  for (const commit of commits) scheduler.request(commit);
  pass(10);
  expect(shown.filter((what) => what === 'panel')).toHaveLength(25);
  expect(shown.indexOf('something else')).toBe(10);
  expect([jest.getTimerCount(), page.listenerCount]).toEqual([0, 0]);
});

test('what comes for a panel while the others are still being shown waits for the next commit', () => {
  const moments: number[] = [];
  const first = (): void => void moments.push(Date.now() - NOON);
  const last = jest.fn(() => scheduler.request(first));
  for (const commit of [first, ...Array.from({ length: 20 }, () => () => {}), last])
    scheduler.request(commit);
  pass(249);
  expect([moments, last.mock.calls.length]).toEqual([[0], 1]);
  pass(1);
  expect(moments).toEqual([0, 250]);
});

test('a page that is hidden while panels are being shown keeps the rest of them', () => {
  let shown = 0;
  const commits = Array.from({ length: 15 }, () => () => {
    shown += 1;
    page.show(false);
  });
  for (const commit of commits) scheduler.request(commit);
  pass(1_000);
  expect(shown).toBe(10);
  page.show(true);
  pass(0);
  expect(shown).toBe(15);
});

test('whatever is asked for, no second has more than four commits, and nothing asked for is left out', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ afterMs: fc.nat(400), panel: fc.nat(3), hides: fc.nat(9) }), { maxLength: 60 }),
      (steps) => {
        begin();
        const moments: number[] = [];
        const pending = new Set<number>();
        const commits = [0, 1, 2, 3].map((panel) => () => {
          expect(page.isVisible()).toBe(true);
          moments.push(Date.now());
          expect(pending.delete(panel)).toBe(true);
        });
        for (const { afterMs, panel, hides } of steps) {
          if (hides === 0) page.show(!page.isVisible());
          pending.add(panel);
          scheduler.request(commits[panel]!);
          pass(afterMs);
        }
        page.show(true);
        pass(250);
        expect(pending.size).toBe(0);
        const flushes = [...new Set(moments)];
        flushes.forEach((at, i) => {
          if (i > 0) expect(at - flushes[i - 1]!).toBeGreaterThanOrEqual(250);
        });
        expect([jest.getTimerCount(), page.listenerCount]).toEqual([0, 0]);
      },
    ),
    { numRuns: 200 },
  );
});

test('nothing is shown while the page is hidden, and what has come is shown when it is seen again', () => {
  const commit = jest.fn();
  page.show(false);
  scheduler.request(commit);
  pass(60_000);
  expect(commit).not.toHaveBeenCalled();
  expect(jest.getTimerCount()).toBe(0);
  page.show(true);
  pass(0);
  expect(commit).toHaveBeenCalledTimes(1);
});

test('a page that is hidden just before a commit keeps it', () => {
  const commit = jest.fn();
  scheduler.request(commit);
  page.show(false);
  pass(1_000);
  expect(commit).not.toHaveBeenCalled();
  page.show(true);
  pass(1_000);
  expect(commit).toHaveBeenCalledTimes(1);
});

test('a panel that is closed is not shown any more, and nothing runs on for it', () => {
  const commit = jest.fn();
  scheduler.request(commit);
  scheduler.drop(commit);
  expect([jest.getTimerCount(), page.listenerCount]).toEqual([0, 0]);
  pass(1_000);
  expect(commit).not.toHaveBeenCalled();
});

test('a panel that closes another one while it is shown keeps that one from being shown', () => {
  const second = jest.fn();
  scheduler.request(() => scheduler.drop(second));
  scheduler.request(second);
  pass(1_000);
  expect(second).not.toHaveBeenCalled();
});

test('a panel that cannot be drawn does not keep the others from being shown', () => {
  const second = jest.fn();
  scheduler.request(() => {
    throw new Error('cannot be drawn');
  });
  scheduler.request(second);
  expect(() => pass(1_000)).toThrow('cannot be drawn');
  pass(1_000);
  expect(second).toHaveBeenCalledTimes(1);
});

test('a clock that is set back does not stop the panels', () => {
  const commit = jest.fn();
  scheduler.request(commit);
  pass(0);
  jest.setSystemTime(NOON - 3_600_000);
  scheduler.request(commit);
  pass(250);
  expect(commit).toHaveBeenCalledTimes(2);
});
