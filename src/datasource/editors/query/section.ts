import type { CatalogueClient, MeasureEntry, MetricEntry } from '../../catalogue';
import type { StreamKpiQuery } from '../../query';
import type { QueryChange } from './query-changes';

/** Props of every section of the query editor. */
export interface SectionProps {
  readonly query: StreamKpiQuery;
  /** Saves the changed query and runs it. */
  readonly onChange: (change: QueryChange) => void;
  /** As the catalogue describes it; undefined while that is unknown, or there is no such metric. */
  readonly metric: MetricEntry | undefined;
  /** The selected one, the default included. */
  readonly measure: MeasureEntry | undefined;
  /** The query of an alert rule: not live, and without open windows. */
  readonly forRule: boolean;
  readonly client: CatalogueClient;
  /** An id of its own for a field of this editor. */
  readonly idOf: (field: string) => string;
}
