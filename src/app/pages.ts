import type { ComponentType } from 'react';
import type { NavModelItem } from '@grafana/data';
import { APP_PAGE } from '../frames/plugin-ids';
import { t } from '../locales/translate';
import { ConnectTopic } from './connect/ConnectTopic';
import { GetStarted } from './GetStarted';

export interface AppPage {
  /** Below the app's own address; empty: the first page. Each one also needs an entry in `includes` of plugin.json. */
  readonly path: string;
  /** In the user's language. */
  readonly title: () => string;
  readonly subTitle: () => string;
  readonly Content: ComponentType;
}

const FIRST: AppPage = {
  path: '',
  title: () => t('app.get-started', 'Get started'),
  subTitle: () =>
    t(
      'app.get-started-about',
      'From the enabled app to live numbers: a data source, the state of its pipeline, the dashboards.',
    ),
  Content: GetStarted,
};

const CONNECT: AppPage = {
  path: 'connect',
  title: () => t('app.connect.title', 'Connect a topic'),
  subTitle: () =>
    t(
      'app.connect.about',
      'The bridge looks at a topic and proposes its mapping, with the reason for each guess.',
    ),
  Content: ConnectTopic,
};

export const PAGES: readonly AppPage[] = [FIRST, CONNECT];

/** The page in the breadcrumbs. `subUrl`: the sub path that Grafana is served from. */
export const navItemOf = ({ path, title }: AppPage, subUrl: string): NavModelItem => ({
  text: title(),
  ...(path === '' ? {} : { url: `${subUrl}${APP_PAGE}/${path}` }),
});

/** @param address of the browser, without the sub path that Grafana is served from. An unknown page is the first. */
export function pageAt(address: string): AppPage {
  const path = address.replace(APP_PAGE, '').replace(/^\/+|\/+$/g, '');
  return PAGES.find((page) => page.path === path) ?? FIRST;
}
