import { preferredHeight } from './alerts/alert-layout';
import type { Section } from './options/panel-options';

/** A section's rectangle; px. */
export interface SectionBox {
  readonly section: Section;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface PanelLayout {
  readonly boxes: readonly SectionBox[];
  /** Height of everything; more than the panel's where it scrolls. */
  readonly height: number;
}

export interface LayoutNeeds {
  /** Alerts shown at once. */
  readonly alertRows: number;
  readonly cards: number;
}

const GAP = 8;
const SCROLLBAR = 14;
/** Narrower or lower than this there is room for one section only. */
const SMALL = { width: 180, height: 150 };
const WIDE = 900;
const CARD = { width: 130, height: 64 };
/** What to keep when there is room for one. */
const BY_IMPORTANCE: readonly Section[] = ['cards', 'alerts', 'status', 'connection'];
const LEAST: Readonly<Record<Section, number>> = { connection: 28, cards: 84, alerts: 96, status: 96 };

/** Shares the panel among its sections; one alone gets all of it. */
export function panelLayout(
  width: number,
  height: number,
  sections: readonly Section[],
  needs: LayoutNeeds,
): PanelLayout {
  const isSmall = width < SMALL.width || height < SMALL.height;
  const kept = isSmall ? fewest(sections, height) : sections;
  const layout = stacked(width, height, kept, needs);
  // With a scrollbar there is less width.
  return layout.height > height ? stacked(width - SCROLLBAR, height, kept, needs) : layout;
}

/** The most important section, under the connection where a line for it is left. */
function fewest(sections: readonly Section[], height: number): Section[] {
  const main = BY_IMPORTANCE.find((section) => sections.includes(section));
  if (main === undefined) return [];
  const hasLine = height >= LEAST.connection + LEAST[main] + GAP;
  return sections.filter((section) => section === main || (section === 'connection' && hasLine));
}

function stacked(
  width: number,
  height: number,
  sections: readonly Section[],
  needs: LayoutNeeds,
): PanelLayout {
  const rows = rowsOf(width, sections);
  const heights = rowHeights(width, height, rows, needs);
  const boxes: SectionBox[] = [];
  let top = 0;
  rows.forEach((row, index) => {
    const rowHeight = heights[index] ?? 0;
    const columnWidth = Math.floor((width - GAP * (row.length - 1)) / row.length);
    row.forEach((section, column) => {
      boxes.push({ section, left: column * (columnWidth + GAP), top, width: columnWidth, height: rowHeight });
    });
    top += rowHeight + GAP;
  });
  return { boxes, height: Math.max(0, top - GAP) };
}

/** Alerts and status beside each other where there is the width for both, under the cards. */
function rowsOf(width: number, sections: readonly Section[]): Section[][] {
  const beside = width >= WIDE && sections.includes('alerts') && sections.includes('status');
  if (!beside) return sections.map((section) => [section]);
  const alone = sections.filter((section) => section === 'connection' || section === 'cards');
  return [...alone.map((section) => [section]), ['alerts', 'status']];
}

/** Gives every row its minimum height and distributes the rest by weight, up to each row's maximum. */
function rowHeights(
  width: number,
  height: number,
  rows: readonly (readonly Section[])[],
  needs: LayoutNeeds,
): number[] {
  if (rows.length === 1) return [height];
  const least = rows.map((row) => Math.max(...row.map((section) => leastOf(section, width, needs))));
  let left = height - GAP * (rows.length - 1) - least.reduce((sum, value) => sum + value, 0);
  if (left <= 0) return least;
  const heights = [...least];
  const fixed = rows.map((row) => row.includes('connection'));
  // The line of the connection grows a little on a wall; the cards take what the lists leave.
  rows.forEach((row, index) => {
    if (row.includes('cards')) return;
    const share =
      fixed[index] === true ? Math.min(48, height * 0.03) : height * (rows.length > 3 ? 0.25 : 0.34);
    const wanted =
      fixed[index] === true ? LEAST.connection + share : wantedOf(row, width / row.length, needs, height);
    const more = Math.floor(Math.max(0, Math.min(left, share, wanted - (least[index] ?? 0))));
    heights[index] = (heights[index] ?? 0) + more;
    left -= more;
  });
  const cards = rows.findIndex((row) => row.includes('cards'));
  const taker = cards >= 0 ? cards : rows.length - 1;
  heights[taker] = (heights[taker] ?? 0) + Math.floor(left);
  return heights;
}

/** Cards of a readable size, as many beside each other as the width has room for, three rows of them at most. */
function leastOf(section: Section, width: number, needs: LayoutNeeds): number {
  if (section !== 'cards') return LEAST[section];
  const columns = Math.max(1, Math.floor((width + GAP) / (CARD.width + GAP)));
  const rows = Math.min(3, Math.max(1, Math.ceil(needs.cards / columns)));
  return Math.max(LEAST.cards, rows * (CARD.height + GAP) - GAP);
}

function wantedOf(row: readonly Section[], width: number, needs: LayoutNeeds, height: number): number {
  const scale = Math.max(1, height / 700);
  const wants = row.map((section) => (section === 'alerts' ? preferredHeight(width, needs.alertRows) : 260));
  return Math.max(...wants) * scale;
}
