import React, { useEffect, useRef } from 'react';
import { css } from '@emotion/css';
import { EditorField } from '@grafana/plugin-ui';
import { Button, useStyles2 } from '@grafana/ui';
import { t } from '../../../locales/translate';
import type { CatalogueClient, MetricEntry } from '../../catalogue';
import type { QueryFilter } from '../../query';
import { dimensionId, FilterRow } from './FilterRow';

interface FilterRowsProps {
  readonly id: string;
  readonly filters: readonly QueryFilter[];
  readonly client: CatalogueClient;
  readonly metricName: string | undefined;
  readonly metric: MetricEntry | undefined;
  readonly tooltip?: string;
  /** Undefined when the last one is gone. */
  readonly onChange: (filters: readonly QueryFilter[] | undefined) => void;
}

/** Conditions that a series must pass, all of them. */
export function FilterRows({ id, filters, client, metricName, metric, tooltip, onChange }: FilterRowsProps) {
  const styles = useStyles2(stylesOf);
  const wantsFocus = useRef<string>(undefined);
  // Keyboard focus stays at the changed row instead of moving to the top of the page.
  useEffect(() => {
    if (wantsFocus.current === undefined) return;
    document.getElementById(wantsFocus.current)?.focus();
    wantsFocus.current = undefined;
  }, [filters.length]);
  const rowId = (index: number): string => `${id}-${index}`;
  return (
    <div role="group" aria-label={t('filters.label', 'Filters')} className={styles.filters}>
      <EditorField
        label={t('filters.label', 'Filters')}
        tooltip={
          tooltip ?? t('filters.tooltip', 'A series must match all filters. Incomplete filters are ignored.')
        }
      >
        <div>
          {filters.map((filter, index) => (
            <FilterRow
              key={index}
              id={rowId(index)}
              number={index + 1}
              filter={filter}
              client={client}
              metricName={metricName}
              metric={metric}
              onChange={(next) => onChange(filters.map((old, place) => (place === index ? next : old)))}
              onRemove={() => {
                const rest = filters.filter((_, place) => place !== index);
                wantsFocus.current = `${id}-add`;
                onChange(rest.length === 0 ? undefined : rest);
              }}
            />
          ))}
          <Button
            id={`${id}-add`}
            type="button"
            variant="secondary"
            icon="plus"
            onClick={() => {
              wantsFocus.current = dimensionId(rowId(filters.length));
              onChange([...filters, { dimension: '', op: '=', values: [] }]);
            }}
          >
            {t('filters.add', 'Add filter')}
          </Button>
        </div>
      </EditorField>
    </div>
  );
}

const stylesOf = () => ({
  filters: css({ flex: '1 1 auto', minWidth: 0 }),
});
