import { createTheme, ThemeContext } from '@grafana/data';
import { config, locationService } from '@grafana/runtime';
import { GlobalStyles, PortalContainer } from '@grafana/ui';
import React, { useEffect, useMemo, useState } from 'react';
import { Router, type Location, type Navigator } from 'react-router-dom';
import { DashboardPage } from '../dashboard/dashboard-page';
import { PanelStatesPage } from '../panel-states/panel-states-page';
import { AppPage } from './app-page';
import { DataSourceListPage } from './data-source-list-page';
import { DataSourcePage } from './data-source-page';
import { ExplorePage } from './explore-page';
import { HostContext, type ThemeName } from './host-context';
import { ListPage } from './list-page';
import { Notifications } from './notifications';

/** The parts of the browser's history that are used; the package of its types is not there. */
interface PageHistory extends Navigator {
  readonly location: Location;
  listen(heard: (next: Location) => void): () => void;
}
const history = locationService.getHistory() as unknown as PageHistory;

const THEME_KEY = 'streamkpi-host.theme';

const wantedTheme = (search: URLSearchParams): ThemeName => {
  const theme = search.get('theme') ?? localStorage.getItem(THEME_KEY);
  return theme === 'light' ? 'light' : 'dark';
};

/** The page of an address; the addresses are Grafana's. */
function Pages({ path, search }: { path: string; search: URLSearchParams }) {
  const [first = '', second = '', third = '', fourth = ''] = path.split('/').slice(1).map(decodeURIComponent);
  if (first === 'a') return <AppPage id={second} path={path} />;
  if (first === 'd') return <DashboardPage key={second} uid={second} search={search} />;
  if (first === 'public-dashboards') {
    return <DashboardPage key={second} uid={second} search={search} isPublic />;
  }
  if (first === 'connections' && second === 'datasources' && third === 'edit') {
    return <DataSourcePage key={fourth} uid={fourth} />;
  }
  if (first === 'connections') return <DataSourceListPage />;
  if (first === 'explore') return <ExplorePage search={search} />;
  if (first === 'panel-states') return <PanelStatesPage search={search} />;
  return <ListPage />;
}

export function App() {
  const [location, setLocation] = useState(history.location);
  useEffect(() => history.listen(setLocation), []);
  const search = useMemo(() => new URLSearchParams(location.search), [location.search]);
  const [mode, setMode] = useState<ThemeName>(() => wantedTheme(search));
  const theme = useMemo(() => {
    const made = createTheme({ colors: { mode } });
    // What is drawn outside React reads it there.
    config.theme2 = made;
    document.body.className = `theme-${mode}`;
    return made;
  }, [mode]);
  const host = useMemo(
    () => ({
      isDark: mode === 'dark',
      onThemeChange: (next: ThemeName) => {
        localStorage.setItem(THEME_KEY, next);
        setMode(next);
      },
    }),
    [mode],
  );
  return (
    <HostContext.Provider value={host}>
      <ThemeContext.Provider value={theme}>
        <GlobalStyles />
        <Router navigator={history} location={location}>
          <Pages path={location.pathname} search={search} />
          <Notifications />
        </Router>
        <PortalContainer />
      </ThemeContext.Provider>
    </HostContext.Provider>
  );
}
