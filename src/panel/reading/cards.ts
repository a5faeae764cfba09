import type { DataFrame, Field } from '@grafana/data';
import { t } from '../../locales/translate';
import { frameMeta } from '../../frames/frame-meta';
import type { CardOptions, CardStat } from '../options/panel-options';
import type { CardModel, Delta, Labels, Stat, Trend } from './card-model';
import { isStreamSeries, isSummaryTable, shiftOf, type CardSource } from './card-source';
import { cardTitles, type CardTitle } from './card-titles';
import { compare, towards } from './comparison';
import { column, labelsKey, numberColumns } from './frame-columns';
import { spanText, staleFrom, type FreshnessRules } from './freshness';
import { plainSources } from './plain-source';
import { forecastSource, isBands } from './forecast-source';
import { seriesSource, valuesOf } from './series-source';
import { cardConfig, linksOf, noData, shownValue, type DisplayContext } from './shown-value';
import { summarySources } from './summary-source';

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
  const sources = frames.flatMap((frame) => sourcesOf(frame, frames, options));
  const { own, shifted } = withoutComparisons(sources);
  const shownSources = withoutTrendsOf(own);
  const kept = shownSources.slice(0, options.limit);
  const titles = cardTitles(kept, options.title, context);
  const seen = new Map<string, number>();
  const cards = kept.map((source, index) => {
    const title = titles[index] ?? { title: source.title, subtitle: source.subtitle, shared: 0 };
    return cardOf(source, title, { own, shifted, options, rules, context, key: uniqueKey(source, seen) });
  });
  return { cards, more: shownSources.length - kept.length, fed: frames.length > 0 };
}

function sourcesOf(frame: DataFrame, frames: readonly DataFrame[], options: CardOptions): CardSource[] {
  if (isSummaryTable(frame)) return summarySources(frame, options.stat);
  if (isBands(frame)) return [forecastSource(frame, [...frames])];
  if (isStreamSeries(frame)) return valuesOf(frame).map((field) => seriesSource(frame, [...frames], field));
  if (numberColumns(frame).length > 0) return plainSources(frame, [...frames], options.tables);
  // An answer without any series still says which metric it is of.
  const isAnswer = frame.fields.length === 0 && frameMeta(frame)?.metric !== undefined;
  return isAnswer ? [seriesSource(frame, [...frames])] : [];
}

/** Shifted queries are what the others are compared with; alone they are cards like any other. */
function withoutComparisons(sources: readonly CardSource[]): { own: CardSource[]; shifted: CardSource[] } {
  const isBase = (source: CardSource): boolean =>
    shiftOf(source) > 0 && sources.some((other) => shiftOf(other) === 0 && isSameMetric(source, other));
  return { own: sources.filter((source) => !isBase(source)), shifted: sources.filter(isBase) };
}

/** A series beside the summary of the same windows is the summary's sparkline. */
function withoutTrendsOf(sources: readonly CardSource[]): CardSource[] {
  return sources.filter(
    (source) =>
      source.from !== 'series' ||
      !sources.some(
        (other) =>
          other.from === 'summary' &&
          shiftOf(other) === shiftOf(source) &&
          (isSameSeries(source, other) || (isEmpty(source) && isSameMetric(source, other))),
      ),
  );
}

const isEmpty = (source: CardSource): boolean =>
  source.frame.fields.length === 0 || source.frame.length === 0;

const isSameMetric = (a: CardSource, b: CardSource): boolean =>
  a.metric !== undefined &&
  a.metric === b.metric &&
  (a.measure === undefined || b.measure === undefined || a.measure === b.measure);

const isSameSeries = (a: CardSource, b: CardSource): boolean =>
  isSameMetric(a, b) && labelsKey(a.labels) === labelsKey(b.labels);

interface CardSurroundings {
  readonly own: readonly CardSource[];
  readonly shifted: readonly CardSource[];
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

const trendBeside = (source: CardSource, own: readonly CardSource[]): Trend | null =>
  source.from !== 'summary'
    ? null
    : (own.find((other) => other.from === 'series' && isSameSeries(source, other))?.trend ?? null);

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
  const bases = options.delta === 'previous' ? [] : shifted.filter((base) => isSameSeries(source, base));
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
