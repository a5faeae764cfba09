import React, { memo } from 'react';
import { css } from '@emotion/css';
import type { GrafanaTheme2, TimeZone } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { t } from '../../locales/translate';
import { Age } from '../clock/Age';
import { WallClock } from '../clock/WallClock';
import type { ConnectionModel } from '../reading/connection';
import { palette } from '../theme-palette';
import { ConnectionBadge } from './ConnectionBadge';
import { connectionLine } from './connection-line';
import { connectionWords, type BadgeState } from './connection-words';
import { useBadgeState } from './use-badge-state';

interface ConnectionHeaderProps {
  readonly connection: ConnectionModel;
  readonly width: number;
  readonly height: number;
  readonly timeZone: TimeZone;
}

/** The connection, why it is as it is, how old the data is, and the time: in one line, or with the reason below it. */
export const ConnectionHeader = memo(function ConnectionHeader(props: ConnectionHeaderProps) {
  const { connection, width, height, timeZone } = props;
  const styles = useStyles2(getStyles);
  const state = useBadgeState(connection);
  const reason = reasonOf(state, connection);
  const line = connectionLine(width, height, reason !== '');
  return (
    <div className={styles.header} style={{ height, fontSize: line.size }}>
      <div className={styles.line}>
        <ConnectionBadge connection={connection} compact={line.compact} />
        {line.reason === 'beside' && (
          <span className={styles.message} title={reason}>
            {reason}
          </span>
        )}
        <span className={styles.fill} />
        {line.age && connection.dataUntil !== null && (
          <span className={styles.quiet}>
            {t('connection.data-until', 'Data until')}{' '}
            <span className={styles.age}>
              <Age
                at={connection.dataUntil}
                timeZone={timeZone}
                says={t('connection.newest-read', 'Newest event time read')}
              />
            </span>
          </span>
        )}
        {line.clock && (
          <span className={styles.quiet}>
            <WallClock timeZone={timeZone} />
          </span>
        )}
      </div>
      {line.reason === 'below' && (
        <div
          className={styles.below}
          style={{ fontSize: line.reasonSize, WebkitLineClamp: line.reasonLines }}
          title={reason}
        >
          {reason}
        </div>
      )}
    </div>
  );
});

/** What the frames say, else what the state means; nothing where all is as it should be. */
function reasonOf(state: BadgeState, { state: shownState, message }: ConnectionModel): string {
  if (state === shownState && message !== '') return message;
  return state === 'connected' || state === 'scheduled' ? '' : connectionWords(state).meaning;
}

const getStyles = (theme: GrafanaTheme2) => ({
  header: css({
    display: 'flex',
    flexDirection: 'column',
    justifyContent: 'center',
    padding: '0 4px',
    overflow: 'hidden',
  }),
  line: css({
    display: 'flex',
    flex: 'none',
    alignItems: 'center',
    gap: '1.25em',
    overflow: 'hidden',
    lineHeight: 1.4,
    whiteSpace: 'nowrap',
    fontVariantNumeric: 'tabular-nums',
  }),
  message: css({
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    minWidth: 0,
    color: palette(theme).text.secondary,
  }),
  below: css({
    display: '-webkit-box',
    WebkitBoxOrient: 'vertical',
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    lineHeight: 1.4,
    color: palette(theme).text.secondary,
  }),
  fill: css({ flex: '1 1 0' }),
  // As wide as any age, so that its neighbours do not move.
  age: css({ display: 'inline-block', minWidth: '5.6em' }),
  quiet: css({ flex: 'none', color: palette(theme).text.secondary }),
});
