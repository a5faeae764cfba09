import { FieldColorModeId, FieldConfigProperty, PanelPlugin } from '@grafana/data';
import { loadTranslations } from '../locales/load-translations';
import { KpiPanel } from './KpiPanel';
import { migrateOptions, takeOver } from './options/migration';
import { fieldOptions } from './options/card-options';
import { panelOptions } from './options/options-editor';
import type { CardFieldConfig, KpiPanelOptions } from './options/panel-options';
import { addPresets, suggest } from './options/suggestions';
import { dropUnchosenThresholds, NO_THRESHOLDS } from './options/default-thresholds';

void loadTranslations();

export const plugin = new PanelPlugin<KpiPanelOptions, CardFieldConfig>(KpiPanel)
  .useFieldConfig({
    standardOptions: {
      [FieldConfigProperty.Color]: { defaultValue: { mode: FieldColorModeId.Thresholds } },
      [FieldConfigProperty.Thresholds]: { defaultValue: NO_THRESHOLDS },
    },
    useCustomConfig: fieldOptions,
  })
  .setPanelOptions(panelOptions)
  .setMigrationHandler(migrateOptions)
  .setPanelChangeHandler((panel, previousPlugin, previousOptions) => {
    dropUnchosenThresholds(panel.fieldConfig);
    return takeOver(previousPlugin, previousOptions);
  })
  .setSuggestionsSupplier(suggest);

addPresets(plugin);
