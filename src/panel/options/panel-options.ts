import type { Severity } from '../severity';

/** What one panel can show, in the order in which it shows them. */
export const SECTIONS = ['connection', 'alerts', 'cards', 'status'] as const;
export type Section = (typeof SECTIONS)[number];

/** `auto`: by the queries; a name: that section, or all of them; `chosen`: the sections listed beside. */
export const SHOW = ['auto', 'dashboard', 'connection', 'cards', 'alerts', 'status', 'chosen'] as const;
export type Show = (typeof SHOW)[number];

export const CARD_STATS = ['last', 'min', 'max', 'avg', 'sum', 'count'] as const;
export type CardStat = (typeof CARD_STATS)[number];

/** `auto`: the same time earlier where a query with a time shift has it, else the previous window. */
export const DELTA_AGAINST = ['auto', 'previous', 'earlier', 'none'] as const;
export type DeltaAgainst = (typeof DELTA_AGAINST)[number];

export const DELTA_AS = ['absolute', 'percent', 'both'] as const;
export type DeltaAs = (typeof DELTA_AS)[number];

export const COLOR_MODES = ['value', 'background', 'none'] as const;
export type ColorMode = (typeof COLOR_MODES)[number];

/** `auto`: tables without a time become one card a row, everything else is reduced. */
export const TABLE_CARDS = ['auto', 'rows', 'reduce'] as const;
export type TableCards = (typeof TABLE_CARDS)[number];

export interface CardOptions {
  /** Queries (refIds) whose frames become cards; empty: found by their kind. */
  readonly queries: readonly string[];
  readonly stat: CardStat;
  /** Text with `{{title}}`, `{{metric}}`, `{{measure}}`, `{{name}}` and label names; empty: made from them. */
  readonly title: string;
  /** Cards beside each other; 0: as fits best. */
  readonly columns: number;
  readonly limit: number;
  readonly tables: TableCards;
  readonly colorMode: ColorMode;
  readonly sparkline: boolean;
  readonly stats: boolean;
  readonly updated: boolean;
  readonly delta: DeltaAgainst;
  readonly deltaAs: DeltaAs;
  /** Missed windows after which a value is marked old; 0: never. */
  readonly staleAfter: number;
}

export interface AlertOptions {
  readonly queries: readonly string[];
  /** How many are kept, newest first. */
  readonly keep: number;
  /** How many of them are shown at first. */
  readonly show: number;
  /** Empty: every severity. */
  readonly severities: readonly Severity[];
  readonly state: 'all' | 'open' | 'resolved';
  readonly filter: boolean;
  /** Address with `{{id}}`, `{{metric}}`, `{{severity}}`, `{{value}}`, `{{time}}` and label names. */
  readonly link: string;
  readonly linkTitle: string;
}

export interface StatusOptions {
  readonly queries: readonly string[];
}

/** The panel's options as saved; OPTIONS_VERSION is the version of their shape for migrations. */
export interface KpiPanelOptions {
  readonly version: number;
  readonly show: Show;
  /** With `show: 'chosen'`. */
  readonly sections: readonly Section[];
  readonly cards: CardOptions;
  readonly alerts: AlertOptions;
  readonly status: StatusOptions;
}

export const OPTIONS_VERSION = 1;

export const DEFAULT_OPTIONS: KpiPanelOptions = {
  version: OPTIONS_VERSION,
  show: 'auto',
  sections: [...SECTIONS],
  cards: {
    queries: [],
    stat: 'last',
    title: '',
    columns: 0,
    limit: 24,
    tables: 'auto',
    colorMode: 'value',
    sparkline: true,
    stats: true,
    updated: true,
    delta: 'auto',
    deltaAs: 'percent',
    staleAfter: 2,
  },
  alerts: {
    queries: [],
    keep: 10,
    show: 3,
    severities: [],
    state: 'all',
    filter: true,
    link: '',
    linkTitle: 'Details',
  },
  status: { queries: [] },
};

/** Which direction is good news; a field option, because revenue and errors differ. */
export const GOOD_WHEN = ['neutral', 'up', 'down'] as const;
export type GoodWhen = (typeof GOOD_WHEN)[number];

/** Field options of this panel, in `field.config.custom`. */
export interface CardFieldConfig {
  readonly goodWhen?: GoodWhen;
  readonly target?: number | null;
}
