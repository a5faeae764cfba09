import type { FieldConfigSource } from '@grafana/data';
import { t } from '../../locales/translate';
import { DEFAULT_OPTIONS, type KpiPanelOptions, type Show } from './panel-options';

export interface Preset {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly options: Partial<KpiPanelOptions>;
  readonly fieldConfig?: FieldConfigSource;
}

const options = (show: Show, cards: Partial<KpiPanelOptions['cards']> = {}): Pick<Preset, 'options'> => ({
  options: { ...DEFAULT_OPTIONS, show, cards: { ...DEFAULT_OPTIONS.cards, ...cards } },
});

/** Ready-made panels. */
export const presets = (): readonly Preset[] => [
  {
    id: 'cards',
    name: t('presets.cards.name', 'KPI cards'),
    description: t('presets.cards.description', 'Value, change, sparkline and range of each metric'),
    ...options('cards'),
  },
  {
    id: 'plain-cards',
    name: t('presets.plain-cards.name', 'KPI cards, plain'),
    description: t('presets.plain-cards.description', 'The values alone'),
    ...options('cards', { sparkline: false, stats: false, updated: false, delta: 'none' }),
  },
  {
    id: 'coloured-cards',
    name: t('presets.coloured-cards.name', 'KPI cards, coloured'),
    description: t('presets.coloured-cards.description', 'Cards in the colour of their threshold'),
    ...options('cards', { colorMode: 'background' }),
  },
  {
    id: 'alerts',
    name: t('presets.alerts.name', 'Alert list'),
    description: t('presets.alerts.description', 'Recent events by severity'),
    ...options('alerts'),
  },
  {
    id: 'status',
    name: t('presets.status.name', 'System status'),
    description: t('presets.status.description', 'Hops, lag and freshness'),
    ...options('status'),
  },
  {
    id: 'header',
    name: t('presets.header.name', 'Header'),
    description: t('presets.header.description', 'Connection, data age and clock in one line'),
    ...options('connection'),
  },
  {
    id: 'dashboard',
    name: t('presets.dashboard.name', 'Whole dashboard'),
    description: t('presets.dashboard.description', 'Everything in one panel'),
    ...options('dashboard'),
  },
];
