import type { DataSourceInstanceSettings, TimeRange } from '@grafana/data';
import { DataSourceWithBackend } from '@grafana/runtime';
import { CatalogueClient } from './catalogue';
import type { StreamKpiOptions } from './options';
import type { StreamKpiQuery } from './query';

/** Metrics of a StreamKPI bridge: history by query, kept up to date by the live stream. */
export class StreamKpiDataSource extends DataSourceWithBackend<StreamKpiQuery, StreamKpiOptions> {
  /** What the bridge has, for editors, variables and ad-hoc filters. */
  readonly catalogue: CatalogueClient;

  constructor(settings: DataSourceInstanceSettings<StreamKpiOptions>) {
    super(settings);
    this.catalogue = new CatalogueClient((path, params) => this.getResource<unknown>(path, params));
  }

  override getDefaultQuery(): Partial<StreamKpiQuery> {
    return { version: 1, kind: 'series' };
  }

  override filterQuery(query: StreamKpiQuery): boolean {
    if (query.hide === true) return false;
    return query.kind === 'status' || (query.metric !== undefined && query.metric !== '');
  }
}

/** A dashboard's range as the catalogue takes it. */
export const rangeInMs = (range: TimeRange): { fromMs: number; toMs: number } => ({
  fromMs: range.from.valueOf(),
  toMs: range.to.valueOf(),
});
