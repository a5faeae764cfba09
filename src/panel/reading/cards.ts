import { groupBy } from 'lodash';
import type { DataFrame, Field } from '@grafana/data';
import { t } from '../../locales/translate';
import { frameMeta } from '../../frames/frame-meta';
import type { CardOptions, CardStat } from '../options/panel-options';
import type { CardModel, Delta, Labels, Stat, Trend } from './card-model';
import {
  draftOf,
  isStreamSeries,
  isSummaryTable,
  shiftOf,
  type CardDraft,
  type CardOrigin,
  type CardSource,
} from './card-source';
import { cardTitles, type CardTitle } from './card-titles';
import { compare, towards } from './comparison';
import { column, labelsKey, numberColumns } from './frame-columns';
import { spanText, staleFrom, type FreshnessRules } from './freshness';
import { plainDrafts } from './plain-source';
import { forecastOrigin, forecastSource, isBands } from './forecast-source';
import { seriesOrigin, seriesSource, valuesOf } from './series-source';
import { cardConfig, linksOf, noData, shownValue, type DisplayContext } from './shown-value';
import { summaryDrafts } from './summary-source';

export interface CardsReading {
  readonly cards: readonly CardModel[];
  /** Cards beyond the limit, which are not shown. */
  readonly more: number;
  /** Whether any query feeds cards at all. */
  readonly fed: boolean;
}

export const NO_CARDS: CardsReading = { cards: [], more: 0, fed: false };

/** All cards of the frames, in their order. */
export function readCards(
  frames: readonly DataFrame[],
  options: CardOptions,
  rules: FreshnessRules,
  context: DisplayContext,
): CardsReading {
  const all = [...frames];
  const { own, shifted } = withoutComparisons(all.flatMap((frame) => draftsOf(frame, all, options)));
  const shown = withoutTrendsOf(own);
  const kept = shown.slice(0, options.limit).map((draft) => draft.read());
  const titles = cardTitles(kept, options.title, context);
  const seen = new Map<string, number>();
  const cards = kept.map((source, index) => {
    const title = titles[index] ?? { title: source.title, subtitle: source.subtitle, shared: 0 };
    return cardOf(source, title, { own, shifted, options, rules, context, key: uniqueKey(source, seen) });
  });
  return { cards, more: shown.length - kept.length, fed: frames.length > 0 };
}

function draftsOf(frame: DataFrame, frames: DataFrame[], options: CardOptions): CardDraft[] {
  const seriesDraft = (origin: CardOrigin): CardDraft => draftOf(origin, (of) => seriesSource(of, frames));
  if (isSummaryTable(frame)) return summaryDrafts(frame, options.stat);
  if (isBands(frame)) return [draftOf(forecastOrigin(frame), (origin) => forecastSource(origin, frames))];
  if (isStreamSeries(frame)) return valuesOf(frame).map((field) => seriesDraft(seriesOrigin(frame, field)));
  if (numberColumns(frame).length > 0) return plainDrafts(frame, frames, options.tables);
  // An answer without any series still says which metric it is of.
  const isAnswer = frame.fields.length === 0 && frameMeta(frame)?.metric !== undefined;
  return isAnswer ? [seriesDraft(seriesOrigin(frame))] : [];
}

/** Shifted queries are what the others are compared with; alone they are cards like any other. */
function withoutComparisons(drafts: readonly CardDraft[]): { own: CardDraft[]; shifted: CardDraft[] } {
  const isBase = (draft: CardDraft): boolean =>
    shiftOf(draft) > 0 && drafts.some((other) => shiftOf(other) === 0 && isSameMetric(draft, other));
  return { own: drafts.filter((draft) => !isBase(draft)), shifted: drafts.filter(isBase) };
}

/** A series beside the summary of the same windows is the summary's sparkline. */
function withoutTrendsOf(drafts: readonly CardDraft[]): CardDraft[] {
  const summaries = drafts.filter(({ from }) => from === 'summary');
  const byLabels = groupBy(summaries, ({ labels }) => labelsKey(labels));
  const isOfSummary = (draft: CardDraft): boolean =>
    (isEmpty(draft) ? summaries : (byLabels[labelsKey(draft.labels)] ?? [])).some(
      (summary) => shiftOf(summary) === shiftOf(draft) && isSameMetric(draft, summary),
    );
  return drafts.filter((draft) => draft.from !== 'series' || !isOfSummary(draft));
}

const isEmpty = ({ frame }: CardOrigin): boolean => frame.fields.length === 0 || frame.length === 0;

const isSameMetric = (a: CardOrigin, b: CardOrigin): boolean =>
  a.metric !== undefined &&
  a.metric === b.metric &&
  (a.measure === undefined || b.measure === undefined || a.measure === b.measure);

const isSameSeries = (a: CardOrigin, b: CardOrigin): boolean =>
  isSameMetric(a, b) && labelsKey(a.labels) === labelsKey(b.labels);

interface CardSurroundings {
  readonly own: readonly CardDraft[];
  readonly shifted: readonly CardDraft[];
  readonly options: CardOptions;
  readonly rules: FreshnessRules;
  readonly context: DisplayContext;
  readonly key: string;
}

function cardOf(source: CardSource, title: CardTitle, around: CardSurroundings): CardModel {
  const { options, rules, context } = around;
  const { goodWhen, target } = cardConfig(source.field);
  const field = options.stat === 'count' ? counting(source.field) : source.field;
  const number = source.numbers[options.stat] ?? null;
  return {
    key: around.key,
    ...title,
    value: shownValue(field, number ?? rawValue(source, options.stat), context, noData()),
    delta: deltaOf(source, field, number, around),
    stats: options.stats ? statsOf(source, options.stat, context) : [],
    updated: options.updated ? source.updated : null,
    staleFrom: staleFromOf(source, rules),
    open: source.open && options.stat === 'last',
    target: towards(field, number, target, goodWhen, context),
    trend: options.sparkline ? (source.trend ?? trendBeside(source, around.own)) : null,
    links: source.row < 0 ? [] : linksOf(source.field, source.row),
    note: source.note,
  };
}

/** A cell without a number may still be mapped to a text, e.g. null to "offline". */
const rawValue = (source: CardSource, stat: CardStat): unknown =>
  source.row >= 0 && (stat === 'last' || source.from === 'summary') ? source.field.values[source.row] : null;

/** A count has no unit, whatever is counted and whatever the panel's default is. */
function counting({ display: _display, ...field }: Field): Field {
  const { unit: _unit, ...config } = field.config;
  return { ...field, config };
}

function staleFromOf(source: CardSource, rules: FreshnessRules): number | null {
  if (rules.staleAfter <= 0) return null;
  if (source.meta?.window_ms === undefined) return source.saysStale && rules.rangeEnd === null ? 0 : null;
  return staleFrom(source.lastTime, source.meta, rules);
}

const trendBeside = (source: CardSource, own: readonly CardDraft[]): Trend | null =>
  source.from !== 'summary'
    ? null
    : (own.find((other) => other.from === 'series' && isSameSeries(source, other))?.read().trend ?? null);

/** @param field - by whose options the numbers are shown */
function deltaOf(
  source: CardSource,
  field: Field,
  number: number | null,
  around: CardSurroundings,
): Delta | null {
  const { options, context, shifted } = around;
  const { goodWhen } = cardConfig(source.field);
  if (options.delta === 'none') return null;
  const bases = (options.delta === 'previous' ? [] : shifted)
    .filter((base) => isSameSeries(source, base))
    .map((base) => base.read());
  if (bases.length > 0 || options.delta === 'earlier') {
    const { number: base, versus } = earlierNumber(source, bases, options.stat);
    return compare(field, number, base, versus, goodWhen, context);
  }
  if (options.stat !== 'last') return null;
  return compare(field, number, source.previous ?? null, source.previousName, goodWhen, context);
}

/**
 * What the shifted queries say of the same time: the point at the card's own time where they give points (those are
 * shown at the time they are compared with). A summary has its last two windows only; where neither is of the card's
 * time, its last one is near it.
 */
function earlierNumber(
  source: CardSource,
  bases: readonly CardSource[],
  stat: CardStat,
): { readonly number: number | null; readonly versus: string } {
  const [first] = bases;
  if (first === undefined) return { number: null, versus: t('versus.earlier', 'earlier') };
  const versus = t('versus.span', '{{span}} earlier', { span: spanText(shiftOf(first)) });
  const summary = bases.find((base) => base.from === 'summary');
  const points = bases.find((base) => base.trend !== null)?.trend ?? null;
  const { lastTime } = source;
  if (stat !== 'last' || lastTime === null)
    return { number: (summary ?? first).numbers[stat] ?? null, versus };
  if (points !== null) {
    const at = points.times.indexOf(lastTime);
    if (at >= 0 || summary === undefined) return { number: points.values[at] ?? null, versus };
  }
  const base = summary ?? first;
  if (base.lastTime === null || base.lastTime === lastTime)
    return { number: base.numbers.last ?? null, versus };
  const isBefore = base.lastTime - (base.meta?.window_ms ?? 0) === lastTime;
  if (isBefore && base.previous !== undefined) return { number: base.previous, versus };
  return { number: base.numbers.last ?? null, versus: t('versus.about', 'about {{versus}}', { versus }) };
}

function statsOf(source: CardSource, stat: CardStat, context: DisplayContext): Stat[] {
  // The least, greatest and average value of a summary that counts have the unit of its values.
  const field = (stat === 'count' ? column(source.frame, 'last') : undefined) ?? source.field;
  const stats: Stat[] = [];
  const { band } = source;
  const numbers: Readonly<Partial<Record<Stat['name'], number | null>>> =
    band !== undefined && stat === 'last' ? band : source.numbers;
  for (const name of ['expected', 'lower', 'upper', 'min', 'max', 'avg'] as const) {
    const number = numbers[name];
    if (typeof number === 'number') stats.push({ name, value: shownValue(field, number, context) });
  }
  return stats;
}

function uniqueKey(source: CardSource, seen: Map<string, number>): string {
  const labels: Labels = source.labels;
  const name = source.metric ?? source.title;
  const key = [source.from, source.frame.refId ?? '', name, source.measure ?? '', labelsKey(labels)].join(
    '|',
  );
  const times = seen.get(key) ?? 0;
  seen.set(key, times + 1);
  return times === 0 ? key : `${key}|${times}`;
}
