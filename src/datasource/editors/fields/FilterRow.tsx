import React, { useMemo } from 'react';
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Combobox, FieldValidationMessage, IconButton, useStyles2, type ComboboxOption } from '@grafana/ui';
import type { CatalogueClient, MetricEntry } from '../../catalogue';
import type { FilterOperator, QueryFilter } from '../../query';
import { t } from '../../../locales/translate';
import { dimensionChoices } from '../query/catalogue-choices';
import { chosenFirst, meantChoice, nameHint } from './meant-choice';
import { holdsVariable, useVariableNames, withVariablesFilledIn } from './template-variables';
import { ValuesField } from './ValuesField';

const operators = (): ComboboxOption<FilterOperator>[] => [
  { value: '=', label: '=', description: t('filters.operator.equal', 'any of the values') },
  { value: '!=', label: '!=', description: t('filters.operator.not-equal', 'none of the values') },
  { value: '=~', label: '=~', description: t('filters.operator.match', 'any of the patterns') },
  { value: '!~', label: '!~', description: t('filters.operator.no-match', 'none of the patterns') },
];

interface FilterRowProps {
  /** Prefix of the ids of the row's fields. */
  readonly id: string;
  /** Counted from one; names the row's fields to screen readers. */
  readonly number: number;
  readonly filter: QueryFilter;
  readonly client: CatalogueClient;
  readonly metricName: string | undefined;
  readonly metric: MetricEntry | undefined;
  readonly onChange: (filter: QueryFilter) => void;
  readonly onRemove: () => void;
}

/** One condition: dimension, operator, values. */
export function FilterRow(props: FilterRowProps) {
  const { id, number, filter, client, metricName, metric, onChange, onRemove } = props;
  const styles = useStyles2(stylesOf);
  const variables = useVariableNames();
  const dimensions = useMemo(
    () => [
      ...dimensionChoices(metric).map(({ value, label }) => ({ value, label })),
      ...variables.map((name) => ({ value: name, label: name })),
    ],
    [metric, variables],
  );
  const { dimension, op, values } = filter;
  const source = useMemo(
    () => ({
      client,
      metric: withVariablesFilledIn(metricName ?? ''),
      dimension: withVariablesFilledIn(dimension),
    }),
    [client, metricName, dimension],
  );
  const fault = dimensionFault(dimension, metric);
  return (
    <div role="group" aria-label={t('filters.filter', 'Filter {{number}}', { number })}>
      <div className={styles.row}>
        <label className={styles.hidden} htmlFor={dimensionId(id)}>
          {t('filters.dimension.label', 'Dimension of filter {{number}}', { number })}
        </label>
        <div className={styles.dimension}>
          <Combobox
            id={dimensionId(id)}
            options={chosenFirst(dimensions, dimension)}
            value={dimension === '' ? null : dimension}
            createCustomValue
            customValueDescription={nameHint()}
            placeholder={t('filters.dimension.placeholder', 'Dimension')}
            invalid={fault !== undefined}
            onChange={(chosen: ComboboxOption | null) => {
              // Values of one dimension mean nothing for another.
              const name = chosen === null ? dimension : meantChoice(chosen.value.trim(), dimensions);
              if (name !== dimension) onChange({ dimension: name, op, values: [] });
            }}
          />
        </div>
        <label className={styles.hidden} htmlFor={`${id}-operator`}>
          {t('filters.operator.label', 'Operator of filter {{number}}', { number })}
        </label>
        <div className={styles.operator}>
          <Combobox
            id={`${id}-operator`}
            options={chosenFirst(operators(), op)}
            value={op}
            onChange={(chosen: ComboboxOption<FilterOperator> | null) => {
              if (chosen !== null) onChange({ dimension, op: chosen.value, values });
            }}
          />
        </div>
        <div className={styles.values}>
          <ValuesField
            id={`${id}-values`}
            name={t('filters.values.label', 'Values of filter {{number}}', { number })}
            source={source}
            op={op}
            values={values}
            onChange={(chosen) => onChange({ dimension, op, values: chosen })}
          />
        </div>
        <div className={styles.remove}>
          <IconButton
            name="trash-alt"
            aria-label={t('filters.remove', 'Remove filter {{number}}', { number })}
            onClick={onRemove}
          />
        </div>
      </div>
      {fault !== undefined && <FieldValidationMessage>{fault}</FieldValidationMessage>}
    </div>
  );
}

export const dimensionId = (rowId: string): string => `${rowId}-dimension`;

function dimensionFault(name: string, metric: MetricEntry | undefined): string | undefined {
  if (metric === undefined || name === '' || holdsVariable(name)) return undefined;
  if (metric.dimensions.some((dimension) => dimension.name === name)) return undefined;
  return t(
    'filters.dimension.unknown',
    '"{{metric}}" has no dimension "{{dimension}}". Choose another, or remove the filter.',
    { metric: metric.title || metric.name, dimension: name },
  );
}

const stylesOf = (theme: GrafanaTheme2) => ({
  row: css({
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'flex-start',
    gap: theme.spacing(0.5),
    marginBottom: theme.spacing(0.5),
  }),
  dimension: css({ flex: '0 1 192px', minWidth: 120 }),
  operator: css({ flex: '0 0 80px' }),
  values: css({ flex: '1 1 200px', minWidth: 160, maxWidth: 560 }),
  remove: css({
    display: 'flex',
    alignItems: 'center',
    height: theme.spacing(4),
    paddingLeft: theme.spacing(0.5),
  }),
  // Seen by screen readers only.
  hidden: css({
    position: 'absolute',
    width: 1,
    height: 1,
    overflow: 'hidden',
    clipPath: 'inset(50%)',
    whiteSpace: 'nowrap',
  }),
});
