import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { getBackendSrv } from '@grafana/runtime';
import { Alert, Card, TagList, useStyles2 } from '@grafana/ui';
import React, { useEffect, useState } from 'react';
import { Page } from './page';

interface Found {
  readonly uid: string;
  readonly title: string;
  readonly url: string;
  readonly description?: string;
  readonly tags: string[];
}

const styles = (theme: GrafanaTheme2) => ({ list: css({ padding: theme.spacing(2), maxWidth: 900 }) });

/** The dashboards of provisioning/dashboards and those bundled with the app. */
export function ListPage() {
  const style = useStyles2(styles);
  const [found, setFound] = useState<readonly Found[]>();
  useEffect(() => {
    void getBackendSrv().get<Found[]>('/api/search').then(setFound);
  }, []);
  return (
    <Page title="Dashboards">
      <div className={style.list}>
        {found?.length === 0 && (
          <Alert title="No dashboards" severity="info">
            provisioning/dashboards and the built app hold none.
          </Alert>
        )}
        {(found ?? []).map(({ uid, title, url, description, tags }) => (
          <Card key={uid} href={url}>
            <Card.Heading>{title}</Card.Heading>
            {description !== undefined && <Card.Description>{description}</Card.Description>}
            <Card.Tags>
              <TagList tags={tags} />
            </Card.Tags>
          </Card>
        ))}
      </div>
    </Page>
  );
}
