import type { AnnotationQuery, AnnotationSupport } from '@grafana/data';
import { isEqual } from 'lodash';
import { AnnotationEditor } from './editors/AnnotationEditor';
import type { StreamKpiQuery } from './query';
import { readQuery } from './saved-query';

const REF_ID = 'Anno';

/** Events of an event metric, or anomalies of any metric, as annotations. Grafana maps the table's columns by their names. */
export const annotationSupport: AnnotationSupport<StreamKpiQuery> = {
  QueryEditor: AnnotationEditor,

  /** Also accepts an annotation whose query lies beside its settings, as in provisioned files. */
  prepareAnnotation: (saved: unknown): AnnotationQuery<StreamKpiQuery> => {
    const annotation = saved as AnnotationQuery<StreamKpiQuery> & Partial<StreamKpiQuery>;
    const { target, metric, filters, severities, eventState, limit, ...rest } = annotation;
    const beside = {
      ...(metric === undefined ? {} : { metric }),
      ...(filters === undefined ? {} : { filters }),
      ...(severities === undefined ? {} : { severities }),
      ...(eventState === undefined ? {} : { eventState }),
      ...(limit === undefined ? {} : { limit }),
    };
    const kind = target?.kind === 'forecast' ? ('forecast' as const) : ('events' as const);
    const prepared = { ...rest, target: { refId: REF_ID, ...beside, ...target, kind } };
    // Grafana calls this again with its own result until the same object is returned.
    return isEqual(prepared, annotation) ? annotation : prepared;
  },

  /** Annotations are read with the dashboard and never stream. */
  prepareQuery: ({ target }): StreamKpiQuery | undefined => {
    const query = readQuery(target ?? { refId: REF_ID });
    if (query.metric === undefined || query.metric === '') return undefined;
    if (query.kind === 'forecast') return { ...query, refId: REF_ID, forecastAs: 'anomalies', live: false };
    return { ...query, refId: REF_ID, kind: 'events', eventsAs: 'table', live: false };
  },

  getDefaultQuery: () => ({ version: 1, kind: 'events' }),
};
