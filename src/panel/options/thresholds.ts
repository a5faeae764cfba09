import { ThresholdsMode, type FieldConfigSource, type ThresholdsConfig } from '@grafana/data';

/** A number is neither good nor bad before somebody says where that begins. */
export const NO_THRESHOLDS: ThresholdsConfig = {
  mode: ThresholdsMode.Absolute,
  steps: [{ value: -Infinity, color: 'text' }],
};

/**
 * What Grafana gives a panel of another kind, such as the time series that every new panel begins as: green, and red
 * from 80 on.
 */
const isGrafanasOwn = ({ mode, steps: [first, second, ...more] }: ThresholdsConfig): boolean =>
  mode === ThresholdsMode.Absolute &&
  first?.color === 'green' &&
  second?.color === 'red' &&
  second.value === 80 &&
  more.length === 0;

/** Takes thresholds away that nobody has chosen. Grafana reads the settings again after this: it is given no others. */
export function dropUnchosenThresholds({ defaults }: FieldConfigSource): void {
  if (defaults.thresholds !== undefined && isGrafanasOwn(defaults.thresholds))
    defaults.thresholds = NO_THRESHOLDS;
}
