/** The plugins that the app brings, by the ids in their plugin.json. */
export const APP_ID = 'streamkpi-realtime-app';
export const DATA_SOURCE_ID = 'streamkpi-realtime-datasource';
export const PANEL_ID = 'streamkpi-kpi-panel';

/** Where the app's first page is in Grafana. */
export const APP_PAGE = `/a/${APP_ID}`;
