import type { CatalogueClient, MeasureEntry, MetricEntry } from '../../catalogue';
import type { StreamKpiQuery } from '../../query';
import type { QueryChange } from './query-changes';

/** What every part of the query editor is given. */
export interface SectionProps {
  readonly query: StreamKpiQuery;
  /** Saves the changed query and runs it. */
  readonly onChange: (change: QueryChange) => void;
  /** As the catalogue describes it; undefined while that is unknown, or there is no such metric. */
  readonly metric: MetricEntry | undefined;
  /** The selected one, the default included. */
  readonly measure: MeasureEntry | undefined;
  /** An alert rule's query: nobody watches it, and open windows are left out. */
  readonly forRule: boolean;
  readonly client: CatalogueClient;
  /** An id of its own for a field of this editor. */
  readonly idOf: (field: string) => string;
}
