/** Widths of texts in multiples of their font size, the widest of all cards, so that all cards look alike. */
export interface TextWidths {
  readonly value: number;
  readonly delta: number;
  readonly stats: number;
  readonly target: number;
}

/** Which parts there are to show at all. */
export interface CardParts {
  readonly delta: boolean;
  readonly trend: boolean;
  readonly updated: boolean;
  readonly stats: boolean;
  readonly target: boolean;
}

/** What a card of some size shows, and how large; px. Parts that do not fit are left out, never cut. */
export interface CardLayout {
  /** `line`: title and value beside each other, for cards of one line's height. */
  readonly kind: 'stack' | 'line';
  readonly padding: number;
  /** 0: no title. */
  readonly titleSize: number;
  readonly valueSize: number;
  readonly smallSize: number;
  readonly delta: 'none' | 'beside' | 'below';
  /** 0: no sparkline. */
  readonly trendHeight: number;
  readonly updated: boolean;
  readonly stats: boolean;
  readonly target: boolean;
  /** Marks (old, open) with their words, not as icons alone. */
  readonly markWords: boolean;
}

export const TITLE_LINE = 1.3;
export const VALUE_LINE = 1.15;
export const SMALL_LINE = 1.4;
/** Of the target's bar, under its words. */
export const BAR_HEIGHT = 4;

const MIN_VALUE = 14;
const MAX_VALUE = 260;
const MIN_TREND = 18;
const UPDATED_EMS = 7.5;
const MARK_WORDS_EMS = 18;
/** Lower cards are for their value above all. */
const LOW_CARD = 110;

const between = (low: number, value: number, high: number): number => Math.min(high, Math.max(low, value));

/** Lays out one card. For any size of at least 40 x 24 px the heights of what is shown fit into it. */
export function cardLayout(width: number, height: number, parts: CardParts, texts: TextWidths): CardLayout {
  const shorter = Math.min(width, height);
  // In a panel of one grid unit every pixel goes to the number.
  const padding = Math.round(between(Math.min(3, Math.floor(shorter * 0.1)), shorter * 0.07, 20));
  const room = { width: Math.max(1, width - 2 * padding), height: Math.max(1, height - 2 * padding) };
  const smallSize = Math.round(between(11, Math.min(room.height * 0.085, room.width * 0.048), 32));
  const titleSize = Math.round(between(12, Math.min(room.height * 0.13, room.width * 0.07), 36));
  const base = { padding, smallSize, titleSize, markWords: room.width >= MARK_WORDS_EMS * smallSize };
  const titleHeight = Math.ceil(titleSize * TITLE_LINE);
  if (room.height < titleHeight + Math.ceil(MIN_VALUE * VALUE_LINE))
    return lineLayout(room, base, parts, texts);

  const below = room.height - titleHeight;
  const wanted = between(MIN_VALUE, Math.min(room.width / texts.value, below * 0.62), MAX_VALUE);
  const smallHeight = Math.ceil(smallSize * SMALL_LINE);
  const besideWidth = room.width - texts.delta * smallSize - smallSize;
  const besideValue = Math.min(besideWidth / texts.value, wanted);
  const isBeside = parts.delta && besideValue >= Math.max(MIN_VALUE, wanted * 0.72);
  const largest = isBeside ? besideValue : wanted;

  // The value keeps a good size; what is left over takes the other parts, the more important ones first.
  const share = room.height < LOW_CARD ? 0.42 : 0.26;
  const floor = Math.max(MIN_VALUE, Math.min(largest, room.height * share));
  let left = below - Math.ceil(floor * VALUE_LINE);
  const takes = (wants: boolean, size: number, fits: boolean): boolean => {
    if (!wants || !fits || left < size) return false;
    left -= size;
    return true;
  };
  const isBelow = !isBeside && takes(parts.delta, smallHeight, texts.delta * smallSize <= room.width);
  const updated = takes(parts.updated, smallHeight, UPDATED_EMS * smallSize <= room.width);
  const hasTrend = parts.trend && left >= MIN_TREND && room.width >= 48;
  if (hasTrend) left -= MIN_TREND;
  const target = takes(parts.target, smallHeight + BAR_HEIGHT, texts.target * smallSize <= room.width);
  const stats = takes(parts.stats, smallHeight, texts.stats * smallSize <= room.width);

  const growth = Math.max(0, Math.min(largest - floor, (left * (hasTrend ? 0.55 : 1)) / VALUE_LINE - 1));
  const valueSize = Math.floor(floor + growth);
  const grown = Math.ceil(valueSize * VALUE_LINE) - Math.ceil(floor * VALUE_LINE);
  return {
    ...base,
    kind: 'stack',
    valueSize,
    delta: isBeside ? 'beside' : isBelow ? 'below' : 'none',
    trendHeight: hasTrend ? Math.floor(MIN_TREND + Math.max(0, left - Math.max(0, grown))) : 0,
    updated,
    stats,
    target,
  };
}

function lineLayout(
  room: { readonly width: number; readonly height: number },
  base: Pick<CardLayout, 'padding' | 'smallSize' | 'titleSize' | 'markWords'>,
  parts: CardParts,
  texts: TextWidths,
): CardLayout {
  const valueSize = Math.floor(
    between(10, Math.min(room.height / VALUE_LINE, room.width / texts.value), MAX_VALUE),
  );
  const rest = room.width - valueSize * texts.value;
  const hasTitle = rest >= base.titleSize * 5 && room.height >= base.titleSize * TITLE_LINE;
  const afterTitle = rest - base.titleSize * 8;
  return {
    ...base,
    kind: 'line',
    titleSize: hasTitle ? base.titleSize : 0,
    valueSize,
    delta: parts.delta && afterTitle >= base.smallSize * texts.delta ? 'beside' : 'none',
    trendHeight: 0,
    updated: false,
    stats: false,
    target: false,
  };
}
