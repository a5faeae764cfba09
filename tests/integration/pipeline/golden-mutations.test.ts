import { DEFAULT_RULES, type PipelineRules } from '../../../backend-bridge/src/pipeline/rules';
import { conformance } from './golden-conformance';

/** Evidence that the golden test can fail: each rule broken on purpose, and the objects that must notice. */

const mutations: readonly {
  readonly what: string;
  readonly change: Partial<PipelineRules>;
  readonly noticedBy: readonly string[];
}[] = [
  {
    what: 'events: no grace',
    change: { events: { ...DEFAULT_RULES.events, graceMs: 0 } },
    noticedBy: ['events_per_minute_by_segment', 'events_per_minute_by_segment_final'],
  },
  {
    what: 'events: 24 h grace, ksqlDB’s default',
    change: { events: { ...DEFAULT_RULES.events, graceMs: 86_340_000 } },
    noticedBy: ['events_per_minute_by_segment', 'events_per_minute_by_segment_final'],
  },
  {
    what: 'revenue: 24 h grace counts the purchase that is seven minutes late',
    change: { revenue: { ...DEFAULT_RULES.revenue, graceMs: 86_340_000 } },
    noticedBy: ['revenue_per_minute', 'revenue_per_minute.amount_count'],
  },
  {
    what: 'high activity: no grace',
    change: { highActivity: { ...DEFAULT_RULES.highActivity, graceMs: 0 } },
    noticedBy: ['high_activity_users', 'high_activity_users_final'],
  },
  {
    what: 'active users: no grace',
    change: { activeUsers: { ...DEFAULT_RULES.activeUsers, graceMs: 0 } },
    noticedBy: ['active_users_per_minute'],
  },
  {
    what: 'HAVING at least 100 instead of more than 100',
    change: { highActivityAbove: 99 },
    noticedBy: ['high_activity_users (every revision)'],
  },
  {
    what: 'HAVING more than 101',
    change: { highActivityAbove: 101 },
    noticedBy: ['high_activity_users', 'high_activity_users_final'],
  },
  {
    what: 'an inner join',
    change: { join: 'inner' },
    noticedBy: [
      'enriched_events',
      'events_per_minute_by_segment',
      'revenue_events',
      'active_users_per_minute',
    ],
  },
  {
    what: 'events without a segment vanish',
    change: { unknownSegment: null },
    noticedBy: ['enriched_events', 'events_per_minute_by_segment', 'revenue_per_minute'],
  },
  {
    what: 'an amount that is none counts as 0',
    change: { nullAmount: 'zero' },
    noticedBy: ['revenue_per_minute', 'revenue_per_minute_final', 'revenue_per_minute.amount_count'],
  },
  {
    what: 'event types in another case are purchases',
    change: { purchaseType: 'PURCHASE' },
    noticedBy: ['revenue_events', 'revenue_per_minute'],
  },
  {
    what: 'windows of two minutes',
    change: { events: { sizeMs: 120_000, graceMs: 30_000 } },
    noticedBy: ['events_per_minute_by_segment'],
  },
];

describe('a broken rule is noticed', () => {
  it.each(mutations)('$what', ({ change, noticedBy }) => {
    const found = conformance({ ...DEFAULT_RULES, ...change });
    const noticed = Object.keys(found).filter((object) => found[object]!.length > 0);
    expect(noticed).toEqual(expect.arrayContaining([...noticedBy]));
  });
});
