import {
  FieldType,
  getPanelOptionsWithDefaults,
  ThresholdsMode,
  type DataFrame,
  type PanelModel,
  type PanelPlugin,
  type Threshold,
  type ThresholdsConfig,
  standardEditorsRegistry,
  standardFieldConfigEditorRegistry,
  type PanelPluginMeta,
} from '@grafana/data';
import { eventsFrame, plainSeries, statusFrame, summaryFrame } from '../testing/frames';
import { completeOptions } from './complete-options';
import { migrateOptions, takeOver } from './migration';
import { DEFAULT_OPTIONS, type KpiPanelOptions } from './panel-options';
import { presets } from './presets';
import { addPresets, suggest } from './suggestions';

describe('options', () => {
  test('what is missing or emptied is as in a new panel', () => {
    expect(completeOptions(undefined)).toEqual(DEFAULT_OPTIONS);
    const { cards, alerts } = completeOptions({
      cards: { limit: null as never, delta: 'none' },
      alerts: { keep: 50 },
    });
    expect(cards).toEqual({ ...DEFAULT_OPTIONS.cards, delta: 'none' });
    expect(alerts).toEqual({ ...DEFAULT_OPTIONS.alerts, keep: 50 });
  });

  test("options without a version get what is missing; a newer version's are left alone", () => {
    expect(migrateOptions({ options: { show: 'cards' } })).toEqual({ ...DEFAULT_OPTIONS, show: 'cards' });
    expect(migrateOptions({ options: undefined as never })).toEqual(DEFAULT_OPTIONS);
    const newer = { version: 99, show: 'cards', later: true } as never;
    expect(migrateOptions({ options: newer })).toBe(newer);
  });

  test('migrating twice changes nothing', () => {
    const once = migrateOptions({ options: { cards: { columns: 3 } } });
    expect(migrateOptions({ options: once })).toEqual(once);
  });

  test('a stat panel keeps its statistic and its look', () => {
    const options = takeOver('stat', {
      reduceOptions: { calcs: ['mean'], values: false },
      graphMode: 'none',
      colorMode: 'background',
    });
    expect(options.show).toBe('cards');
    expect(options.cards).toMatchObject({
      stat: 'avg',
      sparkline: false,
      colorMode: 'background',
      tables: 'auto',
    });
    const colorOf = (colorMode?: string) => takeOver('stat', { colorMode }).cards?.colorMode;
    expect(['none', 'value', 'background_solid', undefined].map(colorOf)).toEqual([
      'none',
      'value',
      'background',
      'value',
    ]);
    expect(takeOver('alertlist', {})).toMatchObject({ show: 'alerts' });
    expect(takeOver('graph', {})).toEqual({});
  });
});

describe('suggestions', () => {
  const hasNumbers = (frames: readonly DataFrame[]): boolean =>
    frames.some(({ fields }) => fields.some(({ type }) => type === FieldType.number));
  const names = (...frames: readonly DataFrame[]) =>
    suggest({
      hasData: frames.length > 0,
      rawFrames: frames,
      hasFieldType: (type) => type === FieldType.number && hasNumbers(frames),
    }).map(({ name }) => name);

  test('by what the frames are', () => {
    expect(names(summaryFrame([{}]))).toEqual(['KPI cards']);
    expect(names(eventsFrame([{}]))).toEqual(['Alert list']);
    expect(names(statusFrame())).toEqual(['System status']);
    expect(names(summaryFrame([{}]), eventsFrame([{}]))[0]).toBe('Whole dashboard');
    expect(names(plainSeries('x', [1]))).toEqual(['KPI cards']);
  });

  test('none without numbers or data', () => {
    expect(names()).toEqual([]);
    expect(
      names({ length: 1, fields: [{ name: 'a', type: FieldType.string, values: ['x'], config: {} }] }),
    ).toEqual([]);
    expect(suggest(undefined)).toEqual([]);
  });
});

describe('presets', () => {
  test('are registered where the host knows them, and ignored where it does not', () => {
    const setPresetsSupplier = jest.fn((_supplier: () => { name: string }[]) => undefined);
    addPresets({ setPresetsSupplier } as never);
    expect(setPresetsSupplier.mock.calls[0]?.[0]().map(({ name }) => name)).toEqual(
      presets().map(({ name }) => name),
    );
    expect(() => addPresets({} as never)).not.toThrow();
  });
});

describe('the plugin as the host reads it', () => {
  const plugin = loadPlugin();

  test('every option has a default, the one of the code', () => {
    const saved = plugin.defaults as Partial<KpiPanelOptions>;
    expect(completeOptions(saved as never)).toEqual(DEFAULT_OPTIONS);
    for (const part of ['cards', 'alerts'] as const) {
      expect(Object.keys(saved[part] ?? {}).sort()).toEqual(Object.keys(DEFAULT_OPTIONS[part]).sort());
    }
  });

  test('fields have their own good direction and target beside the standard options', () => {
    const ids = plugin.fieldConfigRegistry.list().map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(['custom.goodWhen', 'custom.target', 'unit', 'thresholds']));
  });

  test('no threshold is set before somebody sets one', () => {
    expect(plugin.fieldConfigDefaults.defaults.thresholds?.steps).toEqual([
      { value: -Infinity, color: 'text' },
    ]);
  });

  describe('in a panel that was of another kind', () => {
    const thresholds = (...steps: Threshold[]): ThresholdsConfig => ({
      mode: ThresholdsMode.Absolute,
      steps,
    });
    /** As Grafana does it: the settings so far with our defaults, then the panel's own handler. */
    const changedFrom = (given?: ThresholdsConfig): ThresholdsConfig | undefined => {
      const { fieldConfig } = getPanelOptionsWithDefaults({
        plugin,
        currentOptions: {},
        currentFieldConfig: { defaults: given === undefined ? {} : { thresholds: given }, overrides: [] },
        isAfterPluginChange: false,
      });
      const panel = { fieldConfig, options: {} } as unknown as PanelModel<KpiPanelOptions>;
      plugin.onPanelTypeChanged?.(panel, 'timeseries', {}, fieldConfig);
      return fieldConfig.defaults.thresholds;
    };
    const green: Threshold = { value: -Infinity, color: 'green' };

    test('Grafana’s own red from 80 on, which nobody has chosen, is gone', () => {
      const none = thresholds({ value: -Infinity, color: 'text' });
      expect(changedFrom(thresholds(green, { value: 80, color: 'red' }))).toEqual(none);
      expect(changedFrom()).toEqual(none);
    });

    test('thresholds that somebody has chosen stay', () => {
      const chosen = thresholds(green, { value: 90, color: 'red' });
      expect(changedFrom(chosen)).toEqual(chosen);
    });
  });
});

function loadPlugin(): PanelPlugin<KpiPanelOptions> {
  const editor = () => null;
  standardEditorsRegistry.setInit(() =>
    ['select', 'multi-select', 'radio', 'text', 'number', 'boolean'].map((id) => ({ id, name: id, editor })),
  );
  standardFieldConfigEditorRegistry.setInit(
    () =>
      ['unit', 'decimals', 'thresholds', 'mappings', 'color', 'links', 'displayName', 'noValue'].map(
        (id) => ({
          id,
          path: id,
          name: id,
          description: id,
          editor,
          override: editor,
          process: (value: unknown) => value,
          shouldApply: () => true,
        }),
      ) as never,
  );
  // The module makes the plugin as it is loaded, which needs the registries.
  const { plugin } = jest.requireActual<{ plugin: PanelPlugin<KpiPanelOptions> }>('../module');
  plugin.meta = { id: 'streamkpi-kpi-panel', name: 'StreamKPI' } as PanelPluginMeta;
  return plugin;
}
