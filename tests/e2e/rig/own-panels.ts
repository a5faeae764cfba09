import { readDashboards } from '../../support/provisioned';

/** Finds the contents of a dashboard's panels that are this app's own: a selector for the page. */
export function ownPanels(uid: string): string {
  const found = readDashboards('provisioned').find(({ dashboard }) => dashboard.uid === uid);
  if (found === undefined) throw new Error(`there is no dashboard ${uid}`);
  return found.dashboard.panels
    .filter(({ type }) => type === 'streamkpi-kpi-panel')
    .map(({ title }) => `${panelSelector(title)} [data-testid="data-testid panel content"]`)
    .join(', ');
}

export const panelSelector = (title: string): string =>
  `section[data-testid="data-testid Panel header ${title}"]`;
