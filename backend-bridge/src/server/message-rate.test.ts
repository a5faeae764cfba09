import { MessageRate } from './message-rate';

describe('message rate', () => {
  const limits = { perSecond: 2, burst: 3, refusedAMinute: 4 };

  test('allows a burst, then the configured rate', () => {
    const rate = new MessageRate(limits, 0);
    expect([0, 0, 0, 0].map((now) => rate.take(now))).toEqual(['ok', 'ok', 'ok', 'refused']);
    expect(rate.take(500)).toBe('ok');
    expect(rate.take(500)).toBe('refused');
    expect([3_000, 3_000, 3_000, 3_000].map((now) => rate.take(now))).toEqual(['ok', 'ok', 'ok', 'refused']);
  });

  test('too many refusals within a minute end it, a new minute forgives', () => {
    const rate = new MessageRate(limits, 0);
    for (let i = 0; i < 7; i += 1) rate.take(0);
    expect(rate.take(1)).toBe('too_many');
    expect(new MessageRate(limits, 0).take(0)).toBe('ok');
    for (let i = 0; i < 3; i += 1) rate.take(60_000);
    expect(rate.take(60_000)).toBe('refused');
  });
});
