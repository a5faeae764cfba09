import { StartRefusedError } from './domain/errors';
import { DEFAULT_TRAFFIC } from './pipeline/demo-traffic';
import { eventMessage, explain, produce, readOptions } from './produce';

describe('options of npm run produce', () => {
  it('has defaults that make a demonstration', () => {
    expect(readOptions([])).toEqual({
      traffic: DEFAULT_TRAFFIC,
      backfillMs: 0,
      durationMs: null,
      partitions: 1,
    });
  });

  it('reads every option', () => {
    const given =
      '--rate 2.5 --flat --users 10 --burst 0 --seed 7 --backfill 3h --duration 0s --partitions 3'.split(' ');
    expect(readOptions(given)).toEqual({
      traffic: { rate: 2.5, users: 10, burstsPerHour: 0, seed: 7, dayCurve: false },
      backfillMs: 10_800_000,
      durationMs: 0,
      partitions: 3,
    });
  });

  it('names every option that it cannot use', () => {
    expect(() => readOptions(['--rate', 'fast', '--users', '0', '--backfill', '3'])).toThrow(
      /--rate fast[^]*--users 0[^]*--backfill 3: write e\.g\. 30s, 10m or 3h/,
    );
    expect(() => readOptions(['--speed', '3'])).toThrow(StartRefusedError);
  });

  it('gives null for help', () => {
    expect(readOptions(['--help'])).toBeNull();
  });
});

describe('messages', () => {
  it('are keyed by user; what has none goes out as it is', () => {
    expect(eventMessage({ user_id: 'u', timestamp: 1 }, 5)).toEqual({
      key: 'u',
      value: '{"user_id":"u","timestamp":1}',
      timestamp: '5',
    });
    expect(eventMessage({ user_id: null }, 5).key).toBeNull();
    expect(eventMessage(['u', 1], 5)).toMatchObject({ key: null, value: '["u",1]' });
  });
});

describe('errors', () => {
  it('asks for KAFKA_BROKERS', async () => {
    const none = produce(readOptions([])!, {}, () => undefined, new AbortController().signal);
    await expect(none).rejects.toThrow('KAFKA_BROKERS is not set');
  });

  it('says what to check', () => {
    expect(explain(new Error('connect ECONNREFUSED'), 'host:1')).toContain(
      'Kafka at host:1 cannot be reached',
    );
    expect(explain(new Error('SASL PLAIN authentication failed'), 'host:1')).toContain('refused the login');
  });
});
