import { FieldColorModeId, FieldConfigProperty, PanelPlugin, ThresholdsMode } from '@grafana/data';
import { loadTranslations } from '../locales/load-translations';
import { KpiPanel } from './KpiPanel';
import { migrateOptions, takeOver } from './options/migration';
import { fieldOptions } from './options/card-options';
import { panelOptions } from './options/options-editor';
import type { CardFieldConfig, KpiPanelOptions } from './options/panel-options';
import { addPresets, suggest } from './options/suggestions';

void loadTranslations();

export const plugin = new PanelPlugin<KpiPanelOptions, CardFieldConfig>(KpiPanel)
  .useFieldConfig({
    standardOptions: {
      [FieldConfigProperty.Color]: { defaultValue: { mode: FieldColorModeId.Thresholds } },
      // A number is neither good nor bad before somebody says where that begins.
      [FieldConfigProperty.Thresholds]: {
        defaultValue: { mode: ThresholdsMode.Absolute, steps: [{ value: -Infinity, color: 'text' }] },
      },
    },
    useCustomConfig: fieldOptions,
  })
  .setPanelOptions(panelOptions)
  .setMigrationHandler(migrateOptions)
  .setPanelChangeHandler((_panel, previousPlugin, previousOptions) =>
    takeOver(previousPlugin, previousOptions),
  )
  .setSuggestionsSupplier(suggest);

addPresets(plugin);
