import {
  CoreApp,
  FieldColorModeId,
  type DataFrame,
  type DataQueryRequest,
  type DataQueryResponse,
  type Field,
} from '@grafana/data';
import { config } from '@grafana/runtime';
import { frameMeta } from '../frames/frame-meta';

/** The fields of a series with its band that are drawn (pkg/frames/bands.go). */
const DRAWN: readonly string[] = ['Value', 'Expected', 'Lower', 'Upper'];

const isBand = (frame: DataFrame): boolean =>
  frameMeta(frame)?.kind === 'forecast' && frame.fields.some(({ name }) => name === 'Upper');

/**
 * Several bands on one graph have the colours of their series: grey areas on top of each other could belong to any.
 * Grafana counts each field of a frame as a series of its own, so the colour of a value is given with that of its band.
 */
export function withBandColors({
  app,
  panelPluginId,
}: Pick<DataQueryRequest, 'app' | 'panelPluginId'>): (response: DataQueryResponse) => DataQueryResponse {
  if (panelPluginId !== 'timeseries' && app !== (CoreApp.Explore as string)) return (response) => response;
  return (response) => {
    const frames = response.data as DataFrame[];
    const bands = frames.filter(isBand);
    if (bands.length < 2) return response;
    const { palette } = config.theme2.visualization;
    const colored = (frame: DataFrame): DataFrame => {
      const at = bands.indexOf(frame);
      return at < 0 ? frame : withColor(frame, palette[at % palette.length]!);
    };
    return { ...response, data: frames.map(colored) };
  };
}

function withColor(frame: DataFrame, color: string): DataFrame {
  const colored = (field: Field): Field => ({
    ...field,
    config: { ...field.config, color: { mode: FieldColorModeId.Fixed, fixedColor: color } },
  });
  return {
    ...frame,
    fields: frame.fields.map((field) => (DRAWN.includes(field.name) ? colored(field) : field)),
  };
}
