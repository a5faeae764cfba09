import { toDataFrame, type DataFrame, type DataQueryResponse } from '@grafana/data';
import { frameMeta } from '../frames/frame-meta';
import { publicAnswer } from './public-dashboard';
import type { StreamKpiQuery } from './query';

const NOW = Date.UTC(2026, 10, 26, 12);

/** A frame as Grafana's server sends it there: without what the backend said of it. */
const stripped = (refId: string): DataFrame =>
  toDataFrame({ refId, meta: { custom: null }, fields: [{ name: 'last', values: [1] }] });
const answered = (target: StreamKpiQuery, response: DataQueryResponse = { data: [stripped('A')] }) =>
  frameMeta((publicAnswer([target], response, NOW).data as DataFrame[])[0]!);

test('the query itself says what its frames are, and that they are not live', () => {
  expect(answered({ refId: 'A', kind: 'summary', metric: 'events_per_minute', timeShift: '1h' })).toEqual({
    version: 1,
    kind: 'summary',
    state: 'static',
    state_message: expect.stringMatching(/Public dashboards have no live updates/) as string,
    metric: 'events_per_minute',
    title: 'Events per minute',
    time_shift_ms: 3_600_000,
    watermark_ms: null,
    open_from_ms: null,
    as_of_ms: NOW,
  });
  expect(answered({ refId: 'A', metric: 'revenue', measure: 'avg_value' })).toMatchObject({
    kind: 'series',
    measure_title: 'Avg value',
  });
  expect(answered({ refId: 'A', kind: 'status' })).toMatchObject({ kind: 'status', state: 'static' });
});

test('what a frame says of itself stays, where a Grafana leaves it', () => {
  const custom = {
    streamkpi: { version: 1, kind: 'events', state: 'connected', watermark_ms: 5, open_from_ms: null },
  };
  const frame = toDataFrame({ refId: 'A', meta: { custom }, fields: [] });
  expect(answered({ refId: 'A', metric: 'other' }, { data: [frame] })).toMatchObject({
    kind: 'events',
    state: 'static',
    watermark_ms: 5,
  });
});

test('a frame of no known query and a shift that cannot be read are left as they are', () => {
  expect(answered({ refId: 'B' })).toBeUndefined();
  expect(answered({ refId: 'A', timeShift: 'soon' })).not.toHaveProperty('time_shift_ms');
});
