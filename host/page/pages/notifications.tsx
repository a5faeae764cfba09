import { css } from '@emotion/css';
import { AppEvents, type AlertPayload, type GrafanaTheme2 } from '@grafana/data';
import { Alert, useStyles2, type AlertVariant } from '@grafana/ui';
import React, { useEffect, useState } from 'react';
import { appEvents } from '../runtime/runtime-services';

interface Notice {
  readonly id: number;
  readonly severity: AlertVariant;
  readonly title: string;
  readonly text: string;
}

const SHOWN_FOR_MS = 8_000;
const KINDS = [
  { event: AppEvents.alertError.name, severity: 'error' },
  { event: AppEvents.alertWarning.name, severity: 'warning' },
  { event: AppEvents.alertSuccess.name, severity: 'success' },
] as const;

const styles = (theme: GrafanaTheme2) => ({
  corner: css({
    position: 'fixed',
    right: theme.spacing(2),
    top: theme.spacing(2),
    width: 400,
    zIndex: theme.zIndex.modal,
  }),
});

let ids = 0;

/** What plugins send to Grafana's notifications. */
export function Notifications() {
  const style = useStyles2(styles);
  const [notices, setNotices] = useState<readonly Notice[]>([]);
  useEffect(() => {
    const drop = (id: number): void => setNotices((all) => all.filter((notice) => notice.id !== id));
    const take = (severity: AlertVariant, [title = '', text = '']: readonly unknown[]): void => {
      ids += 1;
      const id = ids;
      setNotices((all) => [...all, { id, severity, title: String(title), text: String(text) }]);
      setTimeout(() => drop(id), SHOWN_FOR_MS);
    };
    const listening = KINDS.map(({ event, severity }) => {
      const heard = (payload?: AlertPayload): void => take(severity, payload ?? []);
      appEvents.on(event, heard);
      return () => appEvents.off(event, heard);
    });
    return () => listening.forEach((stop) => stop());
  }, []);
  return (
    <div className={style.corner} aria-live="polite">
      {notices.map(({ id, severity, title, text }) => (
        <Alert key={id} severity={severity} title={title}>
          {text}
        </Alert>
      ))}
    </div>
  );
}
