import React, { memo } from 'react';
import type { TimeZone } from '@grafana/data';
import { Icon, useStyles2, useTheme2 } from '@grafana/ui';
import { formatNumber, t } from '../../locales/translate';
import { WallClock } from '../clock/WallClock';
import type { AlertsModel } from '../reading/alert-model';
import type { ConnectionModel } from '../reading/connection';
import type { HopModel, SystemModel } from '../reading/system-status';
import { visuallyHidden } from '../visually-hidden';
import { ConnectionBadge } from './ConnectionBadge';
import { toneColor } from './connection-words';
import { hopsNow, hopTitle, hopWords } from './status-tone';
import { getStatusStyles } from './status-styles';
import { statusLayout } from './status-layout';
import { TopicTable } from './TopicTable';

interface SystemStatusProps {
  readonly system: SystemModel;
  readonly connection: ConnectionModel;
  /** Of the status queries alone: what the hops are known by. */
  readonly statusConnection: ConnectionModel;
  readonly alerts: AlertsModel;
  /** Shown where there is no hop. */
  readonly noHops: string;
  /** With a heading. */
  readonly titled: boolean;
  readonly width: number;
  readonly height: number;
  readonly timeZone: TimeZone;
}

/** The way of the data, hop by hop, and the figures of the whole. */
export const SystemStatus = memo(function SystemStatus(props: SystemStatusProps) {
  const { system, connection, statusConnection, alerts, noHops, titled, width, height, timeZone } = props;
  const styles = useStyles2(getStatusStyles);
  const hops = hopsNow(system, statusConnection);
  const layout = statusLayout(width, height, {
    hops: hops.length,
    messages: hops.filter(({ message }) => message !== '').length,
    failing: hops.filter(({ state, message }) => state === 'failing' && message !== '').length,
    topics: system.topics.length,
    titled,
  });
  const [failing] = hops.filter(({ state }) => state === 'failing');
  const tiles = [
    // Without room for the hops, the one that fails comes first.
    {
      name: t('hop.failing', 'Failing'),
      value: failing === undefined || layout.hops ? null : <FailingHop hop={failing} />,
    },
    { name: t('status.connection', 'Connection'), value: <ConnectionBadge connection={connection} /> },
    {
      name: t('status.active-metrics', 'Active metrics'),
      value: countText(system.activeMetrics, system.metrics),
    },
    { name: t('status.total-alerts', 'Total alerts'), value: totalText(alerts) },
    { name: t('status.current-time', 'Current time'), value: <WallClock timeZone={timeZone} /> },
    {
      name: t('status.clients', 'Clients'),
      value: system.clients === null ? null : formatNumber(system.clients),
    },
  ].filter(({ value }) => value !== null);
  return (
    <div
      role="group"
      className={styles.status}
      style={{ width, height, fontSize: layout.size }}
      aria-label={t('status.label', 'System status')}
    >
      {layout.heading && <h3 className={styles.heading}>{t('status.label', 'System status')}</h3>}
      <dl
        className={styles.tiles}
        style={{ gridTemplateColumns: `repeat(${layout.tileColumns}, minmax(0, 1fr))` }}
      >
        {tiles.slice(0, layout.tiles).map(({ name, value }) => (
          <div key={name} className={styles.tile} style={{ maxHeight: height }}>
            <dt className={layout.names ? styles.name : visuallyHidden}>{name}</dt>
            <dd className={styles.figure}>{value}</dd>
          </div>
        ))}
      </dl>
      {layout.hops && hops.length > 0 && (
        <ul className={styles.hops} aria-label={t('status.hops', 'Hops of the pipeline')}>
          {hops.map((hop, index) => (
            <Hop key={`${index} ${hop.name}`} hop={hop} message={layout.messages} />
          ))}
        </ul>
      )}
      {layout.hops && hops.length === 0 && layout.hint && <p className={styles.hint}>{noHops}</p>}
      {layout.topics && <TopicTable topics={system.topics} timeZone={timeZone} wide={layout.wideTopics} />}
    </div>
  );
});

function FailingHop({ hop }: { readonly hop: HopModel }) {
  const styles = useStyles2(getStatusStyles);
  const { icon, tone } = hopWords('failing');
  return (
    <span className={styles.hopState} style={{ color: toneColor(tone, useTheme2()) }} title={hop.message}>
      <Icon name={icon} size="sm" /> {hopTitle(hop.name)}
    </span>
  );
}

function Hop({ hop, message }: { readonly hop: HopModel; readonly message: boolean }) {
  const styles = useStyles2(getStatusStyles);
  const theme = useTheme2();
  const words = hopWords(hop.state);
  return (
    <li className={styles.hop} title={hop.message} data-hop={hop.state}>
      <span className={styles.hopState} style={{ color: toneColor(words.tone, theme) }}>
        <Icon key={words.icon} name={words.icon} size="sm" /> {words.name}
      </span>
      <span className={styles.hopName}>{hopTitle(hop.name)}</span>
      {message && hop.message !== '' && <span className={styles.hopMessage}>{hop.message}</span>}
    </li>
  );
}

/** `3` or, where some have no data, `2 of 3`. */
function countText(active: number | null, all: number | null): string {
  if (active === null) return '–';
  return all === null || all === active
    ? formatNumber(active)
    : t('status.active-of', '{{active, number}} of {{all, number}}', { active, all });
}

/** Null where no query asks for alerts. */
function totalText(alerts: AlertsModel): string | null {
  if (!alerts.fed) return null;
  const total = `${formatNumber(alerts.total)}${alerts.truncated ? '+' : ''}`;
  return alerts.open === 0
    ? total
    : t('status.total-open', '{{total}} ({{open, number}} open)', { total, open: alerts.open });
}
