import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { getBackendSrv, locationService } from '@grafana/runtime';
import { UrlSyncManager } from '@grafana/scenes';
import { Alert, LinkButton, useStyles2 } from '@grafana/ui';
import React, { useEffect, useMemo, useState } from 'react';
import { Page } from '../pages/page';
import { PanelEditor } from '../pages/panel-editor';
import type { DashboardJson, DashboardLink } from './dashboard-json';
import { panelOf, sceneFrom } from './scene-from-json';

const styles = (theme: GrafanaTheme2) => ({
  scene: css({ minHeight: '80vh', display: 'flex', flexDirection: 'column', padding: theme.spacing(0, 2) }),
});

/** The link's address with the time range and the variables where it wants them. */
function linkAddress(link: DashboardLink): string {
  const target = new URL(link.url ?? '', window.location.origin);
  for (const [name, value] of new URLSearchParams(window.location.search)) {
    const wanted = ['from', 'to'].includes(name)
      ? link.keepTime
      : name.startsWith('var-') && link.includeVars;
    if (wanted === true) target.searchParams.append(name, value);
  }
  return target.pathname + target.search;
}

function Links({ links }: { links: readonly DashboardLink[] }) {
  return links
    .filter(({ type, url }) => type === 'link' && url !== undefined)
    .map((link) => (
      <LinkButton
        key={link.title}
        href={linkAddress(link)}
        variant="secondary"
        size="sm"
        fill="outline"
        {...(link.tooltip === undefined ? {} : { tooltip: link.tooltip })}
      >
        {link.title}
      </LinkButton>
    ));
}

/** One dashboard as its JSON says. `key` it by the dashboard: the scene is made once. */
function Dashboard({ json, search }: { json: DashboardJson; search: URLSearchParams }) {
  const style = useStyles2(styles);
  const scene = useMemo(() => sceneFrom(json), [json]);
  const [ready, setReady] = useState(false);
  useEffect(() => {
    const sync = new UrlSyncManager({ updateUrlOnInit: true });
    sync.initSync(scene);
    setReady(true);
    return () => sync.cleanUp(scene);
  }, [scene]);
  const edited = search.get('editPanel');
  const panel = edited === null || !ready ? undefined : panelOf(scene, Number(edited));
  if (panel !== undefined) {
    const close = (): void => locationService.partial({ editPanel: null });
    return (
      <Page title={`${json.title} / ${panel.state.title}`}>
        <PanelEditor panel={panel} scene={scene} onClose={close} />
      </Page>
    );
  }
  return (
    <Page title={json.title} actions={<Links links={json.links ?? []} />} bare={search.has('kiosk')}>
      <div className={style.scene}>{ready && <scene.Component model={scene} />}</div>
    </Page>
  );
}

interface DashboardPageProps {
  readonly uid: string;
  readonly search: URLSearchParams;
  /** As everybody sees it, without a login: `uid` is its access token. */
  readonly isPublic?: boolean;
}

export function DashboardPage({ uid, search, isPublic = false }: DashboardPageProps) {
  const [json, setJson] = useState<DashboardJson>();
  const [fault, setFault] = useState('');
  useEffect(() => {
    let wanted = true;
    getBackendSrv()
      .get<{ dashboard: DashboardJson }>(
        `/api/${isPublic ? 'public/dashboards' : 'dashboards/uid'}/${encodeURIComponent(uid)}`,
      )
      .then(({ dashboard }) => wanted && setJson(dashboard))
      .catch((reason: unknown) => wanted && setFault(JSON.stringify((reason as { data?: unknown }).data)));
    return () => {
      wanted = false;
    };
  }, [uid, isPublic]);
  if (fault !== '') return <Alert title={`There is no dashboard ${uid}`}>{fault}</Alert>;
  return json === undefined ? null : <Dashboard key={json.uid} json={json} search={search} />;
}
