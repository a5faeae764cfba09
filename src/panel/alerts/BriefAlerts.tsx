import React from 'react';
import { Icon, Tooltip, useStyles2, useTheme2 } from '@grafana/ui';
import { t } from '../../locales/translate';
import type { AlertsModel } from '../reading/alert-model';
import { toneColor } from '../status/connection-words';
import { getAlertStyles } from './alert-styles';
import { severityWords } from './severity-words';

/** Two lines for the smallest panels: how many matching alerts are open and how severe, and the newest message. */
export function BriefAlerts({ alerts }: { readonly alerts: AlertsModel }) {
  const styles = useStyles2(getAlertStyles);
  const theme = useTheme2();
  if (!alerts.fed) return <div className={styles.brief}>{t('alerts.no-query.title', 'No alerts query')}</div>;
  const { unresolved } = alerts;
  if (alerts.matching === 0 && alerts.total > 0) {
    return (
      <div className={styles.brief}>
        {t('alerts.brief-none', 'None of {{total, number}} match', { total: alerts.total })}
      </div>
    );
  }
  if (unresolved === null && alerts.doubt !== null) {
    return (
      <Tooltip content={alerts.doubt}>
        <div className={styles.brief}>{t('alerts.doubt.title', 'No known alerts')}</div>
      </Tooltip>
    );
  }
  if (unresolved === null) {
    return (
      <div className={styles.brief}>
        <span className={styles.briefHead} style={{ color: theme.colors.success.text }}>
          <Icon name="check-circle" size="sm" /> {t('alerts.clear.title', 'All clear')}
        </span>
        {alerts.matching > 0 && (
          <span className={styles.quiet}>
            {t('alerts.brief-resolved', '{{resolved, number}} resolved', { resolved: alerts.matching })}
          </span>
        )}
      </div>
    );
  }
  const words = severityWords(unresolved.mostSevere);
  return (
    <div className={styles.brief}>
      <span className={styles.briefHead} style={{ color: toneColor(words.tone, theme) }}>
        <Icon key={words.icon} name={words.icon} size="sm" />{' '}
        {t('alerts.brief-open', '{{open, number}} open', { open: unresolved.count })}
      </span>
      <Tooltip content={unresolved.newest}>
        <span className={styles.newest} dir="auto">
          {unresolved.newest}
        </span>
      </Tooltip>
    </div>
  );
}
