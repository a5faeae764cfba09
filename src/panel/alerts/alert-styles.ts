import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { iconsOfTextSize } from '../icon-size';
import { palette } from '../theme-palette';

const oneLine = { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' } as const;

/** Heights in multiples of the font size; alert-layout.ts counts on them. */
export const getAlertStyles = (theme: GrafanaTheme2) => {
  const { text, background, border } = palette(theme);
  const focus = { outline: `2px solid ${theme.colors.primary.border}`, outlineOffset: -2 };
  const row = {
    display: 'grid',
    alignItems: 'center',
    columnGap: '1em',
    boxSizing: 'border-box',
    margin: '0 0 0.3em',
    '&:last-child': { marginBottom: 0 },
    padding: '0 0.6em',
    borderLeft: '3px solid',
    borderRadius: theme.shape.radius.default,
    background: background.secondary,
  } as const;
  const chip = {
    display: 'inline-flex',
    alignItems: 'center',
    gap: '0.25em',
    whiteSpace: 'nowrap',
    ...iconsOfTextSize,
  } as const;
  return {
    alerts: css({
      position: 'relative',
      display: 'flex',
      flexDirection: 'column',
      overflow: 'hidden',
      color: text.primary,
      fontVariantNumeric: 'tabular-nums',
    }),
    head: css({
      display: 'flex',
      flex: 'none',
      alignItems: 'center',
      gap: '0.75em',
      height: '2.4em',
      overflow: 'hidden',
      whiteSpace: 'nowrap',
    }),
    heading: css({
      ...oneLine,
      margin: 0,
      fontSize: '1em',
      lineHeight: '2.4em',
      fontWeight: theme.typography.fontWeightMedium,
    }),
    counts: css({ ...oneLine, color: text.secondary }),
    fill: css({ flex: '1 1 0' }),
    filters: css({ display: 'flex', flex: 'none', gap: '0.4em' }),
    filter: css({
      ...chip,
      padding: '0.1em 0.6em',
      border: `1px solid ${border.strong}`,
      borderRadius: '1em',
      background: 'transparent',
      color: text.secondary,
      fontSize: 'max(11px, 0.85em)',
      lineHeight: 1.5,
      '&:hover': { background: background.secondary },
      '&:focus-visible': focus,
      '&[aria-pressed="true"]': { background: background.secondary, color: text.primary },
      '&[aria-pressed="false"]': { textDecoration: 'line-through' },
    }),
    scroll: css({
      flex: '0 1 auto',
      minHeight: 0,
      overflowX: 'hidden',
      overflowY: 'auto',
      '&:focus-visible': focus,
    }),
    list: css({ margin: 0, padding: 0, listStyle: 'none' }),
    wideRow: css({
      ...row,
      minHeight: '2.6em',
      gridTemplateColumns: '5.5em minmax(0, 1fr) auto 21.5em 6em auto',
      '& > *': { minWidth: 0 },
    }),
    tallRow: css({
      ...row,
      display: 'flex',
      flexWrap: 'wrap',
      gap: '0 0.9em',
      minHeight: '3.9em',
      paddingTop: '0.35em',
      paddingBottom: '0.35em',
      '& > *': { minWidth: 0, lineHeight: 1.5 },
      '& > :nth-child(2)': { order: -1, flex: '1 0 100%' },
    }),
    severity: css({ ...chip, fontWeight: theme.typography.fontWeightMedium }),
    message: css({ ...oneLine, '&:focus-visible': focus }),
    newest: css({ color: text.secondary, '&:focus-visible': focus }),
    quiet: css({ color: text.secondary }),
    link: css({
      color: text.link,
      '&:hover': { textDecoration: 'underline' },
      // Its box cuts what is outside of it.
      '&:focus-visible': focus,
    }),
    value: css({ whiteSpace: 'nowrap', fontWeight: theme.typography.fontWeightMedium, textAlign: 'right' }),
    times: css({ ...oneLine, display: 'flex', gap: '0.75em', color: text.secondary }),
    open: css({ ...chip, fontWeight: theme.typography.fontWeightMedium }),
    resolved: css({ ...chip, color: text.secondary }),
    foot: css({ flex: 'none', display: 'flex', alignItems: 'center', height: '2.2em', gap: '1em' }),
    toggle: css({
      font: 'inherit',
      padding: 0,
      border: 0,
      background: 'none',
      color: text.link,
      '&:hover': { textDecoration: 'underline' },
      '&:focus-visible': focus,
    }),
    brief: css({
      height: '100%',
      display: 'flex',
      flexDirection: 'column',
      justifyContent: 'center',
      overflow: 'hidden',
      padding: '0 4px',
      '& > *': { ...oneLine },
    }),
    briefHead: css({ fontWeight: theme.typography.fontWeightMedium }),
  };
};
