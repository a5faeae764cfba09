import type { PanelData } from '@grafana/data';

/** What the host says of the queries behind a panel's frames. */

interface Query {
  readonly kind?: unknown;
  readonly hide?: boolean;
  readonly queryType?: string;
}

/** The enabled queries; none if the host passes none. */
const queriesOf = ({ request }: Pick<PanelData, 'request'>): readonly Query[] =>
  ((request?.targets as readonly Query[] | undefined) ?? []).filter(({ hide }) => hide !== true);

export const hasQueries = (data: Pick<PanelData, 'request'>): boolean => queriesOf(data).length > 0;

/** Whether one of them is a status query. */
export const asksForStatus = (data: Pick<PanelData, 'request'>): boolean =>
  queriesOf(data).some(({ kind }) => kind === 'status');

/** The frames belong to a stored snapshot, which Grafana reads with its own query type. */
export const isSnapshot = (data: Pick<PanelData, 'request'>): boolean =>
  queriesOf(data).some(({ queryType }) => queryType === 'snapshot') ||
  window.location.pathname.includes('/dashboard/snapshot/');
