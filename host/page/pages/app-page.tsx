import { css } from '@emotion/css';
import { PluginContextProvider, type GrafanaTheme2 } from '@grafana/data';
import type { PluginPageProps } from '@grafana/runtime';
import { Alert, useStyles2 } from '@grafana/ui';
import React from 'react';
import { loadedApp } from '../runtime/plugin-importer';
import { Page } from './page';

const styles = (theme: GrafanaTheme2) => ({ body: css({ padding: theme.spacing(2) }) });

/** What an app's pages are put into, as @grafana/runtime's PluginPage. */
export function AppFrame({ pageNav, subTitle, children }: PluginPageProps) {
  const style = useStyles2(styles);
  return (
    <Page title={pageNav?.text ?? ''}>
      <div className={style.body}>
        <p>{subTitle}</p>
        {children}
      </div>
    </Page>
  );
}

/** /a/<id>: the root page of an app, which shows what is below its address itself. */
export function AppPage({ id, path }: { id: string; path: string }) {
  const app = loadedApp(id);
  const Root = app?.root;
  if (app === undefined || Root === undefined) return <Alert title={`There is no app ${id} with pages`} />;
  return (
    <PluginContextProvider meta={app.meta}>
      <Root meta={app.meta} basename={`/a/${id}`} path={path} query={{}} onNavChanged={() => undefined} />
    </PluginContextProvider>
  );
}
