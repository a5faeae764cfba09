import { css } from '@emotion/css';
import {
  PluginContextProvider,
  type DataSourceApi,
  type DataSourceSettings,
  type GrafanaTheme2,
} from '@grafana/data';
import { getBackendSrv, getDataSourceSrv } from '@grafana/runtime';
import { Alert, Button, useStyles2, type AlertVariant } from '@grafana/ui';
import React, { useEffect, useState } from 'react';
import { Page } from './page';

const styles = (theme: GrafanaTheme2) => ({ body: css({ padding: theme.spacing(2), maxWidth: 900 }) });

interface TestResult {
  readonly status?: string;
  readonly message?: string;
  readonly error?: { readonly details?: unknown };
}

const severity = ({ status }: TestResult): AlertVariant =>
  status === 'success' ? 'success' : status === 'warning' ? 'warning' : 'error';

/** Longer explanations that a health check may give besides its message. */
function verbose({ error }: TestResult): string | undefined {
  const details = error?.details as
    { readonly verboseMessage?: string; readonly message?: string } | undefined;
  return details?.verboseMessage ?? details?.message;
}

/** A data source's settings with the plugin's own editor, and Save & test as Grafana does it. */
export function DataSourcePage({ uid }: { uid: string }) {
  const style = useStyles2(styles);
  const [settings, setSettings] = useState<DataSourceSettings>();
  const [source, setSource] = useState<DataSourceApi>();
  const [result, setResult] = useState<TestResult>();
  const [busy, setBusy] = useState(false);
  const address = `/api/datasources/uid/${encodeURIComponent(uid)}`;
  useEffect(() => {
    void getBackendSrv().get<DataSourceSettings>(address).then(setSettings);
    void getDataSourceSrv().get(uid).then(setSource);
  }, [address, uid]);

  const saveAndTest = async (): Promise<void> => {
    setBusy(true);
    try {
      setSettings(
        (await getBackendSrv().put<{ datasource: DataSourceSettings }>(address, settings)).datasource,
      );
      await getDataSourceSrv().reload();
      const saved = await getDataSourceSrv().get(uid);
      setResult((await saved.testDatasource()) as TestResult);
    } catch (reason) {
      const failed = reason as TestResult & { readonly data?: { readonly message?: string } };
      setResult({
        ...failed,
        status: 'error',
        message: failed.message ?? failed.data?.message ?? String(reason),
      });
    } finally {
      setBusy(false);
    }
  };

  const ConfigEditor = source?.components?.ConfigEditor;
  if (settings === undefined || source === undefined) return <Page title="Data source">{null}</Page>;
  const more = result === undefined ? undefined : verbose(result);
  return (
    <Page title={settings.name}>
      <div className={style.body}>
        <PluginContextProvider meta={source.meta}>
          {ConfigEditor === undefined ? (
            <Alert title="This data source has no config editor" severity="error" />
          ) : (
            <ConfigEditor
              options={settings}
              onOptionsChange={(next: DataSourceSettings) => setSettings(next)}
            />
          )}
        </PluginContextProvider>
        {result !== undefined && (
          <Alert
            title={result.message ?? ''}
            severity={severity(result)}
            data-testid="data-source-test-result"
          >
            {more}
          </Alert>
        )}
        <Button type="button" disabled={busy} onClick={() => void saveAndTest()}>
          Save &amp; test
        </Button>
      </div>
    </Page>
  );
}
