import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { config } from '@grafana/runtime';
import { Badge, LinkButton, ToolbarButton, useStyles2 } from '@grafana/ui';
import React, { useContext, useEffect } from 'react';
import { HostContext } from './host-context';

const styles = (theme: GrafanaTheme2) => ({
  bar: css({
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: theme.spacing(1),
    padding: theme.spacing(1, 2),
    background: theme.colors.background.primary,
    borderBottom: `1px solid ${theme.colors.border.weak}`,
  }),
  title: css({ margin: 0, fontSize: theme.typography.h4.fontSize, flex: '1 1 auto' }),
  nav: css({ display: 'flex', flexWrap: 'wrap', gap: theme.spacing(1), alignItems: 'center' }),
  bare: css({ position: 'absolute', width: 1, height: 1, overflow: 'hidden', clipPath: 'inset(50%)' }),
});

interface Props {
  readonly title: string;
  readonly actions?: React.ReactNode;
  /** Without the bar, as on a wall. */
  readonly bare?: boolean;
  readonly children: React.ReactNode;
}

/** The frame around everything: says what this is, and leads around. */
export function Page({ title, actions, bare = false, children }: Props) {
  const style = useStyles2(styles);
  const { isDark, onThemeChange } = useContext(HostContext);
  useEffect(() => {
    document.title = `${title} - StreamKPI host page`;
  }, [title]);
  return (
    <>
      {bare ? (
        <h1 className={style.bare}>{title}</h1>
      ) : (
        <header className={style.bar}>
          <h1 className={style.title}>{title}</h1>
          {actions}
          <nav className={style.nav} aria-label="Host page">
            <Badge
              color="blue"
              text={`Host page with Grafana ${config.buildInfo.version}'s packages`}
              tooltip="A development tool: the built plugin and its backend as Grafana loads them. Grafana's own panels are stand-ins."
            />
            <LinkButton href="/a/streamkpi-realtime-app" variant="secondary" size="sm" fill="text">
              StreamKPI
            </LinkButton>
            <LinkButton href="/dashboards" variant="secondary" size="sm" fill="text">
              Dashboards
            </LinkButton>
            <LinkButton href="/connections/datasources" variant="secondary" size="sm" fill="text">
              Data sources
            </LinkButton>
            <LinkButton href="/explore" variant="secondary" size="sm" fill="text">
              Explore
            </LinkButton>
            <ToolbarButton onClick={() => onThemeChange(isDark ? 'light' : 'dark')}>
              {isDark ? 'Light theme' : 'Dark theme'}
            </ToolbarButton>
          </nav>
        </header>
      )}
      <main>{children}</main>
    </>
  );
}
