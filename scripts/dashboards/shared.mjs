import { DATA_SOURCE } from './queries.mjs';

/** The data source of provisioning/datasources, and the first one that the app's page adds. */
const FIXED_SOURCE = { ...DATA_SOURCE, uid: 'streamkpi' };

/**
 * The form of a dashboard that Grafana can share publicly: public dashboards have no template variables, show
 * annotations of Grafana's own only, run every query on the server, and have no Grafana Live, so they are refreshed
 * more often.
 */
export function shared(dashboard, uid) {
  const { title, description, annotations, panels } = dashboard;
  return {
    ...dashboard,
    uid,
    title: `${title} (to share)`,
    description: `${description} Without variables, so that it can be shared publicly.`,
    tags: ['streamkpi-shared'],
    refresh: '30s',
    links: [],
    templating: { list: [] },
    annotations: { list: annotations.list.filter(({ builtIn }) => builtIn === 1) },
    panels: panels.map((panel) => ({
      ...panel,
      datasource: FIXED_SOURCE,
      targets: panel.targets.map(withoutVariables),
    })),
  };
}

/** Filters by a variable whose default is all values: the same numbers without them. */
function withoutVariables({ filters = [], ...target }) {
  const fixed = filters.filter(({ values }) => !values.some((value) => value.includes('$')));
  return { ...target, datasource: FIXED_SOURCE, ...(fixed.length === 0 ? {} : { filters: fixed }) };
}
