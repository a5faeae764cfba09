import {
  FieldType,
  type DataFrame,
  type PanelPlugin,
  type VisualizationSuggestion,
  VisualizationSuggestionScore,
} from '@grafana/data';
import { frameMeta } from '../../frames/frame-meta';
import { isEventsTable, isStatusTable } from '../reading/sections';
import { PRESETS, type Preset } from './presets';
import type { CardFieldConfig, KpiPanelOptions } from './panel-options';

type Suggestion = VisualizationSuggestion<KpiPanelOptions, CardFieldConfig>;

/** What suggesting needs of Grafana's summary of the data. */
interface Summary {
  readonly hasData?: boolean;
  readonly rawFrames?: readonly DataFrame[];
  readonly hasFieldType?: (type: FieldType) => boolean;
  readonly hasNumberField?: boolean;
}

const named = (name: string): Preset | undefined => PRESETS.find((preset) => preset.name === name);

const suggestionOf = (name: string, score: VisualizationSuggestionScore): Suggestion[] => {
  const preset = named(name);
  return preset === undefined
    ? []
    : [
        {
          name: preset.name,
          description: preset.description,
          options: preset.options,
          score,
        },
      ];
};

/** Panels that suit the data: by what the frames say of themselves, else cards for anything with numbers. */
export function suggest(summary: Summary | undefined): Suggestion[] {
  if (summary?.hasData !== true) return [];
  const frames = summary.rawFrames ?? [];
  const kinds = new Set(frames.map((frame) => frameMeta(frame)?.kind));
  const suggestions = [
    ...(frames.some(isEventsTable) ? suggestionOf('Alert list', VisualizationSuggestionScore.Best) : []),
    ...(frames.some(isStatusTable) ? suggestionOf('System status', VisualizationSuggestionScore.Best) : []),
    ...(kinds.has('summary') ? suggestionOf('KPI cards', VisualizationSuggestionScore.Best) : []),
  ];
  if (suggestions.length > 1)
    return [...suggestionOf('Whole dashboard', VisualizationSuggestionScore.Best), ...suggestions];
  if (suggestions.length > 0) return suggestions;
  const hasNumbers = summary.hasFieldType?.(FieldType.number) ?? summary.hasNumberField ?? false;
  return hasNumbers ? suggestionOf('KPI cards', VisualizationSuggestionScore.Good) : [];
}

/** Registers presets where the host knows them; 12.4 and before do not. */
export function addPresets(plugin: PanelPlugin<KpiPanelOptions, CardFieldConfig>): void {
  const host = plugin as { setPresetsSupplier?: PanelPlugin['setPresetsSupplier'] };
  host.setPresetsSupplier?.call(plugin, () => PRESETS.map((preset) => ({ ...preset })));
}
