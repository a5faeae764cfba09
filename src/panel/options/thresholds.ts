import { ThresholdsMode, type FieldConfigSource, type ThresholdsConfig } from '@grafana/data';

/** A number is neither good nor bad before somebody says where that begins. */
export const NO_THRESHOLDS: ThresholdsConfig = {
  mode: ThresholdsMode.Absolute,
  steps: [{ value: -Infinity, color: 'text' }],
};

/** What Grafana gives a panel of another kind, such as the time series that every new panel begins as. */
const GRAFANAS_OWN = [
  ['green', null],
  ['red', 80],
];

const isGrafanasOwn = ({ mode, steps }: ThresholdsConfig): boolean =>
  mode === ThresholdsMode.Absolute &&
  steps.length === GRAFANAS_OWN.length &&
  steps.every(
    ({ color, value }, i) => color === GRAFANAS_OWN[i]?.[0] && (i === 0 || value === GRAFANAS_OWN[i]?.[1]),
  );

/** Takes thresholds away that nobody has chosen. Grafana reads the settings again after this: it is given no others. */
export function dropUnchosenThresholds({ defaults }: FieldConfigSource): void {
  if (defaults.thresholds !== undefined && isGrafanasOwn(defaults.thresholds))
    defaults.thresholds = NO_THRESHOLDS;
}
