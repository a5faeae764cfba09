import { identity } from 'lodash';
import type { CardSource } from './card-source';
import { ownDisplayName, type DisplayContext } from './shown-value';

export interface CardTitle {
  readonly title: string;
  readonly subtitle: string;
  /** Length of the prefix shared with another card, in whole words; 0: too short to matter. */
  readonly shared: number;
}

type Name = Omit<CardTitle, 'shared'>;

/**
 * What the cards are called: by the text of the options, else by the display name set for the field, else by the
 * metric and its labels. Cards of one title are distinguished by their suffix, which is then shown first.
 */
export function cardTitles(
  sources: readonly CardSource[],
  template: string,
  context: DisplayContext,
): CardTitle[] {
  const titles = sources.map((source) => titleOf(source, template, context));
  const used = countBy(titles, ({ title }) => title);
  const given = titles.map((entry, index) => {
    const source = sources[index];
    if (source === undefined || (used.get(entry.title) ?? 0) < 2) return visible(entry);
    return { title: entry.title, subtitle: entry.subtitle };
  });
  return withShared(sameTitle(given) ? given.map(swap) : withMeasures(given, sources));
}

/** Shorter prefixes fit even on the smallest card. */
const LEAST_SHARED = 8;

/** Neighbours in alphabetical order share the longest prefixes. */
function withShared(names: readonly Name[]): CardTitle[] {
  const shared = new Map<string, number>();
  const titles = [...new Set(names.map(({ title }) => title))].sort();
  titles.forEach((title, index) => {
    const others = [titles[index - 1] ?? '', titles[index + 1] ?? ''];
    shared.set(title, Math.max(...others.map((other) => sharedLength(title, other))));
  });
  return names.map((name) => ({ ...name, shared: shared.get(name.title) ?? 0 }));
}

/** What divides words: spaces, punctuation, signs such as `=`. No part of an emoji, which is drawn as a whole. */
const DIVIDER = /[\s\p{P}\p{Sm}\p{Sc}]/u;

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

/** Of one title with another; no word is divided, and something is left of the title. */
function sharedLength(title: string, other: string): number {
  // Two boxes beside each other would turn its words around.
  if (RIGHT_TO_LEFT.test(title)) return 0;
  let length = 0;
  while (length < title.length && title[length] === other[length]) length++;
  const isDivided = (at: number): boolean =>
    at < title.length && (DIVIDER.test(title[at - 1] ?? '') || DIVIDER.test(title[at] ?? ''));
  while (length > 0 && !isDivided(length)) length--;
  return length < LEAST_SHARED ? 0 : length;
}

interface Named extends Name {
  /** The title was set by the user: its suffix is shown only where it is needed. */
  readonly chosen: boolean;
}

const visible = ({ title, subtitle, chosen }: Named): Name => ({
  title,
  subtitle: chosen ? '' : subtitle,
});

function titleOf(source: CardSource, template: string, context: DisplayContext): Named {
  if (template.trim() !== '') {
    return {
      title: filledTemplate(template, source, context.replaceVariables ?? identity),
      subtitle: source.subtitle,
      chosen: true,
    };
  }
  const own = ownDisplayName(source.frame, source.field, Math.max(0, source.row), context);
  if (own !== undefined && own.trim() !== '') return { title: own, subtitle: source.subtitle, chosen: true };
  return { title: source.title, subtitle: source.subtitle, chosen: false };
}

/**
 * `{{title}}`, `{{metric}}`, `{{measure}}`, `{{name}}` and label names; what is not known becomes empty. Dashboard
 * variables are filled in between them: what a variable or a label holds is never read as a template again.
 */
function filledTemplate(
  template: string,
  source: CardSource,
  replaceVariables: (text: string) => string,
): string {
  const known: Record<string, string | undefined> = {
    ...source.labels,
    title: source.title,
    metric: source.metric,
    measure: source.measure,
    name: [source.title, source.subtitle].filter((part) => part !== '').join(' '),
  };
  const isPlaceholder = (index: number): boolean => index % 2 === 1;
  return template
    .split(/\{\{\s*([^{}]*?)\s*\}\}/)
    .map((part, index) => {
      if (!isPlaceholder(index)) return replaceVariables(part);
      return Object.hasOwn(known, part) ? (known[part] ?? '') : '';
    })
    .join('')
    .replace(/\s+/g, ' ')
    .trim();
}

const sameTitle = (titles: readonly Name[]): boolean =>
  titles.length > 1 &&
  new Set(titles.map(({ title }) => title)).size === 1 &&
  new Set(titles.map(({ subtitle }) => subtitle)).size === titles.length &&
  titles.every(({ subtitle }) => subtitle !== '');

const swap = ({ title, subtitle }: Name): Name => ({ title: subtitle, subtitle: title });

/** Two measures of one metric and the same labels would look the same: the measure's name distinguishes them. */
function withMeasures(titles: readonly Name[], sources: readonly CardSource[]): Name[] {
  const used = countBy(titles, nameKey);
  return titles.map((entry, index) => {
    const measure = sources[index]?.measure;
    if ((used.get(nameKey(entry)) ?? 0) < 2 || measure === undefined) return entry;
    return { ...entry, subtitle: [entry.subtitle, measure].filter((part) => part !== '').join(' · ') };
  });
}

const nameKey = ({ title, subtitle }: Name): string => JSON.stringify([title, subtitle]);

function countBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}
