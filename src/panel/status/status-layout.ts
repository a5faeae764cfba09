/** What of the system's status fits into a rectangle. */
export interface StatusLayout {
  /** Font size, px. */
  readonly size: number;
  readonly heading: boolean;
  readonly tiles: number;
  /** Figures with their names above them. */
  readonly names: boolean;
  readonly tileColumns: number;
  readonly hops: boolean;
  /** With what the hops say. */
  readonly messages: boolean;
  readonly hint: boolean;
  readonly topics: boolean;
  /** The table of topics with all its columns. */
  readonly wideTopics: boolean;
}

/** Wide enough for the longest state of the connection. */
const TILE_EMS = 11;
const TILE_HEIGHT = 4.3;
/** The least height of a figure with its name. */
const NAMED_TILE = 2.9;
const HEADING_HEIGHT = 2;
const HOP_EMS = 11;
const HOP_HEIGHT = 2.2;
const TOPICS_HEIGHT = 4;
const MOST_TILES = 5;

export interface StatusCounts {
  readonly hops: number;
  /** Hops that have something to say. */
  readonly messages: number;
  /** Those of them that fail. */
  readonly failing: number;
  readonly topics: number;
  /** Whether to show a heading. */
  readonly titled: boolean;
}

/** All heights in multiples of the font size, which grows with the rectangle. */
export function statusLayout(width: number, height: number, counts: StatusCounts): StatusLayout {
  const { hops, messages, topics } = counts;
  const size = Math.round(Math.min(40, Math.max(12, Math.min(width / 64, height / 17))));
  const ems = { width: width / size, height: height / size };
  const tileColumns = Math.max(1, Math.min(MOST_TILES, Math.floor(ems.width / TILE_EMS)));
  const heading = counts.titled && ems.height >= HEADING_HEIGHT + TILE_HEIGHT && ems.width >= 10;
  const room = ems.height - (heading ? HEADING_HEIGHT : 0);
  const hopRows = Math.max(1, Math.ceil(hops / Math.max(1, Math.floor(ems.width / HOP_EMS))));
  // What fails and why matters more than the figures after the first ones.
  const forFaults = counts.failing === 0 ? 0 : (hopRows + counts.failing) * HOP_HEIGHT;
  const fitting = Math.floor((room - forFaults) / TILE_HEIGHT);
  const rows = Math.max(1, Math.min(Math.ceil(MOST_TILES / tileColumns), fitting));
  let left = room - rows * TILE_HEIGHT;
  const fitsHops = left >= hopRows * HOP_HEIGHT && ems.width >= HOP_EMS;
  // A message may take a line of its own.
  const fitsMessages = fitsHops && left >= (hopRows + messages) * HOP_HEIGHT;
  if (fitsHops) left -= (hopRows + (fitsMessages ? messages : 0)) * HOP_HEIGHT;
  return {
    size,
    heading,
    tiles: rows * tileColumns,
    names: ems.height >= NAMED_TILE,
    tileColumns,
    hops: fitsHops,
    messages: fitsMessages,
    hint: ems.width >= 24,
    topics: topics > 0 && left >= TOPICS_HEIGHT && ems.width >= 18,
    wideTopics: ems.width >= 50,
  };
}
