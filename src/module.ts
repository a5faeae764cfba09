import { AppPlugin } from '@grafana/data';
import { App } from './app/App';
import { GetStarted } from './app/GetStarted';
import { loadTranslations } from './locales/load-translations';

void loadTranslations();

/**
 * Brings the data source, the panel and the dashboards together. The config page is what Grafana shows right after the
 * app was enabled; the root page is the app's entry in the navigation.
 */
export const plugin = new AppPlugin().setRootPage(App).addConfigPage({
  title: 'Get started',
  icon: 'rocket',
  body: GetStarted,
  id: 'get-started',
});
