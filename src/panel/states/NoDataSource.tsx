import React from 'react';
import { locationUtil } from '@grafana/data';
import { getDataSourceSrv, type DataSourceSrv } from '@grafana/runtime';
import { APP_PAGE, DATA_SOURCE_ID } from '../../frames/plugin-ids';
import { t } from '../../locales/translate';
import { Hint } from './Hint';

/** Whether this Grafana has no data source of the app: its dashboards then fail before any query is sent. */
export function lacksDataSource(): boolean {
  const service = getDataSourceSrv() as DataSourceSrv | undefined;
  return service?.getList({ pluginId: DATA_SOURCE_ID }).length === 0;
}

/** Leads from a dashboard without a data source to where one is added. */
export function NoDataSource(size: { readonly width: number; readonly height: number }) {
  return (
    <Hint
      {...size}
      title={t('panel.no-data-source', 'No data source')}
      text={t(
        'panel.no-data-source-help',
        "This Grafana has no StreamKPI data source yet. Add one on the app's page, then come back.",
      )}
      link={{
        href: locationUtil.assureBaseUrl(APP_PAGE),
        text: t('panel.add-data-source', 'Add a data source'),
      }}
    />
  );
}
