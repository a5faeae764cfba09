import React, { memo } from 'react';
import { css } from '@emotion/css';
import type { GrafanaTheme2, TimeZone } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { Age } from '../clock/Age';
import { WallClock } from '../clock/WallClock';
import type { ConnectionModel } from '../reading/connection';
import { palette } from '../theme-palette';
import { ConnectionBadge } from './ConnectionBadge';

interface ConnectionHeaderProps {
  readonly connection: ConnectionModel;
  readonly width: number;
  readonly height: number;
  readonly timeZone: TimeZone;
}

/** One line: the connection, why it is as it is, how old the data is, and the time. */
export const ConnectionHeader = memo(function ConnectionHeader(props: ConnectionHeaderProps) {
  const { connection, width, height, timeZone } = props;
  const styles = useStyles2(getStyles);
  const size = Math.round(Math.min(36, Math.max(12, Math.min(height * 0.42, width * 0.035))));
  const ems = width / size;
  // Why it is as it is matters more than how old the data is.
  const hasMessage = ems >= 30 && connection.message !== '';
  return (
    <div className={styles.header} style={{ height, fontSize: size }}>
      <ConnectionBadge connection={connection} compact={ems < 9} />
      {hasMessage && (
        <span className={styles.message} title={connection.message}>
          {connection.message}
        </span>
      )}
      <span className={styles.fill} />
      {ems >= (hasMessage ? 62 : 32) && connection.dataUntil !== null && (
        <span className={styles.quiet}>
          Data until <Age at={connection.dataUntil} timeZone={timeZone} says="Newest event time read" />
        </span>
      )}
      {ems >= 20 && (
        <span className={styles.quiet}>
          <WallClock timeZone={timeZone} />
        </span>
      )}
    </div>
  );
});

const getStyles = (theme: GrafanaTheme2) => ({
  header: css({
    display: 'flex',
    alignItems: 'center',
    gap: '1.25em',
    padding: '0 4px',
    overflow: 'hidden',
    whiteSpace: 'nowrap',
    fontVariantNumeric: 'tabular-nums',
  }),
  message: css({
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    minWidth: 0,
    color: palette(theme).text.secondary,
  }),
  fill: css({ flex: '1 1 0' }),
  quiet: css({ flex: 'none', color: palette(theme).text.secondary }),
});
