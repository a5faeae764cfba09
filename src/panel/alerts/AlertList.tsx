import React, { memo, useMemo, useState } from 'react';
import type { TimeZone } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { formatNumber, t } from '../../locales/translate';
import type { Severity } from '../severity';
import type { AlertOptions } from '../options/panel-options';
import type { AlertModel, AlertsModel } from '../reading/alert-model';
import { Hint } from '../states/Hint';
import { ScrollArea } from '../states/ScrollArea';
import { visuallyHidden } from '../visually-hidden';
import { alertLayout } from './alert-layout';
import { getAlertStyles } from './alert-styles';
import { AlertRow } from './AlertRow';
import { BriefAlerts } from './BriefAlerts';
import { SeverityFilter } from './SeverityFilter';
import { useAnnouncement } from './use-announcement';

interface AlertListProps {
  readonly alerts: AlertsModel;
  readonly options: Pick<AlertOptions, 'show' | 'filter'>;
  /** With a heading. */
  readonly titled: boolean;
  readonly width: number;
  readonly height: number;
  readonly timeZone: TimeZone;
}

/** The newest alerts, with a button for the rest; announces new ones politely to screen readers. */
export const AlertList = memo(function AlertList({
  alerts,
  options,
  titled,
  width,
  height,
  timeZone,
}: AlertListProps) {
  const styles = useStyles2(getAlertStyles);
  const [hidden, setHidden] = useState<ReadonlySet<Severity>>(NONE);
  const [all, setAll] = useState(false);
  const says = useAnnouncement(alerts.kept);
  const matching = useMemo(
    () => alerts.kept.filter(({ severity }) => !hidden.has(severity)),
    [alerts.kept, hidden],
  );
  const shown = all ? matching : matching.slice(0, options.show);
  // Without alerts there is nothing to count and to filter.
  const layout = alertLayout(width, height, shown.length, titled || alerts.total > 0);
  const live = (
    <div role="status" aria-live="polite" className={visuallyHidden}>
      {says}
    </div>
  );
  if (layout.kind === 'brief') {
    return (
      <div
        role="group"
        className={styles.alerts}
        style={{ width, height, fontSize: layout.size }}
        aria-label={t('alerts.label', 'Recent alerts')}
      >
        {live}
        <BriefAlerts alerts={alerts} />
      </div>
    );
  }
  const headHeight = layout.heading ? 2.4 * layout.size : 0;
  return (
    <div
      role="group"
      className={styles.alerts}
      style={{ width, height, fontSize: layout.size }}
      aria-label={t('alerts.label', 'Recent alerts')}
    >
      {live}
      {layout.heading && (
        <div className={styles.head}>
          {titled && <h3 className={styles.heading}>{t('alerts.label', 'Recent alerts')}</h3>}
          <span className={styles.counts}>{headText(alerts)}</span>
          <span className={styles.fill} />
          {layout.filters && options.filter && alerts.kept.length > 0 && (
            <SeverityFilter alerts={alerts.kept} hidden={hidden} onChange={setHidden} />
          )}
        </div>
      )}
      {shown.length === 0 ? (
        <NoRows alerts={alerts} hiddenRows={alerts.kept.length} width={width} height={height - headHeight} />
      ) : (
        <ScrollArea
          className={styles.scroll}
          style={{ maxHeight: `${layout.listEms}em` }}
          label={t('alerts.list', 'Recent alerts, list')}
        >
          <ul className={styles.list} aria-label={t('alerts.newest-first', 'Alerts, newest first')}>
            {shown.map((alert) => (
              <AlertRow
                key={alert.id}
                alert={alert}
                wide={layout.wide}
                latest={layout.latest}
                words={layout.words}
                timeZone={timeZone}
              />
            ))}
          </ul>
        </ScrollArea>
      )}
      {layout.foot && (
        <Foot
          matching={matching}
          show={options.show}
          all={all}
          onToggle={() => setAll((before) => !before)}
        />
      )}
    </div>
  );
});

const NONE: ReadonlySet<Severity> = new Set();

function headText({ total, open, truncated }: AlertsModel): string {
  if (total === 0) return '';
  return t('alerts.head', '{{open, number}} open, {{total}} in range', {
    open,
    total: `${formatNumber(total)}${truncated ? '+' : ''}`,
  });
}

interface NoRowsProps {
  readonly alerts: AlertsModel;
  readonly hiddenRows: number;
  readonly width: number;
  readonly height: number;
}

function NoRows({ alerts, hiddenRows, width, height }: NoRowsProps) {
  const size = { width, height };
  if (!alerts.fed) {
    return (
      <Hint
        {...size}
        title={t('alerts.no-query.title', 'No alerts query')}
        text={t(
          'alerts.no-query.text',
          'Add a StreamKPI query of type Events, or choose in the options which query feeds the alerts.',
        )}
      />
    );
  }
  if (hiddenRows > 0) {
    return (
      <Hint
        {...size}
        title={t('alerts.filtered.title', 'All filtered out')}
        text={t('alerts.filtered.text', '', {
          count: hiddenRows,
          defaultValue_one: '{{count, number}} alert has another severity.',
          defaultValue_other: '{{count, number}} alerts have other severities.',
        })}
      />
    );
  }
  if (alerts.total > 0) {
    return (
      <Hint
        {...size}
        title={t('alerts.none-match.title', 'None match')}
        text={t('alerts.none-match.text', '', {
          count: alerts.total,
          defaultValue_one: 'The options leave out the only alert of this range.',
          defaultValue_other: 'The options leave out all {{count, number}} alerts of this range.',
        })}
      />
    );
  }
  if (alerts.doubt !== null) {
    return (
      <Hint
        {...size}
        icon="question-circle"
        title={t('alerts.doubt.title', 'No known alerts')}
        text={alerts.doubt}
      />
    );
  }
  return (
    <Hint
      {...size}
      tone="good"
      icon="check-circle"
      title={t('alerts.clear.title', 'All clear')}
      text={t('alerts.clear.text', 'No alerts in this time range.')}
    />
  );
}

interface FootProps {
  readonly matching: readonly AlertModel[];
  readonly show: number;
  readonly all: boolean;
  readonly onToggle: () => void;
}

/** Keeps its place when there is nothing to toggle, so that rows do not move when an alert comes. */
function Foot({ matching, show, all, onToggle }: FootProps) {
  const styles = useStyles2(getAlertStyles);
  return (
    <div className={styles.foot}>
      {matching.length > show && (
        <button type="button" className={styles.toggle} aria-expanded={all} onClick={onToggle}>
          {all
            ? t('alerts.show-newest', 'Show the newest {{show, number}}', { show })
            : t('alerts.show-all', 'Show all {{all, number}} kept', { all: matching.length })}
        </button>
      )}
    </div>
  );
}
