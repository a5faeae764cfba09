import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { iconsOfTextSize } from '../icon-size';
import { palette } from '../theme-palette';

/** Height of a row, and of the head, of the table of topics. */
const TOPIC_ROW = '2.1em';

const oneLine = { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' } as const;

export const getStatusStyles = (theme: GrafanaTheme2) => {
  const { text, background, border } = palette(theme);
  const focus = {
    '&:focus-visible': { outline: `2px solid ${theme.colors.primary.border}`, outlineOffset: -2 },
  };
  return {
    status: css({
      display: 'flex',
      flexDirection: 'column',
      overflow: 'hidden',
      color: text.primary,
      fontVariantNumeric: 'tabular-nums',
    }),
    heading: css({
      flex: 'none',
      margin: 0,
      height: '2em',
      fontSize: '1em',
      lineHeight: '2em',
      fontWeight: theme.typography.fontWeightMedium,
    }),
    tiles: css({ display: 'grid', flex: 'none', gap: '0.4em', margin: 0 }),
    tile: css({
      display: 'flex',
      flexDirection: 'column',
      justifyContent: 'center',
      height: '3.9em',
      boxSizing: 'border-box',
      padding: '0 0.6em',
      overflow: 'hidden',
      borderRadius: theme.shape.radius.default,
      background: background.secondary,
    }),
    name: css({
      ...oneLine,
      fontSize: 'max(11px, 0.85em)',
      lineHeight: 1.3,
      fontWeight: theme.typography.fontWeightRegular,
      color: text.secondary,
    }),
    figure: css({ ...oneLine, margin: 0, fontSize: '1.1em', lineHeight: 1.4, fontWeight: 500 }),
    hops: css({
      display: 'flex',
      flex: 'none',
      flexWrap: 'wrap',
      gap: '0.3em 1em',
      margin: '0.4em 0 0',
      padding: 0,
      listStyle: 'none',
    }),
    hop: css({ display: 'flex', gap: '0.5em', minWidth: 0, maxWidth: '100%', lineHeight: 1.5 }),
    hopState: css({ flex: 'none', whiteSpace: 'nowrap', ...iconsOfTextSize }),
    hopName: css({ flex: 'none', fontWeight: theme.typography.fontWeightMedium }),
    hopMessage: css({ ...oneLine, minWidth: 0, color: text.secondary }),
    hint: css({ ...oneLine, flex: 'none', margin: '0.5em 0 0', color: text.secondary }),
    topics: css({ flex: '1 1 0', minHeight: 0, marginTop: '0.5em' }),
    // No row is cut in the middle; a browser that cannot round shows all there is room for.
    wholeRows: css({
      maxHeight: ['100%', `round(down, 100%, ${TOPIC_ROW})`],
      overflow: 'auto',
      ...focus,
    }),
    table: css({
      width: '100%',
      borderCollapse: 'collapse',
      tr: { height: TOPIC_ROW },
      'th, td': {
        padding: '0 0.6em 0 0',
        textAlign: 'left',
        whiteSpace: 'nowrap',
        fontWeight: theme.typography.fontWeightRegular,
        borderBottom: `1px solid ${border.weak}`,
      },
      'thead th': { color: text.secondary, fontSize: 'max(11px, 0.85em)' },
    }),
    // Takes what the other columns leave.
    long: css({ '&&': { ...oneLine, width: '100%', maxWidth: 0 } }),
    metric: css({ '&&': { ...oneLine, maxWidth: '16em' } }),
    number: css({ '&&': { textAlign: 'right', paddingLeft: '0.6em' } }),
  };
};
