import {
  dateTime,
  EventBusSrv,
  LoadingState,
  type DataFrame,
  type FieldConfig,
  type PanelData,
  type PanelProps,
} from '@grafana/data';
import { completeOptions, type SavedOptions } from '../options/complete-options';
import type { KpiPanelOptions } from '../options/panel-options';
import { MINUTE, T0, withFieldOptions } from './frames';

export interface PanelSetting {
  readonly options?: SavedOptions;
  readonly title?: string;
  readonly width?: number;
  readonly height?: number;
  readonly config?: FieldConfig;
  readonly data?: Partial<PanelData>;
}

/** What a host hands to the panel: its frames after the field options, an hour's range that ends now. */
export function panelProps(
  frames: readonly DataFrame[],
  setting: PanelSetting = {},
): PanelProps<KpiPanelOptions> {
  const { options = {}, title = 'Panel', width = 800, height = 400, config = {}, data = {} } = setting;
  const timeRange = {
    from: dateTime(T0 - 55 * MINUTE),
    to: dateTime(T0 + 5 * MINUTE),
    raw: { from: 'now-1h', to: 'now' },
  };
  return {
    id: 1,
    title,
    transparent: false,
    width,
    height,
    timeRange,
    timeZone: 'utc',
    renderCounter: 0,
    options: completeOptions(options),
    fieldConfig: { defaults: config, overrides: [] },
    eventBus: new EventBusSrv(),
    replaceVariables: (text) => text,
    onOptionsChange: () => undefined,
    onFieldConfigChange: () => undefined,
    onChangeTimeRange: () => undefined,
    data: {
      state: LoadingState.Streaming,
      series: withFieldOptions(frames, config),
      timeRange,
      request: {} as NonNullable<PanelData['request']>,
      ...data,
    },
  };
}
