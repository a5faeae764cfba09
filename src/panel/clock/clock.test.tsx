import React from 'react';
import { act, render, screen } from '@testing-library/react';
import { Age } from './Age';
import { ageText, lengthText } from './age-text';
import { ClockOffsetEstimate } from './clock-offset';
import { onTick, tickedNow } from './ticker';
import { ClockOffset, useOverdue } from './use-ticked';
import { WallClock } from './WallClock';

const NOON = Date.UTC(2026, 10, 26, 12, 0, 0);

beforeEach(() => {
  jest.useFakeTimers({ now: NOON });
  setVisibility('visible');
  // While nobody listens, asking brings it up to date.
  expect(tickedNow()).toBe(NOON);
});
afterEach(() => jest.useRealTimers());

function setVisibility(state: 'visible' | 'hidden'): void {
  Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}
const pass = (ms: number): void => {
  act(() => {
    jest.advanceTimersByTime(ms);
  });
};

describe('the ticker', () => {
  test('is one timer for all listeners, and none without any', () => {
    const heard = [jest.fn(), jest.fn()];
    const stops = heard.map((listener) => onTick(listener));
    expect(jest.getTimerCount()).toBe(1);
    jest.advanceTimersByTime(3000);
    expect(heard.map((listener) => listener.mock.calls.length)).toEqual([3, 3]);
    stops[0]?.();
    expect(jest.getTimerCount()).toBe(1);
    stops[1]?.();
    expect(jest.getTimerCount()).toBe(0);
  });

  test('stands still in a hidden page and catches up when it is seen again', () => {
    const listener = jest.fn();
    const stop = onTick(listener);
    setVisibility('hidden');
    expect(jest.getTimerCount()).toBe(0);
    jest.advanceTimersByTime(60_000);
    expect(listener).not.toHaveBeenCalled();
    setVisibility('visible');
    expect(listener).toHaveBeenCalledTimes(1);
    expect(tickedNow()).toBe(NOON + 60_000);
    stop();
    setVisibility('hidden');
    setVisibility('visible');
    expect(jest.getTimerCount()).toBe(0);
  });

  test('does not move between ticks', () => {
    const stop = onTick(() => undefined);
    const before = tickedNow();
    jest.setSystemTime(NOON + 900);
    expect(tickedNow()).toBe(before);
    stop();
  });
});

describe('ages', () => {
  test("tick, and have the time itself in the dashboard's time zone", () => {
    render(<Age at={NOON - 30_000} timeZone="Asia/Tokyo" says="Last change" />);
    const age = screen.getByText('30 s ago');
    expect(age).toHaveAttribute('title', 'Last change: 2026-11-26 20:59:30');
    expect(age).toHaveAttribute('datetime', '2026-11-26T11:59:30.000Z');
    pass(31_000);
    expect(age).toHaveTextContent('1 min ago');
  });

  test("go by the bridge's clock", () => {
    render(
      <ClockOffset.Provider value={-10_000}>
        <Age at={NOON - 30_000} timeZone="utc" />
      </ClockOffset.Provider>,
    );
    expect(screen.getByText('20 s ago')).toBeInTheDocument();
  });

  test('stop with the component', () => {
    const { unmount } = render(<Age at={NOON} timeZone="utc" />);
    expect(jest.getTimerCount()).toBe(1);
    unmount();
    expect(jest.getTimerCount()).toBe(0);
  });

  test.each([
    [-5000, 'just now'],
    [1000, 'just now'],
    [59_999, '59 s ago'],
    [60_000, '1 min ago'],
    [3_599_999, '59 min ago'],
    [3_600_000, '1 h ago'],
    [47 * 3_600_000, '47 h ago'],
    [49 * 3_600_000, '2 d ago'],
  ])('%d ms: %s', (ms, text) => {
    expect(ageText(NOON - ms, NOON)).toBe(text);
  });

  test.each([
    [-1, '0 s'],
    [85_000, '85 s'],
    [90_000, '1 min'],
    [6_000_000, '1 h'],
    [50 * 3_600_000, '2 d'],
  ])('a lag of %d ms: %s', (ms, text) => {
    expect(lengthText(ms)).toBe(text);
  });
});

function Due({ at, rendered = () => undefined }: { at: number; rendered?: (isOld: boolean) => void }) {
  const isOld = useOverdue(at);
  rendered(isOld);
  return <span>{isOld ? 'old' : 'fresh'}</span>;
}

test('a moment is passed once, and a component renders only then', () => {
  const rendered = jest.fn();
  render(<Due at={NOON + 4500} rendered={rendered} />);
  pass(4000);
  expect(screen.getByText('fresh')).toBeInTheDocument();
  pass(2000);
  expect(screen.getByText('old')).toBeInTheDocument();
  pass(10_000);
  expect(rendered).toHaveBeenCalledTimes(2);
});

describe('what became due while nobody looked', () => {
  test.each([
    ['in a hidden page', () => setVisibility('hidden'), () => setVisibility('visible')],
    ['in a computer that slept', () => undefined, () => undefined],
  ])('%s has a moment to come', (_, leave, comeBack) => {
    render(<Due at={NOON + 30_000} />);
    pass(5000);
    leave();
    // No timer runs meanwhile.
    jest.setSystemTime(NOON + 600_000);
    act(comeBack);
    pass(1000);
    expect(screen.getByText('fresh')).toBeInTheDocument();
    pass(8000);
    expect(screen.getByText('fresh')).toBeInTheDocument();
    pass(3000);
    expect(screen.getByText('old')).toBeInTheDocument();
  });

  test('what was overdue before still is', () => {
    render(<Due at={NOON + 3000} />);
    pass(5000);
    setVisibility('hidden');
    jest.setSystemTime(NOON + 600_000);
    act(() => setVisibility('visible'));
    expect(screen.getByText('old')).toBeInTheDocument();
  });

  test('a page that is opened on old data says so at once', () => {
    jest.setSystemTime(NOON + 3_600_000);
    render(<Due at={NOON + 30_000} />);
    expect(screen.getByText('old')).toBeInTheDocument();
    pass(2000);
    expect(screen.getByText('old')).toBeInTheDocument();
  });
});

test("the wall clock shows the time zone's time", () => {
  render(<WallClock timeZone="Asia/Kolkata" />);
  expect(screen.getByRole('timer')).toHaveTextContent(/^17:30:00 /);
  pass(2000);
  expect(screen.getByRole('timer')).toHaveTextContent(/^17:30:02 /);
});

describe("the wall clock's zone", () => {
  const name = (timeZone: string) => {
    const { unmount } = render(<WallClock timeZone={timeZone} />);
    const clock = screen.getByRole('timer');
    const told = [clock.getAttribute('aria-label'), clock.textContent.split(' ')[1]];
    unmount();
    return told;
  };
  const browserIn = (timeZone: string) => {
    const format = Intl.DateTimeFormat('en-US', { timeZone });
    jest.spyOn(Intl, 'DateTimeFormat').mockReturnValue(format);
  };
  afterEach(() => jest.restoreAllMocks());

  test('is told, in short and in full', () => {
    expect(name('Asia/Tokyo')).toEqual(['Current time, Asia/Tokyo', 'JST']);
    expect(name('utc')).toEqual(['Current time, UTC', 'UTC']);
  });

  test("of a dashboard that goes by the browser's time is the browser's", () => {
    browserIn('Europe/Berlin');
    expect(name('browser')).toEqual(['Current time, Europe/Berlin', 'CET']);
    expect(name('')).toEqual(['Current time, Europe/Berlin', 'CET']);
  });
});

describe("the bridge's clock", () => {
  test('of the last answers, the one that was fastest is believed', () => {
    const estimate = new ClockOffsetEstimate();
    estimate.take([NOON + 60_000 - 3000], NOON);
    estimate.take([NOON + 61_000 - 200], NOON + 1000);
    estimate.take([NOON + 62_000 - 5000], NOON + 2000);
    expect(estimate.offset).toBe(59_750);
  });

  test('an answer shown again says nothing new', () => {
    const estimate = new ClockOffsetEstimate();
    estimate.take([NOON], NOON);
    estimate.take([NOON], NOON + 60_000);
    expect(estimate.offset).toBe(0);
  });

  test('a correction of a clock is taken over after some answers', () => {
    const estimate = new ClockOffsetEstimate();
    estimate.take([NOON + 3_600_000], NOON);
    for (let second = 1; second <= 8; second++) estimate.take([NOON + second * 1000], NOON + second * 1000);
    expect(estimate.offset).toBe(0);
  });

  test('clocks that nearly agree are one', () => {
    const estimate = new ClockOffsetEstimate();
    estimate.take([NOON - 1200], NOON);
    expect(estimate.offset).toBe(0);
    expect(new ClockOffsetEstimate().offset).toBe(0);
  });
});
