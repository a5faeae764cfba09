import React, { useMemo } from 'react';
import { css } from '@emotion/css';
import {
  FieldType,
  LoadingState,
  dateTime,
  toDataFrame,
  type GrafanaTheme2,
  type PanelData,
} from '@grafana/data';
import { PanelRenderer } from '@grafana/runtime';
import { Alert, useStyles2 } from '@grafana/ui';
import { formatNumber, t } from '../../locales/translate';
import { palette } from '../../panel/theme-palette';
import { useWidth } from '../use-width';
import type { MappingOutcome } from './inspecting';

const HEIGHT = 240;

/** What the newest records of one topic become: figures, the reasons of dead letters, and the line. */
export function Outcome({ outcome }: { readonly outcome: MappingOutcome }) {
  const styles = useStyles2(getStyles);
  const { metric, topic, records, points, removals, late, expired, dead_letters: letters, problem } = outcome;
  // A bridge of an older release sends none.
  const warnings: readonly string[] = (outcome as Partial<MappingOutcome>).warnings ?? [];
  if (problem !== null) {
    return (
      <Alert severity="warning" title={t('app.connect.unread', '{{topic}} could not be read', { topic })}>
        {problem}
      </Alert>
    );
  }
  const refused = letters.reduce((sum, { count }) => sum + count, 0);
  const figures = [
    [t('app.connect.records', 'Records'), records],
    [t('app.connect.points', 'Points'), points],
    [t('app.connect.removals', 'Removals'), removals],
    [t('app.connect.dead-letters', 'Dead letters'), refused],
    [t('app.connect.late', 'Late'), late],
    [t('app.connect.expired', 'Older than the retention'), expired],
  ] as const;
  return (
    <div>
      <dl className={styles.figures}>
        {figures.map(([name, count]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{formatNumber(count)}</dd>
          </div>
        ))}
      </dl>
      {letters.map(({ reason, count, message }) => (
        <Alert
          key={reason}
          severity="warning"
          title={t('app.connect.letters', '{{count, number}} × {{reason}}', { count, reason })}
        >
          {message}
        </Alert>
      ))}
      {warnings.map((warning) => (
        <Alert key={warning} severity="warning" title={warning} />
      ))}
      <Line metric={metric} outcome={outcome} />
    </div>
  );
}

function Line({ metric, outcome }: { readonly metric: string; readonly outcome: MappingOutcome }) {
  const [element, width] = useWidth();
  const data = useMemo(() => panelData(outcome), [outcome]);
  if (data === null) return null;
  return (
    <div ref={element} style={{ height: HEIGHT }}>
      {width > 0 && (
        <PanelRenderer pluginId="timeseries" title={metric} data={data} width={width} height={HEIGHT} />
      )}
    </div>
  );
}

/** The series as frames; null: there are none. */
function panelData({ series, metric }: MappingOutcome): PanelData | null {
  const times = series.flatMap((one) => one.times);
  if (times.length === 0) return null;
  const from = dateTime(Math.min(...times));
  const to = dateTime(Math.max(...times));
  return {
    state: LoadingState.Done,
    timeRange: { from, to, raw: { from, to } },
    series: series.map(({ labels, times: starts, values }) =>
      toDataFrame({
        fields: [
          { name: 'Time', type: FieldType.time, values: [...starts] },
          {
            name: metric,
            type: FieldType.number,
            values: [...values],
            labels: { ...labels },
            config: { displayNameFromDS: Object.values(labels).join(', ') || metric },
          },
        ],
      }),
    ),
  };
}

const getStyles = (theme: GrafanaTheme2) => ({
  figures: css({
    display: 'flex',
    flexWrap: 'wrap',
    gap: theme.spacing(1, 4),
    margin: theme.spacing(0, 0, 2),
    '& dt': { color: palette(theme).text.secondary, fontWeight: 'normal' },
    '& dd': { margin: 0, fontSize: theme.typography.h4.fontSize },
  }),
});
