import { FieldType, type DataFrame } from '@grafana/data';
import { PanelDataErrorView } from '@grafana/runtime';
import {
  LegendDisplayMode,
  TimeSeries,
  TooltipDisplayMode,
  TooltipPlugin,
  ZoomPlugin,
  type VizLegendOptions,
} from '@grafana/ui';
import React, { useMemo } from 'react';
import { AnnotationMarks } from './annotation-marks';
import type { StandInProps } from './stand-in';

const isDrawn = (frame: DataFrame): boolean =>
  frame.fields.some(({ type }) => type === FieldType.time) &&
  frame.fields.some(({ type }) => type === FieldType.number);

const NO_LEGEND: VizLegendOptions = {
  showLegend: false,
  displayMode: LegendDisplayMode.List,
  placement: 'bottom',
  calcs: [],
};

/** Lines over time by @grafana/ui, the same drawing library as Grafana's own panel. */
export function TimeSeriesPanel({
  data,
  width,
  height,
  timeZone,
  timeRange,
  options,
  id,
  fieldConfig,
  onChangeTimeRange,
}: StandInProps) {
  const frames = useMemo(() => data.series.filter(isDrawn), [data.series]);
  if (frames.length === 0) {
    return (
      <PanelDataErrorView
        panelId={id}
        data={data}
        fieldConfig={fieldConfig}
        needsTimeField
        needsNumberField
      />
    );
  }
  return (
    <TimeSeries
      frames={frames}
      {...(data.structureRev === undefined ? {} : { structureRev: data.structureRev })}
      timeRange={timeRange}
      timeZone={timeZone}
      width={width}
      height={height}
      legend={(options['legend'] as VizLegendOptions | undefined) ?? NO_LEGEND}
    >
      {(config, aligned) => (
        <>
          <ZoomPlugin config={config} onZoom={onChangeTimeRange} />
          <TooltipPlugin
            data={aligned}
            config={config}
            mode={TooltipDisplayMode.Multi}
            timeZone={timeZone}
            frames={frames}
          />
          <AnnotationMarks config={config} frames={data.annotations ?? []} />
        </>
      )}
    </TimeSeries>
  );
}

export const TIME_SERIES_OPTIONS = {
  drawStyle: 'line',
  lineInterpolation: 'linear',
  lineWidth: 1,
  lineStyle: { fill: 'solid' },
  fillOpacity: 0,
  gradientMode: 'none',
  showPoints: 'auto',
  pointSize: 5,
  spanNulls: false,
  axisPlacement: 'auto',
  axisLabel: '',
  axisSoftMin: undefined,
  axisSoftMax: undefined,
  axisGridShow: undefined,
  axisBorderShow: false,
  scaleDistribution: { type: 'linear' },
  hideFrom: { legend: false, tooltip: false, viz: false },
  barAlignment: 0,
  barWidthFactor: 0.6,
  stacking: { mode: 'none', group: 'A' },
  thresholdsStyle: { mode: 'off' },
} as const;
