import { DEFAULT_OPTIONS, OPTIONS_VERSION, type KpiPanelOptions } from './panel-options';

/** Options as they may come: saved by an older version, written by hand, or by a host that fills in no defaults. */
export type SavedOptions = {
  readonly [K in keyof KpiPanelOptions]?: Partial<KpiPanelOptions[K]> | undefined;
};

/** Options with the defaults of a new panel for missing ones. */
export function completeOptions(saved: SavedOptions | undefined): KpiPanelOptions {
  const { cards, alerts, status, sections, show } = saved ?? {};
  return {
    version: OPTIONS_VERSION,
    show: show ?? DEFAULT_OPTIONS.show,
    sections: Array.isArray(sections) ? (sections as KpiPanelOptions['sections']) : DEFAULT_OPTIONS.sections,
    cards: filled(DEFAULT_OPTIONS.cards, cards),
    alerts: filled(DEFAULT_OPTIONS.alerts, alerts),
    status: filled(DEFAULT_OPTIONS.status, status),
  };
}

/** Null and undefined (an emptied field of the editor) count as missing. */
function filled<T extends object>(defaults: T, saved: Partial<T> | undefined): T {
  const given = Object.entries(saved ?? {}).filter(([, value]) => value !== undefined && value !== null);
  return { ...defaults, ...(Object.fromEntries(given) as Partial<T>) };
}
