import React from 'react';
import { PluginPage, config } from '@grafana/runtime';
import type { AppRootProps } from '@grafana/data';
import { navItemOf, pageAt } from './pages';

/** Every page of the app: Grafana renders this one component at all addresses below /a/<id of the app>. */
export function App({ path }: AppRootProps) {
  const page = pageAt(path);
  const { subTitle, Content } = page;
  return (
    <PluginPage pageNav={navItemOf(page, config.appSubUrl)} subTitle={subTitle()}>
      <Content />
    </PluginPage>
  );
}
