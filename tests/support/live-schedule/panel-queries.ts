import type { StreamKpiQuery } from '../../../src/datasource/query';
import { ALERTS, EVENTS, HOPPING, REVENUE } from '../fed-bridge/fed-metrics';

/** What the panels of a schedule show. */
export interface PanelQuery {
  readonly query: Omit<StreamKpiQuery, 'refId'>;
  /**
   * Its points are the written ones, one by one, of the series whose first value passes; so each value that is
   * shown can be looked up.
   */
  readonly written?: (segment: string) => boolean;
  /** How often it is chosen. */
  readonly weight: number;
}

export const SEGMENTS = ['free', 'gold', 'größe', ''] as const;

const PANEL_QUERIES: readonly PanelQuery[] = [
  { query: { metric: EVENTS.name }, written: () => true, weight: 6 },
  {
    query: {
      metric: EVENTS.name,
      filters: [{ dimension: 'segment', op: '=~', values: ['g.*', ''] }],
    },
    written: (segment) => segment === '' || segment.startsWith('g'),
    weight: 3,
  },
  { query: { metric: HOPPING.name }, written: () => true, weight: 2 },
  { query: { metric: EVENTS.name, openWindows: 'exclude' }, weight: 3 },
  { query: { metric: EVENTS.name, openWindows: 'separate' }, written: () => true, weight: 3 },
  { query: { metric: HOPPING.name, openWindows: 'separate', groupBy: [] }, weight: 1 },
  { query: { metric: EVENTS.name, groupBy: [] }, weight: 2 },
  { query: { metric: EVENTS.name, step: '5m', overTime: 'sum' }, weight: 3 },
  { query: { metric: EVENTS.name, step: '5m', openWindows: 'exclude', groupBy: [] }, weight: 1 },
  { query: { metric: REVENUE.name, groupBy: ['segment'] }, weight: 2 },
  { query: { metric: REVENUE.name, measure: 'avg_transaction_value', groupBy: ['site'] }, weight: 2 },
  { query: { metric: REVENUE.name, measure: 'transaction_count' }, weight: 1 },
  { query: { kind: 'events', metric: ALERTS.name }, weight: 3 },
  { query: { kind: 'events', metric: ALERTS.name, eventState: 'open' }, weight: 1 },
  { query: { kind: 'events', metric: ALERTS.name, openWindows: 'exclude' }, weight: 2 },
  { query: { kind: 'summary', metric: EVENTS.name }, weight: 1 },
  { query: { kind: 'summary', metric: EVENTS.name, openWindows: 'include' }, weight: 1 },
  { query: { metric: EVENTS.name, fill: 'zero' }, weight: 1 },
];

/** One of them; the random number decides. */
export function choosePanelQuery(random: number): PanelQuery {
  const total = PANEL_QUERIES.reduce((sum, { weight }) => sum + weight, 0);
  let left = random * total;
  return PANEL_QUERIES.find(({ weight }) => (left -= weight) < 0) ?? PANEL_QUERIES[0]!;
}
