import { useEffect, useState } from 'react';
import { getBackendSrv } from '@grafana/runtime';

export interface FoundDashboard {
  readonly uid: string;
  readonly title: string;
  readonly url: string;
  /** Absent at the root. */
  readonly folderTitle?: string;
}

/** The dashboards with the app's tag; undefined until they are read, empty where there is none or none may be seen. */
export function useDashboards(): readonly FoundDashboard[] | undefined {
  const [found, setFound] = useState<readonly FoundDashboard[]>();
  useEffect(() => {
    let isShown = true;
    getBackendSrv()
      .get<FoundDashboard[]>('/api/search', { tag: 'streamkpi', type: 'dash-db' }, undefined, {
        showErrorAlert: false,
      })
      .then(
        (dashboards) => isShown && setFound(dashboards),
        () => isShown && setFound([]),
      );
    return () => {
      isShown = false;
    };
  }, []);
  return found;
}
