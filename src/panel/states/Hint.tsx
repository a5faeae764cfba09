import React from 'react';
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Icon, useStyles2, type IconName } from '@grafana/ui';
import { palette } from '../theme-palette';

interface HintProps {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  /** What to do about it; left out where there is no room, then only in the title. */
  readonly text: string;
  readonly icon?: IconName;
  readonly tone?: 'neutral' | 'good' | 'bad';
}

const HEAD_HEIGHT = 36;
const LINE_HEIGHT = 19;
const LONGEST_LINE = 60;

/** At the small size of the text, generously. */
const linesOf = (text: string, width: number): number =>
  Math.ceil(text.length / Math.min(LONGEST_LINE, Math.max(1, Math.floor((width - 8) / 6.8)))) + 0.5;

/** Says why there is nothing to see, and what to do. */
export function Hint({ width, height, title, text, icon = 'info-circle', tone = 'neutral' }: HintProps) {
  const styles = useStyles2(getStyles);
  const hasText = text !== '' && width >= 160 && height >= HEAD_HEIGHT + linesOf(text, width) * LINE_HEIGHT;
  return (
    <div className={styles.hint} style={{ width, height }} title={text}>
      <div className={styles[tone]}>
        {width >= 120 && <Icon key={icon} name={icon} />} {title}
      </div>
      {hasText && <div className={styles.text}>{text}</div>}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => {
  const head = { fontWeight: theme.typography.fontWeightMedium };
  return {
    hint: css({
      display: 'flex',
      flexDirection: 'column',
      alignItems: 'center',
      justifyContent: 'center',
      gap: 4,
      overflow: 'hidden',
      textAlign: 'center',
      padding: 4,
      boxSizing: 'border-box',
    }),
    neutral: css({ ...head, color: palette(theme).text.primary }),
    good: css({ ...head, color: theme.colors.success.text }),
    bad: css({ ...head, color: theme.colors.error.text }),
    text: css({ maxWidth: '60ch', color: palette(theme).text.secondary, fontSize: theme.typography.size.sm }),
  };
};
