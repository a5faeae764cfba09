import type { PanelModel } from '@grafana/data';
import {
  CARD_STATS,
  DEFAULT_OPTIONS,
  OPTIONS_VERSION,
  type CardStat,
  type ColorMode,
  type KpiPanelOptions,
} from './panel-options';
import { completeOptions, type SavedOptions } from './complete-options';

/** What a panel model holds of options, as Grafana hands it over. */
type Migrated = Pick<PanelModel<SavedOptions>, 'options'>;

/**
 * Brings saved options to this version's shape. Version 1 is the first: what has none was made by hand or by a
 * provisioned dashboard, and only gets what is missing. Options of a newer version are left as they are: a panel that
 * was rolled back must not lose what it does not know.
 */
export function migrateOptions(panel: Migrated): Partial<KpiPanelOptions> {
  const saved = panel.options as SavedOptions | undefined;
  const version = typeof saved?.version === 'number' ? saved.version : 0;
  if (version > OPTIONS_VERSION) return panel.options as Partial<KpiPanelOptions>;
  return completeOptions(saved);
}

/** A stat panel's two backgrounds differ by a gradient. */
const COLOR_MODES: Readonly<Record<string, ColorMode>> = {
  none: 'none',
  value: 'value',
  background: 'background',
  background_solid: 'background',
};
const CALCS: Readonly<Record<string, CardStat>> = { last: 'last', lastNotNull: 'last', mean: 'avg' };

/** A panel that was something else before keeps what has a meaning here. */
export function takeOver(
  previousPlugin: string,
  previous: Readonly<Record<string, unknown>>,
): Partial<KpiPanelOptions> {
  switch (previousPlugin) {
    case 'stat':
    case 'gauge':
    case 'bargauge':
      return {
        ...DEFAULT_OPTIONS,
        show: 'cards',
        cards: { ...DEFAULT_OPTIONS.cards, ...reduceOptions(previous) },
      };
    case 'alertlist':
      return { ...DEFAULT_OPTIONS, show: 'alerts' };
    default:
      return {};
  }
}

function reduceOptions(previous: Readonly<Record<string, unknown>>): Partial<KpiPanelOptions['cards']> {
  const reduce = previous['reduceOptions'] as { calcs?: string[]; values?: boolean } | undefined;
  const [calc = 'last'] = reduce?.calcs ?? [];
  const stat = CALCS[calc] ?? CARD_STATS.find((known) => known === calc) ?? 'last';
  const graph = previous['graphMode'];
  const colorMode = COLOR_MODES[String(previous['colorMode'])];
  return {
    stat,
    tables: reduce?.values === true ? 'rows' : 'auto',
    ...(graph === 'none' ? { sparkline: false } : {}),
    ...(colorMode === undefined ? {} : { colorMode }),
  };
}
