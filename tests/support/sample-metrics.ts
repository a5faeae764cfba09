import type { Measure, Metric } from '../../backend-bridge/src/domain/metric';

/** Metric definitions for unit tests of the domain. One-minute windows, grace 30 s, retention one day. */

export const MINUTE = 60_000;
export const DAY = 86_400_000;

export function measureOf(name: string, over: Partial<Measure> = {}): Measure {
  return {
    name,
    title: name,
    description: '',
    unit: 'short',
    combine: 'sum',
    sumFrom: null,
    countFrom: null,
    overTime: 'avg',
    optional: false,
    thresholds: [],
    ...over,
  };
}

export function metricOf(over: Partial<Metric> = {}): Metric {
  return {
    name: 'm',
    title: 'M',
    description: '',
    kind: 'window',
    topic: 't',
    window: { type: 'tumbling', sizeMs: MINUTE, advanceMs: MINUTE, gapMs: 0, graceMs: 30_000 },
    dimensions: ['segment', 'site'].map((name) => ({ name, title: name, description: '' })),
    measures: [
      measureOf('value'),
      measureOf('low', { combine: 'min', overTime: 'min' }),
      measureOf('high', { combine: 'max', overTime: 'max' }),
      measureOf('mean', { combine: 'avg', sumFrom: 'value', countFrom: 'n', optional: true }),
      measureOf('n', { optional: true }),
      measureOf('users', { combine: 'distinct' }),
      measureOf('gauge', { combine: 'none', overTime: 'last' }),
      measureOf('bare_mean', { combine: 'avg' }),
    ],
    event: null,
    retentionMs: DAY,
    idleMs: MINUTE,
    finalOnly: false,
    maxSeries: 1_000_000,
    ...over,
  };
}
