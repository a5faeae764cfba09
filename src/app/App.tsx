import React from 'react';
import { PluginPage } from '@grafana/runtime';
import type { AppRootProps } from '@grafana/data';
import { pageAt } from './pages';

/** Every page of the app: Grafana renders this one component at all addresses below /a/<id of the app>. */
export function App({ path }: AppRootProps) {
  const { title, subTitle, Content } = pageAt(path);
  return (
    <PluginPage pageNav={{ text: title() }} subTitle={subTitle()}>
      <Content />
    </PluginPage>
  );
}
