import React, { memo } from 'react';
import { dateTimeFormat, type TimeZone } from '@grafana/data';
import { Icon, Tooltip, useStyles2, useTheme2 } from '@grafana/ui';
import { t } from '../../locales/translate';
import { Age } from '../clock/Age';
import { LinkMenu } from '../links/LinkMenu';
import type { AlertModel } from '../reading/alert-model';
import { wholeText } from '../reading/shown-value';
import { toneColor } from '../status/connection-words';
import { getAlertStyles } from './alert-styles';
import { severityWords } from './severity-words';

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

/** One event: severity, message, labels, value, start, and whether it has ended. */
export const AlertRow = memo(function AlertRow({ alert, wide, latest, words, timeZone }: AlertRowProps) {
  const styles = useStyles2(getAlertStyles);
  const theme = useTheme2();
  const severity = severityWords(alert.severity);
  const color = toneColor(severity.tone, theme);
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
      <AlertMessage alert={alert} timeZone={timeZone} />
      {/* Its column stays, so that what follows is below that of the other rows. */}
      {(alert.value !== null || wide) && (
        <span className={styles.value} title={alert.value === null ? undefined : t('alerts.value', 'Value')}>
          {alert.value !== null && wholeText(alert.value)}
        </span>
      )}
      <span className={styles.times}>
        {alert.started !== null && (
          <span>
            {words && `${t('alerts.started', 'Started')} `}
            <Age at={alert.started} timeZone={timeZone} says={t('alerts.started', 'Started')} />
          </span>
        )}
        {latest && alert.latest !== null && (
          <span>
            {latestWord(alert.latest.says, 'inside')}{' '}
            <Age at={alert.latest.at} timeZone={timeZone} says={latestWord(alert.latest.says)} />
          </span>
        )}
      </span>
      <AlertState state={alert.state} />
      {alert.links.length > 1 && (
        <LinkMenu links={alert.links} label={t('links.of', 'Links of {{title}}', { title: alert.message })} />
      )}
    </li>
  );
});

/** At the start of a text, or `inside` one, where English uses lower case. */
function latestWord(
  says: NonNullable<AlertModel['latest']>['says'],
  place: 'first' | 'inside' = 'first',
): string {
  if (says === 'Ended') {
    return place === 'first' ? t('alerts.ended', 'Ended') : t('alerts.ended-inside', 'ended');
  }
  return place === 'first' ? t('alerts.updated', 'Updated') : t('alerts.updated-inside', 'updated');
}

type ToldProps = Pick<AlertRowProps, 'alert' | 'timeZone'>;

/** Cut where it is too long: in full, with the times, when it is pointed at or reached by keyboard. */
function AlertMessage({ alert, timeZone }: ToldProps) {
  const styles = useStyles2(getAlertStyles);
  const [first] = alert.links;
  const labels = alert.labelText !== '' && (
    <>
      {' '}
      <bdi className={styles.quiet}>{alert.labelText}</bdi>
    </>
  );
  const inFull = <InFull alert={alert} timeZone={timeZone} />;
  if (first === undefined) {
    return (
      <Tooltip content={inFull}>
        <span className={styles.message} dir="auto">
          {alert.message}
          {labels}
        </span>
      </Tooltip>
    );
  }
  return (
    <span className={styles.message} dir="auto">
      <Tooltip content={inFull}>
        <a
          className={styles.link}
          href={first.href}
          target={first.target}
          rel={first.target === '_blank' ? 'noreferrer' : undefined}
          onClick={first.onClick}
        >
          {alert.message}
        </a>
      </Tooltip>
      {labels}
    </span>
  );
}

function InFull({ alert, timeZone }: ToldProps) {
  const { message, labelText, started, latest, links } = alert;
  const [first] = links;
  return (
    <>
      <div>{labelText === '' ? message : `${message} (${labelText})`}</div>
      {started !== null && (
        <div>
          {t('alerts.started', 'Started')}: {dateTimeFormat(started, { timeZone })}
        </div>
      )}
      {latest !== null && (
        <div>
          {latestWord(latest.says)}: {dateTimeFormat(latest.at, { timeZone })}
        </div>
      )}
      {first !== undefined && <div>{t('alerts.opens', 'Opens: {{title}}', { title: first.title })}</div>}
    </>
  );
}

function AlertState({ state }: { readonly state: AlertModel['state'] }) {
  const styles = useStyles2(getAlertStyles);
  if (state === null) return null;
  return state === 'open' ? (
    <span key="open" className={styles.open}>
      <Icon name="bell" size="sm" /> {t('alerts.open', 'Open')}
    </span>
  ) : (
    <span key="resolved" className={styles.resolved}>
      <Icon name="check" size="sm" /> {t('alerts.resolved', 'Resolved')}
    </span>
  );
}
