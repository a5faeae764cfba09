import React, { memo } from 'react';
import type { TimeZone } from '@grafana/data';
import { Icon, useStyles2, useTheme2 } from '@grafana/ui';
import { Age } from '../clock/Age';
import { LinkMenu } from '../links/LinkMenu';
import type { AlertModel } from '../reading/alert-model';
import { wholeText } from '../reading/shown-value';
import { toneColor } from '../status/connection-words';
import { getAlertStyles } from './alert-styles';
import { SEVERITY_WORDS } from './severity-words';

interface AlertRowProps {
  readonly alert: AlertModel;
  /** Everything on one line; otherwise the message has a line of its own. */
  readonly wide: boolean;
  /** With the time of its last change or of its end. */
  readonly latest: boolean;
  /** With a word for which time it is; otherwise it is the start alone. */
  readonly words: boolean;
  readonly timeZone: TimeZone;
}

/** One event: how grave, what, of whom, how much, since when, and whether it is over. */
export const AlertRow = memo(function AlertRow({ alert, wide, latest, words, timeZone }: AlertRowProps) {
  const styles = useStyles2(getAlertStyles);
  const theme = useTheme2();
  const severity = SEVERITY_WORDS[alert.severity];
  const color = toneColor(severity.tone, theme);
  const whole = alert.labelText === '' ? alert.message : `${alert.message} (${alert.labelText})`;
  return (
    <li
      className={wide ? styles.wideRow : styles.tallRow}
      style={{ borderLeftColor: color }}
      data-severity={alert.severity}
      data-state={alert.state ?? 'unknown'}
    >
      <span className={styles.severity} style={{ color }}>
        <Icon key={severity.icon} name={severity.icon} size="sm" /> {severity.name}
      </span>
      <span className={styles.message} title={whole}>
        <AlertMessage alert={alert} />
        {alert.labelText !== '' && <span className={styles.quiet}> {alert.labelText}</span>}
      </span>
      {/* Its column stays, so that what follows is below that of the other rows. */}
      {(alert.value !== null || wide) && (
        <span className={styles.value} title={alert.value === null ? undefined : 'Value'}>
          {alert.value !== null && wholeText(alert.value)}
        </span>
      )}
      <span className={styles.times}>
        {alert.started !== null && (
          <span>
            {words && 'Started '}
            <Age at={alert.started} timeZone={timeZone} says="Started" />
          </span>
        )}
        {latest && alert.latest !== null && (
          <span>
            {alert.latest.says.toLowerCase()}{' '}
            <Age at={alert.latest.at} timeZone={timeZone} says={alert.latest.says} />
          </span>
        )}
      </span>
      <AlertState state={alert.state} />
      {alert.links.length > 1 && <LinkMenu links={alert.links} label={`Links of ${alert.message}`} />}
    </li>
  );
});

function AlertMessage({ alert }: { readonly alert: AlertModel }) {
  const styles = useStyles2(getAlertStyles);
  const [first] = alert.links;
  if (first === undefined) return alert.message;
  return (
    <a
      className={styles.link}
      href={first.href}
      target={first.target}
      title={first.title}
      rel={first.target === '_blank' ? 'noreferrer' : undefined}
      onClick={first.onClick}
    >
      {alert.message}
    </a>
  );
}

function AlertState({ state }: { readonly state: AlertModel['state'] }) {
  const styles = useStyles2(getAlertStyles);
  if (state === null) return null;
  return state === 'open' ? (
    <span key="open" className={styles.open}>
      <Icon name="bell" size="sm" /> Open
    </span>
  ) : (
    <span key="resolved" className={styles.resolved}>
      <Icon name="check" size="sm" /> Resolved
    </span>
  );
}
