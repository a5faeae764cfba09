import { css } from '@emotion/css';
import { FieldType, type GrafanaTheme2 } from '@grafana/data';
import type { PanelDataErrorViewProps } from '@grafana/runtime';
import { useStyles2 } from '@grafana/ui';
import React from 'react';

const styles = (theme: GrafanaTheme2) => ({
  message: css({
    display: 'flex',
    height: '100%',
    alignItems: 'center',
    justifyContent: 'center',
    color: theme.colors.text.secondary,
    fontSize: theme.typography.size.lg,
  }),
});

function why(props: PanelDataErrorViewProps): string {
  const { data, fieldConfig, message, needsNumberField, needsTimeField, needsStringField } = props;
  if (message !== undefined) return message;
  const types = data.series.flatMap(({ fields }) => fields.map(({ type }) => type));
  if (types.length === 0) return fieldConfig?.defaults.noValue ?? 'No data';
  if (needsStringField === true && !types.includes(FieldType.string)) return 'Data is missing a string field';
  if (needsNumberField === true && !types.includes(FieldType.number)) return 'Data is missing a number field';
  if (needsTimeField === true && !types.includes(FieldType.time)) return 'Data is missing a time field';
  return 'Cannot visualize data';
}

/** What a panel shows when it has nothing it can draw, in Grafana's words. */
export function NoDataView(props: PanelDataErrorViewProps) {
  const style = useStyles2(styles);
  return <div className={style.message}>{why(props)}</div>;
}
