import React from 'react';
import { Alert, Button } from '@grafana/ui';
import type { CatalogueState } from './catalogue-state';

interface CatalogueAlertProps {
  readonly catalogue: CatalogueState;
  readonly onRetry: () => void;
}

/** Why there are no choices, where the bridge could not be asked or has nothing to offer. */
export function CatalogueAlert({ catalogue, onRetry }: CatalogueAlertProps) {
  if (catalogue.state === 'loading') return null;
  const failed = catalogue.state === 'failed';
  if (!failed && catalogue.metrics.length > 0) return null;
  return (
    <Alert
      severity={failed ? 'error' : 'info'}
      title={failed ? 'The list of metrics could not be loaded' : 'The bridge offers no metrics'}
    >
      <p>
        {failed
          ? `${catalogue.message} Names can be typed meanwhile.`
          : 'It has none, or the token of this data source may see none. Names can be typed all the same.'}
      </p>
      <Button size="sm" variant="secondary" icon="sync" onClick={onRetry}>
        Try again
      </Button>
    </Alert>
  );
}
