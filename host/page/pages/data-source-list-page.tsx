import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { getDataSourceSrv } from '@grafana/runtime';
import { Card, useStyles2 } from '@grafana/ui';
import React from 'react';
import { Page } from './page';

const styles = (theme: GrafanaTheme2) => ({ list: css({ padding: theme.spacing(2), maxWidth: 900 }) });

/** The data sources of provisioning/datasources. */
export function DataSourceListPage() {
  const style = useStyles2(styles);
  return (
    <Page title="Data sources">
      <div className={style.list}>
        {getDataSourceSrv()
          .getList()
          .map(({ uid, name, type, url }) => (
            <Card key={uid} href={`/connections/datasources/edit/${encodeURIComponent(uid)}`}>
              <Card.Heading>{name}</Card.Heading>
              <Card.Meta>{[type, url ?? '']}</Card.Meta>
            </Card>
          ))}
      </div>
    </Page>
  );
}
