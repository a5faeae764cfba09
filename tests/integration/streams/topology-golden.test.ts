import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replay, type WrittenRecord } from '../../support/streams-topology';

/** The Kafka Streams example against what a real ksqlDB wrote for the same input, caching off: record by record. */

const fixtures = join(__dirname, '../../fixtures/ksqldb');
const recorded = [
  'enriched_events',
  'events_per_minute_by_segment',
  'events_per_minute_by_segment_final',
  'high_activity_users',
  'high_activity_users_final',
  'revenue_events',
  'revenue_per_minute',
  'revenue_per_minute_final',
] as const;
const own = ['active_users_per_minute', 'active_users_per_minute_final', 'high_activity_alerts'] as const;

interface Row {
  readonly key: string;
  readonly timestamp: number;
  readonly value: Record<string, unknown>;
}

function row(record: WrittenRecord): Row {
  return {
    key: record.key_hex,
    timestamp: record.timestamp,
    value: JSON.parse(record.value_raw) as Row['value'],
  };
}

const lines = (file: string): string[] =>
  readFileSync(join(fixtures, file), 'utf8')
    .split('\n')
    .filter((line) => line !== '');

describe('the Kafka Streams topology on the recorded input', () => {
  let written = new Map<string, WrittenRecord[]>();
  beforeAll(async () => {
    written = await replay(readFileSync(join(fixtures, 'input.jsonl'), 'utf8'), [...recorded, ...own]);
  }, 180_000);

  it.each(recorded)('writes to %s what ksqlDB wrote: keys, values, timestamps, order', (topic) => {
    const expected = lines(`p1-nocache/${topic}.jsonl`).map((line) => row(JSON.parse(line) as WrittenRecord));
    const actual = written.get(topic)!.map(row);
    expect(expected.length).toBeGreaterThan(0);
    if (topic.startsWith('revenue_per_minute')) {
      // The recorded topic lacks the count behind the average, which our SQL adds.
      for (const { value } of actual) {
        expect(typeof value['AMOUNT_COUNT']).toBe('number');
        delete value['AMOUNT_COUNT'];
      }
    }
    expect(actual).toEqual(expected);
  });

  it('counts usable amounts so that the average is their quotient', () => {
    for (const { value } of written.get('revenue_per_minute')!.map(row)) {
      const [sum, all, usable, average] = [
        'TOTAL_REVENUE',
        'TRANSACTION_COUNT',
        'AMOUNT_COUNT',
        'AVG_TRANSACTION_VALUE',
      ].map((name) => value[name] as number) as [number, number, number, number];
      expect(usable).toBeLessThanOrEqual(all);
      expect(average).toBe(usable === 0 ? 0 : sum / usable);
    }
  });

  it('tells each high-activity window once, at the 101st event', () => {
    const alerts = written.get('high_activity_alerts')!.map(row);
    const firsts = new Map<string, Row>();
    for (const line of lines('p1-nocache/high_activity_users.jsonl')) {
      const change = row(JSON.parse(line) as WrittenRecord);
      if (!firsts.has(change.key)) firsts.set(change.key, change);
    }
    expect(alerts.map(({ value }) => value)).toEqual([...firsts.values()].map(({ value }) => value));
    expect(alerts.map(({ value }) => value['EVENT_COUNT'])).toEqual(alerts.map(() => 101));
    expect(alerts.map(({ key }) => Buffer.from(key, 'hex').toString())).toEqual(
      alerts.map(({ value }) => value['USER_ID']),
    );
  });

  it('counts the different users of each minute, as a plain count over the enriched events does', () => {
    const minuteMs = 60_000;
    const graceMs = 30_000;
    let streamTimeMs = 0;
    const users = new Map<number, Set<unknown>>();
    for (const { value } of written.get('enriched_events')!.map(row)) {
      const time = value['TIMESTAMP'] as number;
      const start = Math.floor(time / minuteMs) * minuteMs;
      streamTimeMs = Math.max(streamTimeMs, time);
      if (start + minuteMs + graceMs <= streamTimeMs) continue;
      if (!users.has(start)) users.set(start, new Set());
      users.get(start)!.add(value['USER_ID']);
    }
    const last = new Map<number, number>();
    for (const { value } of written.get('active_users_per_minute')!.map(row)) {
      expect(value['WINDOW_END']).toBe((value['WINDOW_START'] as number) + minuteMs);
      last.set(value['WINDOW_START'] as number, value['ACTIVE_USERS'] as number);
    }
    expect(last.size).toBeGreaterThan(10);
    expect([...last]).toEqual([...users].map(([start, ids]) => [start, ids.size]));
    for (const { value } of written.get('active_users_per_minute_final')!.map(row)) {
      expect(value['ACTIVE_USERS']).toBe(last.get(value['WINDOW_START'] as number));
    }
  });
});
