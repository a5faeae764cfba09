import {
  getDisplayValueAlignmentFactors,
  getFieldDisplayValues,
  VizOrientation,
  type DisplayValueAlignmentFactors,
  type FieldDisplay,
  type ReduceDataOptions,
} from '@grafana/data';
import { PanelDataErrorView } from '@grafana/runtime';
import {
  BigValue,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  useTheme2,
  VizRepeater,
  type VizRepeaterRenderValueProps,
} from '@grafana/ui';
import React from 'react';
import type { StandInProps } from './stand-in';

const LAST: ReduceDataOptions = { values: false, calcs: ['lastNotNull'], fields: '' };

/** One big number a series by @grafana/ui's BigValue. */
export function StatPanel(props: StandInProps) {
  const { data, width, height, options, fieldConfig, replaceVariables, timeZone, renderCounter, id } = props;
  const theme = useTheme2();
  const values = (): FieldDisplay[] =>
    getFieldDisplayValues({
      fieldConfig,
      reduceOptions: (options['reduceOptions'] as ReduceDataOptions | undefined) ?? LAST,
      replaceVariables,
      theme,
      data: data.series,
      sparkline: options['graphMode'] !== 'none',
      timeZone,
    });
  const value = (shown: VizRepeaterRenderValueProps<FieldDisplay, DisplayValueAlignmentFactors>) => (
    <BigValue
      value={shown.value.display}
      count={shown.count}
      {...(shown.value.sparkline === undefined ? {} : { sparkline: shown.value.sparkline })}
      colorMode={(options['colorMode'] as BigValueColorMode | undefined) ?? BigValueColorMode.Value}
      graphMode={(options['graphMode'] as BigValueGraphMode | undefined) ?? BigValueGraphMode.Area}
      textMode={(options['textMode'] as BigValueTextMode | undefined) ?? BigValueTextMode.Auto}
      alignmentFactors={shown.alignmentFactors}
      width={shown.width}
      height={shown.height}
      theme={theme}
    />
  );
  if (data.series.every(({ fields }) => fields.length === 0)) {
    return <PanelDataErrorView panelId={id} data={data} fieldConfig={fieldConfig} />;
  }
  return (
    <VizRepeater
      getValues={values}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderValue={value}
      width={width}
      height={height}
      source={data}
      autoGrid
      renderCounter={renderCounter}
      orientation={(options['orientation'] as VizOrientation | undefined) ?? VizOrientation.Auto}
    />
  );
}
