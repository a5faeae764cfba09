import { AppPlugin } from '@grafana/data';
import { loadTranslations } from './locales/load-translations';

void loadTranslations();

/** The app itself has no pages: it brings the data source, the panel and the dashboards together. */
export const plugin = new AppPlugin();
