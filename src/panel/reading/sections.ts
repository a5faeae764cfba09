import type { DataFrame } from '@grafana/data';
import { frameMeta } from '../../frames/frame-meta';
import { SECTIONS, type KpiPanelOptions, type Section } from '../options/panel-options';
import { column, timeColumn } from './frame-columns';

/** The frames of each part of the panel that is fed by frames. */
export interface SectionFrames {
  readonly cards: readonly DataFrame[];
  readonly alerts: readonly DataFrame[];
  readonly status: readonly DataFrame[];
}

type Fed = keyof SectionFrames;
const FED = ['cards', 'alerts', 'status'] as const;

/**
 * Which frames feed which part. A query chosen for a part feeds that part alone, and a part with chosen queries is
 * fed by nothing else. All other frames are classified by their metadata or, without it, by their columns.
 */
export function sectionFrames(
  frames: readonly DataFrame[],
  options: Pick<KpiPanelOptions, Fed>,
): SectionFrames {
  const fed: Record<Fed, DataFrame[]> = { cards: [], alerts: [], status: [] };
  const chosen = new Set(FED.flatMap((section) => options[section].queries));
  for (const frame of frames) {
    const refId = frame.refId;
    for (const section of FED) {
      if (refId !== undefined && options[section].queries.includes(refId)) fed[section].push(frame);
    }
    if (refId !== undefined && chosen.has(refId)) continue;
    const section = sectionByContent(frame);
    if (options[section].queries.length === 0) fed[section].push(frame);
  }
  return fed;
}

/** Numbers made from events or status (a count, a lag) are cards; their tables are lists. */
function sectionByContent(frame: DataFrame): Fed {
  if (isEventsTable(frame)) return 'alerts';
  if (isStatusTable(frame)) return 'status';
  return 'cards';
}

export function isEventsTable(frame: DataFrame): boolean {
  const hasColumns =
    column(frame, 'id') !== undefined &&
    column(frame, 'severity') !== undefined &&
    timeColumn(frame) !== undefined;
  if (hasColumns) return true;
  // Without any event the columns may be missing too.
  return frameMeta(frame)?.kind === 'events' && frame.fields.length === 0 && frame.meta?.type === undefined;
}

export function isStatusTable(frame: DataFrame): boolean {
  const meta = frameMeta(frame);
  if (meta?.kind === 'status' && meta.status !== undefined) {
    return column(frame, 'hop') !== undefined || frame.fields.length === 0;
  }
  return column(frame, 'hop') !== undefined && column(frame, 'state') !== undefined;
}

/** The parts to show, in the panel's order; never none. */
export function shownSections(
  options: Pick<KpiPanelOptions, 'show' | 'sections'>,
  frames: readonly DataFrame[],
  fed: SectionFrames,
): Section[] {
  switch (options.show) {
    case 'dashboard':
      return [...SECTIONS];
    case 'chosen':
      return SECTIONS.filter((section) => options.sections.includes(section));
    case 'auto':
      return automaticSections(frames, fed);
    case 'connection':
    case 'cards':
    case 'alerts':
    case 'status':
      return [options.show];
  }
}

/** The sections of the queries' data; without data the cards, because they say what to do. */
function automaticSections(frames: readonly DataFrame[], fed: SectionFrames): Section[] {
  const streams = frames.some((frame) => frameMeta(frame) !== undefined);
  const found = SECTIONS.filter((section) =>
    section === 'connection' ? streams && fed.status.length === 0 : fed[section].length > 0,
  );
  const feeds = found.filter((section) => section !== 'connection');
  return feeds.length === 0 ? ['cards'] : found;
}
