import { metricOf, MINUTE } from '../../../tests/support/sample-metrics';
import type { Window } from '../domain/metric';
import { catalogueToWire } from './wire-mapping';

/** What the catalogue says of windows: the fields that every client knows, and more where there is more to say. */

const fixed: Window = { type: 'tumbling', sizeMs: MINUTE, advanceMs: MINUTE, gapMs: 0, graceMs: 0 };
const plain = { type: 'tumbling', size_ms: MINUTE, advance_ms: MINUTE, gap_ms: 0, grace_ms: 0 };

it.each<[string, Window, object]>([
  ['without more', fixed, plain],
  ['with an offset', { ...fixed, offsetMs: 42_000 }, { ...plain, offset_ms: 42_000 }],
  [
    'of the calendar',
    { ...fixed, calendar: { unit: 'week', timeZone: 'Europe/Berlin' } },
    { ...plain, calendar: { unit: 'week', timezone: 'Europe/Berlin' } },
  ],
  ['that begin at any time', { ...fixed, anyStart: true }, { ...plain, any_start: true }],
  [
    'that cumulate',
    { ...fixed, cumulating: { sizeMs: 60 * MINUTE, offsetMs: 0 } },
    { ...plain, cumulating_ms: 60 * MINUTE },
  ],
])('windows %s', (_, window, expected) => {
  const answer = catalogueToWire({
    serverTimeMs: 0,
    storeEpoch: 'e',
    metrics: [{ metric: metricOf({ window }), stepsMs: [] }],
  });
  expect(answer.metrics[0]!.window).toEqual(expected);
});
