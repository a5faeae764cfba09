import { Backoff, backoffMs } from './backoff';

afterEach(() => jest.restoreAllMocks());

test('delays double from the first to the limit, and begin again after a reset', () => {
  jest.spyOn(Math, 'random').mockReturnValue(1);
  const backoff = new Backoff(100, 1_000);
  expect([backoff.next(), backoff.next(), backoff.next(), backoff.next(), backoff.next()]).toEqual([
    100, 200, 400, 800, 1_000,
  ]);
  backoff.reset();
  expect(backoff.next()).toBe(100);
});

test('each is drawn from the upper half, however many attempts there were', () => {
  for (const attempt of [0, 3, 1_000]) {
    jest.spyOn(Math, 'random').mockReturnValue(0);
    const least = backoffMs(attempt, 50, 1_000);
    jest.spyOn(Math, 'random').mockReturnValue(1);
    expect(backoffMs(attempt, 50, 1_000)).toBe(2 * least);
  }
});
