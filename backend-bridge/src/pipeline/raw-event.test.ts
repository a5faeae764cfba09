import { castToDouble, MAX_NAME_LENGTH, readEvent, readProfile } from './raw-event';

const LATEST = 2_000_000_000_000;
const good = { user_id: 'u', event_type: 'click', timestamp: 1_736_935_200_000, properties: { a: '1' } };
const read = (over: object): unknown => readEvent({ ...good, ...over }, LATEST);

describe('reading a raw event', () => {
  it('takes what ksqlDB takes', () => {
    expect(read({})).toEqual({
      userId: 'u',
      eventType: 'click',
      timestampMs: 1_736_935_200_000,
      properties: { a: '1' },
    });
    expect(read({ user_id: 42 })).toMatchObject({ userId: '42' });
    expect(read({ user_id: '' })).toMatchObject({ userId: '' });
    expect(read({ timestamp: '1736935200000' })).toMatchObject({ timestampMs: 1_736_935_200_000 });
    expect(read({ timestamp: 1.9 })).toMatchObject({ timestampMs: 1 });
    expect(read({ event_type: null })).toMatchObject({ eventType: null });
    expect(read({ properties: undefined })).toMatchObject({ properties: null });
    expect(readEvent({ USER_ID: 'u', Timestamp: 5 }, LATEST)).toMatchObject({ userId: 'u', timestampMs: 5 });
  });

  it.each([
    [null, 'not an object'],
    [[1], 'not an object'],
    ['text', 'not an object'],
    [{}, 'user_id is missing'],
    [{ ...good, user_id: 2 ** 60 }, 'send it as text'],
    [{ ...good, user_id: 'x'.repeat(MAX_NAME_LENGTH + 1) }, 'longer than'],
    [{ ...good, timestamp: null }, 'timestamp is missing'],
    [{ ...good, timestamp: true }, 'not an integer'],
    [{ ...good, timestamp: '2025-01-15T10:00:00Z' }, 'not an integer'],
    [{ ...good, timestamp: -1 }, 'negative'],
    [{ ...good, timestamp: LATEST + 1 }, 'future'],
    [{ ...good, timestamp: Infinity }, 'not an integer'],
    [{ ...good, properties: 'a=1' }, 'properties is not an object'],
  ])('says why it refuses %j', (value, reason) => {
    expect(readEvent(value, LATEST)).toContain(reason);
  });

  it('does not trust the prototype', () => {
    const value: unknown = JSON.parse('{"__proto__": {"user_id": "x"}, "timestamp": 1}');
    expect(readEvent(value, LATEST)).toBe('user_id is missing or null');
  });
});

describe('amounts', () => {
  it.each([
    ['1.25', 1.25],
    [' 15.5 ', 15.5],
    ['1e2', 100],
    ['-5.00', -5],
    ['.5', 0.5],
    ['5.', 5],
    ['7d', 7],
    ['', null],
    ['abc', null],
    ['1,234.50', null],
    ['NaN', null],
    ['Infinity', null],
    ['1e999', null],
    ['0x10', null],
    ['true', null],
    [null, null],
  ])('%j is %j', (text, amount) => {
    expect(castToDouble(text)).toBe(amount);
  });
});

describe('profiles', () => {
  it('are objects, or null for a removal', () => {
    expect(readProfile(null)).toBeNull();
    expect(readProfile({ segment: 'gold', total_value: '3.5' })).toEqual({
      segment: 'gold',
      registrationDate: null,
      totalValue: 3.5,
    });
    expect(readProfile({})).toEqual({ segment: null, registrationDate: null, totalValue: null });
    expect(readProfile('gold')).toContain('a profile is an object');
    expect(readProfile({ segment: 'x'.repeat(MAX_NAME_LENGTH + 1) })).toContain('longer');
    expect(readProfile({ registration_date: 'May' })).toContain('registration_date');
    expect(readProfile({ total_value: 'much' })).toContain('total_value');
  });
});
