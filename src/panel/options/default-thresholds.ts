import { ThresholdsMode, type FieldConfigSource, type ThresholdsConfig } from '@grafana/data';

/** No thresholds by default: a number is neither good nor bad. */
export const NO_THRESHOLDS: ThresholdsConfig = {
  mode: ThresholdsMode.Absolute,
  steps: [{ value: -Infinity, color: 'text' }],
};

/**
 * Grafana's default for panels of another type, such as the time series that every new panel starts as: green, and red
 * from 80 on.
 */
const isGrafanasOwn = ({ mode, steps: [first, second, ...more] }: ThresholdsConfig): boolean =>
  mode === ThresholdsMode.Absolute &&
  first?.color === 'green' &&
  second?.color === 'red' &&
  second.value === 80 &&
  more.length === 0;

/** Removes Grafana's default thresholds. Grafana reads the settings again after this call, which changes nothing else. */
export function dropUnchosenThresholds({ defaults }: FieldConfigSource): void {
  if (defaults.thresholds !== undefined && isGrafanasOwn(defaults.thresholds))
    defaults.thresholds = NO_THRESHOLDS;
}
