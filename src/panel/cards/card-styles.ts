import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { SMALL_LINE, TITLE_LINE, VALUE_LINE } from './card-layout';
import { JUDGEMENT_EMS, UNIT_SIZE } from './text-widths';
import { iconsOfTextSize } from '../icon-size';
import { palette } from '../theme-palette';

const oneLine = { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' } as const;

export const getCardStyles = (theme: GrafanaTheme2) => ({
  grid: css({
    display: 'grid',
    margin: 0,
    padding: 0,
    listStyle: 'none',
    alignContent: 'start',
  }),
  scroll: css({
    overflowX: 'hidden',
    overflowY: 'auto',
    '&:focus-visible': { outline: `2px solid ${theme.colors.primary.border}`, outlineOffset: -2 },
  }),
  more: css({
    ...oneLine,
    color: palette(theme).text.secondary,
    alignSelf: 'center',
    fontSize: theme.typography.size.sm,
  }),
  card: css({
    position: 'relative',
    // What changes in one card moves nothing outside of it.
    contain: 'layout paint',
    display: 'flex',
    flexDirection: 'column',
    justifyContent: 'center',
    height: '100%',
    overflow: 'hidden',
    boxSizing: 'border-box',
    borderRadius: theme.shape.radius.default,
    background: palette(theme).background.secondary,
    color: palette(theme).text.primary,
    fontVariantNumeric: 'tabular-nums',
  }),
  line: css({ flexDirection: 'row', alignItems: 'center', justifyContent: 'space-between', gap: 8 }),
  head: css({ display: 'flex', alignItems: 'center', gap: '0.4em', minWidth: 0, lineHeight: TITLE_LINE }),
  title: css({
    ...oneLine,
    flex: '1 1 auto',
    minWidth: 0,
    margin: 0,
    fontSize: 'inherit',
    lineHeight: 'inherit',
    fontWeight: theme.typography.fontWeightMedium,
    letterSpacing: 'normal',
    color: 'inherit',
  }),
  sharedTitle: css({ ...oneLine, display: 'inline-block', verticalAlign: 'bottom', whiteSpace: 'pre' }),
  subtitle: css({ fontWeight: theme.typography.fontWeightRegular, color: palette(theme).text.secondary }),
  link: css({
    color: 'inherit',
    textDecoration: 'underline',
    textDecorationColor: palette(theme).border.strong,
    textUnderlineOffset: '0.15em',
    '&:hover': { textDecorationColor: 'currentColor' },
  }),
  marks: css({ display: 'flex', flex: 'none', alignItems: 'center', gap: '0.5em', fontSize: '0.9em' }),
  mark: css({
    display: 'inline-flex',
    alignItems: 'center',
    gap: '0.25em',
    whiteSpace: 'nowrap',
    ...iconsOfTextSize,
  }),
  old: css({ color: theme.colors.warning.text }),
  open: css({ color: theme.colors.info.text }),
  note: css({
    display: 'inline-flex',
    padding: 0,
    border: 0,
    background: 'none',
    color: palette(theme).text.secondary,
    cursor: 'help',
    ...iconsOfTextSize,
    '&:focus-visible': { outline: `2px solid ${theme.colors.primary.border}` },
  }),
  valueRow: css({ display: 'flex', alignItems: 'baseline', gap: '0.75em', minWidth: 0 }),
  value: css({
    ...oneLine,
    minWidth: 0,
    lineHeight: VALUE_LINE,
    fontWeight: theme.typography.fontWeightMedium,
  }),
  unit: css({ fontSize: `${UNIT_SIZE}em` }),
  delta: css({
    whiteSpace: 'nowrap',
    lineHeight: SMALL_LINE,
    minHeight: `${SMALL_LINE}em`,
    flex: 'none',
  }),
  // All arrows are as wide, so that the number beside does not move when the direction changes.
  arrow: css({ display: 'inline-block', width: '1.1em' }),
  // As wide with either sign and with none.
  judgement: css({
    display: 'inline-block',
    width: `${JUDGEMENT_EMS}em`,
    fontWeight: theme.typography.fontWeightBold,
  }),
  small: css({ ...oneLine, flex: 'none', lineHeight: SMALL_LINE, color: palette(theme).text.secondary }),
  stats: css({ display: 'flex', gap: '1em', '& > *': { ...oneLine, minWidth: 0 } }),
  bar: css({ flex: 'none', overflow: 'hidden', borderRadius: 2, background: palette(theme).border.medium }),
  filled: css({
    height: '100%',
    borderRadius: 2,
    '@media (prefers-reduced-motion: no-preference)': { transition: 'width 200ms ease-out' },
  }),
  good: css({ color: theme.colors.success.text }),
  bad: css({ color: theme.colors.error.text }),
  neutral: css({ color: palette(theme).text.secondary }),
  inherits: css({ '&& *': { color: 'inherit' } }),
});
