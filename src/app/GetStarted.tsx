import React, { useState } from 'react';
import { css } from '@emotion/css';
import { locationUtil, type GrafanaTheme2 } from '@grafana/data';
import { getDataSourceSrv, hasPermission } from '@grafana/runtime';
import { Alert, Button, LinkButton, TextLink, useStyles2 } from '@grafana/ui';
import { APP_ID, DATA_SOURCE_ID } from '../frames/plugin-ids';
import { t } from '../locales/translate';
import { palette } from '../panel/theme-palette';
import { addDataSource, settingsUrl } from './add-data-source';
import { guides } from './guides';
import { PipelineState } from './PipelineState';
import { useDashboards } from './use-dashboards';

/** Leads from the enabled app to numbers: a data source, the state of its pipeline, the dashboards, the guides. */
export function GetStarted() {
  const styles = useStyles2(getStyles);
  return (
    <div className={styles.page}>
      <DataSources />
      <Dashboards />
      <section>
        <h2>{t('app.guides', 'Read on')}</h2>
        <ul className={styles.list}>
          {guides().map(({ title, about, url }) => (
            <li key={url}>
              <TextLink href={url} external inline={false}>
                {title}
              </TextLink>
              <span className={styles.quiet}>{about}</span>
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}

function DataSources() {
  const styles = useStyles2(getStyles);
  const sources = getDataSourceSrv().getList({ pluginId: DATA_SOURCE_ID });
  return (
    <section>
      <h2>{t('app.data-sources', 'Data sources')}</h2>
      {sources.length === 0 && (
        <p>
          {t(
            'app.no-data-source',
            'No StreamKPI data source yet. Add one, enter the URL of the bridge and choose Save & test: it names whatever is broken on the way to Kafka.',
          )}
        </p>
      )}
      {sources.map(({ uid, name }) => (
        <div key={uid} className={styles.source}>
          <div className={styles.head}>
            <h3 className={styles.name}>{name}</h3>
            {/* Grafana sends others from there to its home page. */}
            {hasPermission('datasources:write') && (
              <LinkButton
                href={locationUtil.assureBaseUrl(settingsUrl(uid))}
                variant="secondary"
                size="sm"
                icon="cog"
              >
                {t('app.settings', 'Settings')}
              </LinkButton>
            )}
          </div>
          <PipelineState uid={uid} name={name} />
        </div>
      ))}
      <AddDataSource isFirst={sources.length === 0} />
    </section>
  );
}

function AddDataSource({ isFirst }: { readonly isFirst: boolean }) {
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState('');
  if (!hasPermission('datasources:create')) {
    return isFirst ? <p>{t('app.may-not-add', 'Only a Grafana administrator can add it.')}</p> : null;
  }
  const add = (): void => {
    setBusy(true);
    setFault('');
    addDataSource()
      .catch((reason: unknown) => setFault(reasonOf(reason)))
      .finally(() => setBusy(false));
  };
  return (
    <>
      {fault !== '' && (
        <Alert severity="error" title={t('app.not-added', 'The data source could not be added')}>
          {fault}
        </Alert>
      )}
      <Button icon="plus" variant={isFirst ? 'primary' : 'secondary'} disabled={isBusy} onClick={add}>
        {t('app.add-data-source', 'Add data source')}
      </Button>
    </>
  );
}

/** Grafana's errors carry their sentence in the answer's body. */
function reasonOf(reason: unknown): string {
  const { data, message } = reason as { data?: { message?: string }; message?: string };
  return data?.message ?? message ?? t('app.no-reason', 'Grafana did not say why.');
}

function Dashboards() {
  const styles = useStyles2(getStyles);
  const dashboards = useDashboards();
  return (
    <section>
      <h2>{t('app.dashboards', 'Dashboards')}</h2>
      {dashboards?.length === 0 && (
        <>
          <p>{t('app.no-dashboards', 'None of the bundled dashboards has been imported yet.')}</p>
          {hasPermission('plugins:write') ? (
            <LinkButton
              href={locationUtil.assureBaseUrl(`/plugins/${APP_ID}?page=plugin-dashboards`)}
              variant="secondary"
            >
              {t('app.import-dashboards', 'Import dashboards')}
            </LinkButton>
          ) : (
            <p>{t('app.may-not-import', 'Only a Grafana administrator can import them.')}</p>
          )}
        </>
      )}
      {dashboards !== undefined && dashboards.length > 0 && (
        <>
          <ul className={styles.list}>
            {dashboards.map(({ uid, title, url, folderTitle }) => (
              <li key={uid}>
                <LinkButton href={url} variant="primary" fill="text" icon="apps" size="sm">
                  {title}
                </LinkButton>
                {/* The same one can be there twice: bundled with the app, and provisioned. */}
                {folderTitle !== undefined && (
                  <span className={styles.beside}>
                    {t('app.in-folder', 'in the folder {{folder}}', { folder: folderTitle })}
                  </span>
                )}
              </li>
            ))}
          </ul>
          <LinkButton
            href={locationUtil.assureBaseUrl('/dashboards?tag=streamkpi')}
            variant="secondary"
            icon="folder-open"
          >
            {t('app.open-dashboards', 'Open dashboards')}
          </LinkButton>
        </>
      )}
    </section>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  page: css({ display: 'flex', flexDirection: 'column', gap: theme.spacing(4), maxWidth: 1000 }),
  source: css({
    border: `1px solid ${palette(theme).border.weak}`,
    borderRadius: theme.shape.radius.default,
    padding: theme.spacing(2),
    marginBottom: theme.spacing(2),
  }),
  head: css({
    display: 'flex',
    flexWrap: 'wrap',
    justifyContent: 'space-between',
    gap: theme.spacing(1),
    marginBottom: theme.spacing(1),
  }),
  name: css({ margin: 0, overflowWrap: 'anywhere' }),
  list: css({ listStyle: 'none', '& li': { marginBottom: theme.spacing(1) } }),
  beside: css({ color: palette(theme).text.secondary }),
  quiet: css({ display: 'block', color: palette(theme).text.secondary }),
});
