import { FieldColorModeId, type PanelPlugin } from '@grafana/data';
import { Alert } from '@grafana/ui';
import React from 'react';
import { standIn } from './stand-in';
import { StatPanel } from './stat-panel';
import { TABLE_OPTIONS, TablePanel } from './table-panel';
import { TextPanel } from './text-panel';
import { TimeSeriesPanel, TIME_SERIES_OPTIONS } from './time-series-panel';

let made: Readonly<Record<string, PanelPlugin>> | undefined;

/**
 * Panels in the place of those of Grafana's own that the bundled dashboards have, by their ids: no npm package has
 * them.
 */
export function standIns(): Readonly<Record<string, PanelPlugin>> {
  made ??= {
    timeseries: standIn(
      'timeseries',
      'time series',
      TimeSeriesPanel,
      TIME_SERIES_OPTIONS,
      FieldColorModeId.PaletteClassic,
    ),
    stat: standIn('stat', 'stat', StatPanel),
    table: standIn('table', 'table', TablePanel, TABLE_OPTIONS),
    text: standIn('text', 'text', TextPanel),
  };
  return made;
}

/** Says in its own place that a panel cannot be shown, and why. */
export function missingPanel(id: string, why: string): PanelPlugin {
  return standIn(id, id, () => (
    <Alert title={`Panel ${id} cannot be shown`} severity="error">
      {why}
    </Alert>
  ));
}
