import { DEFAULT_RULES } from '../../../backend-bridge/src/pipeline/rules';
import { conformance, inputRecords, runCore, sinkRecords } from './golden-conformance';

describe('the pipeline and a real ksqlDB, for the same 722 records', () => {
  const found = conformance(DEFAULT_RULES);

  it.each(Object.keys(found))('%s', (object) => {
    expect(found[object]).toEqual([]);
  });

  it('compares something: the recordings are as large as their README says', () => {
    expect(inputRecords()).toHaveLength(722);
    expect(sinkRecords('enriched_events')).toHaveLength(694);
    expect(sinkRecords('events_per_minute_by_segment')).toHaveLength(690);
    expect(sinkRecords('revenue_events')).toHaveLength(85);
    expect(sinkRecords('revenue_per_minute')).toHaveLength(84);
    expect(sinkRecords('high_activity_users')).toHaveLength(31);
    expect(sinkRecords('events_per_minute_by_segment_final')).toHaveLength(60);
    expect(sinkRecords('revenue_per_minute_final')).toHaveLength(36);
    expect(sinkRecords('high_activity_users_final')).toHaveLength(2);
  });

  it('differs on purpose in one thing: what ksqlDB drops without a word gets a reason', () => {
    const { rejected } = runCore(DEFAULT_RULES);
    expect(Object.fromEntries(rejected)).toEqual({
      'timestamp missing': 'timestamp is missing or null',
      'timestamp null': 'timestamp is missing or null',
      'timestamp ISO string': 'timestamp is not an integer; send milliseconds since 1970 (UTC)',
      'timestamp negative': 'timestamp is negative; send milliseconds since 1970 (UTC)',
      'user_id null': 'user_id is missing or null',
      'user_id missing': 'user_id is missing or null',
      'malformed JSON': 'malformed JSON',
      'empty value': 'malformed JSON',
      'null value': 'null record',
      'JSON array': 'not an object; send {user_id, event_type, timestamp, properties}',
      'JSON null': 'not an object; send {user_id, event_type, timestamp, properties}',
      'JSON string': 'not an object; send {user_id, event_type, timestamp, properties}',
    });
  });
});
