import React from 'react';
import { Icon, useStyles2 } from '@grafana/ui';
import { t } from '../../locales/translate';
import { BY_SEVERITY_DESC, type Severity } from '../severity';
import type { AlertModel } from '../reading/alert-model';
import { getAlertStyles } from './alert-styles';
import { severityWords } from './severity-words';

interface SeverityFilterProps {
  readonly alerts: readonly AlertModel[];
  readonly hidden: ReadonlySet<Severity>;
  readonly onChange: (hidden: ReadonlySet<Severity>) => void;
}

/** A toggle for each severity, with how many there are. */
export function SeverityFilter({ alerts, hidden, onChange }: SeverityFilterProps) {
  const styles = useStyles2(getAlertStyles);
  const toggle = (severity: Severity): void => {
    const next = new Set(hidden);
    if (!next.delete(severity)) next.add(severity);
    onChange(next);
  };
  return (
    <div
      className={styles.filters}
      role="group"
      aria-label={t('alerts.severities-shown', 'Severities shown')}
    >
      {BY_SEVERITY_DESC.map((severity) => {
        const { name, icon } = severityWords(severity);
        const count = alerts.filter((alert) => alert.severity === severity).length;
        return (
          <button
            key={severity}
            type="button"
            className={styles.filter}
            aria-pressed={!hidden.has(severity)}
            onClick={() => toggle(severity)}
          >
            <Icon name={icon} size="sm" /> {name} {count}
          </button>
        );
      })}
    </div>
  );
}
