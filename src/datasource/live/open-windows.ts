import type { DataFrame, FieldConfig } from '@grafana/data';
import { frameMeta } from '../../frames/frame-meta';

/** Open windows as series of their own, as pkg/frames/separate.go makes them. */

/** Name of their value field. */
export const OPEN_FIELD = 'Open';
const SUFFIX = ', open';

const STYLE: Pick<FieldConfig, 'color' | 'custom'> = {
  color: { mode: 'fixed', fixedColor: 'text' },
  custom: {
    lineStyle: { fill: 'dash', dash: [4, 4] },
    showPoints: 'always',
    hideFrom: { legend: true, tooltip: false, viz: false },
  },
};

/** Whether the frame holds the open windows of its series only, beside a frame of the closed ones. */
export const holdsOpenWindows = (frame: DataFrame): boolean => frameMeta(frame)?.open_windows === true;

/** The settings of a series' closed windows, for the open ones. */
export const forOpenWindows = ({ displayNameFromDS = '', ...config }: FieldConfig): FieldConfig => ({
  ...config,
  ...STYLE,
  displayNameFromDS: displayNameFromDS + SUFFIX,
});

/** The settings that the closed windows of the series have. */
export function forClosedWindows({ displayNameFromDS, ...config }: FieldConfig): FieldConfig {
  const { color: _, custom: _style, ...rest } = config as FieldConfig<object>;
  return {
    ...rest,
    ...(displayNameFromDS === undefined
      ? {}
      : { displayNameFromDS: displayNameFromDS.slice(0, -SUFFIX.length) }),
  };
}
