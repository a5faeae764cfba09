import {
  FieldType,
  type DataFrame,
  type PanelPlugin,
  type VisualizationSuggestion,
  VisualizationSuggestionScore,
} from '@grafana/data';
import { frameMeta } from '../../frames/frame-meta';
import { isEventsTable, isStatusTable } from '../reading/sections';
import { presets } from './presets';
import type { CardFieldConfig, KpiPanelOptions } from './panel-options';

type Suggestion = VisualizationSuggestion<KpiPanelOptions, CardFieldConfig>;

/** What suggesting needs of Grafana's summary of the data. */
interface Summary {
  readonly hasData?: boolean;
  readonly rawFrames?: readonly DataFrame[];
  readonly hasFieldType?: (type: FieldType) => boolean;
  readonly hasNumberField?: boolean;
}

const suggestionOf = (id: string, score: VisualizationSuggestionScore): Suggestion[] => {
  const preset = presets().find((known) => known.id === id);
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
    ...(frames.some(isEventsTable) ? suggestionOf('alerts', VisualizationSuggestionScore.Best) : []),
    ...(frames.some(isStatusTable) ? suggestionOf('status', VisualizationSuggestionScore.Best) : []),
    ...(kinds.has('summary') ? suggestionOf('cards', VisualizationSuggestionScore.Best) : []),
  ];
  if (suggestions.length > 1)
    return [...suggestionOf('dashboard', VisualizationSuggestionScore.Best), ...suggestions];
  if (suggestions.length > 0) return suggestions;
  const hasNumbers = summary.hasFieldType?.(FieldType.number) ?? summary.hasNumberField ?? false;
  return hasNumbers ? suggestionOf('cards', VisualizationSuggestionScore.Good) : [];
}

/** Registers presets where the host knows them; 12.4 and before do not. */
export function addPresets(plugin: PanelPlugin<KpiPanelOptions, CardFieldConfig>): void {
  const host = plugin as { setPresetsSupplier?: PanelPlugin['setPresetsSupplier'] };
  host.setPresetsSupplier?.call(plugin, () => presets().map(({ id: _, ...preset }) => preset));
}
