import type { StreamKpiQuery } from './query';
import { queryText } from './query-text';

const filters = [
  { dimension: 'segment', op: '=' as const, values: ['a', 'b'] },
  { dimension: 'country', op: '!~' as const, values: ['d.*'] },
];

test.each<[Partial<StreamKpiQuery>, string]>([
  [{}, 'No metric chosen yet'],
  [{ metric: 'events' }, 'events'],
  [
    { metric: 'revenue', measure: 'count', filters },
    'count of revenue, segment is a or b, country does not match d.*',
  ],
  [{ metric: 'm', groupBy: [] }, 'm, all series combined'],
  [
    { metric: 'm', groupBy: ['a', 'b'], step: '5m', overTime: 'max' },
    'm, by a, b, in steps of 5m, largest over time',
  ],
  [{ metric: 'm', step: 'window', fill: 'zero' }, 'm, window by window, gaps as zero'],
  [{ metric: 'm', step: 'auto', fill: 'null', openWindows: 'exclude' }, 'm, gaps shown, closed windows only'],
  [{ metric: 'm', openWindows: 'include', timeShift: '1d' }, 'm, with open windows, 1d before'],
  [{ kind: 'summary', metric: 'm' }, 'Summary of m'],
  [{ kind: 'summary', metric: 'm', stat: 'delta' }, 'Change of the last value of m'],
  [{ kind: 'events', metric: 'm' }, 'Events of m'],
  [
    { kind: 'events', metric: 'm', limit: 5, severities: ['warning', 'critical'] },
    'The newest 5 warning or critical events of m',
  ],
  [{ kind: 'events', metric: 'm', eventsAs: 'count', eventState: 'open' }, 'Number of open events of m'],
  [{ kind: 'events', metric: 'm', eventsAs: 'value', groupBy: ['a'] }, 'Newest values of events of m'],
  [{ kind: 'status' }, 'State of the bridge, hop by hop'],
  [{ kind: 'status', statusAs: 'lag', statusOver: 'range' }, 'Records still to be read, over time'],
  [{ kind: 'status', statusAs: 'ready' }, 'Whether the bridge is ready'],
])('%j', (query, text) => {
  expect(queryText({ refId: 'A', ...query })).toBe(text);
});
