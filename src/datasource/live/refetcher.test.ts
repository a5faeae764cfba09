import { Subject } from 'rxjs';
import { FakePage } from '../testing/fake-page';
import { NOON } from '../testing/live-stage';
import { Refetcher, type Outcome } from './refetcher';
import { systemClock } from './ports';

let page: FakePage;
let calls: { at: number; answer: Subject<Outcome> }[];
let refetcher: Refetcher;
beforeEach(() => {
  jest.useFakeTimers({ now: NOON });
  page = new FakePage();
  calls = [];
  refetcher = new Refetcher({ ...systemClock, random: () => 0.5 }, page, () => {
    const answer = new Subject<Outcome>();
    calls.push({ at: Date.now() - NOON, answer });
    return answer;
  });
});
afterEach(() => jest.useRealTimers());

const pass = (ms: number): void => jest.advanceTimersByTime(ms);
const moments = (): number[] => calls.map(({ at }) => at);
function answer(outcome: Outcome): void {
  const call = calls.at(-1)?.answer;
  call?.next(outcome);
  call?.complete();
}

test('it asks once for all that is wanted in the meantime', () => {
  refetcher.request();
  refetcher.request(500);
  pass(0);
  expect(moments()).toEqual([0]);
});

test('wanted while a call is on its way, it asks once more after it', () => {
  refetcher.request();
  pass(0);
  refetcher.request();
  refetcher.request();
  pass(5_000);
  expect(calls).toHaveLength(1);
  answer('answered');
  pass(60_000);
  expect(calls).toHaveLength(2);
});

test('calls are a second apart at least, and further where they are slow', () => {
  refetcher.request();
  pass(0);
  answer('answered');
  refetcher.request();
  pass(1_000);
  expect(calls).toHaveLength(1);
  pass(250);
  expect(calls).toHaveLength(2);
  pass(4_000);
  answer('answered');
  refetcher.request();
  pass(3_900);
  expect(calls).toHaveLength(2);
  pass(1_000);
  expect(calls).toHaveLength(3);
});

test('the shorter of two delays holds', () => {
  refetcher.request(5_000);
  refetcher.request(1_000);
  pass(1_000);
  expect(moments()).toEqual([1_000]);
});

test('failures are tried again with growing pauses, up to ten seconds', () => {
  refetcher.request();
  for (let i = 0; i < 8; i += 1) {
    pass(40_000);
    answer('failed');
    expect(refetcher.failures).toBe(i + 1);
  }
  const pauses: number[] = [];
  for (let i = 0; i < 3; i += 1) {
    const from = Date.now();
    jest.advanceTimersToNextTimer();
    pauses.push(Date.now() - from);
    answer('failed');
  }
  expect(pauses).toEqual([10_000, 10_000, 10_000]);
  jest.advanceTimersToNextTimer();
  answer('answered');
  expect(refetcher.failures).toBe(0);
  expect(refetcher.isBusy).toBe(false);
});

test('what can be reached again is asked at once, and pauses begin short again', () => {
  refetcher.onBack();
  expect(jest.getTimerCount()).toBe(0);
  refetcher.request();
  for (let i = 0; i < 8; i += 1) {
    pass(40_000);
    answer('failed');
  }
  refetcher.onBack();
  pass(250);
  expect(calls).toHaveLength(9);
  answer('failed');
  pass(2_000);
  expect(calls).toHaveLength(10);
  answer('answered');
  refetcher.onBack();
  pass(60_000);
  expect(calls).toHaveLength(10);
});

test('a call that breaks off counts as failed, and one that gives nothing too', () => {
  refetcher.request();
  pass(0);
  calls[0]?.answer.error(new Error('network'));
  pass(2_000);
  expect(calls).toHaveLength(2);
  calls[1]?.answer.complete();
  pass(4_000);
  expect(calls).toHaveLength(3);
});

test('what was refused is not asked again by itself', () => {
  refetcher.request();
  pass(0);
  answer('refused');
  pass(600_000);
  expect(calls).toHaveLength(1);
  expect([jest.getTimerCount(), page.listenerCount]).toEqual([0, 0]);
});

test('nothing is asked while the page is hidden; when it is seen again, not in the same moment as all others', () => {
  page.show(false);
  refetcher.request();
  pass(600_000);
  expect(calls).toHaveLength(0);
  expect(jest.getTimerCount()).toBe(0);
  page.show(true);
  pass(249);
  expect(calls).toHaveLength(0);
  pass(1);
  expect(calls).toHaveLength(1);
});

test('a page that is hidden while a question waits keeps it waiting', () => {
  refetcher.request(1_000);
  page.show(false);
  pass(10_000);
  expect(calls).toHaveLength(0);
  page.show(true);
  pass(1_000);
  expect(calls).toHaveLength(1);
});

test('stopped, it cancels the call and nothing runs on', () => {
  refetcher.request();
  pass(0);
  refetcher.request();
  refetcher.stop();
  expect(calls[0]?.answer.observed).toBe(false);
  refetcher.request();
  expect([jest.getTimerCount(), page.listenerCount]).toEqual([0, 0]);
  expect(refetcher.isBusy).toBe(false);
});
