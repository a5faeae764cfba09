/** How cards share a rectangle; all lengths in px. */
export interface CardGrid {
  readonly columns: number;
  readonly cardWidth: number;
  readonly cardHeight: number;
  readonly gap: number;
  /** The cards are taller than the rectangle together. */
  readonly scrolls: boolean;
}

const MIN_WIDTH = 96;
const MIN_HEIGHT = 40;
const SCROLLBAR = 14;
/** The least height of cards that scroll, where there is as much. */
const SCROLLED_HEIGHT = 88;
/** A card this many times as wide as its value is high makes the best use of its space. */
const VALUE_EMS = 4.5;
const VALUE_SHARE = 0.3;

/**
 * The arrangement in which the values can be largest; with a fixed number of columns, that one. Where even the
 * smallest cards do not fit, they keep their smallest size and scroll.
 *
 * @param columns - 0: as fits best
 */
export function cardGrid(width: number, height: number, count: number, columns: number): CardGrid {
  const gap = Math.min(width, height) < 160 ? 4 : 8;
  const cards = Math.max(1, count);
  const choices = columns > 0 ? [Math.min(columns, cards)] : Array.from({ length: cards }, (_, at) => at + 1);
  let best: CardGrid | undefined;
  let bestScore = -Infinity;
  for (const choice of choices) {
    const rows = Math.ceil(cards / choice);
    const cardWidth = Math.floor((width - gap * (choice - 1)) / choice);
    const cardHeight = Math.floor((height - gap * (rows - 1)) / rows);
    if (cardHeight < Math.min(MIN_HEIGHT, height) || cardWidth < Math.min(MIN_WIDTH, width)) continue;
    const used = cards / (choice * rows);
    const score = Math.min(cardWidth / VALUE_EMS, cardHeight * VALUE_SHARE) * Math.sqrt(used);
    if (score > bestScore) {
      bestScore = score;
      best = { columns: choice, cardWidth, cardHeight, gap, scrolls: false };
    }
  }
  return best ?? scrolling(width, height, cards, columns, gap);
}

function scrolling(width: number, height: number, cards: number, columns: number, gap: number): CardGrid {
  const inside = Math.max(1, width - SCROLLBAR);
  const fitting = Math.max(1, Math.floor((inside + gap) / (MIN_WIDTH + gap)));
  const chosen = Math.min(columns > 0 ? Math.min(columns, fitting) : fitting, cards);
  const cardWidth = Math.floor((inside - gap * (chosen - 1)) / chosen);
  // Whole rows: a card that is cut at the end looks like a fault.
  const rows = Math.max(1, Math.floor((height + gap) / (SCROLLED_HEIGHT + gap)));
  return {
    columns: chosen,
    cardWidth,
    cardHeight: Math.max(1, Math.floor((height - gap * (rows - 1)) / rows)),
    gap,
    scrolls: true,
  };
}
