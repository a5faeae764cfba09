import React from 'react';
import { Alert, Button } from '@grafana/ui';
import { t } from '../../../locales/translate';
import type { CatalogueState } from './catalogue-state';

interface CatalogueAlertProps {
  readonly catalogue: CatalogueState;
  readonly onRetry: () => void;
}

/** Says why there are no choices: the bridge could not be reached or has none. */
export function CatalogueAlert({ catalogue, onRetry }: CatalogueAlertProps) {
  if (catalogue.state === 'loading') return null;
  const failed = catalogue.state === 'failed';
  if (!failed && catalogue.metrics.length > 0) return null;
  return (
    <Alert
      severity={failed ? 'error' : 'info'}
      title={
        failed
          ? t('metrics.failed.title', 'The list of metrics could not be loaded')
          : t('metrics.none.title', 'The bridge offers no metrics')
      }
    >
      <p>
        {failed
          ? t('metrics.failed.text', '{{reason}} You can type names in the meantime.', {
              reason: catalogue.message,
            })
          : t(
              'metrics.none.text',
              'It has none, or the token of this data source may not see any. You can still type names.',
            )}
      </p>
      <Button size="sm" variant="secondary" icon="sync" onClick={onRetry}>
        {t('metrics.retry', 'Try again')}
      </Button>
    </Alert>
  );
}
