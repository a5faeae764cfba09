import type { FieldConfigSource } from '@grafana/data';
import { DEFAULT_OPTIONS, type KpiPanelOptions, type Show } from './panel-options';

export interface Preset {
  readonly name: string;
  readonly description: string;
  readonly options: Partial<KpiPanelOptions>;
  readonly fieldConfig?: FieldConfigSource;
}

const preset = (
  name: string,
  show: Show,
  description: string,
  cards: Partial<KpiPanelOptions['cards']> = {},
): Preset => ({
  name,
  description,
  options: { ...DEFAULT_OPTIONS, show, cards: { ...DEFAULT_OPTIONS.cards, ...cards } },
});

/** Ready-made panels. */
export const PRESETS: readonly Preset[] = [
  preset('KPI cards', 'cards', 'Value, change, sparkline and range of each metric'),
  preset('KPI cards, plain', 'cards', 'The values alone', {
    sparkline: false,
    stats: false,
    updated: false,
    delta: 'none',
  }),
  preset('KPI cards, coloured', 'cards', 'Cards in the colour of their threshold', {
    colorMode: 'background',
  }),
  preset('Alert list', 'alerts', 'Recent events by severity'),
  preset('System status', 'status', 'Hops, lag and freshness'),
  preset('Header', 'connection', 'Connection, data age and clock in one line'),
  preset('Whole dashboard', 'dashboard', 'Everything in one panel'),
];
