import React, { memo } from 'react';
import { css } from '@emotion/css';
import { Icon, useStyles2, useTheme2 } from '@grafana/ui';
import type { ConnectionModel } from '../reading/connection';
import { iconsOfTextSize } from '../icon-size';
import { visuallyHidden } from '../visually-hidden';
import { connectionName, connectionWords, toneColor } from './connection-words';
import { useBadgeState } from './use-badge-state';

interface ConnectionBadgeProps {
  readonly connection: ConnectionModel;
  /** The icon alone; its words stay for screen readers and in the title. */
  readonly compact?: boolean;
}

/** How the panel's numbers are kept up to date, in an icon and a word; says it aloud when it changes. */
export const ConnectionBadge = memo(function ConnectionBadge({
  connection,
  compact = false,
}: ConnectionBadgeProps) {
  const styles = useStyles2(getStyles);
  const theme = useTheme2();
  const state = useBadgeState(connection);
  const { icon, tone, meaning } = connectionWords(state);
  const name = connectionName(state, connection);
  const reason = state === connection.state && connection.message !== '' ? connection.message : meaning;
  const inFull = `${name}: ${reason}`;
  return (
    <span
      role="status"
      className={styles.badge}
      style={{ color: toneColor(tone, theme) }}
      title={inFull}
      data-connection={state}
    >
      <Icon key={icon} name={icon} />
      <span className={compact ? visuallyHidden : styles.name}>{name}</span>
    </span>
  );
});

const getStyles = () => ({
  badge: css({
    display: 'inline-flex',
    alignItems: 'center',
    gap: '0.35em',
    minWidth: 0,
    maxWidth: '100%',
    whiteSpace: 'nowrap',
    fontWeight: 500,
    ...iconsOfTextSize,
    '& > svg': { flex: 'none' },
  }),
  // In some languages longer than a panel of one cell; the title has it in full.
  name: css({ overflow: 'hidden', textOverflow: 'ellipsis' }),
});
