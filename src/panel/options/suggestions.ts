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

/** What suggesting needs of the data; newer and older hosts both hand over at least this. */
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

interface SuggestionsBuilder {
  readonly dataSummary: Summary;
  /** Hosts before 12 have the frames here, not in the summary. */
  readonly data?: { readonly series: readonly DataFrame[] };
  getListAppender(defaults: object): { append(suggestion: object): void };
}

/**
 * One supplier for both ways of asking: newer hosts call it with a summary, older ones (11.6 to 12.2) call its
 * `getSuggestionsForData` with a builder.
 */
export const suggestionsSupplier = Object.assign((summary: Summary) => suggest(summary), {
  getSuggestionsForData(builder: SuggestionsBuilder): void {
    const list = builder.getListAppender({
      name: 'StreamKPI',
      pluginId: 'streamkpi-kpi-panel',
      options: {},
      fieldConfig: { defaults: {}, overrides: [] },
    });
    const rawFrames = builder.dataSummary.rawFrames ?? builder.data?.series ?? [];
    for (const suggestion of suggest({ ...builder.dataSummary, rawFrames })) list.append(suggestion);
  },
});

/** Registers presets where the host knows them; 12.4 and before do not. */
export function addPresets(plugin: PanelPlugin<KpiPanelOptions, CardFieldConfig>): void {
  const host = plugin as { setPresetsSupplier?: PanelPlugin['setPresetsSupplier'] };
  host.setPresetsSupplier?.call(plugin, () => PRESETS.map((preset) => ({ ...preset })));
}
