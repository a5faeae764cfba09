import { CoreApp, dataFrameFromJSON, type DataFrame, type DataFrameJSON } from '@grafana/data';
import { config } from '@grafana/runtime';
import bands from '../../tests/fixtures/plugin/frames/forecast-bands.json';
import series from '../../tests/fixtures/plugin/frames/series.json';
import { withBandColors } from './band-colors';

const framesOf = (fixture: { readonly frames: unknown }): DataFrame[] =>
  (fixture.frames as DataFrameJSON[]).map((json) => dataFrameFromJSON(json));
const TIME_SERIES = { app: CoreApp.Dashboard, panelPluginId: 'timeseries' };

const colorsOf = (asked: Parameters<typeof withBandColors>[0], frames: DataFrame[]) =>
  (withBandColors(asked)({ data: frames }).data as DataFrame[]).map(({ fields }) =>
    Object.fromEntries(fields.map(({ name, config: { color } }) => [name, color?.fixedColor])),
  );

describe('bands of several series on one graph', () => {
  test('have the colour of their series, which differ, in the order of the palette', () => {
    const [gold, silver, other] = colorsOf(TIME_SERIES, [
      ...framesOf(bands),
      ...framesOf(series).slice(0, 1),
      ...framesOf(bands).slice(0, 1),
    ]).filter(({ Upper }) => Upper !== undefined);
    const alike = (color: string) => ({ Value: color, Expected: color, Lower: color, Upper: color });
    expect([gold, silver, other]).toMatchObject(config.theme2.visualization.palette.slice(0, 3).map(alike));
    expect(gold).toMatchObject({ Time: undefined, Score: undefined });
  });

  test('also in Explore; what the answer held is not changed', () => {
    const frames = framesOf(bands);
    const [gold] = colorsOf({ app: CoreApp.Explore }, frames);
    expect(gold).toMatchObject({ Value: 'green', Upper: 'green' });
    expect(frames[0]?.fields[1]?.config.color).toBeUndefined();
  });

  test('one series keeps what the panel gives it, and a grey band', () => {
    const [gold] = colorsOf(TIME_SERIES, framesOf(bands).slice(0, 1));
    expect(gold).toMatchObject({ Value: undefined, Upper: 'text' });
  });

  test('cards keep the colours of their thresholds', () => {
    const [gold] = colorsOf(
      { app: CoreApp.Dashboard, panelPluginId: 'streamkpi-kpi-panel' },
      framesOf(bands),
    );
    expect(gold).toMatchObject({ Value: undefined, Upper: 'text' });
  });
});
