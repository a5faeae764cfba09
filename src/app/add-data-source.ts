import { getBackendSrv, getDataSourceSrv, locationService } from '@grafana/runtime';
import { DATA_SOURCE_ID } from '../frames/plugin-ids';

/** What the dashboards that can be shared publicly read: they have no variable to choose a data source by. */
const FIRST_UID = 'streamkpi';
const FIRST_NAME = 'StreamKPI';

interface Created {
  readonly datasource: { readonly uid: string };
}

/** Creates a StreamKPI data source and opens its settings. Rejects with Grafana's own error, such as 403. */
export async function addDataSource(): Promise<void> {
  const known = getDataSourceSrv().getList({ all: true });
  const { datasource } = await getBackendSrv().post<Created>(
    '/api/datasources',
    {
      name: freeName(known.map(({ name }) => name)),
      type: DATA_SOURCE_ID,
      access: 'proxy',
      ...(known.some(({ uid }) => uid === FIRST_UID) ? {} : { uid: FIRST_UID }),
    },
    { showErrorAlert: false, showSuccessAlert: false },
  );
  // Grafana's lists of data sources would not have it before the page is loaded again.
  await getDataSourceSrv().reload();
  locationService.push(settingsUrl(datasource.uid));
}

export const settingsUrl = (uid: string): string =>
  `/connections/datasources/edit/${encodeURIComponent(uid)}`;

function freeName(taken: readonly string[]): string {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? FIRST_NAME : `${FIRST_NAME} ${number}`;
    // Grafana compares names by their letters only.
    if (!taken.some((other) => other.toLowerCase() === name.toLowerCase())) return name;
  }
}
