import type { MetricEntry } from '../../catalogue';
import { CATALOGUE } from '../../testing/catalogue';
import { windowText } from './catalogue-choices';

const [metric] = CATALOGUE.metrics;
const MINUTE = 60_000;

test.each<[Partial<MetricEntry['window']>, string]>([
  [{}, 'Windows of 1m'],
  [{ offset_ms: 42_000 }, 'Windows of 1m'],
  [{ calendar: { unit: 'day', timezone: 'Europe/Berlin' } }, 'Days in Europe/Berlin'],
  [{ calendar: { unit: 'week', timezone: 'UTC' } }, 'Weeks in UTC'],
  [{ calendar: { unit: 'month', timezone: 'UTC' } }, 'Months in UTC'],
  [{ cumulating_ms: 60 * MINUTE }, 'Windows that grow by 1m up to 1h'],
  [{ type: 'hopping', advance_ms: 1, any_start: true }, 'Windows of 1m that begin at any time'],
])('windows %j are described in words', (change, expected) => {
  const window = { type: 'tumbling', size_ms: MINUTE, advance_ms: MINUTE, gap_ms: 0, grace_ms: 0 } as const;
  const text = windowText({ ...metric!, final_only: false, window: { ...window, ...change } });
  expect(text).toBe(`${expected}, no grace period.`);
});
