import React, { type ReactNode } from 'react';
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';

/** A quiet sentence below a row of fields. */
export function Note({ children }: { readonly children: ReactNode }) {
  const styles = useStyles2(stylesOf);
  return <p className={styles.note}>{children}</p>;
}

const stylesOf = (theme: GrafanaTheme2) => ({
  note: css({
    margin: theme.spacing(0, 0, 0.75),
    // Grafana's own types lose the part below colors where optional means "not undefined".
    color: theme.colors.text?.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
    lineHeight: theme.typography.bodySmall.lineHeight,
  }),
});
