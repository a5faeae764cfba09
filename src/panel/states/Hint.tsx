import React from 'react';
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Icon, useStyles2, type IconName } from '@grafana/ui';
import { iconsOfTextSize } from '../icon-size';
import { palette } from '../theme-palette';

interface HintProps {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  /** What to do about it; only in the tooltip where there is no room. */
  readonly text: string;
  readonly icon?: IconName;
  readonly tone?: 'neutral' | 'good' | 'bad';
  /** Where to do it. */
  readonly link?: { readonly href: string; readonly text: string };
}

const SMALLEST = 12;
const LARGEST = 28;
/** Heights in multiples of the text's size. */
const HEAD_HEIGHT = 3;
const LINE_HEIGHT = 1.6;
const LONGEST_LINE = 60;

/** Readable from where one looks at a panel of that size; px. */
const sizeFor = (width: number, height: number): number =>
  Math.round(Math.min(LARGEST, Math.max(SMALLEST, Math.min(width / 50, height / 16))));

/** Generously. */
const linesOf = (text: string, width: number, size: number): number =>
  Math.ceil(text.length / Math.min(LONGEST_LINE, Math.max(1, Math.floor((width - 8) / (0.57 * size))))) + 0.5;

/** Says why there is nothing to see, and what to do. */
export function Hint(props: HintProps) {
  const { width, height, title, text, icon = 'info-circle', tone = 'neutral', link } = props;
  const styles = useStyles2(getStyles);
  const size = sizeFor(width, height);
  const lines = linesOf(text, width, size) + (link === undefined ? 0 : 1);
  const needed = (HEAD_HEIGHT + lines * LINE_HEIGHT) * size;
  const hasText = text !== '' && width >= 160 && height >= needed;
  return (
    <div className={styles.hint} style={{ width, height, fontSize: size }} title={text}>
      <div className={styles[tone]}>
        {width >= 120 && <Icon key={icon} name={icon} />} {title}
      </div>
      {hasText && <div className={styles.text}>{text}</div>}
      {link !== undefined && (
        <a className={styles.link} href={link.href}>
          {link.text}
        </a>
      )}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => {
  const head = { fontSize: '1.17em', fontWeight: theme.typography.fontWeightMedium, ...iconsOfTextSize };
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
    text: css({ maxWidth: '60ch', lineHeight: LINE_HEIGHT, color: palette(theme).text.secondary }),
    link: css({ color: palette(theme).text.link, textDecoration: 'underline' }),
  };
};
