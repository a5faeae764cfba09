/** How a list of alerts fits into a rectangle. */
export interface AlertLayout {
  /** `brief`: a count and the newest message, where not even one row has room. */
  readonly kind: 'list' | 'brief';
  /** Font size, px. */
  readonly size: number;
  readonly heading: boolean;
  readonly filters: boolean;
  /** Everything of an alert on one line; otherwise its message has a line of its own. */
  readonly wide: boolean;
  /** With the time of its last change or of its end. */
  readonly latest: boolean;
  /** Times with a word for which they are. */
  readonly words: boolean;
  readonly foot: boolean;
  /** Most height of the rows, in multiples of the font size: none is cut in the middle. */
  readonly listEms: number;
}

/** Heights in multiples of the font size, as in alert-styles.ts. */
const HEAD = 2.4;
const FOOT = 2.2;
const WIDE_ROW = 2.9;
const TALL_ROW = 4.2;
/** Below every row but the last; it is part of the heights above. */
const ROW_GAP = 0.3;
const WIDE_EMS = 69;
const SMALLEST = 12;
const LARGEST = 40;
const LATEST_EMS = 40;
/** Narrower than this a row's second line has room for its times only without the words. */
const WORDS_EMS = 29;
const NARROWEST_EMS = 15;

/** @param head - whether there is something to say above the rows */
export function alertLayout(width: number, height: number, rows: number, head = true): AlertLayout {
  const oneLine = Math.floor(Math.min(width / WIDE_EMS, height / 16, LARGEST));
  const wide = oneLine >= SMALLEST;
  const size = wide
    ? oneLine
    : Math.round(Math.min(LARGEST, Math.max(SMALLEST, Math.min(width / 45, height / 20))));
  const ems = { width: width / size, height: height / size };
  const row = wide ? WIDE_ROW : TALL_ROW;
  if (ems.width < NARROWEST_EMS || ems.height < row) {
    return {
      kind: 'brief',
      size,
      heading: false,
      filters: false,
      wide: false,
      latest: false,
      words: false,
      foot: false,
      listEms: 0,
    };
  }
  const heading = head && ems.height >= HEAD + row;
  const filters = heading && ems.width >= 34;
  const below = ems.height - (heading ? HEAD : 0);
  const foot = below >= row * Math.min(2, Math.max(1, rows)) + FOOT;
  const room = foot ? below - FOOT : below;
  const listEms = row * Math.max(1, Math.floor((room + ROW_GAP) / row));
  const latest = wide || ems.width >= LATEST_EMS;
  const words = ems.width >= WORDS_EMS;
  return { kind: 'list', size, heading, filters, wide, latest, words, foot, listEms };
}

/** Height in px that shows `rows` alerts without scrolling, at a font size of 12 to 14 px. */
export const preferredHeight = (width: number, rows: number): number =>
  Math.ceil((HEAD + FOOT + Math.max(1, rows) * (width / 13 >= WIDE_EMS ? WIDE_ROW : TALL_ROW)) * 13);
